"""The state of a training in a file, so that an interrupted run goes on with the same bits."""

from __future__ import annotations

import json
import warnings
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from tagspace.model.training import Trainer
from tagspace.support.files import checksum, write_whole

COUNTS = ("steps", "collapsed", "history", "best_epoch", "stopped")
GENERATORS = ("generator", "augmentation")
MODULES = ("network", "average", "loss")


class FileCheckpoint:
    """A checkpoint in one file, without pickled objects.

    Parameters
    ----------
    path : Path
        The file. A damaged one is passed over with a warning.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, trainer: Trainer) -> None:
        """Write networks, loss, optimiser, schedule, generators and history."""
        tensors = {name: value.cpu().contiguous() for name, value in _tensors(trainer).items()}
        state = {
            **{name: getattr(trainer, name) for name in COUNTS},
            **{name: getattr(trainer, name).bit_generator.state for name in GENERATORS},
            "rates": trainer.rates.state_dict(),
            "learning_rates": [group["lr"] for group in trainer.optimiser.param_groups],
        }
        text = json.dumps(state)
        metadata = {"state": text, "check": _checksum(text, tensors)}
        # save_file would report a full disk by an error of its own kind.
        write_whole(self.path, methodcaller("write_bytes", save(tensors, metadata)))

    def restore(self, trainer: Trainer) -> None:
        """Set what :meth:`keep` wrote, if the file exists and is undamaged."""
        if not self.path.exists():
            return
        try:
            with safe_open(self.path, "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                metadata = file.metadata()
            state = json.loads(metadata["state"])
            is_whole = _checksum(metadata["state"], tensors) == metadata["check"]
        except (SafetensorError, OSError, ValueError, KeyError, TypeError):
            is_whole = False
        if is_whole:
            _set(trainer, state, tensors)
        else:
            warnings.warn(f"{self.path} is damaged; training starts anew", stacklevel=2)

    def remove(self) -> None:
        """Delete the file, once the run is recorded."""
        self.path.unlink(missing_ok=True)


def _tensors(trainer: Trainer) -> dict[str, torch.Tensor]:
    states = {name: getattr(trainer, name).state_dict() for name in MODULES}
    states["best"] = trainer.best
    states["optimiser"] = {
        f"{number}.{name}": value
        for number, values in trainer.optimiser.state_dict()["state"].items()
        for name, value in values.items()
    }
    return {
        f"{part}.{name}": value for part, state in states.items() for name, value in state.items()
    }


def _set(trainer: Trainer, state: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    device = trainer.network.device
    parts: dict[str, dict[str, torch.Tensor]] = {
        name: {} for name in (*MODULES, "best", "optimiser")
    }
    for name, value in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = value.to(device)
    for name in MODULES:
        getattr(trainer, name).load_state_dict(parts[name])
    trainer.best = parts["best"]
    _set_optimiser(trainer, parts["optimiser"])
    trainer.rates.load_state_dict(state["rates"])
    for group, rate in zip(trainer.optimiser.param_groups, state["learning_rates"], strict=True):
        group["lr"] = rate
    for name in GENERATORS:
        getattr(trainer, name).bit_generator.state = state[name]
    for name in COUNTS:
        setattr(trainer, name, state[name])


def _set_optimiser(trainer: Trainer, values: dict[str, torch.Tensor]) -> None:
    parameters = [*trainer.network.parameters(), *trainer.loss.parameters()]
    by_parameter: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in values.items():
        number, _, kind = name.partition(".")
        parameter = parameters[int(number)]
        if value.shape == parameter.shape:  # in the memory layout of the parameter
            value = torch.empty_like(parameter).copy_(value)
        by_parameter.setdefault(int(number), {})[kind] = value
    groups = trainer.optimiser.state_dict()["param_groups"]
    trainer.optimiser.load_state_dict({"state": by_parameter, "param_groups": groups})


def _checksum(state: str, tensors: dict[str, torch.Tensor]) -> str:
    parts: list[bytes | memoryview] = [state.encode()]
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name].numpy())
        parts += [name.encode(), values.reshape(-1).view(np.uint8).data]
    return checksum(*parts)
