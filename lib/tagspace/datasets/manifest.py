"""Any collection, described by one table ``manifest.csv``.

Columns ``track_id,path,artist,album,title`` and one per tag set, whose tags are separated by ``|``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tagspace.datasets.base import TRACK_COLUMNS, Dataset, albums_of, from_frames
from tagspace.datasets.files import absolute_paths
from tagspace.datasets.tables import read_table, tag_rows
from tagspace.errors import TagspaceError

FILES = ("manifest.csv",)


def find(path: Path) -> Path | None:
    """Find the manifest: the file itself, or ``manifest.csv`` in a folder."""
    file = path if path.is_file() else path / FILES[0]
    return file if file.is_file() else None


def read(path: Path) -> Dataset:
    """Read a manifest.

    Parameters
    ----------
    path : pathlib.Path
        The manifest (UTF-8, comma separated) or the folder that holds ``manifest.csv``. Needed are
        ``track_id``, ``path`` (relative to the manifest, or absolute) and a column of tags.
        ``artist``, ``album`` and ``title`` may be empty or missing; ``album`` is one album of
        the artist: two artists may each have their "Greatest Hits". Every other column is a tag
        set.

    Raises
    ------
    TagspaceError
        If there is no such file, or it is not as described.
    """
    file = find(path)
    if file is None:
        raise TagspaceError(f"dataset: {path} is no manifest and holds no {FILES[0]}")
    table = read_table(file, "track_id", ["path"])
    tagsets = _tagsets(file, table)
    tags = tag_rows(table[list(tagsets)], "|")
    return from_frames("manifest", _tracks(table, file.parent), tags, tagsets)


def _tagsets(file: Path, table: pd.DataFrame) -> tuple[str, ...]:
    tagsets = tuple(column for column in table if column not in {"track_id", *TRACK_COLUMNS})
    if not tagsets:
        raise TagspaceError(
            f"dataset: {file} has no column of tags beside {', '.join(table.columns)}; "
            "add one per tag set, its tags separated by |"
        )
    if "" in tagsets:
        raise TagspaceError(f"dataset: {file}, line 1: a column has no name")
    return tagsets


def _tracks(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    known = {
        column: table.get(column, pd.Series("", table.index)).str.strip()
        for column in ("artist", "album", "title")
    }
    known["album"] = albums_of(known["artist"], known["album"])
    return pd.DataFrame({**known, "path": absolute_paths(table["path"], folder)})[TRACK_COLUMNS]
