"""Search by example: neighbours, precision and nDCG, with chance and ceiling (Section VI)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from tagspace.datasets.groups import Groups
from tagspace.errors import TagspaceError
from tagspace.tags.tagsets import TagMatrix

CUTOFFS = (10, 100)
BLOCK_CELLS = 2_000_000  # queries x tracks at a time: bounds memory at any number of tracks
BOOTSTRAP_DRAWS = 1000
KEYS = ["relevance", "filter", "task", "metric", "cutoff"]
TASK = 1 + KEYS.index("task")  # its place in a row
COLUMNS = ["representation", *KEYS, "value", "low", "high", "chance", "ceiling", "n_queries"]
# Which filters leave the neighbours of a task anything to find, or any query to ask.
TASK_FILTERS = {"artist": ("none", "album"), "album": ("none",)}
FILTERS = ("none", "album", "artist")

Relevant = dict[tuple[str, str], torch.Tensor]


class Distances(Protocol):
    """Tells how far all tracks are from some; only their order counts."""

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""


class Euclidean:
    """Distances of embeddings, less what is the same for all neighbours of a query.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n_tracks, d), float32
        All tracks.
    """

    def __init__(self, embeddings: torch.Tensor) -> None:
        self.embeddings = embeddings
        # Not squared one by one first, which would make a copy of them all.
        self._squares = torch.linalg.vector_norm(embeddings, dim=1).square()

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the squared distances, less the squared length of the query."""
        wanted = self.embeddings[queries]
        return torch.addmm(self._squares, wanted, self.embeddings.T, alpha=-2)


def neighbours(distances: torch.Tensor, cutoff: int) -> torch.Tensor:
    """Find the nearest tracks of each query.

    Parameters
    ----------
    distances : torch.Tensor, shape (n_queries, n_tracks)
        Infinite where a track may not be a neighbour: the query itself, for one.
    cutoff : int
        How many neighbours, at most ``n_tracks``.

    Returns
    -------
    torch.Tensor of int, shape (n_queries, cutoff)
        Rows of the neighbours, nearest first.
    """
    return distances.topk(cutoff, largest=False).indices


def ndcg(embeddings: torch.Tensor, gains: torch.Tensor, cutoff: int) -> float:
    """Measure nDCG where every track queries all others.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n, d), float32
    gains : torch.Tensor, shape (n, n)
        How relevant each track (column) is to each query (row), not negative.
    cutoff : int
        How many neighbours count.

    Returns
    -------
    float
        The mean over queries to which anything is relevant.
    """
    allowed = ~torch.eye(len(gains), dtype=torch.bool, device=gains.device)
    gains = gains.masked_fill(~allowed, 0)
    cutoff = min(cutoff, len(gains) - 1)
    distances = Euclidean(embeddings)(np.arange(len(gains))).masked_fill(~allowed, torch.inf)
    nearest = neighbours(distances, cutoff)
    ideal = _dcg(gains.topk(cutoff).values, cutoff)
    reached = _dcg(gains.gather(1, nearest), cutoff)
    return (reached / ideal)[ideal > 0].mean().item()


def evaluate(
    representations: Mapping[str, torch.Tensor | Distances],
    tags: TagMatrix,
    groups: Groups,
    queries: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure how relevant the neighbours in each representation are to the query.

    Relevance of a track to a query, where the task is a tag set: ``exact``, the same set of tags
    (which the paper's figures fit); ``any``, a tag in common; ``graded``, the Jaccard index of the
    two sets of tags. Where the task is the artist or the album: the same or not.

    Parameters
    ----------
    representations : mapping of str to torch.Tensor, shape (n_tracks, d), float32
        Named embeddings of the tracks among which neighbours are sought; or what measures their
        distances.
    tags : TagMatrix
        Tags of these tracks in all tag sets.
    groups : Groups
        Artists and albums of these tracks.
    queries : numpy.ndarray of int, optional
        Rows of the queries; by default every track.
    seed : int
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One figure per row, with columns :data:`COLUMNS`. ``low`` and ``high`` bound a 95 %
        bootstrap interval over query artists; task ``mean`` is the mean over the tag sets, where
        there are several; ``chance`` is the value expected of a random order,
        ``ceiling`` that of the best one. Metric ``rprecision`` is the precision at as many tracks
        as are relevant to the query; its ``cutoff`` is 0. A cutoff that takes in every track is
        left out: all orders are equal there. So is a query without tags or album, and for nDCG and
        R-precision one that nothing is relevant to. A query whose artist is not known counts as the
        only track of its artist.

    Raises
    ------
    TagspaceError
        If there are too few tracks for the smallest cutoff.
    """
    n_tracks = len(tags.track_ids)
    queries = np.arange(n_tracks) if queries is None else queries
    cutoffs = [cutoff for cutoff in CUTOFFS if cutoff < n_tracks - 1]
    if not cutoffs:
        raise TagspaceError(f"dataset: {n_tracks} tracks to search in; "
                            f"at least {min(CUTOFFS) + 2} are needed")  # fmt: skip
    matrices = {name: tags.of(name).astype(np.float32) for name in tags.tagsets}
    measures = {
        name: Euclidean(given) if isinstance(given, torch.Tensor) else given
        for name, given in representations.items()
    }
    per_query = defaultdict(lambda: defaultdict(list))
    for rows in blocks(queries, n_tracks):
        relevant = _relevance(rows, matrices, groups)
        distances = {name: measure(rows) for name, measure in measures.items()}
        for filtered in FILTERS:
            allowed = _allowed(rows, groups, filtered)
            found = {name: _order(each, allowed) for name, each in distances.items()}
            for (task, relevance), gains in relevant.items():
                if filtered in TASK_FILTERS.get(task, FILTERS):
                    scores = itertools.chain(
                        _scores(gains, allowed, found, cutoffs),
                        _r_precision(gains, allowed, found) if relevance != "graded" else (),
                    )
                    for metric, cutoff, name, values in scores:
                        per_query[relevance, filtered, task, metric, cutoff][name].append(values)
    return _summary(per_query, tags.tagsets, groups.artist[queries], seed)


def blocks(queries: np.ndarray, n_tracks: int) -> Iterator[np.ndarray]:
    """Cut queries into parts whose matrices queries x tracks have a bounded size."""
    size = max(BLOCK_CELLS // n_tracks, 1)
    return (queries[start : start + size] for start in range(0, len(queries), size))


def _relevance(rows: np.ndarray, matrices: dict[str, sparse.csr_array], groups: Groups) -> Relevant:
    """Compute for each task and relevance a matrix queries x tracks, 0 to 1; NaN: no answer."""
    relevant = {}
    for task, matrix in matrices.items():
        relevant |= {(task, name): gains for name, gains in _tag_relevance(matrix, rows)}
    everything = np.arange(len(groups.artist))
    relevant["artist", "exact"] = _float(groups.same_artist(rows, everything))
    same_album = _float(groups.same_album(rows, everything))
    same_album[~torch.as_tensor(groups.album_known[rows])] = torch.nan
    relevant["album", "exact"] = same_album
    return relevant


def _tag_relevance(
    matrix: sparse.csr_array, rows: np.ndarray
) -> Iterator[tuple[str, torch.Tensor]]:
    sizes = torch.as_tensor(matrix.sum(axis=1))
    # All tracks' tags stay sparse, and memory bounded: only those of the queries are filled out.
    common = torch.as_tensor(matrix @ matrix[rows].toarray().T).T.contiguous()
    union = sizes[rows][:, None] + sizes[None, :] - common
    jaccard = common / union
    jaccard[sizes[rows] == 0] = torch.nan
    yield "graded", jaccard
    untagged = jaccard.isnan()
    yield "exact", (jaccard == 1).float().masked_fill_(untagged, torch.nan)
    yield "any", (jaccard > 0).float().masked_fill_(untagged, torch.nan)


def _allowed(rows: np.ndarray, groups: Groups, filtered: str) -> torch.Tensor:
    everything = np.arange(len(groups.artist))
    allowed = np.ones((len(rows), len(everything)), dtype=bool)
    if filtered == "album":
        allowed = ~groups.same_album(rows, everything)
    elif filtered == "artist":
        allowed = ~groups.same_artist(rows, everything)
    allowed[np.arange(len(rows)), rows] = False
    return torch.as_tensor(allowed)


def _order(distances: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Sort the tracks by distance from each query, those that are not allowed last."""
    return distances.masked_fill(~allowed.to(distances.device), torch.inf).argsort(1).cpu()


def _scores(
    gains: torch.Tensor, allowed: torch.Tensor, found: dict[str, torch.Tensor], cutoffs: list[int]
) -> Iterator[tuple[str, int, str, torch.Tensor]]:
    """Yield metric, cutoff, name and the value of each query; names: found's, chance, ceiling."""
    gains = gains.masked_fill(~allowed, 0.0)
    available = allowed.sum(1)
    best = gains.topk(max(cutoffs)).values
    ranked = {name: gains.gather(1, order[:, : max(cutoffs)]) for name, order in found.items()}
    ranked |= {"ceiling": best}
    for cutoff in cutoffs:
        depth = available.clamp_max(cutoff)
        ideal = _dcg(best, cutoff)
        for name, ranking in ranked.items():
            yield "precision", cutoff, name, ranking[:, :cutoff].sum(1) / depth
            yield "ndcg", cutoff, name, _dcg(ranking, cutoff) / ideal
        mean = gains.sum(1) / available
        yield "precision", cutoff, "chance", mean
        yield "ndcg", cutoff, "chance", mean * _discounts(cutoff).cumsum(0)[depth - 1] / ideal


def _r_precision(
    gains: torch.Tensor, allowed: torch.Tensor, found: dict[str, torch.Tensor]
) -> Iterator[tuple[str, int, str, torch.Tensor]]:
    """Yield as :func:`_scores` does: the precision at the number of relevant tracks."""
    gains = gains.masked_fill(~allowed, 0.0)
    relevant = gains.sum(1)  # where it is 0 or NaN there is no answer: so is what is divided by it
    depth = int(relevant.nan_to_num().max())
    first = torch.arange(depth) < relevant[:, None]
    for name, order in found.items():
        yield "rprecision", 0, name, (gains.gather(1, order[:, :depth]) * first).sum(1) / relevant
    one = relevant / relevant
    yield "rprecision", 0, "chance", one * relevant / allowed.sum(1)
    yield "rprecision", 0, "ceiling", one


def _dcg(gains: torch.Tensor, cutoff: int) -> torch.Tensor:
    return gains[:, :cutoff] @ _discounts(cutoff).to(gains.device)


def _discounts(cutoff: int) -> torch.Tensor:
    return 1 / torch.log2(torch.arange(cutoff) + 2.0)


def _float(mask: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(mask, dtype=torch.float32)


class _Figure(NamedTuple):
    """The value of one figure, what to hold it against, and its bootstrap."""

    value: float
    chance: float
    ceiling: float
    n_queries: int
    draws: np.ndarray  # the value in each bootstrap sample; NaN where no query was drawn


def _summary(
    per_query: Mapping[tuple, Mapping[str, list[torch.Tensor]]],
    tagsets: tuple[str, ...],
    artists: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    weights = _bootstrap_weights(artists, seed)
    figures: dict[tuple, _Figure] = {}
    for key, by_name in per_query.items():
        values = {name: torch.cat(parts).double().numpy() for name, parts in by_name.items()}
        asked = np.isfinite(values["ceiling"])
        if not asked.any():
            continue
        chance, ceiling = (values.pop(name)[asked].mean() for name in ("chance", "ceiling"))
        for name, value in values.items():
            figures[name, *key] = _Figure(
                value[asked].mean(),
                chance,
                ceiling,
                int(asked.sum()),
                _bootstrap(value[asked], weights[:, asked]),
            )
    of_tags = {key: figure for key, figure in figures.items() if key[TASK] in tagsets}
    rows = [
        (*key, figure.value, *_interval(figure.draws), *figure[1:4])
        for key, figure in (of_tags | _means(of_tags, tagsets) | figures).items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _means(figures: dict[tuple, _Figure], tagsets: tuple[str, ...]) -> dict[tuple, _Figure]:
    """Average each figure over the tag sets, where there are several and all of them have it."""
    parts = defaultdict(list)
    for key, figure in figures.items():
        parts[(*key[:TASK], "mean", *key[TASK + 1 :])].append(figure)
    return {
        key: _Figure(
            np.mean([figure.value for figure in part]),
            np.mean([figure.chance for figure in part]),
            np.mean([figure.ceiling for figure in part]),
            min(figure.n_queries for figure in part),
            np.mean([figure.draws for figure in part], axis=0),
        )
        for key, part in parts.items()
        if len(part) == len(tagsets) > 1
    }


def _bootstrap_weights(artists: np.ndarray, seed: int) -> np.ndarray:
    """Draw artists with replacement; return how often each query counts, (draws, n_queries)."""
    codes = np.unique(artists, return_inverse=True)[1]
    n_artists = codes.max() + 1
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(n_artists, np.full(n_artists, 1 / n_artists), BOOTSTRAP_DRAWS)
    return drawn[:, codes]


def _bootstrap(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    totals = weights.sum(1)
    return np.divide(weights @ values, totals, out=np.full(len(weights), np.nan), where=totals > 0)


def _interval(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return low, high
