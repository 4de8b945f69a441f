"""Read a table of track vectors from other sources, such as lyrics, reviews or other encoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.errors import TagspaceError

LARGEST = 1e15  # the square of a larger value may be infinite


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
        If the table cannot be read, repeats a track, or a value is not a finite number.
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
    if not table.index.is_unique or not (np.abs(table.to_numpy()) <= LARGEST).all():
        raise TagspaceError(
            f"{parameter}: {file} repeats a track_id, or has a value that is no number up to "
            f"{LARGEST:.0e}"
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
