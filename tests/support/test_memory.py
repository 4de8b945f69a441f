import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import torch
from tagspace.support import memory
if "keep" in sys.argv:
    memory.keep_freed()
for _ in range(20):  # until the pieces lie well
    torch.ones(50_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(50_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments):
    """Count how often the system lent a page anew while a tensor was made and freed 20 times."""
    command = [sys.executable, "-c", FAULTS, *arguments]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="for glibc only")
def test_freed_memory_is_used_again():
    assert faults("keep") * 10 < faults()
