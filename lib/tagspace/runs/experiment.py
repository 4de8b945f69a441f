"""One experiment of the paper: train on some tag sets, then search by example."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from tagspace.evaluation import baselines, retrieval
from tagspace.tags import relatedness
from tagspace.runs import records
from tagspace.model import training
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus, FEWEST_TEST
from tagspace.errors import TagspaceError
from tagspace.evaluation.retrieval import Distances
from tagspace.runs.records import Record
from tagspace.tags.tagsets import parse

# The parameters on which the representations depend that no training made.
MATTER_UNTRAINED = ("seed", "unit_norm", "dimensions", "pool")


def run(corpus: Corpus, configuration: Configuration) -> Record:
    """Train and evaluate a network, or find the record of the same run.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    configuration : Configuration
        All parameters.

    Returns
    -------
    Record
        With the figures of the trained network beside those of the baselines: ``untrained`` (the
        same initial weights), ``timbre``, ``rhythm``, ``timbre+rhythm``, ``random``, and ``tags``,
        which knows the tags themselves.

    Raises
    ------
    TagspaceError
        If the device is not there, the tags give no triplet, or there is too little to search in.
    """
    device = training.choose_device(configuration.device)
    folder, name = records.runs_folder(configuration), records.run_id(configuration, corpus)
    return records.find(folder, name) or _compute(corpus, configuration, device, name)


def _compute(
    corpus: Corpus, configuration: Configuration, device: torch.device, name: str
) -> Record:
    clock = Clock()
    rows, queries = _pool(corpus, configuration.pool)
    with clock.stage("relatedness"):
        tagsets = parse(configuration.tagsets, corpus.tags.tagsets)
        related = relatedness.of(corpus, configuration, device)
        topics = corpus.topics.vectors(tagsets, configuration.topics)
    with clock.stage("training"):
        fit = training.fit(corpus, related, configuration, device)
    with clock.stage("evaluation"):
        representations = {
            "trained": training.embed(fit.model, corpus.excerpts[rows]),
            **_baselines(corpus, configuration.only(*MATTER_UNTRAINED), device),
            "tags": torch.as_tensor(topics[rows], dtype=torch.float32, device=device),
        }
        metrics = retrieval.evaluate(
            representations,
            corpus.tags.take(rows),
            corpus.groups.take(rows),
            queries,
            configuration.seed,
        )
    return records.write(
        records.runs_folder(configuration),
        name,
        run={
            "id": name,
            "parameters": configuration.model_dump(),
            "tagsets": tagsets,
            "topics": topics.shape[1],
            "best_epoch": fit.best_epoch,
            "stopped": fit.stopped,
            "data": corpus.summary(),
            "seconds": clock.seconds,
            "device": _describe(device),
            **records.environment(),
        },
        history=fit.history,
        metrics=metrics,
        embeddings=pd.DataFrame(
            representations["trained"][queries].cpu().numpy(),
            index=corpus.tags.track_ids[rows[queries]],
        ).rename(columns="d{:03d}".format),
        weights=fit.model.state_dict(),
    )


def _pool(corpus: Corpus, pool: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the corpus rows of the tracks to search in, and which of these are the queries."""
    if pool == "all":
        return np.arange(len(corpus)), corpus.split.test
    rows = corpus.split.validation if pool == "validation" else corpus.split.test
    if len(rows) < FEWEST_TEST:
        raise TagspaceError(
            f"pool: {corpus.name} has {len(rows)} {pool} tracks; "
            f"at least {FEWEST_TEST} are needed; try folds"
        )
    return rows, np.arange(len(rows))


@lru_cache(maxsize=1)  # they are the same for all runs of a sweep
def _baselines(
    corpus: Corpus, configuration: Configuration, device: torch.device
) -> dict[str, torch.Tensor | Distances]:
    rows, _ = _pool(corpus, configuration.pool)
    excerpts = corpus.excerpts[rows]
    untrained = training.initial_model(configuration, device)
    training.calibrate(untrained, torch.as_tensor(corpus.excerpts[corpus.split.train, 0]))
    timbre = baselines.Timbre(excerpts)
    rhythm = retrieval.Euclidean(baselines.rhythm(excerpts))
    return {
        "untrained": training.embed(untrained, excerpts),
        "timbre": timbre,
        "rhythm": rhythm,
        "timbre+rhythm": baselines.Together(timbre, rhythm),
        "random": baselines.random(len(corpus), configuration.seed)[rows],
    }


def _describe(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return f"{device}: {torch.get_num_threads()} threads"


class Clock:
    """Measures stages; ``seconds`` has the time of each, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 2)
