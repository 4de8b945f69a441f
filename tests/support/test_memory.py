"""Whether freed memory is used again, measured by page faults."""

import platform
import subprocess
import sys

import pytest

PAGE_FAULTS = """
import resource, sys
import torch
from tagspace.support import memory
if "keep" in sys.argv:
    memory.keep_freed()
for _ in range(20):  # until the allocator reuses the same blocks
    torch.ones(50_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(50_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_page_faults(*arguments):
    """Count the page faults while a tensor is allocated and freed 20 times in a new process."""
    command = [sys.executable, "-c", PAGE_FAULTS, *arguments]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_used_again():
    assert count_page_faults("keep") * 10 < count_page_faults()
