"""Tags as a binary matrix, and the counts of Table I (Sections IV-B.1 and V)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError


@dataclass(frozen=True)
class TagMatrix:
    """Tracks x tags, 1 where a track carries a tag: the paper's W, transposed.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array, shape (n_tracks, n_tags), float64
        Binary.
    track_ids : pandas.Index
        The tracks, in row order.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column. Equal strings in two tag sets are two tags.

    Examples
    --------
    >>> import pandas as pd
    >>> from scipy import sparse
    >>> vocabulary = pd.DataFrame({"tagset": ["moods", "themes"], "tag": ["Playful", "Playful"]})
    >>> matrix = sparse.csr_array([[1.0, 0.0], [1.0, 1.0]])
    >>> tags = TagMatrix(matrix, pd.Index(["a", "b"]), vocabulary)
    >>> tags.tagsets
    ('moods', 'themes')
    >>> tags.select(("themes",)).matrix.toarray().ravel().tolist()
    [0.0, 1.0]
    """

    matrix: sparse.csr_array
    track_ids: pd.Index
    vocabulary: pd.DataFrame

    @property
    def tagsets(self) -> tuple[str, ...]:
        """The tag sets, in the order of the data set."""
        return tuple(self.vocabulary["tagset"].unique())

    def tagset(self, name: str) -> sparse.csr_array:
        """Return the columns of one tag set, shape (n_tracks, n_tags in the set)."""
        return self.select((name,)).matrix

    def select(self, tagsets: Sequence[str]) -> TagMatrix:
        """Keep only the columns of the given tag sets."""
        columns = np.flatnonzero(self.vocabulary["tagset"].isin(tagsets))
        vocabulary = self.vocabulary.iloc[columns].reset_index(drop=True)
        return TagMatrix(self.matrix[:, columns], self.track_ids, vocabulary)

    def take(self, rows: np.ndarray) -> TagMatrix:
        """Select tracks by row; all tags stay."""
        return TagMatrix(self.matrix[rows], self.track_ids[rows], self.vocabulary)


def binary_matrix(dataset: Dataset) -> TagMatrix:
    """Build the tracks x tags matrix of a data set, with the columns of all tag sets.

    Returns
    -------
    TagMatrix
        One row per track of the data set, with or without tags; tags sorted within their set.

    Raises
    ------
    TagspaceError
        If a tag belongs to a track that the data set does not list.
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
        unknown = dataset.tags["track_id"].iloc[int(np.argmin(rows))]
        raise TagspaceError(
            f"dataset: {dataset.name} has tags for {unknown!r}, which is not in its tracks"
        )
    shape = len(dataset.tracks), len(vocabulary)
    matrix = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    return TagMatrix(matrix, dataset.tracks.index, vocabulary)


def intersection(tags: TagMatrix) -> np.ndarray:
    """Find the tracks with at least one tag in every set; the paper uses only these.

    Returns
    -------
    numpy.ndarray of bool, shape (n_tracks,)
        True for the tracks to use.
    """
    tagged = [tags.tagset(name).sum(axis=1) > 0 for name in tags.tagsets]
    return np.logical_and.reduce(tagged)


def restrict(tags: TagMatrix, tracks: np.ndarray) -> TagMatrix:
    """Keep some tracks, by a mask or row numbers, and the tags that occur on them."""
    kept = tags.take(tracks)
    used = np.flatnonzero(kept.matrix.sum(axis=0) > 0)
    vocabulary = tags.vocabulary.iloc[used].reset_index(drop=True)
    return TagMatrix(kept.matrix[:, used], kept.track_ids, vocabulary)


def combination_codes(matrix: sparse.csr_array) -> np.ndarray:
    """Give rows of a binary matrix, shape (n_tracks, n_tags), the same code if they are equal."""
    matrix.sort_indices()
    rows = [matrix.indices[start:end].tobytes() for start, end in pairwise(matrix.indptr)]
    return pd.factorize(np.array(rows, dtype=object))[0]
