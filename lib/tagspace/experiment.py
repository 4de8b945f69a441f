"""One experiment of the paper: train on some tag sets, then search by example."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import pandas as pd
import torch

from tagspace import baselines, relatedness, retrieval, runs, training
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.dpnn import UnitNorm
from tagspace.runs import Record
from tagspace.tagsets import parse


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
        same initial weights), ``mfcc``, ``random``, and ``tags``, which knows the tags themselves.

    Raises
    ------
    TagspaceError
        If the device is not there, or the tags give no triplet.
    """
    device = training.choose_device(configuration.device)
    folder, name = runs.runs_folder(configuration), runs.run_id(configuration, corpus)
    return runs.find(folder, name) or _compute(corpus, configuration, device, name)


def _compute(
    corpus: Corpus, configuration: Configuration, device: torch.device, name: str
) -> Record:
    clock = Clock()
    with clock.stage("relatedness"):
        tagsets = parse(configuration.tagsets, corpus.tags.tagsets)
        vectors = corpus.topics.vectors(tagsets, configuration.topics)
        vectors = torch.as_tensor(vectors, dtype=torch.float32, device=device)
    with clock.stage("training"):
        fit = training.fit(corpus, relatedness.Cosine(vectors), configuration, device)
    with clock.stage("evaluation"):
        rows, queries = _pool(corpus, configuration.pool)
        representations = {
            "trained": training.embed(fit.model, corpus.excerpts[rows]),
            **_baselines(
                corpus, configuration.seed, configuration.unit_norm, configuration.pool, device
            ),
            "tags": vectors[rows],
        }
        metrics = retrieval.evaluate(
            representations,
            corpus.tags.take(rows),
            corpus.groups.take(rows),
            queries,
            configuration.seed,
        )
    test_ids = corpus.tags.track_ids[corpus.split.test]
    return runs.write(
        runs.runs_folder(configuration),
        name,
        run={
            "id": name,
            "parameters": configuration.model_dump(),
            "tagsets": tagsets,
            "topics": vectors.shape[1],
            "best_epoch": fit.best_epoch,
            "stopped": fit.stopped,
            "data": corpus.summary(),
            "seconds": clock.seconds,
            "device": _describe(device),
            **runs.environment(),
        },
        history=fit.history,
        metrics=metrics,
        embeddings=pd.DataFrame(
            representations["trained"][queries].cpu().numpy(), index=test_ids
        ).rename(columns="d{:03d}".format),
        weights=fit.model.state_dict(),
    )


def _pool(corpus: Corpus, pool: str) -> tuple[np.ndarray, np.ndarray]:
    """Give the corpus rows of the tracks to search in, and which of these are the queries."""
    if pool == "all":
        return np.arange(len(corpus)), corpus.split.test
    return corpus.split.test, np.arange(len(corpus.split.test))


@lru_cache(maxsize=1)  # they are the same for all runs of a sweep
def _baselines(
    corpus: Corpus, seed: int, unit_norm: UnitNorm, pool: str, device: torch.device
) -> dict[str, torch.Tensor]:
    untrained = training.initial_model(seed, unit_norm, device)
    training.calibrate(untrained, torch.as_tensor(corpus.excerpts[corpus.split.train, 0]))
    rows, _ = _pool(corpus, pool)
    timbre = baselines.mfcc(corpus.excerpts, corpus.split.train)[rows]
    return {
        "untrained": training.embed(untrained, corpus.excerpts[rows]),
        "mfcc": torch.as_tensor(timbre, dtype=torch.float32, device=device),
        "random": baselines.random(len(rows), seed).to(device),
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
