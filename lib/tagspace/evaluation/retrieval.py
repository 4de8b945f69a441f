"""Search by example: nearest neighbours, precision and nDCG (Section VI)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from tagspace.datasets.groups import Groups
from tagspace.errors import TagspaceError
from tagspace.tags.relatedness import jaccard
from tagspace.tags.tagsets import TagMatrix

CUTOFFS = (10, 100)  # P@100 is the paper's
BLOCK_CELLS = 2_000_000  # entries of a query x track matrix at a time; bounds memory
BOOTSTRAP_DRAWS = 1000
KEYS = ["relevance", "filter", "task", "metric", "cutoff"]
TASK = 1 + KEYS.index("task")  # position in a FigureKey
COLUMNS = ["representation", *KEYS, "value", "low", "high", "chance", "ceiling", "n_queries"]
# The filters that leave relevant tracks for a task; by default, all filters do.
TASK_FILTERS = {"artist": ("none", "album"), "album": ("none",)}
FILTERS = ("none", "album", "artist")

Relevant = dict[tuple[str, str], torch.Tensor]
Key = tuple[str, str, str, str, int]
FigureKey = tuple[Any, ...]  # a representation, then a Key
PerQuery = dict[Key, dict[str, list[torch.Tensor]]]


class Distances(Protocol):
    """Measures how far tracks are from queries; only the order of a row counts."""

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""


class Euclidean:
    """Squared Euclidean distances of embeddings, minus a constant for each query.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n_tracks, d), float32
        All tracks.
    """

    def __init__(self, embeddings: torch.Tensor) -> None:
        self.embeddings = embeddings
        # embeddings.square().sum(1) would copy the whole matrix.
        self._squares = torch.linalg.vector_norm(embeddings, dim=1).square()

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the squared distances, minus the squared length of the query."""
        return torch.addmm(self._squares, self.embeddings[queries], self.embeddings.T, alpha=-2)


class SumOfDistances:
    """Add several distances, each standardised over all tracks for one query.

    Parameters
    ----------
    *distances : Distances
        Distances on the same tracks, in the same order. :class:`Euclidean` gives squared distances.
    """

    def __init__(self, *distances: Distances) -> None:
        self.distances = distances

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""
        return torch.stack([_standardise(each(queries)) for each in self.distances]).sum(0)


def random_embeddings(n_tracks: int, seed: int) -> torch.Tensor:
    """Draw random embeddings from a standard normal distribution, shape (n_tracks, 256)."""
    return torch.randn(n_tracks, 256, generator=torch.Generator().manual_seed(seed))


def _standardise(distances: torch.Tensor) -> torch.Tensor:
    deviation = distances.std(1, keepdim=True).clamp_min(1e-6)  # 0 where all are equally far
    return (distances - distances.mean(1, keepdim=True)) / deviation


def neighbours(distances: torch.Tensor, cutoff: int) -> torch.Tensor:
    """Find the nearest tracks of each query.

    Parameters
    ----------
    distances : torch.Tensor, shape (n_queries, n_tracks)
        Infinite where a track must not be a neighbour, such as the query itself.
    cutoff : int
        How many neighbours, at most ``n_tracks``.

    Returns
    -------
    torch.Tensor of int, shape (n_queries, cutoff)
        Rows of the neighbours, nearest first.
    """
    return distances.topk(cutoff, largest=False).indices


def ndcg(embeddings: torch.Tensor, gains: torch.Tensor, cutoff: int) -> float:
    """Compute nDCG with every track as a query among all others.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n, d), float32
    gains : torch.Tensor, shape (n, n)
        How relevant each track (column) is to each query (row); not negative.
    cutoff : int
        Number of neighbours.

    Returns
    -------
    float
        The mean over the queries that have a relevant track; NaN if none has.
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
    """Evaluate search by example: P@k, nDCG@k and R-precision of nearest neighbours.

    A task is a tag set, the artist or the album. For a tag set, a track is relevant to a query by
    three definitions: ``exact``, the same set of tags (consistent with the paper's results);
    ``any``, at least one tag in common; ``graded``, the Jaccard index of the two sets of tags. For
    the artist and the album, a track is relevant if it has the same one.

    Each result is computed three times: with all other tracks as possible neighbours (filter
    ``none``, as in the paper), without tracks of the query's album (``album``), and without tracks
    of the query's artist (``artist``). A track whose album is unknown is never excluded by the
    filter ``album``; the training filter ``album`` differs here. The tasks artist and album use
    only the filters that leave relevant tracks.

    Parameters
    ----------
    representations : mapping of str to torch.Tensor, shape (n_tracks, d), float32
        Embeddings of the tracks to search in, by name, or objects that compute their distances.
    tags : TagMatrix
        Tags of these tracks in all tag sets.
    groups : Groups
        Artists and albums of these tracks.
    queries : numpy.ndarray of int, optional
        Rows of the queries; by default every track.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One result per row, with columns :data:`COLUMNS`. ``low`` and ``high`` bound a 95 %
        bootstrap interval over the artists of the queries. Task ``mean`` is the mean over the tag
        sets, if there are several. ``chance`` is the expected value of a random order, ``ceiling``
        the value of the best order. Metric ``rprecision`` is the precision at the number of
        relevant tracks; its ``cutoff`` is 0.

    Raises
    ------
    TagspaceError
        If there are too few tracks for the smallest cutoff.

    Notes
    -----
    A query without tags, or without a known album, is left out of that task. A query without any
    relevant track is left out of nDCG and R-precision. A cutoff that includes every track is left
    out, because all orders are equal there. A query with an unknown artist counts as the only track
    of its artist.

    Examples
    --------
    >>> import pandas as pd
    >>> from scipy import sparse
    >>> from tagspace.datasets.groups import Groups
    >>> mood = np.arange(30) % 2
    >>> vocabulary = pd.DataFrame({"tagset": "moods", "tag": ["calm", "wild"]})
    >>> tags = TagMatrix(sparse.csr_array(np.eye(2)[mood]), pd.RangeIndex(30), vocabulary)
    >>> groups = Groups(np.arange(30), sparse.csr_array((30, 1)))
    >>> vectors = torch.as_tensor(mood[:, None], dtype=torch.float32)
    >>> figures = evaluate({"mine": vectors}, tags, groups).set_index(["relevance", "metric"])
    >>> figures.loc[("exact", "precision"), ["task", "cutoff", "value"]].head(1).values.tolist()
    [['moods', 10, 1.0]]
    """
    n_tracks = len(tags.track_ids)
    queries = np.arange(n_tracks) if queries is None else queries
    cutoffs = [cutoff for cutoff in CUTOFFS if cutoff < n_tracks - 1]
    if not cutoffs:
        raise TagspaceError(f"dataset: there are {n_tracks} tracks to search in; "
                            f"at least {min(CUTOFFS) + 2} are needed")  # fmt: skip
    matrices = {name: tags.tagset(name).astype(np.float32) for name in tags.tagsets}
    measures = {
        name: Euclidean(given) if isinstance(given, torch.Tensor) else given
        for name, given in representations.items()
    }
    per_query: PerQuery = defaultdict(lambda: defaultdict(list))
    for rows in query_blocks(queries, n_tracks):
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


def query_blocks(queries: np.ndarray, n_tracks: int) -> Iterator[np.ndarray]:
    """Cut queries into blocks such that a matrix queries x tracks has a bounded size."""
    size = max(BLOCK_CELLS // n_tracks, 1)
    return (queries[start : start + size] for start in range(0, len(queries), size))


def _relevance(rows: np.ndarray, matrices: dict[str, sparse.csr_array], groups: Groups) -> Relevant:
    """Compute a matrix queries x tracks for each task and definition of relevance.

    Values are 0 to 1. A query without tags in a tag set, or without a known album, has NaN.
    """
    relevant: Relevant = {}
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
    graded = torch.as_tensor(jaccard(matrix[rows], matrix))
    untagged = torch.as_tensor(matrix[rows].sum(axis=1) == 0)[:, None]
    for name, gains in (("graded", graded), ("exact", graded == 1), ("any", graded > 0)):
        yield name, gains.float().masked_fill(untagged, torch.nan)


def _allowed(rows: np.ndarray, groups: Groups, filtered: str) -> torch.Tensor:
    """Mask the tracks that may be neighbours of each query."""
    everything = np.arange(len(groups.artist))
    allowed = np.ones((len(rows), len(everything)), dtype=bool)
    if filtered == "album":
        allowed = ~groups.same_album(rows, everything)
    elif filtered == "artist":
        allowed = ~groups.same_artist(rows, everything)
    allowed[np.arange(len(rows)), rows] = False
    return torch.as_tensor(allowed)


def _order(distances: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Sort the tracks by distance from each query; those not allowed come last."""
    return distances.masked_fill(~allowed.to(distances.device), torch.inf).argsort(1).cpu()


def _scores(
    gains: torch.Tensor, allowed: torch.Tensor, found: dict[str, torch.Tensor], cutoffs: list[int]
) -> Iterator[tuple[str, int, str, torch.Tensor]]:
    """Yield metric, cutoff, name and one value per query.

    Names are those of the representations in ``found``, ``chance`` and ``ceiling``.
    """
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
        # A random order has the mean gain at every rank, down to the last allowed track.
        discount = torch.cat([torch.zeros(1), _discounts(cutoff).cumsum(0)])[depth]
        yield "ndcg", cutoff, "chance", mean * discount / ideal


def _r_precision(
    gains: torch.Tensor, allowed: torch.Tensor, found: dict[str, torch.Tensor]
) -> Iterator[tuple[str, int, str, torch.Tensor]]:
    """Yield, in the form of :func:`_scores`, the precision at the number of relevant tracks."""
    gains = gains.masked_fill(~allowed, 0.0)
    relevant = gains.sum(1)
    relevant[relevant == 0] = torch.nan  # such a query has no R-precision
    depth = int(relevant.nan_to_num().max())
    first = torch.arange(depth) < relevant[:, None]
    for name, order in found.items():
        yield "rprecision", 0, name, (gains.gather(1, order[:, :depth]) * first).sum(1) / relevant
    yield "rprecision", 0, "chance", relevant / allowed.sum(1)
    yield "rprecision", 0, "ceiling", torch.where(relevant.isnan(), relevant, 1.0)


def _dcg(gains: torch.Tensor, cutoff: int) -> torch.Tensor:
    return gains[:, :cutoff] @ _discounts(cutoff).to(gains.device)


def _discounts(cutoff: int) -> torch.Tensor:
    return 1 / torch.log2(torch.arange(cutoff) + 2.0)


def _float(mask: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(mask, dtype=torch.float32)


class _Figure(NamedTuple):
    """The value of one figure, its chance level and ceiling, and its bootstrap samples."""

    value: float
    chance: float
    ceiling: float
    n_queries: int
    draws: np.ndarray  # one value per bootstrap sample; NaN where the sample has no query


def _summary(
    per_query: PerQuery,
    tagsets: tuple[str, ...],
    artists: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    weights = _bootstrap_weights(artists, seed)
    figures: dict[FigureKey, _Figure] = {}
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
    by_tagset = {key: figure for key, figure in figures.items() if key[TASK] in tagsets}
    by_group = {key: figure for key, figure in figures.items() if key[TASK] not in tagsets}
    ordered = [by_tagset, _means(by_tagset, tagsets), by_group]
    rows = [
        (*key, figure.value, *_interval(figure.draws), *figure[1:4])
        for part in ordered
        for key, figure in part.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _means(figures: dict[FigureKey, _Figure], tagsets: tuple[str, ...]) -> dict[FigureKey, _Figure]:
    """Average each figure over the tag sets, if there are several and all of them have it."""
    parts = defaultdict(list)
    for key, figure in figures.items():
        parts[(*key[:TASK], "mean", *key[TASK + 1 :])].append(figure)
    return {
        key: _Figure(
            float(np.mean([figure.value for figure in part])),
            float(np.mean([figure.chance for figure in part])),
            float(np.mean([figure.ceiling for figure in part])),
            min(figure.n_queries for figure in part),
            np.mean([figure.draws for figure in part], axis=0),
        )
        for key, part in parts.items()
        if len(part) == len(tagsets) > 1
    }


def _bootstrap_weights(artists: np.ndarray, seed: int) -> np.ndarray:
    """Draw artists with replacement; return how often each query counts, (n_draws, n_queries)."""
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
