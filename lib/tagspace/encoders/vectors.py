"""Read a table of track vectors from other sources, such as lyrics, reviews or other encoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.errors import TagspaceError

LARGEST = 1e15  # keeps squared norms finite in float32


def read_vectors(file: Path, parameter: str) -> pd.DataFrame:
    """Read a table of track vectors.

    Parameters
    ----------
    file : pathlib.Path
        CSV or Parquet: a column or index ``track_id``, and columns of numbers.
    parameter : str
        The parameter that names the file, for errors.

    Returns
    -------
    pandas.DataFrame of float32
        A row per track, indexed by track id.

    Raises
    ------
    TagspaceError
        If the table cannot be read, repeats a track, or has a value that is missing, not finite or
        beyond 1e15.
    """
    try:
        if file.suffix == ".parquet":
            table = pd.read_parquet(file)
            table = table if "track_id" in table else table.reset_index(names="track_id")
        else:  # ids as they are written: 001 is not 1, and NA is a name
            table = pd.read_csv(file, dtype={"track_id": str}, keep_default_na=False)
        table = table.astype({"track_id": str}).set_index("track_id").astype(float)
    except (OSError, KeyError, ValueError, TypeError):
        raise TagspaceError(
            f"{parameter}: {file} is not a table with a column track_id and columns of numbers"
        ) from None
    if table.empty:
        raise TagspaceError(f"{parameter}: {file} has no tracks or no columns of numbers")
    repeated = table.index[table.index.duplicated()]
    if len(repeated):
        raise TagspaceError(f"{parameter}: {file} repeats track_id {repeated[0]!r}")
    wrong = table.index[~(np.abs(table.to_numpy()) <= LARGEST).all(axis=1)]
    if len(wrong):
        raise TagspaceError(
            f"{parameter}: {file} has a value of track_id {wrong[0]!r} that is missing, not "
            f"finite, or beyond {LARGEST:.0e}"
        )
    return table.astype(np.float32)


def unit_vectors(file: Path, track_ids: pd.Index) -> np.ndarray:
    """Read the vectors that make tracks related, and scale them to unit length.

    Parameters
    ----------
    file : pathlib.Path
        See :func:`read_vectors`.
    track_ids : pandas.Index
        The tracks, in row order.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, n_columns), float32
        Zero for a track that the table does not list.

    Raises
    ------
    TagspaceError
        If the table cannot be used, or lists none of the tracks.
    """
    table = read_vectors(file, "relatedness")
    if not table.index.isin(track_ids).any():
        raise TagspaceError(f"relatedness: {file} lists none of the tracks of the data set")
    vectors = table.reindex(track_ids, fill_value=0).to_numpy()
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
