"""A stopwatch, and the name of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """Time one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def processor() -> str:
    """Name the processor, as far as torch knows it."""
    return torch.cpu.get_capabilities().get("cpu_name", "unknown processor")


def machine() -> str:
    """Name the processor and the version of torch, for tables of measurements."""
    return f"{processor()}, torch {torch.__version__}"
