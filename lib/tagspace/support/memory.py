"""Make the C library keep freed CPU memory for the next tensor.

A training step allocates and frees tensors of many megabytes. By default the C library returns that
memory to the system, which clears it before the next tensor gets it. Clearing takes up to a quarter
of the time of a step.
"""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt, from glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1  # bytes; larger blocks are still returned to the system


def keep_freed() -> None:
    """Tell glibc to keep memory that this process frees; do nothing on other C libraries."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(MMAP_THRESHOLD, LARGEST)
        library.mallopt(TRIM_THRESHOLD, LARGEST)
