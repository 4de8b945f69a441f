"""Search by example: nearest neighbours, precision and nDCG (Section VI)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from tagspace.datasets.groups import Groups
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import ArtistBootstrap, Figure
from tagspace.tags.relatedness import jaccard
from tagspace.tags.tagsets import TagMatrix

CUTOFFS = (10, 100)  # P@100 is the paper's
BLOCK_CELLS = 2_000_000  # queries x tracks at a time; bounds memory for any number of tracks
FILTERS = ("none", "album", "artist")
# For each task, the filters under which relevant tracks remain; other tasks use all filters.
TASK_FILTERS = {"artist": ("none", "album"), "album": ("none",)}
# What makes a track relevant, given the Jaccard index of its tags and the query's.
RELEVANCE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "graded": lambda overlap: overlap,
    "exact": lambda overlap: (overlap == 1).float(),
    "any": lambda overlap: (overlap > 0).float(),
}
KEYS = ["relevance", "filter", "task", "metric", "cutoff"]
COLUMNS = ["representation", *KEYS, "value", "low", "high", "chance", "ceiling", "n_queries"]

Key = tuple[str, str, str, str, int]
Scores = dict[Key, dict[str, list[torch.Tensor]]]


class Distances(Protocol):
    """Measures how far tracks are from queries; :func:`evaluate` uses only the order in a row."""

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""


class Euclidean:
    """Squared Euclidean distances of embeddings, minus a constant for each query.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n_tracks, d), float32
    """

    def __init__(self, embeddings: torch.Tensor) -> None:
        self.embeddings = embeddings
        # embeddings.square().sum(1) would copy the whole matrix.
        self._squares = torch.linalg.vector_norm(embeddings, dim=1).square()

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the squared distances, minus the squared length of the query."""
        return torch.addmm(self._squares, self.embeddings[queries], self.embeddings.T, alpha=-2)


def neighbours(distances: torch.Tensor, cutoff: int) -> torch.Tensor:
    """Find the nearest tracks of each query.

    Parameters
    ----------
    distances : torch.Tensor, shape (n_queries, n_tracks)
        Infinite where a track must not be a neighbour, such as the query itself.
    cutoff : int
        Number of neighbours, at most ``n_tracks``.

    Returns
    -------
    torch.Tensor of int, shape (n_queries, cutoff)
        Rows of the neighbours, nearest first; among equally distant ones, in order of rows.
    """
    nearest = distances.topk(cutoff, largest=False)
    last = nearest.values[:, -1:]
    # topk returns any of the tracks that tie for the last place.
    tied = (distances == last).sum(1) > (nearest.values == last).sum(1)
    rows = nearest.indices
    rows[tied] = distances[tied].sort(dim=1, stable=True).indices[:, :cutoff]
    rows = rows.sort(dim=1).values
    return rows.gather(1, distances.gather(1, rows).sort(dim=1, stable=True).indices)


def ndcg(
    measures: Mapping[str, Distances],
    gains: Callable[[np.ndarray], torch.Tensor],
    queries: np.ndarray,
    n_tracks: int,
    excluded: Callable[[np.ndarray], torch.Tensor] | None = None,
    cutoff: int = 10,
) -> dict[str, torch.Tensor]:
    """Compute nDCG of queries among tracks; NaN for a query that has no relevant track.

    Parameters
    ----------
    measures : mapping of str to Distances
    gains, excluded : callable
        For rows of queries, matrices of shape (n_queries, n_tracks): how relevant each track is,
        not negative; the mask of tracks that must not be neighbours.
    queries : numpy.ndarray of int
        Rows of the queries.
    n_tracks, cutoff : int
        Number of tracks, and of neighbours.
    """
    cutoff = min(cutoff, n_tracks - 1)
    parts: dict[str, list[torch.Tensor]] = defaultdict(list)
    for rows in query_blocks(queries, n_tracks):
        gain = gains(rows)
        hidden = torch.zeros_like(gain, dtype=torch.bool) if excluded is None else excluded(rows)
        hidden[np.arange(len(rows)), rows] = True
        gain = gain.masked_fill(hidden, 0)
        ideal = _dcg(gain.topk(cutoff).values, cutoff)
        for name, distances in measures.items():
            nearest = neighbours(distances(rows).masked_fill(hidden, torch.inf), cutoff)
            parts[name].append(_dcg(gain.gather(1, nearest), cutoff) / ideal)
    return {name: torch.cat(scores) for name, scores in parts.items()}


def evaluate(
    representations: Mapping[str, torch.Tensor | Distances],
    tags: TagMatrix,
    groups: Groups,
    queries: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Evaluate search by example: P@k, nDCG@k and R-precision of nearest neighbours.

    A task is a tag set, the artist or the album. For a tag set, a track is relevant to a query in
    three ways: ``exact``, the same set of tags (consistent with the paper's results); ``any``, at
    least one tag in common; ``graded``, the Jaccard index of the two sets. For the artist and the
    album, a track is relevant if it has the same one.

    Neighbours are all other tracks (filter ``none``, as in the paper), those of other albums
    (``album``, which keeps tracks whose album is unknown), or those of other artists (``artist``).
    Copies of the query are never neighbours.

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
    relevant track has neither nDCG nor R-precision. A cutoff that includes every track is left out.

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
    scores: Scores = defaultdict(lambda: defaultdict(list))
    for rows in query_blocks(queries, n_tracks):
        search = Search(rows, measures, groups, max(cutoffs))
        for task, overlap, known in _overlaps(rows, matrices, groups):
            for key, name, values in search.score(task, overlap, cutoffs):
                scores[key][name].append(values.masked_fill(~known, torch.nan))
    return _table(scores, tags.tagsets, ArtistBootstrap(groups.artist[queries], seed))


def query_blocks(queries: np.ndarray, n_tracks: int) -> Iterator[np.ndarray]:
    """Cut queries into blocks such that a matrix queries x tracks has a bounded size."""
    size = max(BLOCK_CELLS // n_tracks, 1)
    return (queries[start : start + size] for start in range(0, len(queries), size))


def _overlaps(
    rows: np.ndarray, matrices: dict[str, sparse.csr_array], groups: Groups
) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
    """Yield each task, its overlap of queries and tracks (0 to 1), and the queries it can ask."""
    everything = np.arange(len(groups.artist))
    for task, matrix in matrices.items():
        tagged = torch.as_tensor(matrix[rows].sum(axis=1) > 0)
        yield task, torch.as_tensor(jaccard(matrix[rows], matrix)), tagged
    same_artist = torch.as_tensor(groups.same_artist(rows, everything))
    yield "artist", same_artist.float(), torch.ones(len(rows), dtype=torch.bool)
    same_album = torch.as_tensor(groups.same_album(rows, everything))
    yield "album", same_album.float(), torch.as_tensor(groups.album_known[rows])


class _Excluded(NamedTuple):
    """Tracks that a filter hides from queries, as a mask and as pairs of query and track."""

    mask: torch.Tensor
    queries: torch.Tensor
    tracks: torch.Tensor


class Search:
    """The neighbours of some queries in each representation, under each filter.

    Parameters
    ----------
    rows : numpy.ndarray of int, shape (n_queries,)
        The queries.
    measures, groups : mapping of str to Distances, Groups
        Representations by name, and artists and albums, of all tracks.
    depth : int
        Number of neighbours.
    """

    def __init__(
        self, rows: np.ndarray, measures: Mapping[str, Distances], groups: Groups, depth: int
    ) -> None:
        masks = {filtered: _excluded_mask(rows, groups, filtered) for filtered in FILTERS}
        self.excluded = {
            name: _Excluded(mask, *mask.nonzero(as_tuple=True)) for name, mask in masks.items()
        }
        # A filter hides at most so many tracks of a query, so one search serves all filters.
        most = max(int(mask.sum(1).max()) for mask in masks.values())
        self.reach, self.depth = min(depth + most, len(groups.artist)), depth
        self.distances, nearest = {}, {}
        for name, measure in measures.items():
            distances = measure(rows)
            nearest[name] = neighbours(distances, self.reach).cpu()
            self.distances[name] = distances.cpu().numpy()
        self.rankings = {
            filtered: {name: _first_allowed(order, mask, depth) for name, order in nearest.items()}
            for filtered, mask in masks.items()
        }

    def score(
        self, task: str, overlap: torch.Tensor, cutoffs: list[int]
    ) -> Iterator[tuple[Key, str, torch.Tensor]]:
        """Yield key, name and one value per query; see :data:`KEYS`.

        Names are those of the representations, ``chance`` and ``ceiling``.
        """
        best = overlap.topk(self.reach).indices
        wanted = ["exact"] if task in TASK_FILTERS else list(RELEVANCE)
        totals = {relevance: RELEVANCE[relevance](overlap).sum(1) for relevance in wanted}
        for filtered, relevance in itertools.product(TASK_FILTERS.get(task, FILTERS), wanted):
            excluded, gain = self.excluded[filtered], RELEVANCE[relevance]
            ceiling = _first_allowed(best, excluded.mask, self.depth)
            rankings = {**self.rankings[filtered], "ceiling": ceiling}
            gains = {
                name: gain(overlap.gather(1, order)).masked_fill(hidden, 0)
                for name, (order, hidden) in rankings.items()
            }
            hidden_gain = gain(overlap[excluded.queries, excluded.tracks])
            total = totals[relevance].index_add(0, excluded.queries, hidden_gain, alpha=-1)
            available = overlap.shape[1] - excluded.mask.sum(1)
            for metric, cutoff, name, values in _scores(gains, total, available, cutoffs):
                yield (relevance, filtered, task, metric, cutoff), name, values
            if relevance == "exact":
                key = (relevance, filtered, task, "rprecision", 0)
                for name, values in self._r_precision(gains, total, available, overlap, excluded):
                    yield key, name, values

    def _r_precision(
        self,
        gains: dict[str, torch.Tensor],
        relevant: torch.Tensor,
        available: torch.Tensor,
        overlap: torch.Tensor,
        excluded: _Excluded,
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the precision at the number of relevant tracks, which may exceed the depth."""
        deep = np.flatnonzero(relevant > self.depth)
        first = torch.arange(self.depth) < relevant[:, None]
        for name, distances in self.distances.items():
            found = (gains[name] * first).sum(1)
            for query in deep:
                row = np.where(excluded.mask[query], np.inf, distances[query])
                depth = int(relevant[query])
                farthest = np.partition(row, depth - 1)[depth - 1]
                near = row < farthest
                # Of the tracks that tie for the last places, the first rows are taken.
                near[np.flatnonzero(row == farthest)[: depth - near.sum()]] = True
                found[query] = float((overlap[query].numpy()[near] == 1).sum())
            yield name, found / relevant
        yield "chance", torch.where(relevant > 0, relevant / available, torch.nan)
        yield "ceiling", relevant / relevant.where(relevant > 0, torch.nan)


def _excluded_mask(rows: np.ndarray, groups: Groups, filtered: str) -> torch.Tensor:
    everything = np.arange(len(groups.artist))
    mask = groups.same_recording(rows, everything)  # the query itself, and its copies
    if filtered == "album":
        mask |= groups.same_album(rows, everything)
    elif filtered == "artist":
        mask |= groups.same_artist(rows, everything)
    return torch.as_tensor(mask)


def _first_allowed(
    order: torch.Tensor, mask: torch.Tensor, depth: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Keep the first tracks of an order that are not excluded; say where there are too few."""
    hidden = mask.gather(1, order)
    kept = hidden.int().argsort(dim=1, stable=True)[:, :depth]
    return order.gather(1, kept), hidden.gather(1, kept)


def _scores(
    gains: dict[str, torch.Tensor], total: torch.Tensor, available: torch.Tensor, cutoffs: list[int]
) -> Iterator[tuple[str, int, str, torch.Tensor]]:
    """Yield metric, cutoff, name and one value per query."""
    mean = total / available
    for cutoff in cutoffs:
        depth = available.clamp_max(cutoff)
        ideal = _dcg(gains["ceiling"], cutoff)
        for name, ranking in gains.items():
            yield "precision", cutoff, name, ranking[:, :cutoff].sum(1) / depth
            yield "ndcg", cutoff, name, _dcg(ranking, cutoff) / ideal
        yield "precision", cutoff, "chance", mean
        # A random order has the mean gain at every rank, down to the last allowed track.
        discount = torch.cat([torch.zeros(1), _discounts(cutoff).cumsum(0)])[depth]
        yield "ndcg", cutoff, "chance", mean * discount / ideal


def _dcg(gains: torch.Tensor, cutoff: int) -> torch.Tensor:
    return gains[:, :cutoff] @ _discounts(cutoff).to(gains.device)


def _discounts(cutoff: int) -> torch.Tensor:
    return 1 / torch.log2(torch.arange(cutoff) + 2.0)


def _table(scores: Scores, tagsets: tuple[str, ...], bootstrap: ArtistBootstrap) -> pd.DataFrame:
    """Average scores over queries and tag sets, with intervals."""
    figures: dict[Key, dict[str, Figure]] = {}
    for key, by_name in scores.items():
        values = {name: torch.cat(parts).double().numpy() for name, parts in by_name.items()}
        if np.isfinite(values["ceiling"]).any():
            figures[key] = bootstrap.figures(values)
    rows = []
    for key, named in _with_means(figures, tagsets):
        chance, ceiling = named["chance"].value, named["ceiling"].value
        rows += [
            (name, *key, figure.value, *figure.interval(), chance, ceiling, figure.n_queries)
            for name, figure in named.items()
            if name not in ("chance", "ceiling")
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _with_means(
    figures: dict[Key, dict[str, Figure]], tagsets: tuple[str, ...]
) -> Iterator[tuple[Key, dict[str, Figure]]]:
    """Yield the figures of the tag sets, their means if there are several, and all others."""
    by_tagset = {key: each for key, each in figures.items() if key[2] in tagsets}
    yield from by_tagset.items()
    parts = defaultdict(list)
    for (relevance, filtered, _, metric, cutoff), each in by_tagset.items():
        parts[relevance, filtered, "mean", metric, cutoff].append(each)
    for key, part in parts.items():
        if len(part) == len(tagsets) > 1:  # all sets have this figure
            yield key, {name: Figure.mean([each[name] for each in part]) for name in part[0]}
    yield from ((key, each) for key, each in figures.items() if key[2] not in tagsets)
