"""Memory of large tensors on a processor: keep freed memory for the next tensor.

A training step allocates and frees tensors of many megabytes. By default the C library returns each
to the system, which clears the memory before the next tensor gets it. That takes up to a quarter of
the step.
"""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt, from glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1  # bytes; larger blocks are returned to the system all the same


def keep_freed() -> None:
    """Keep freed memory in this process from now on, where the C library is glibc."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(MMAP_THRESHOLD, LARGEST)
        library.mallopt(TRIM_THRESHOLD, LARGEST)
