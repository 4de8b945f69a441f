"""Vectors of tags in the embedding space of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

TAGS = "tags.parquet"  # beside the files of a record
PREDICTED = 3  # tags per track
COUNTS = ["right", "times"]  # columns of the table of tags that are not its vectors


def predicted(cosines: np.ndarray) -> np.ndarray:
    """Return the tags nearest to each track, as columns: shape (n_tracks, at most 3).

    Parameters
    ----------
    cosines : numpy.ndarray, shape (n_tracks, n_tags)
        Of each track with each tag.
    """
    return np.argsort(-cosines, axis=1, kind="stable")[:, :PREDICTED]


def read_tags(record: Path) -> pd.DataFrame:
    """Read the vectors of the tags of a model.

    Returns
    -------
    pandas.DataFrame
        A row per tag: its vector of unit length in ``d000`` and further columns; ``times``, for how
        many held-out tracks it was predicted; and ``right``, how many of these carry it. Empty if
        the record was not made by :func:`tagspace.search.models.learn`.
    """
    file = record / TAGS
    return pd.read_parquet(file) if file.exists() else pd.DataFrame()
