"""Measure training and evaluation on a GPU, against the card's own matrix rate.

``PYTHONPATH=lib python benchmarks/gpu.py OUT.csv`` takes a few minutes on a card. It needs torch,
numpy, pandas, scipy, scikit-learn, pyarrow, tqdm, filelock, safetensors and threadpoolctl, but
neither librosa nor pydantic nor soundfile. ``--small`` runs everything at tiny sizes, for tests on
a processor.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic
import torch
from lockstep import Lockstep

from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.evaluation import retrieval
from tagspace.model import dpnn, losses
from tagspace.model.training import Trainer
from tagspace.support.ahead import map_ahead
from tagspace.support.device import choose_device, describe_device

N_TRAIN, N_VALIDATION, N_TEST = 122_766, 6_461, 14_358  # as in the paper
N_EXPERIMENTS, EPOCHS = 494, (10, 29)  # of Table II; see the book's page on its cost
N_EXCERPTS = 5
TOPICS = 40

Row = tuple[str, float, str]


@dataclass(frozen=True)
class Sizes:
    """How much to measure."""

    matrix: int = 8192
    batches: tuple[int, ...] = (128, 600, 2400)
    tracks: int = 4800
    steps: int = 20
    validation: int = N_VALIDATION
    test: int = N_TEST
    lockstep: int = 4


SMALL = Sizes(matrix=256, batches=(16, 32), tracks=64, steps=2, validation=64, test=300, lockstep=2)


def main(arguments: list[str] | None = None) -> None:
    """Print the figures, and write them to a file."""
    parser = argparse.ArgumentParser(description="Measure training and evaluation on a GPU.")
    parser.add_argument("out", type=Path, help="CSV file to write")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--small", action="store_true", help="tiny sizes, for tests")
    given = parser.parse_args(arguments)
    device, sizes = choose_device(given.device), SMALL if given.small else Sizes()
    rows = []
    for row in measure(device, sizes):
        rows.append(row)
        print("{}: {:.5g} {}".format(*row), flush=True)
    table = pd.DataFrame(rows, columns=["what", "value", "unit"])
    table = table.assign(device=describe_device(device), torch=torch.__version__)
    table.to_csv(given.out, index=False, float_format="%.5g")


def measure(device: torch.device, sizes: Sizes) -> Iterator[Row]:
    """Yield what was measured, its value and its unit."""
    rate = matrix_rate(device, sizes.matrix)
    yield "matrix rate, bfloat16", rate / 1e12, "TFLOP/s"
    epochs = []
    for batch in sizes.batches:
        trainer = make_trainer(device, sizes.tracks)
        rows = np.arange(batch) % sizes.tracks
        synthetic.take_step(trainer, rows)  # warm-up
        taken = seconds(lambda t=trainer, r=rows: repeat(t, r, sizes.steps), device)
        speed = batch * sizes.steps / taken
        epochs.append(N_TRAIN / speed)
        yield f"training, batches of {batch}", speed, "tracks/s"
        share = speed * training_flop() / rate
        yield f"training, batches of {batch}, of the matrix rate", share, "share"
        yield f"synchronisations in a step of {batch}", synchronisations(trainer, rows), "per step"
        yield f"epoch of {N_TRAIN:,} tracks, batches of {batch}", epochs[-1], "s"
    yield from compiled(device, sizes)
    yield from together(device, sizes)
    validating = validation(device, sizes.validation)
    yield f"validation of {sizes.validation:,} tracks", validating, "s"
    evaluating = evaluation(device, sizes.test)
    yield f"evaluation of {sizes.test:,} tracks", evaluating, "s"
    for n_epochs in EPOCHS:
        # The test tracks are embedded too, which is most of a validation.
        testing = evaluating + validating * sizes.test / sizes.validation
        hours = N_EXPERIMENTS * (n_epochs * (min(epochs) + validating) + testing) / 3600
        yield f"{N_EXPERIMENTS} experiments of {n_epochs} epochs", hours, "hours"


def compiled(device: torch.device, sizes: Sizes) -> Iterator[Row]:
    """Measure a step with torch.compile, on GPUs only: a processor would need a C++ compiler."""
    if device.type == "cuda":
        batch = sizes.batches[1]
        trainer = make_trainer(device, sizes.tracks)
        trainer.network.compile()
        rows = np.arange(batch) % sizes.tracks
        synthetic.take_step(trainer, rows)
        taken = seconds(lambda: repeat(trainer, rows, sizes.steps), device)
        yield f"training, batches of {batch}, compiled", batch * sizes.steps / taken, "tracks/s"


def together(device: torch.device, sizes: Sizes) -> Iterator[Row]:
    """Compare training several networks in lockstep with training them one after another."""
    batch = sizes.batches[1]
    excerpts = torch.randn(batch, 1, N_MELS, N_FRAMES, device=device)
    models = [dpnn.initial_network(n).to(device).train() for n in range(sizes.lockstep)]
    joined = Lockstep(models)

    def back(embeddings: torch.Tensor) -> None:
        sum(losses.squared_distances(each).mean() for each in embeddings).backward()

    def in_lockstep() -> None:
        for _ in range(sizes.steps):
            back(joined(excerpts))

    def in_turn() -> None:
        for _ in range(sizes.steps):
            for model in models:
                back(model(excerpts)[None])

    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        for what, work in (("in lockstep", in_lockstep), ("one after another", in_turn)):
            work()
            speed = sizes.lockstep * batch * sizes.steps / seconds(work, device)
            yield f"{sizes.lockstep} networks {what}, batches of {batch}", speed, "tracks/s"


def validation(device: torch.device, n_tracks: int) -> float:
    """Time the validation of an epoch: all excerpts are embedded, and the tracks compared."""
    trainer = make_trainer(device, n_tracks)
    repeated = np.repeat(trainer.examples.excerpts, N_EXCERPTS, axis=1)
    trainer.examples = replace(trainer.examples, excerpts=repeated)
    return seconds(trainer.validation, device)


def matrix_rate(device: torch.device, size: int) -> float:
    """Multiply square matrices in bfloat16; return floating-point operations per second."""
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in "ab")
    left @ right
    return 10 * 2 * size**3 / seconds(lambda: [left @ right for _ in range(10)], device)


def make_trainer(device: torch.device, n_tracks: int) -> Trainer:
    """Prepare training on noise, with relatedness from sparse random topics."""
    # A margin that most triplets violate: a batch without any takes no step.
    return synthetic.trainer(synthetic.topic_vectors(n_tracks, TOPICS), margin=4.0, device=device)


def training_flop() -> float:
    """Count the floating-point operations of the convolutions for one track, forward and back."""
    total = 6.0 * dpnn.N_CONCATENATED * dpnn.N_DIMENSIONS
    for layers in (dpnn.LEFT, dpnn.RIGHT):
        channels, bands, frames = 1, N_MELS, N_FRAMES
        for number, layer in enumerate(layers):
            forward = 2 * bands * frames * channels * layer.filters * math.prod(layer.kernel)
            # Back: the gradient of the weights and, after the first layer, that of the input.
            total += forward * (3 if number else 2)
            bands, frames = bands // layer.pool[0], frames // layer.pool[1]
            channels = layer.filters
    return total


def synchronisations(trainer: Trainer, rows: np.ndarray) -> float:
    """Count how often a training step makes the processor wait for the GPU."""
    if trainer.network.device.type != "cuda":
        return math.nan
    batch = trainer.read(rows, np.zeros_like(rows))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        trainer.step(batch)
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(each.message) for each in caught)


def evaluation(device: torch.device, n_tracks: int) -> float:
    """Time the evaluation of one representation with all tags, filters and metrics."""
    tags, groups = synthetic.test_tracks(n_tracks)
    vectors = torch.randn(n_tracks, dpnn.N_DIMENSIONS).to(device)
    return seconds(lambda: retrieval.evaluate({"trained": vectors}, tags, groups), device)


def repeat(trainer: Trainer, rows: np.ndarray, times: int) -> None:
    """Take steps as an epoch does, reading ahead."""
    excerpts = np.zeros_like(rows)
    for batch in map_ahead(trainer.read, [rows] * times, [excerpts] * times):
        trainer.step(batch)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Time a call, and wait for the GPU to finish it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    started = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
