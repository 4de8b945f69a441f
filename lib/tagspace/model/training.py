"""One run of training: batches, triplets, steps, early stop (Sections III-A and IV)."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from tagspace.audio.augmentation import augment
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.model import losses, mining
from tagspace.model.dpnn import DPNN
from tagspace.support import memory
from tagspace.support.progress import Progress
from tagspace.tags.relatedness import Relatedness
from tagspace.tags.tagsets import parse

COLLAPSED = 1e-3  # a mean squared distance under which all embeddings of a batch are one point
EMBED_TRACKS = 128  # at a time, where no gradient is needed
ENOUGH_EXCERPTS = 10_000  # to be heard in training, repeated or not, if the user names no epochs
OFTEN = 20  # epochs; a track heard more often than this may be learned by heart
UNRELATED = 1e-6  # what is less related than this is so by rounding errors
AVERAGED = 10  # the weights kept are an average over about the last tenth of all steps


@dataclass(frozen=True)
class Fit:
    """A trained network.

    Attributes
    ----------
    model : DPNN
        With the averaged weights of the best epoch, in evaluation mode.
    history : pandas.DataFrame
        One row per epoch: ``loss``; ``triplets``, how many violated the margin (with another loss:
        pairs, or tracks, that have a part in it); ``spread``, the mean squared distance within a
        batch; ``validation``, nDCG@10 of the validation tracks with
        their relatedness as gain; ``seconds``.
    best_epoch : int
        The epoch whose weights were kept.
    stopped : str
        Why training ended.
    """

    model: DPNN
    history: pd.DataFrame
    best_epoch: int
    stopped: str


def choose_device(name: str) -> torch.device:
    """Find the device to compute on.

    Parameters
    ----------
    name : str
        ``auto`` takes the GPU where there is one.

    Raises
    ------
    TagspaceError
        If there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):  # torch without CUDA asserts
        raise TagspaceError(
            f"device: {name!r} is not on this machine; auto takes what is"
        ) from None


def initial_model(configuration: Configuration, device: torch.device) -> DPNN:
    """Make the untrained network; its weights follow from seed and dimensions alone."""
    torch.manual_seed(configuration.seed)
    return DPNN(configuration.unit_norm, configuration.dimensions).to(device)


def epochs(configuration: Configuration, n_train: int) -> int:
    """Choose the number of epochs: the one asked for, else as many as small data need.

    Parameters
    ----------
    configuration : Configuration
        Its ``epochs`` may be 0: then 10,000 excerpts are heard in 10 to 100 epochs.
    n_train : int
        Number of training tracks.
    """
    return configuration.epochs or min(max(ENOUGH_EXCERPTS // n_train, 10), 100)


def embed(model: DPNN, excerpts: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Embed tracks, each as the mean over the embeddings of its excerpts.

    Parameters
    ----------
    model : DPNN
        Is put into evaluation mode.
    excerpts : array or tensor, shape (n_tracks, n_excerpts, 80, 130), float16
        Log-mel excerpts.

    Returns
    -------
    torch.Tensor, shape (n_tracks, dimensions), float32
        On the model's device; of unit length where the model's embeddings are.
    """
    model.eval()
    parts = []
    with torch.no_grad():
        for chunk in torch.as_tensor(excerpts).split(EMBED_TRACKS):
            each = forward(model, chunk.flatten(0, 1))
            parts.append(each.unflatten(0, chunk.shape[:2]).mean(1))
    embeddings = torch.cat(parts)
    return functional.normalize(embeddings, dim=1) if model.unit_norm == "output" else embeddings


def forward(model: DPNN, spectrograms: torch.Tensor) -> torch.Tensor:
    """Embed spectrograms, in half precision where the device is the faster for it.

    Parameters
    ----------
    model : DPNN
        In either mode.
    spectrograms : torch.Tensor, shape (n, 80, 130), float16
        On any device.

    Returns
    -------
    torch.Tensor, shape (n, dimensions), float32
    """
    device = model.dense.weight.device
    x = spectrograms.to(device).float().unsqueeze(1)
    with torch.autocast(device.type, torch.bfloat16, enabled=_half_precision_pays(device)):
        return model(x).float()


def calibrate(model: DPNN, excerpts: torch.Tensor) -> None:
    """Let an untrained network's batch normalisations see data; nothing else of it changes.

    Without this their statistics are zero mean and unit variance, which fits no spectrogram, and
    the untrained network would be a weaker baseline than it is.

    Parameters
    ----------
    model : DPNN
        Is changed in place.
    excerpts : torch.Tensor, shape (n, 80, 130), float16
        Of the training tracks.
    """
    layers = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over all batches
    model.train()
    with torch.no_grad():
        # Of nearly equal sizes, as the average is over batches.
        for chunk in excerpts.tensor_split(-(-len(excerpts) // EMBED_TRACKS)):
            forward(model, chunk)
    for layer in layers:
        layer.momentum = 0.1


def fit(
    corpus: Corpus, relatedness: Relatedness, configuration: Configuration, device: torch.device
) -> Fit:
    """Train a network until the validation split no longer gains, and keep its best weights.

    The weights that are validated and kept are an average over the last steps (:func:`follow`):
    single steps on small data are noisy, and the best of many noisy epochs is the luckiest.

    Parameters
    ----------
    corpus : Corpus
        The tracks; the test rows are not touched.
    relatedness : Relatedness
        Of the corpus' tracks, by row.
    configuration : Configuration
        Everything else.
    device : torch.device
        Where to compute.

    Returns
    -------
    Fit
        The network and its history.

    Raises
    ------
    TagspaceError
        If no batch of the first epoch holds a candidate triplet, no two validation tracks are
        related, or training diverges.
    """
    trainer = Trainer(corpus, relatedness, configuration, device)
    history: list[dict[str, float]] = []
    best, best_epoch, stopped = {}, 0, "all epochs are done"
    with Progress(range(1, trainer.epochs + 1), desc="training", unit="epoch") as bar:
        for epoch in bar:
            row = {"epoch": epoch, **trainer.epoch()}
            history.append(row)
            bar.set_postfix(loss=f"{row['loss']:.3f}", validation=f"{row['validation']:.3f}")
            if not best or row["validation"] > history[best_epoch - 1]["validation"]:
                best, best_epoch = copy.deepcopy(trainer.average.state_dict()), epoch
            if row["triplets"] == 0:
                stopped = f"no triplet violated the margin in epoch {epoch}"
                break
            if epoch - best_epoch >= configuration.patience:
                stopped = f"no gain on the validation split in {configuration.patience} epochs"
                break
    trainer.average.load_state_dict(best)
    return Fit(trainer.average.eval(), pd.DataFrame(history), best_epoch, stopped)


def candidates(
    corpus: Corpus, relatedness: Relatedness, configuration: Configuration, rows: np.ndarray
) -> mining.Candidates:
    """Find the candidate pairs of a batch.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    relatedness : Relatedness
        Of the corpus' tracks, by row.
    configuration : Configuration
        Gives thresholds and batch filter.
    rows : numpy.ndarray of int, shape (n,)
        The batch, as rows of the corpus.
    """
    related = relatedness(torch.as_tensor(rows))
    excluded = corpus.groups.same(configuration.batch_filter, rows)
    return mining.candidates(
        related,
        torch.as_tensor(excluded, device=related.device),
        configuration.positive,
        configuration.negative,
    )


def follow(average: nn.Module, model: nn.Module, step: int) -> None:
    """Move averaged weights towards those after one more step.

    The average over all steps, in which a step weighs the more the later it came: after ``n``
    steps, most of the weight is on the last tenth of them (polynomial-decay averaging, Shamir and
    Zhang 2013, with eta = 9). Batch normalisations' statistics are averaged with the weights.

    Parameters
    ----------
    average, model : torch.nn.Module
        Two of a kind; ``average`` is changed in place.
    step : int
        How many steps were taken, from 1.
    """
    share = AVERAGED / (step + AVERAGED - 1)
    with torch.no_grad():
        states = zip(average.state_dict().values(), model.state_dict().values(), strict=True)
        for mean, now in states:
            if mean.is_floating_point():
                mean.lerp_(now, share)


class Trainer:
    """Trains one network, an epoch at a time.

    The initial weights, and the order of tracks and excerpts, follow from the seed alone: they are
    the same whatever the tag sets, as in the paper's experiments.
    """

    def __init__(
        self,
        corpus: Corpus,
        relatedness: Relatedness,
        configuration: Configuration,
        device: torch.device,
    ) -> None:
        if device.type == "cpu":
            memory.keep_freed()
        self.corpus = corpus
        self.relatedness = relatedness
        self.configuration = configuration
        # In memory once and for all, on the GPU where there is one: 20 kB an excerpt.
        self.excerpts = torch.as_tensor(corpus.excerpts, device=device)
        self.model = initial_model(configuration, device)
        self.average = copy.deepcopy(self.model)
        self.steps = 0
        self.loss = _loss(corpus, configuration).to(device)
        parameters = [*self.model.parameters(), *self.loss.parameters()]
        self.optimiser = torch.optim.Adam(parameters, lr=configuration.learning_rate)
        self.epochs = epochs(configuration, len(corpus.split.train))
        self.augments = _augments(configuration, self.epochs)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, self.epochs)
        self.generator = np.random.default_rng(configuration.seed)
        self.augmentation = np.random.default_rng([configuration.seed, 1])
        self.started = self.warned = False

    def epoch(self) -> dict[str, float]:
        """Take one step per batch, and look at the validation split.

        Returns
        -------
        dict
            The values of one row of :attr:`Fit.history`.
        """
        started = time.perf_counter()
        self.model.train()
        steps = pd.DataFrame([self.step(rows) for rows in self.batches()])
        self.schedule.step()
        self._check(steps)
        self.started = True
        return {
            "loss": steps["loss"].mean(),
            "triplets": int(steps["triplets"].sum()),
            "spread": steps["spread"].mean(),
            "validation": self.validation(),
            "seconds": time.perf_counter() - started,
        }

    def batches(self) -> Iterator[np.ndarray]:
        """Shuffle the training rows and cut them into batches of nearly equal size."""
        shuffled = self.generator.permutation(self.corpus.split.train)
        return iter(
            np.array_split(shuffled, max(round(len(shuffled) / self.configuration.batch_size), 1))
        )

    def step(self, rows: np.ndarray) -> dict[str, float]:
        """Embed a batch, each track once, and follow the gradient of its loss."""
        draw = self.generator.integers(self.excerpts.shape[1], size=len(rows))
        excerpts = self.excerpts[rows, draw]
        if self.augments:
            excerpts = augment(excerpts, self.augmentation)
        embeddings = forward(self.model, excerpts)
        distances = losses.squared_distances(embeddings)
        pairs = candidates(self.corpus, self.relatedness, self.configuration, rows)
        loss, active = self.loss(losses.Batch(rows, embeddings, distances, pairs))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        follow(self.average, self.model, self.steps)
        return {
            "loss": loss.item(),
            "triplets": active,
            "anchors": int(pairs.anchors.sum()),
            "spread": distances.mean().item(),
        }

    def validation(self) -> float:
        """Measure nDCG@10 among the validation tracks, with their relatedness as gain."""
        rows = torch.as_tensor(self.corpus.split.validation, device=self.excerpts.device)
        embeddings = embed(self.average, self.excerpts[rows])
        if not embeddings.isfinite().all():
            raise TagspaceError(
                f"learning_rate: {self.configuration.learning_rate} is too high: the weights have "
                "grown out of all bounds; try a lower one"
            )
        gains = self.relatedness(rows)
        gains = gains.masked_fill(gains < UNRELATED, 0)
        score = retrieval.ndcg(embeddings, gains, cutoff=10)
        if np.isnan(score):
            raise TagspaceError(
                "dataset: no two validation tracks are related, so nothing tells which epoch is "
                "the best; try another seed, folds or tag sets"
            )
        return score

    def _check(self, steps: pd.DataFrame) -> None:
        configuration = self.configuration
        # Later on, such an epoch ends training like one whose triplets all keep the margin.
        if steps["anchors"].sum() == 0 and not self.started and configuration.loss != "tags":
            raise TagspaceError(
                f"positive, negative: no training track has both a related track "
                f"(>= {configuration.positive}) and an unrelated one (< {configuration.negative}) "
                f"in its batch, so nothing is learned; try other thresholds, topics or tag sets"
            )
        if steps["spread"].mean() < COLLAPSED and not self.warned:
            self.warned = True
            advice = "mining all or semihard, or " if configuration.loss == "triplet" else ""
            warnings.warn(
                f"the embedding has collapsed: the mean squared distance within a batch is "
                f"{steps['spread'].mean():.0e}; try {advice}a lower learning_rate",
                stacklevel=3,
            )


def _loss(corpus: Corpus, configuration: Configuration) -> nn.Module:
    if configuration.loss == "tags":
        tagsets = parse(configuration.tagsets, corpus.tags.tagsets)
        tags = corpus.tags.select(tagsets).matrix
        return losses.TagLoss(tags, corpus.split.train, configuration.dimensions)
    if configuration.loss == "contrastive":
        return losses.ContrastiveLoss(configuration.margin)
    return losses.TripletLoss(configuration.mining, configuration.margin)


def _augments(configuration: Configuration, epochs: int) -> bool:
    if configuration.augment == "auto":
        return epochs > OFTEN
    return configuration.augment == "always"


def _half_precision_pays(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    # A processor without instructions for bfloat16 emulates it, several times slower than float32.
    capabilities = torch.cpu.get_capabilities()
    known = capabilities.get("amx_bf16") or capabilities.get("avx512_bf16")
    return device.type == "cpu" and bool(known)  # where it is not known: on ARM, for one
