"""Training: batches, steps, validation, early stopping (Sections III-A and IV)."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from tagspace.audio.augmentation import augment
from tagspace.audio.stored import Values
from tagspace.encoders import embedding
from tagspace.encoders.embedding import Network
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.model.losses import Loss
from tagspace.support import memory
from tagspace.support.ahead import map_ahead
from tagspace.support.device import moved, seeded
from tagspace.support.progress import Progress
from tagspace.tags.relatedness import Relatedness

STEP = ["loss", "triplets", "tracks", "anchors", "pairs", "spread"]  # what a step returns
COLLAPSED = 1e-3  # mean squared distance below which the embeddings of a batch count as one point
ROUNDING = 1e-6  # a relatedness below this is rounding error
FEW_ANCHORS = 0.05  # share of the tracks; a run with fewer learns little, and warns
AVERAGING = 10  # the kept weights are an average over about the last tenth of all steps


@dataclass(frozen=True)
class Examples:
    """The training and validation data of a network; row i is the same track everywhere.

    Attributes
    ----------
    excerpts : Values, shape (n_tracks, n_excerpts, ...)
        Log-mel spectrograms, or vectors; rows are read when they are needed.
    batches : callable
        Draws the batches of an epoch with a generator: arrays of rows of training tracks.
    validation : numpy.ndarray of int
        Rows of the validation tracks.
    relatedness : Relatedness
        Of all tracks; the gain of the validation score.
    excluded_pairs : callable
        For rows and others, the mask of pairs that take no part, shape (n_rows, n_others).
    labels : callable
        For the rows of a batch, the labels that the loss takes.
    """

    excerpts: Values
    batches: Callable[[np.random.Generator], Sequence[np.ndarray]]
    validation: np.ndarray
    relatedness: Relatedness
    excluded_pairs: Callable[[np.ndarray, np.ndarray], np.ndarray]
    labels: Callable[[Tensor], Tensor]


class Batch(NamedTuple):
    """The input of a step, on the device: tracks, one excerpt of each, and the excluded pairs."""

    rows: Tensor
    excerpts: Tensor
    excluded: Tensor


@dataclass(frozen=True)
class Schedule:
    """Hyperparameters of the training loop.

    Attributes
    ----------
    epochs : int
        At most.
    learning_rate : float
        Of Adam at the start; a cosine schedule lowers it to zero.
    patience : int
        Training stops after this many epochs without gain on the validation tracks.
    augment : bool
        Whether to change the tone of log-mel excerpts and mask parts of them.
    precision : torch.dtype
        Of the steps: float32 or bfloat16. Validation is always in float32.
    seed : int
        Of all random numbers.
    """

    epochs: int
    learning_rate: float = 1e-4
    patience: int = 20
    augment: bool = False
    precision: torch.dtype = torch.float32
    seed: int = 0


@dataclass(frozen=True)
class Fit:
    """A trained network and the history of its training.

    Attributes
    ----------
    network : Network
        With the averaged weights of the best epoch, in evaluation mode.
    history : pandas.DataFrame
        One row per epoch: ``tracks`` in batches, repetitions counted; related ``pairs`` per batch;
        ``anchors``, the share of tracks with a related and an unrelated track in their batch;
        ``loss``; ``triplets`` that violated the margin (other losses: pairs or tracks with a
        gradient); ``spread``, the mean squared distance within a batch; ``validation``, nDCG@10
        of the validation tracks with their relatedness as gain; ``seconds``.
    best_epoch, stopped : int, str
        The epoch whose weights were kept, and why training ended.
    """

    network: Network
    history: pd.DataFrame
    best_epoch: int
    stopped: str


class Checkpoint(Protocol):
    """Keeps the state of a training, so that it can go on after an interruption."""

    def restore(self, trainer: Trainer) -> None:
        """Set the state that was kept last, if there is one."""

    def keep(self, trainer: Trainer) -> None:
        """Keep the state after an epoch."""


def fit(
    network: Network,
    loss: Loss,
    examples: Examples,
    schedule: Schedule,
    checkpoint: Checkpoint | None = None,
) -> Fit:
    """Train a network with early stopping, and return it with its best weights.

    The weights that are validated and kept are an average over the last steps. With few tracks, the
    weights of single steps are noisy, and the best epoch would be chosen partly by chance.

    Parameters
    ----------
    network : Network
        The initial network, on the device to compute on. It is changed in place.
    loss : Loss
        Its parameters, if any, are trained too.
    examples, schedule : Examples, Schedule
        What to learn from, and how.
    checkpoint : Checkpoint, optional
        Where an interrupted training goes on; see :mod:`tagspace.runs.checkpoint`.

    Raises
    ------
    TagspaceError
        If no batch of the first epoch has a candidate triplet, no two validation tracks are
        related, or training diverges.
    """
    trainer = Trainer(network, loss, examples, schedule)
    if checkpoint:
        checkpoint.restore(trainer)
    done = len(trainer.history)
    with Progress(total=schedule.epochs, initial=done, desc="training", unit="epoch") as bar:
        while not trainer.stopped:
            row = trainer.advance()
            bar.set_postfix(loss=f"{row['loss']:.3f}", validation=f"{row['validation']:.3f}")
            bar.update()
            if checkpoint:
                checkpoint.keep(trainer)
    trainer.average.load_state_dict(trainer.best)
    history = pd.DataFrame(trainer.history)
    return Fit(trainer.average.eval(), history, trainer.best_epoch, trainer.stopped)


class Trainer:
    """Trains one network, an epoch at a time.

    The order of tracks and excerpts in uniform batches does not depend on the tags.

    Parameters
    ----------
    network, loss, examples, schedule
        See :func:`fit`.
    """

    def __init__(
        self, network: Network, loss: Loss, examples: Examples, schedule: Schedule
    ) -> None:
        device = network.device
        memory.keep_freed()
        self.network, self.loss = network, loss.to(device)
        self.examples, self.schedule = examples, schedule
        self.average = copy.deepcopy(network)
        parameters = [*network.parameters(), *self.loss.parameters()]
        fused = device.type == "cuda"  # there, one kernel for all weights
        self.optimiser = torch.optim.Adam(parameters, schedule.learning_rate, fused=fused)
        self.rates = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, schedule.epochs)
        self.generator = np.random.default_rng(schedule.seed)
        self.augmentation = np.random.default_rng([schedule.seed, 1])
        self.steps = 0
        self.collapsed = False
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0
        self.stopped = ""  # why training ended; empty while it goes on

    def advance(self) -> dict[str, float]:
        """Train for an epoch, keep the weights if they are the best, and decide whether to stop."""
        number = len(self.history) + 1
        row = {"epoch": number, **self.epoch()}
        self.history.append(row)
        if not self.best or row["validation"] > self.history[self.best_epoch - 1]["validation"]:
            self.best, self.best_epoch = copy.deepcopy(self.average.state_dict()), number
        if row["triplets"] == 0:
            self.stopped = f"no triplet violated the margin in epoch {number}"
            if number == 1:
                warnings.warn(f"margin: {self.stopped}; the network is untrained", stacklevel=3)
        elif number - self.best_epoch >= self.schedule.patience:
            self.stopped = f"no gain on the validation tracks in {self.schedule.patience} epochs"
        elif number == self.schedule.epochs:
            self.stopped = "all epochs are done"
        return row

    def epoch(self) -> dict[str, float]:
        """Take one step per batch, score the validation tracks, and return a row of the history."""
        started = time.perf_counter()
        self.network.train()
        told = [self.step(batch) for batch in self.batches()]
        # Fetched once per epoch: after each step, the program would have to wait for a GPU.
        steps = pd.DataFrame([each.tolist() for each in told], columns=STEP)
        self._check(steps)
        if self.steps:
            self.rates.step()
        else:  # no weights to average yet, but statistics of batch normalisations
            self.average.load_state_dict(self.network.state_dict())
        return {
            "tracks": int(steps["tracks"].sum()),
            "pairs": steps["pairs"].mean(),
            "anchors": steps["anchors"].sum() / steps["tracks"].sum(),
            "loss": steps["loss"].mean(),
            "triplets": int(steps["triplets"].sum()),
            "spread": steps["spread"].mean(),
            "validation": self.validation(),
            "seconds": time.perf_counter() - started,
        }

    def batches(self) -> Iterator[Batch]:
        """Draw the batches of an epoch; the next one is read during a step."""
        drawn = self.examples.batches(self.generator)
        most = self.examples.excerpts.shape[1]
        excerpts = [self.generator.integers(most, size=len(rows)) for rows in drawn]
        return map_ahead(self.read, drawn, excerpts)

    def read(self, rows: np.ndarray, excerpts: np.ndarray) -> Batch:
        """Read a batch: tracks, and the number of an excerpt for each."""
        given = self.examples
        parts = rows, given.excerpts[rows, excerpts], given.excluded_pairs(rows, rows)
        return Batch(*(moved(part, self.network.device) for part in parts))

    def step(self, batch: Batch) -> Tensor:
        """Take one optimiser step on a batch, and return :data:`STEP`.

        Without any gradient, the weights stay: Adam's momentum would change them.
        """
        augmented = self.schedule.augment
        excerpts = augment(batch.excerpts, self.augmentation) if augmented else batch.excerpts
        with seeded(self.schedule.seed << 32 | self.steps):  # for the dropout of a head
            embeddings = embedding.embed_excerpts(self.network, excerpts, self.schedule.precision)
        terms = self.loss.terms(embeddings, self.examples.labels(batch.rows), batch.excluded)
        if terms.active:
            self.optimiser.zero_grad()
            terms.value.backward()
            self.optimiser.step()
            self.steps += 1
            update_average(self.average, self.network, self.steps)
        tracks = torch.full_like(terms.active, len(batch.rows))
        spread = 2 * embeddings.detach().var(0, correction=0).sum()  # the mean over all pairs
        told = (terms.value.detach(), terms.active, tracks, terms.anchors, terms.pairs, spread)
        return torch.stack([each.double() for each in told])

    def validation(self) -> float:
        """Compute nDCG@10 among the validation tracks, with their relatedness as gain.

        Pairs that training excludes count neither as neighbours nor as related.
        """
        validation = self.examples.validation
        rows = moved(validation, self.network.device)
        embeddings = embedding.embed(self.average, self.examples.excerpts, validation)
        if not embeddings.isfinite().all():
            raise TagspaceError(
                f"learning_rate: {self.schedule.learning_rate} is too high: the weights have grown "
                "out of bounds; try a lower one"
            )

        def gains(queries: np.ndarray) -> Tensor:
            related = self.examples.relatedness(rows[queries], rows)
            return related.masked_fill(related < ROUNDING, 0)

        def excluded(queries: np.ndarray) -> Tensor:
            return moved(self.examples.excluded_pairs(validation[queries], validation), rows.device)

        measures, queries = {"": retrieval.Euclidean(embeddings)}, np.arange(len(rows))
        scores = retrieval.ndcg(measures, gains, queries, len(rows), excluded)[""]
        score = scores.nanmean().item()
        if np.isnan(score):
            raise TagspaceError(
                "dataset: no two validation tracks are related whose pair counts (see "
                "batch_filter), so the best epoch cannot be found; try another seed, other folds "
                "or other tag sets"
            )
        return score

    def _check(self, steps: pd.DataFrame) -> None:
        # In later epochs no error is needed: without triplets, fit stops.
        anchors = steps["anchors"].sum() / max(steps["tracks"].sum(), 1)
        if anchors == 0 and not self.history:
            raise TagspaceError(
                "positive_threshold, negative_threshold: no training track has both a related and "
                "an unrelated track in its batch, so nothing can be learned; try other thresholds, "
                "topics, batches or tag sets"
            )
        if anchors < FEW_ANCHORS and not self.history:
            warnings.warn(
                f"batches: only {anchors:.1%} of the tracks have both a related and an unrelated "
                f"track in their batch of {steps['tracks'].mean():.0f}, so little is learned; try "
                "larger or related batches, or fewer topics",
                stacklevel=3,
            )
        if steps["spread"].mean() < COLLAPSED and not self.collapsed:
            self.collapsed = True
            warnings.warn(
                f"the embedding has collapsed: the mean squared distance within a batch is "
                f"{steps['spread'].mean():.0e}; try a lower learning_rate or other triplets",
                stacklevel=3,
            )


def update_average(average: nn.Module, network: nn.Module, step: int) -> None:
    """Update the average of weights and statistics, in place, after step number ``step`` (from 1).

    Polynomial-decay averaging (Shamir and Zhang 2013, with eta = 9).
    """
    means, values = (
        [value for value in module.state_dict().values() if value.is_floating_point()]
        for module in (average, network)
    )
    torch._foreach_lerp_(means, values, AVERAGING / (step + AVERAGING - 1))
