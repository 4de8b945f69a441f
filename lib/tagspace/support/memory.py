"""Memory of large tensors on a processor: kept for the next one, not given back and fetched anew.

A training step makes and frees tensors of many megabytes. By default the C library returns each to
the system, which clears the memory again before the next tensor gets it: up to a quarter
of the step.
"""

from __future__ import annotations

import ctypes
import sys

# Parameters of mallopt, from glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1  # bytes: what is larger is given back all the same


def keep_freed() -> None:
    """Keep freed memory in this process from now on, up to 2 GiB, where the C library is glibc."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(library, "mallopt"):
        library.mallopt(MMAP_THRESHOLD, LARGEST)
        library.mallopt(TRIM_THRESHOLD, LARGEST)
