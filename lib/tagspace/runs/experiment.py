"""One experiment of the paper: train on some tag sets, then search by example."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast, get_args

import numpy as np
import pandas as pd
import torch

from tagspace.audio.stored import Values
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus, vector_precision
from tagspace.encoders.embedding import embed
from tagspace.encoders.vectors import unit_vectors
from tagspace.errors import TagspaceError
from tagspace.model import losses, training
from tagspace.model.batches import RelatedBatches, UniformBatches
from tagspace.model.dpnn import DPNN
from tagspace.model.head import Head
from tagspace.model.training import Checkpoint, Examples, Fit, Schedule
from tagspace.runs import records
from tagspace.runs.baselines import (
    baseline_metrics,
    encoder_inputs,
    evaluate_pool,
    evaluated_rows,
)
from tagspace.runs.checkpoint import FileCheckpoint
from tagspace.runs.records import Record
from tagspace.support.device import (
    choose_device,
    choose_precision,
    describe_device,
    precision_name,
    seeded,
)
from tagspace.support.files import write_whole
from tagspace.tags import relatedness
from tagspace.tags.relatedness import Cosine, Relatedness, SameGroup
from tagspace.tags.tagsets import TagMatrix

ENOUGH_EXCERPTS = 10_000  # target for all epochs together, repetitions counted; see default_epochs
RATE, HEAD_RATE = 1e-4, 1e-3  # learning rates
AUGMENT_ABOVE = 20  # epochs; with more, the network overfits unless excerpts are augmented


def check_machine(configuration: Configuration) -> None:
    """Check the device and the folder of records, before any work is done.

    Parameters
    ----------
    configuration : Configuration
        Names both.

    Raises
    ------
    TagspaceError
        If this machine has no such device, or the folder cannot be written.
    """
    choose_device(configuration.device)
    folder = records.runs_folder(configuration)
    probe = folder / f".probe-{os.getpid()}"
    try:
        write_whole(probe, Path.touch)
    except TagspaceError as error:
        reason = str(error).rpartition(": ")[2]
        raise TagspaceError(
            f"runs: {folder} cannot be written ({reason}); name a folder that can"
        ) from error
    probe.unlink()


def run_experiment(corpus: Corpus, configuration: Configuration) -> Record:
    """Train and evaluate a network, or return the record if this run was made before.

    An interrupted run goes on from its last epoch, and gives the same bits on the same machine.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    configuration : Configuration
        All parameters.

    Returns
    -------
    Record
        Its parameters hold the precision that was used. The results of the trained network and of
        the baselines: ``untrained`` (the same initial
        weights), ``timbre``, ``rhythm``, ``timbre+rhythm``, ``random``, and ``tags`` (the LSI
        vectors of the tags themselves).

    Raises
    ------
    TagspaceError
        If the device does not exist, the tags give no triplet, or there are too few tracks.

    Examples
    --------
    The corpus of noise is that of the example in :class:`tagspace.corpus.Corpus`.

    >>> import tempfile
    >>> from scipy import sparse
    >>> from tagspace.datasets.groups import Groups
    >>> from tagspace.datasets.splits import split
    >>> vocabulary = pd.DataFrame({"tagset": "moods", "tag": ["calm", "wild"]})
    >>> moods = sparse.csr_array(np.eye(2)[np.arange(120) % 2])
    >>> tags = TagMatrix(moods, pd.RangeIndex(120), vocabulary)
    >>> artists = Groups(np.arange(120) // 3, sparse.csr_array((120, 1)))
    >>> noise = np.random.default_rng(0).normal(size=(120, 1, 80, 130)).astype(np.float16)
    >>> corpus = Corpus("noise", tags, artists, noise, split(artists.artist), "")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     record = run_experiment(corpus, Configuration(epochs=1, runs=folder, device="cpu"))
    ...     record.metrics.query("representation == 'trained'")["task"].unique().tolist()
    ['moods', 'artist']
    """
    device = choose_device(configuration.device)
    configuration = resolve(configuration, device)
    chosen = configuration.choose_tagsets(corpus.tags.tagsets)
    folder = records.runs_folder(configuration)
    name = records.run_id(configuration, corpus.name, corpus.fingerprint, chosen)
    return records.find(folder, name) or _compute(corpus, configuration, chosen, device, name)


def resolve(configuration: Configuration, device: torch.device) -> Configuration:
    """Replace parameters that leave a choice by what is chosen on this device."""
    is_dpnn = configuration.encoder == "dpnn"
    of_steps = choose_precision(configuration.precision, device)
    precision = precision_name(of_steps if is_dpnn else vector_precision(configuration))
    rate = configuration.learning_rate or (RATE if is_dpnn else HEAD_RATE)
    chosen = {"precision": precision, "learning_rate": rate}
    return configuration.model_copy(update=chosen)


def _compute(
    corpus: Corpus,
    configuration: Configuration,
    chosen: tuple[str, ...],
    device: torch.device,
    name: str,
) -> Record:
    clock, folder = Clock(), records.runs_folder(configuration)
    rows, queries = evaluated_rows(corpus, configuration.pool)
    inputs = encoder_inputs(corpus, configuration, device)
    with clock.stage("relatedness"):
        tags = corpus.tags.select(chosen)
        related = make_relatedness(corpus, tags, configuration, device)
        topics = relatedness.lsi_vectors(tags.matrix, corpus.split.train, configuration.topics)
    checkpoint = FileCheckpoint(folder / ".checkpoints" / f"{name.rpartition('-')[2]}.safetensors")
    with clock.stage("training"):
        fit = train(corpus, tags, related, configuration, device, checkpoint, inputs)
    with clock.stage("evaluation"):
        trained = embed(fit.network, inputs, rows)
        tag_vectors = torch.as_tensor(topics[rows], dtype=torch.float32, device=device)
        scored = evaluate_pool({"trained": trained, "tags": tag_vectors}, corpus, configuration)
        baselines = baseline_metrics(corpus, inputs, configuration, device)
        metrics = pd.concat([scored, baselines], ignore_index=True)
    record = records.write(
        folder,
        name,
        info={
            "id": name,
            "parameters": configuration.model_dump(),
            "tagsets": chosen,
            "topics": topics.shape[1],
            "best_epoch": fit.best_epoch,
            "stopped": fit.stopped,
            "data": corpus.summary(),
            "seconds": clock.seconds,
            "device": describe_device(device),
            **records.environment(),
        },
        history=fit.history,
        metrics=metrics,
        embeddings=pd.DataFrame(
            trained[queries].cpu().numpy(),
            index=corpus.tags.track_ids[rows[queries]],
        ).rename(columns="d{:03d}".format),
        weights=fit.network.state_dict(),
    )
    checkpoint.remove()
    return record


def make_relatedness(
    corpus: Corpus, tags: TagMatrix, configuration: Configuration, device: torch.device
) -> Relatedness:
    """Return the relatedness function that a run trains on.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    tags : TagMatrix
        Their tags in the tag sets to learn from.
    configuration : Configuration
        Names the kind of relatedness and the number of topics.
    device : torch.device
        Device of the relatedness matrices.

    Raises
    ------
    TagspaceError
        If the tags or the table of vectors cannot be used.
    """
    kind = configuration.relatedness
    if kind == "artist":
        return SameGroup(torch.as_tensor(corpus.groups.artist, device=device))
    if kind in get_args(relatedness.Kind):
        return relatedness.relatedness_from_tags(
            tags.matrix,
            corpus.split.train,
            cast(relatedness.Kind, kind),
            configuration.topics,
            configuration.seed,
            device,
        )
    vectors = unit_vectors(Path(kind).expanduser(), corpus.tags.track_ids)
    return Cosine(torch.as_tensor(vectors, dtype=torch.float32, device=device))


def train(
    corpus: Corpus,
    tags: TagMatrix,
    related: Relatedness,
    configuration: Configuration,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
    inputs: Values | None = None,
) -> Fit:
    """Train a network, or a head on frozen vectors; the test tracks are not used.

    The initial weights depend only on ``seed`` and ``dimensions``. Runs with different tag sets
    start from the same weights, as in the paper's experiments.

    Parameters
    ----------
    corpus, tags, configuration, device
        See :func:`make_relatedness`.
    related : Relatedness
        Of the tracks of the corpus.
    checkpoint : Checkpoint, optional
        Where an interrupted training goes on.
    inputs : Values, shape (n_tracks, n_excerpts, ...), optional
        See :func:`tagspace.runs.baselines.encoder_inputs`; by default, the excerpts.

    Raises
    ------
    TagspaceError
        See :func:`tagspace.model.training.fit`.
    """
    configuration = resolve(configuration, device)
    inputs = corpus.excerpts if inputs is None else inputs
    is_dpnn = configuration.encoder == "dpnn"
    options = configuration.unit_norm, configuration.dimensions
    with seeded(configuration.seed):
        network = DPNN(*options) if is_dpnn else Head(inputs.shape[-1], *options)
        loss = _loss(corpus, tags, configuration)

    def tag_labels(rows: torch.Tensor) -> torch.Tensor:
        carried = tags.matrix[rows.cpu().numpy()].toarray()
        return torch.as_tensor(carried, dtype=torch.float32, device=device)

    n_train = len(corpus.split.train)
    epochs = configuration.epochs or default_epochs(n_train, is_dpnn)
    excluded = partial(corpus.groups.excluded_pairs, batch_filter=configuration.batch_filter)
    examples = Examples(
        inputs,
        _batches(corpus, related, excluded, configuration),
        corpus.split.validation,
        related,
        excluded,
        tag_labels if configuration.loss == "tags" else related,
    )
    schedule = Schedule(
        epochs,
        configuration.learning_rate,
        configuration.patience,
        augment={"always": True, "never": False}.get(
            configuration.augment, is_dpnn and epochs > AUGMENT_ABOVE
        ),
        # A head is too small to gain by bfloat16.
        precision=choose_precision(configuration.precision if is_dpnn else "float32", device),
        seed=configuration.seed,
    )
    return training.fit(network.to(device), loss, examples, schedule, checkpoint)


def default_epochs(n_train: int, is_dpnn: bool = True) -> int:
    """Return 10,000 divided by the number of training tracks, but at least 10 and at most 100.

    A head takes twice as many, because its epochs cost nearly nothing.
    """
    return min(max(ENOUGH_EXCERPTS * (1 if is_dpnn else 2) // n_train, 10), 100)


def _batches(
    corpus: Corpus,
    related: Relatedness,
    excluded: Callable[[np.ndarray, np.ndarray], np.ndarray],
    configuration: Configuration,
) -> Callable[[np.random.Generator], Sequence[np.ndarray]]:
    train = corpus.split.train
    if configuration.batches == "uniform":
        return UniformBatches(train, configuration.batch_size)
    drawn = RelatedBatches(
        train,
        configuration.batch_size,
        related,
        excluded,
        configuration.positive_threshold,
        configuration.seed,
    )
    if drawn.n_alone:
        warnings.warn(
            f"batches: {drawn.n_alone} of {len(train)} training tracks are related to no other one "
            "and are left out; fewer topics or a lower positive_threshold relate more",
            stacklevel=2,
        )
    return drawn


def _loss(corpus: Corpus, tags: TagMatrix, configuration: Configuration) -> losses.Loss:
    thresholds = configuration.positive_threshold, configuration.negative_threshold
    if configuration.loss == "tags":
        train = corpus.split.train
        # Additive smoothing: no frequency is 0 or 1.
        frequencies = (tags.matrix[train].sum(axis=0) + 0.5) / (len(train) + 1)
        return losses.TagLoss(frequencies, configuration.dimensions)
    if configuration.loss == "regression":
        return losses.RegressionLoss()
    if configuration.loss == "listwise":
        return losses.ListwiseLoss()
    if configuration.loss == "contrastive":
        return losses.ContrastiveLoss(configuration.margin, *thresholds)
    return losses.TripletLoss(configuration.margin, configuration.mining, *thresholds)


class Clock:
    """Stopwatch; ``seconds`` holds the duration of each stage by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the duration of the block."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
