"""The device to compute on, and random numbers that leave the global generator alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from tagspace.errors import TagspaceError


def choose_device(name: str) -> torch.device:
    """Find the device to compute on.

    Parameters
    ----------
    name : str
        ``auto`` chooses CUDA if it is available, else the CPU. Apple's ``mps`` must be named. On
        CUDA, it also selects deterministic kernels and turns TF32 off.

    Raises
    ------
    TagspaceError
        If this machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):  # torch without CUDA raises AssertionError
        raise TagspaceError(
            f"device: this machine has no {name!r}; use auto, which chooses an available one"
        ) from None
    if device.type == "cuda":
        _ask_for_exact_kernels()
    return device


def _ask_for_exact_kernels() -> None:
    """Make the results of a GPU repeatable, and keep the full precision of float32.

    An operation without a deterministic kernel warns.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # as cuBLAS demands
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False  # it may choose another kernel in each run
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def moved(values: np.ndarray, device: torch.device) -> torch.Tensor:
    """Copy an array to a device; a GPU goes on computing meanwhile."""
    tensor = torch.as_tensor(values)
    if device.type == "cuda":  # a copy is asynchronous only from pinned memory
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def describe_device(device: torch.device) -> str:
    """Name a device for the record of a run."""
    if device.type == "cuda":
        exact = ", deterministic" * torch.are_deterministic_algorithms_enabled()
        return f"{device}: {torch.cuda.get_device_name(device)}{exact}"
    return f"{device}: {torch.get_num_threads()} threads"


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """Find the type to compute in.

    Parameters
    ----------
    name : {"auto", "float32", "bfloat16"}
        ``auto`` chooses bfloat16 where the device is faster at it, else float32.
    device : torch.device
        Where to compute.

    Examples
    --------
    >>> choose_precision("float32", torch.device("cpu"))
    torch.float32
    """
    if name == "auto":
        name = "bfloat16" if supports_fast_bfloat16(device) else "float32"
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def precision_name(precision: torch.dtype) -> str:
    """Name a type as the parameter ``precision`` does."""
    return str(precision).removeprefix("torch.")


def products_in(precision: torch.dtype, device: torch.device) -> torch.autocast:
    """Compute convolutions and matrix products inside the block in a precision."""
    return torch.autocast(device.type, precision, enabled=precision != torch.float32)


def supports_fast_bfloat16(device: torch.device) -> bool:
    """Say whether bfloat16 is faster than float32 on a device.

    A processor without instructions for bfloat16 emulates it, several times slower than float32.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    # Older releases of torch, and every release on ARM, do not report this; float32 is then safe.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    known = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return device.type == "cpu" and bool(known)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global generator inside the block, and restore its state afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPUs too
        yield
