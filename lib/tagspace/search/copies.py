"""Find copies of recordings in a collection: first by vectors, then by spectrograms."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.audio import duplicates, features
from tagspace.datasets.base import Dataset

# On 40 clips and 160 copies (ogg, mp3, half a second cut, 2 dB louder), vectors of copies had a
# cosine of .82 or more; those of different clips, .80 or less.
ALIKE = 0.8
NEAREST = 5  # tracks compared with each track, at most
BLOCK = 1024  # tracks


def find(
    vectors: np.ndarray, index: pd.DataFrame, dataset: Dataset, folder: Path, excerpts: int
) -> np.ndarray:
    """Give the same code to tracks that are copies of one recording.

    Only tracks whose vectors have a cosine above .8 are compared by their spectrograms; these are
    computed once and kept in the cache.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, d), float32
        Of unit length.
    index : pandas.DataFrame
        Indexed by track id, with ``content_id``; see :class:`tagspace.audio.features.Features`.
    dataset : Dataset
        The files.
    folder, excerpts
        See :func:`tagspace.audio.features.extract`.

    Returns
    -------
    numpy.ndarray of int, shape (n_tracks,)
        Codes from 0.
    """
    contents = index["content_id"].to_numpy()
    _, first, file_of = np.unique(contents, return_index=True, return_inverse=True)
    pairs = _alike(vectors[first])
    if not len(pairs):
        return duplicates.joined(pairs, len(first))[file_of]
    names = index.index[first]
    wanted = names[np.unique(pairs)]
    part = dataclasses.replace(dataset, tracks=dataset.tracks.loc[wanted])
    found = features.extract(part, folder, excerpts)
    are_copies = [
        set(names[pair]) <= set(found.index.index)
        and duplicates.correlation(*found.take(names[pair])[:]) > duplicates.CORRELATED
        for pair in pairs
    ]
    return duplicates.joined(pairs[are_copies], len(first))[file_of]


def _alike(vectors: np.ndarray) -> np.ndarray:
    """Return pairs of rows with nearly equal vectors, each once: shape (n_pairs, 2)."""
    pairs = [np.empty((0, 2), int)]
    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ vectors.T
        rows, others = np.nonzero(cosines > ALIKE)
        found = pd.DataFrame(
            {"row": rows + start, "other": others, "cosine": cosines[rows, others]}
        )
        found = found[found["row"] != found["other"]].sort_values("cosine", ascending=False)
        pairs.append(found.groupby("row").head(NEAREST)[["row", "other"]].to_numpy())
    return np.unique(np.sort(np.concatenate(pairs), axis=1), axis=0)
