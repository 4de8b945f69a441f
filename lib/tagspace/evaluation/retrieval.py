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
from torch import Tensor
from torch.nn import functional

from tagspace.datasets.groups import Groups
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import COLUMNS, ArtistBootstrap, Figure
from tagspace.support.device import moved
from tagspace.tags.relatedness import jaccard
from tagspace.tags.tagsets import TagMatrix

CUTOFFS = (10, 100)  # P@100 is the paper's
BLOCK_CELLS = 2_000_000  # queries x tracks at a time; bounds memory for any number of tracks
GROUPS = 8  # of tracks, per neighbour wanted
FILTERS = ("none", "album", "artist")
# For each task, the filters under which relevant tracks remain; other tasks use all filters.
TASK_FILTERS = {"artist": ("none", "album"), "album": ("none",)}
# What makes a track relevant, given the Jaccard index of its tags and the query's.
RELEVANCE: dict[str, Callable[[Tensor], Tensor]] = {
    "graded": lambda overlap: overlap,
    "exact": lambda overlap: (overlap == 1).float(),
    "any": lambda overlap: (overlap > 0).float(),
}

Key = tuple[str, str, str, str, int]
Scores = dict[Key, dict[str, list[Tensor]]]


class Distances(Protocol):
    """Measures how far tracks are from queries; :func:`evaluate` uses only the order in a row."""

    def __call__(self, queries: np.ndarray) -> Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""


class Euclidean:
    """Squared Euclidean distances of embeddings, minus a constant for each query.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n_tracks, d), float32
    """

    def __init__(self, embeddings: Tensor) -> None:
        self.embeddings = embeddings
        # embeddings.square().sum(1) would copy the whole matrix.
        self._squares = torch.linalg.vector_norm(embeddings, dim=1).square()

    def __call__(self, queries: np.ndarray) -> Tensor:
        """Return the squared distances, minus the squared length of the query."""
        return torch.addmm(self._squares, self.embeddings[queries], self.embeddings.T, alpha=-2)


def neighbours(distances: Tensor, cutoff: int) -> Tensor:
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
    n_queries, n_tracks = distances.shape
    # The tracks are split into groups. The cutoff-th smallest of the group minima is an upper bound
    # of the distance of the last neighbour. Few tracks are within it, and all ties for the last.
    width = max(n_tracks // (GROUPS * cutoff), 1)
    n_groups = n_tracks // width
    least = distances[:, : width * n_groups].unflatten(1, (width, n_groups)).amin(1)
    bound = least.kthvalue(cutoff, keepdim=True).values
    query, track = (~(distances > bound)).nonzero(as_tuple=True)
    counts = query.bincount(minlength=n_queries)
    place = torch.arange(len(query), device=query.device) - (counts.cumsum(0) - counts)[query]
    near = distances.new_full((n_queries, int(counts.max())), torch.nan)
    rows = torch.zeros_like(near, dtype=torch.long)
    near[query, place], rows[query, place] = distances[query, track], track
    return rows.gather(1, near.sort(stable=True).indices[:, :cutoff])


def ndcg(
    measures: Mapping[str, Distances],
    gains: Callable[[np.ndarray], Tensor],
    queries: np.ndarray,
    n_tracks: int,
    excluded: Callable[[np.ndarray], Tensor] | None = None,
    cutoff: int = 10,
) -> dict[str, Tensor]:
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
    parts: dict[str, list[Tensor]] = defaultdict(list)
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
    representations: Mapping[str, Tensor | Distances],
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
        One result per row, with the columns of :data:`tagspace.evaluation.bootstrap.COLUMNS`.
        ``low`` and ``high`` bound a 95 % bootstrap interval over the artists of the queries. Task
        ``mean`` is the mean over the tag sets, if there are several. ``chance`` is the expected
        value of a random order, ``ceiling`` the value of the best order. Metric ``rprecision`` is
        the precision at the number of relevant tracks; its ``cutoff`` is 0.

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
        name: Euclidean(given) if isinstance(given, Tensor) else given
        for name, given in representations.items()
    }
    scores: Scores = defaultdict(lambda: defaultdict(list))
    for rows in query_blocks(queries, n_tracks):
        search = Search(rows, measures, groups, max(cutoffs))
        for task, *found in _overlaps(rows, matrices, groups):
            overlap, known = (moved(each, search.device) for each in found)
            for key, name, values in search.score(task, overlap, cutoffs):
                scores[key][name].append(values.masked_fill(~known, torch.nan))
    return _table(scores, tags.tagsets, ArtistBootstrap(groups.artist[queries], seed))


def query_blocks(queries: np.ndarray, n_tracks: int) -> Iterator[np.ndarray]:
    """Cut queries into blocks such that a matrix queries x tracks has a bounded size."""
    size = max(BLOCK_CELLS // n_tracks, 1)
    return (queries[start : start + size] for start in range(0, len(queries), size))


def _overlaps(
    rows: np.ndarray, matrices: dict[str, sparse.csr_array], groups: Groups
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each task, its overlap of queries and tracks (0 to 1), and the queries it can ask."""
    everything = np.arange(len(groups.artist))
    for task, matrix in matrices.items():
        yield task, jaccard(matrix[rows], matrix), matrix[rows].sum(axis=1) > 0
    same_artist = groups.same_artist(rows, everything)
    yield "artist", same_artist.astype(np.float32), np.ones(len(rows), dtype=bool)
    yield "album", groups.same_album(rows, everything).astype(np.float32), groups.album_known[rows]


class _Excluded(NamedTuple):
    """Tracks that a filter hides: a mask, the number of others, and pairs of query and track."""

    mask: Tensor
    available: Tensor
    queries: Tensor
    tracks: Tensor


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
        distances = {name: measure(rows) for name, measure in measures.items()}
        self.device = next(iter(distances.values())).device  # of all that follows
        masks = {each: moved(_excluded_mask(rows, groups, each), self.device) for each in FILTERS}
        self.excluded = {
            name: _Excluded(mask, (~mask).sum(1), *mask.nonzero(as_tuple=True))
            for name, mask in masks.items()
        }
        # One search serves all filters if it is deeper by the most tracks that one of them hides.
        most = max(int(mask.sum(1).max()) for mask in masks.values())
        self.reach, self.depth = min(depth + most, len(groups.artist)), depth
        self.distances = {name: each.cpu().numpy() for name, each in distances.items()}
        nearest = {
            name: neighbours(each, self.reach).to(self.device) for name, each in distances.items()
        }
        self.rankings = {
            filtered: {name: _first_allowed(order, mask, depth) for name, order in nearest.items()}
            for filtered, mask in masks.items()
        }

    def score(
        self, task: str, overlap: Tensor, cutoffs: list[int]
    ) -> Iterator[tuple[Key, str, Tensor]]:
        """Yield key, name and one value per query; see :data:`tagspace.evaluation.bootstrap.KEYS`.

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
            for metric, cutoff, name, values in _scores(gains, total, excluded.available, cutoffs):
                yield (relevance, filtered, task, metric, cutoff), name, values
            if relevance == "exact":
                key = (relevance, filtered, task, "rprecision", 0)
                for name, values in self._r_precision(gains, total, overlap, excluded):
                    yield key, name, values

    def _r_precision(
        self, gains: dict[str, Tensor], relevant: Tensor, overlap: Tensor, excluded: _Excluded
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the precision at the number of relevant tracks, which may exceed the depth."""
        deep = (relevant > self.depth).nonzero().flatten()
        first = torch.arange(self.depth, device=self.device) < relevant[:, None]
        wanted = relevant[deep].int().tolist(), deep.tolist()
        hidden, right = excluded.mask[deep].cpu().numpy(), (overlap[deep] == 1).cpu().numpy()
        for name, distances in self.distances.items():
            found = (gains[name] * first).sum(1)
            counts = [
                _right_among_first(depth, np.where(mask, np.inf, distances[query]), of_query)
                for depth, query, mask, of_query in zip(*wanted, hidden, right, strict=True)
            ]
            found[deep] = moved(np.array(counts, np.float32), self.device)
            yield name, found / relevant
        yield "chance", torch.where(relevant > 0, relevant / excluded.available, torch.nan)
        yield "ceiling", relevant / relevant.where(relevant > 0, torch.nan)


def _right_among_first(depth: int, distances: np.ndarray, right: np.ndarray) -> int:
    """Count the relevant tracks among the nearest; the order of rows breaks ties at the end."""
    farthest = np.partition(distances, depth - 1)[depth - 1]
    near, last = distances < farthest, np.flatnonzero(distances == farthest)
    return right[near].sum() + right[last[: depth - near.sum()]].sum()


def _excluded_mask(rows: np.ndarray, groups: Groups, filtered: str) -> np.ndarray:
    everything = np.arange(len(groups.artist))
    mask = groups.same_recording(rows, everything)  # the query itself, and its copies
    if filtered == "album":
        mask |= groups.same_album(rows, everything)
    elif filtered == "artist":
        mask |= groups.same_artist(rows, everything)
    return mask


def _first_allowed(order: Tensor, mask: Tensor, depth: int) -> tuple[Tensor, Tensor]:
    """Keep the first tracks of an order that are not excluded; say where there are too few."""
    hidden = mask.gather(1, order)
    kept = hidden.int().argsort(dim=1, stable=True)[:, :depth]
    return order.gather(1, kept), hidden.gather(1, kept)


def _scores(
    gains: dict[str, Tensor], total: Tensor, available: Tensor, cutoffs: list[int]
) -> Iterator[tuple[str, int, str, Tensor]]:
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
        discounts = _discounts(cutoff, depth.device).cumsum(0)
        yield "ndcg", cutoff, "chance", mean * functional.pad(discounts, (1, 0))[depth] / ideal


def _dcg(gains: Tensor, cutoff: int) -> Tensor:
    return gains[:, :cutoff] @ _discounts(cutoff, gains.device)


def _discounts(cutoff: int, device: torch.device) -> Tensor:
    return 1 / torch.log2(torch.arange(cutoff, device=device) + 2.0)


def _table(scores: Scores, tagsets: tuple[str, ...], bootstrap: ArtistBootstrap) -> pd.DataFrame:
    """Average scores over queries and tag sets, with intervals."""
    figures: dict[Key, dict[str, Figure]] = {}
    for key, by_name in scores.items():
        values = {name: torch.cat(parts).double().cpu().numpy() for name, parts in by_name.items()}
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
