"""Tables of tag sets: what they contain, and how often each tag occurs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from tagspace.datasets.base import Dataset
from tagspace.tags.tagsets import TagMatrix


def counts_table(dataset: Dataset, tags: TagMatrix) -> pd.DataFrame:
    """Count tags, tag combinations, albums and tracks per tag set, as in the paper's Table I.

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
    for name in dataset.tagsets:
        matrix = tags.tagset(name)
        tagged = np.flatnonzero(matrix.sum(axis=1) > 0)
        rows[name] = {
            "tags": int((matrix.sum(axis=0) > 0).sum()),
            "combinations": len(np.unique(combination_codes(matrix[tagged]))),
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
    counts = tags.vocabulary.assign(tracks=tags.matrix.sum(axis=0).astype(int))
    order = {name: position for position, name in enumerate(tags.tagsets)}
    by_set = counts.assign(order=counts["tagset"].map(order))
    by_set = by_set.sort_values(["order", "tracks"], ascending=[True, False], kind="stable")
    return by_set.drop(columns="order").reset_index(drop=True)


def combination_codes(matrix: sparse.csr_array) -> np.ndarray:
    """Assign a number to each distinct set of tags (the paper's tag combinations).

    Parameters
    ----------
    matrix : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary.

    Returns
    -------
    numpy.ndarray of int, shape (n_tracks,)
        Two tracks have the same code if and only if they carry exactly the same tags.
    """
    matrix.sort_indices()
    rows = (matrix.indices[start:end] for start, end in pairwise(matrix.indptr))
    codes: dict[bytes, int] = {}
    return np.array([codes.setdefault(row.tobytes(), len(codes)) for row in rows], dtype=int)
