"""What a trained network is compared with: figures that are the same for all runs of a sweep."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock
from torch import nn

from tagspace.audio import handcrafted
from tagspace.audio.stored import Values
from tagspace.configuration import Configuration
from tagspace.corpus import FEWEST_TEST, Corpus
from tagspace.encoders.embedding import Frozen, embed, embed_excerpts
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.evaluation.retrieval import Distances
from tagspace.model.dpnn import DPNN, N_DIMENSIONS, initial_network
from tagspace.runs import records
from tagspace.runs.comparison import REPRESENTATIONS
from tagspace.support.files import keep_bytes

AT_ONCE = 128  # tracks or excerpts
# What the baselines depend on.
BASELINE_PARAMETERS = (
    "spellings",
    "seed",
    "split",
    "folds",
    "fold",
    "pool",
    "excerpts",
    "encoder",
    "precision",
    "unit_norm",
    "dimensions",
)


def evaluated_rows(corpus: Corpus, pool: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the corpus rows of the tracks to search in, and which of these are queries.

    Raises
    ------
    TagspaceError
        If there are too few tracks.
    """
    if pool == "all":
        return np.arange(len(corpus)), corpus.split.test
    rows = corpus.split.validation if pool == "validation" else corpus.split.test
    if len(rows) < FEWEST_TEST:
        raise TagspaceError(
            f"pool: {corpus.name} has {len(rows)} {pool} tracks; "
            f"at least {FEWEST_TEST} are needed; try other folds or another pool"
        )
    return rows, np.arange(len(rows))


def evaluate_pool(
    representations: dict[str, torch.Tensor | Distances],
    corpus: Corpus,
    configuration: Configuration,
) -> pd.DataFrame:
    """Evaluate representations of the tracks to search in; see :func:`evaluated_rows`."""
    rows, queries = evaluated_rows(corpus, configuration.pool)
    tags, groups = corpus.tags.take(rows), corpus.groups.take(rows)
    return retrieval.evaluate(representations, tags, groups, queries, configuration.seed)


def baseline_metrics(
    corpus: Corpus, inputs: Values, configuration: Configuration, device: torch.device
) -> pd.DataFrame:
    """Score the baselines, once for all runs of a sweep that share them.

    The inputs are those of :func:`encoder_inputs`.
    """
    parameters = records.identifying(configuration, BASELINE_PARAMETERS)
    name = records.digest(corpus.fingerprint, parameters)
    folder = records.runs_folder(configuration) / ".baselines"
    folder.mkdir(parents=True, exist_ok=True)

    def score() -> bytes:
        baselines = _baselines(corpus, inputs, configuration, device)
        return evaluate_pool(baselines, corpus, configuration).to_parquet()

    with FileLock(folder / f"{name}.lock"):  # of several workers, one scores and the others wait
        return pd.read_parquet(BytesIO(keep_bytes(folder / name, score)))


def _baselines(
    corpus: Corpus, inputs: Values, configuration: Configuration, device: torch.device
) -> dict[str, torch.Tensor | Distances]:
    rows, _ = evaluated_rows(corpus, configuration.pool)
    untrained = initial_network(
        configuration.seed, configuration.unit_norm, configuration.dimensions
    ).to(device)
    calibrate(untrained, corpus.excerpts, corpus.split.train)
    frozen = {}
    if configuration.encoder != "dpnn":
        encoder = Frozen(inputs[corpus.split.train]).to(device)
        frozen[encoder_name(configuration)] = embed(encoder, inputs, rows)
    timbre = handcrafted.Timbre(corpus.excerpts[row] for row in rows)
    rhythm = retrieval.Euclidean(handcrafted.rhythm(corpus.excerpts[row] for row in rows))
    return {
        "untrained": embed(untrained, corpus.excerpts, rows),
        "timbre": timbre,
        "rhythm": rhythm,
        "timbre+rhythm": handcrafted.SumOfDistances(timbre, rhythm),
        "random": _random_embeddings(len(corpus), configuration.seed)[rows],
        **frozen,
    }


def encoder_inputs(corpus: Corpus, configuration: Configuration, device: torch.device) -> Values:
    """Return what is trained on, shape (n_tracks, n_excerpts, ...): excerpts or frozen vectors."""
    if corpus.vectors is not None:
        return corpus.vectors
    if configuration.encoder == "dpnn":
        return corpus.excerpts
    network = records.Record(Path(configuration.encoder).expanduser()).network().to(device)
    parts = []
    for block in np.array_split(np.arange(len(corpus)), -(-len(corpus) // AT_ONCE)):
        excerpts = torch.as_tensor(corpus.excerpts[block])
        each = embed(network, excerpts.flatten(0, 1).unsqueeze(1))  # an excerpt as a track
        parts.append(each.unflatten(0, excerpts.shape[:2]).cpu())
    return torch.cat(parts).numpy()


def encoder_name(configuration: Configuration) -> str:
    """Name the frozen encoder, as a representation.

    Raises
    ------
    TagspaceError
        If another representation has this name.
    """
    name = Path(configuration.encoder).stem
    if name in REPRESENTATIONS:
        raise TagspaceError(
            f"encoder: {configuration.encoder} has the name of another representation; rename it, "
            f"but not to {', '.join(REPRESENTATIONS)}"
        )
    return name


def _random_embeddings(n_tracks: int, seed: int) -> torch.Tensor:
    return torch.randn(n_tracks, N_DIMENSIONS, generator=torch.Generator().manual_seed(seed))


def calibrate(network: DPNN, excerpts: Values, rows: np.ndarray) -> None:
    """Set the statistics of an untrained network's batch normalisations; weights do not change.

    Otherwise the statistics are zero mean and unit variance, which fit no spectrogram. The
    untrained network would then be an unfairly weak baseline.

    Parameters
    ----------
    network : DPNN
        Is changed in place.
    excerpts : Values, shape (n_tracks, n_excerpts, 80, 130), float16
        The first one of each track is used.
    rows : numpy.ndarray of int
        The training tracks.
    """
    layers = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over all batches
    network.train()
    with torch.no_grad():
        # Batches of nearly equal size, because the average is over batches.
        for chunk in np.array_split(rows, -(-len(rows) // AT_ONCE)):
            embed_excerpts(network, torch.as_tensor(excerpts[chunk, 0]))
    for layer in layers:
        layer.momentum = 0.1
