"""Tags as a binary matrix, and the counts of Table I (Sections IV-B.1 and V)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError


@dataclass(frozen=True)
class TagMatrix:
    """Which track carries which tag.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, shape (n_tracks, n_tags), float64
        1 where the track (row) carries the tag (column), 0 elsewhere. The paper's W, transposed.
    track_ids : pandas.Index
        The tracks, in row order.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column. Equal strings in two tag sets are two tags.
    """

    matrix: sparse.csr_array
    track_ids: pd.Index
    vocabulary: pd.DataFrame

    @property
    def tagsets(self) -> tuple[str, ...]:
        """The tag sets, in the data set's order."""
        return tuple(self.vocabulary["tagset"].unique())

    def columns(self, tagsets: tuple[str, ...]) -> np.ndarray:
        """Find the columns of some tag sets."""
        return np.flatnonzero(self.vocabulary["tagset"].isin(tagsets))

    def of(self, tagset: str) -> sparse.csr_array:
        """Return the columns of one tag set."""
        return self.matrix[:, self.columns((tagset,))]

    def select(self, tagsets: tuple[str, ...]) -> TagMatrix:
        """Keep the tags of some tag sets, joined."""
        columns = self.columns(tagsets)
        vocabulary = self.vocabulary.iloc[columns].reset_index(drop=True)
        return TagMatrix(self.matrix[:, columns], self.track_ids, vocabulary)

    def take(self, rows: np.ndarray) -> TagMatrix:
        """Keep some tracks, and all tags."""
        return TagMatrix(self.matrix[rows], self.track_ids[rows], self.vocabulary)


def parse(tagsets: str | list[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Read a combination of tag sets as a user writes it.

    Parameters
    ----------
    tagsets : str or list of str
        ``"moods"``, ``"styles+moods"``, ``"all"``, or a list of names.
    known : tuple of str
        The tag sets of the data set.

    Returns
    -------
    tuple of str
        The names in the data set's order.

    Raises
    ------
    TagspaceError
        If a name is unknown, stands twice, or none is given.
    """
    names = tagsets.split("+") if isinstance(tagsets, str) else list(tagsets)
    names = list(known) if names == ["all"] else [name.strip() for name in names]
    accepted = f"accepted: {', '.join(known)}, several joined by +, or all"
    for name in names:
        if name not in known:
            raise TagspaceError(f"tagsets: {name!r} is no tag set of this data set; {accepted}")
    if not names or len(set(names)) < len(names):
        raise TagspaceError(f"tagsets: {tagsets!r} names none or one twice; {accepted}")
    return tuple(name for name in known if name in names)


def binary_matrix(dataset: Dataset) -> TagMatrix:
    """Build the tracks x tags matrix of a data set, all tag sets joined.

    Returns
    -------
    TagMatrix
        One row per track of the data set, with or without tags; tags sorted within their set.
    """
    order = {tagset: position for position, tagset in enumerate(dataset.tagsets)}
    vocabulary = dataset.tags[["tagset", "tag"]].drop_duplicates()
    vocabulary = vocabulary.assign(order=vocabulary["tagset"].map(order))
    vocabulary = vocabulary.sort_values(["order", "tag"], ignore_index=True)[["tagset", "tag"]]
    rows = dataset.tracks.index.get_indexer(dataset.tags["track_id"])
    columns = pd.MultiIndex.from_frame(vocabulary).get_indexer(
        pd.MultiIndex.from_frame(dataset.tags[["tagset", "tag"]])
    )
    if (rows < 0).any():
        stranger = dataset.tags["track_id"].iloc[int(np.argmin(rows))]
        raise TagspaceError(f"dataset: {dataset.name} has tags for {stranger!r}, which is no track")
    shape = len(dataset.tracks), len(vocabulary)
    matrix = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    return TagMatrix(matrix, dataset.tracks.index, vocabulary)


def intersection(tags: TagMatrix) -> np.ndarray:
    """Find the tracks with at least one tag in every set, as the paper requires.

    Returns
    -------
    numpy.ndarray of bool, shape (n_tracks,)
        True for the tracks to use.
    """
    tagged = [tags.of(tagset).sum(axis=1) > 0 for tagset in tags.tagsets]
    return np.logical_and.reduce(tagged)


def restrict(tags: TagMatrix, tracks: np.ndarray) -> TagMatrix:
    """Keep some tracks, and the tags that occur on them.

    Parameters
    ----------
    tags : TagMatrix
        All tags.
    tracks : numpy.ndarray
        Boolean mask or row numbers.
    """
    kept = tags.take(tracks)
    used = np.flatnonzero(kept.matrix.sum(axis=0) > 0)
    vocabulary = tags.vocabulary.iloc[used].reset_index(drop=True)
    return TagMatrix(kept.matrix[:, used], kept.track_ids, vocabulary)


def combinations(matrix: sparse.csr_array) -> np.ndarray:
    """Give each distinct set of tags a number.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary; its indices must be sorted.

    Returns
    -------
    numpy.ndarray of int, shape (n_tracks,)
        Two tracks have the same number if and only if they carry exactly the same tags.
    """
    matrix.sort_indices()
    rows = (matrix.indices[start:end] for start, end in pairwise(matrix.indptr))
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(row.tobytes(), len(numbers)) for row in rows], dtype=int)


def table_1(dataset: Dataset, tags: TagMatrix) -> pd.DataFrame:
    """Count tags, tag combinations, albums and tracks, as in one half of the paper's Table I.

    Parameters
    ----------
    dataset : Dataset
        Gives the albums.
    tags : TagMatrix
        All tracks, or the intersection.

    Returns
    -------
    pandas.DataFrame
        One row per tag set: ``tags``, ``combinations``, ``albums``, ``tracks``.
    """
    albums = dataset.tracks["album"].loc[tags.track_ids].to_numpy()
    rows = {}
    for tagset in dataset.tagsets:
        matrix = tags.of(tagset)
        tagged = np.flatnonzero(matrix.sum(axis=1) > 0)
        rows[tagset] = {
            "tags": int((matrix.sum(axis=0) > 0).sum()),
            "combinations": len(np.unique(combinations(matrix[tagged]))),
            "albums": len({album for row in tagged for album in albums[row]}),
            "tracks": len(tagged),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tagset")


def frequencies(tags: TagMatrix) -> pd.DataFrame:
    """Count the tracks of each tag.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag``, ``tracks``; within each tag set, the most frequent tag first.
    """
    counted = tags.vocabulary.assign(tracks=tags.matrix.sum(axis=0).astype(int))
    order = {tagset: position for position, tagset in enumerate(tags.tagsets)}
    return (
        counted.assign(order=counted["tagset"].map(order))
        .sort_values(["order", "tracks"], ascending=[True, False], kind="stable", ignore_index=True)
        .drop(columns="order")
    )


def cooccurrence(tags: TagMatrix, columns: np.ndarray) -> np.ndarray:
    """Measure how often tags stand together.

    Parameters
    ----------
    tags : TagMatrix
        The tracks.
    columns : numpy.ndarray of int
        Which tags.

    Returns
    -------
    numpy.ndarray, shape (len(columns), len(columns))
        Jaccard index of the tracks that carry each pair of tags; 1 on the diagonal.
    """
    chosen = tags.matrix[:, columns]
    common = (chosen.T @ chosen).toarray()
    counts = np.diag(common)
    return common / (counts[:, None] + counts[None, :] - common)
