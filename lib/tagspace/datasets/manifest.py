"""Read any collection that is described by a table ``manifest.csv``.

Its columns are ``track_id,path,artist,album,title``, perhaps ``split``, and one per tag set. ``|``
separates tags.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from tagspace.datasets.base import NAME_COLUMNS, TRACK_COLUMNS, Dataset, from_frames, tracks_frame
from tagspace.datasets.cells import check_names, check_tags, tag_rows
from tagspace.datasets.files import absolute_paths
from tagspace.datasets.tables import index_by, read_fields
from tagspace.errors import TagspaceError

FILES = ("manifest.csv",)
SPLIT = "split"


def find(path: Path) -> Path | None:
    """Return the manifest: ``path`` if it is a file, else ``manifest.csv`` in that folder."""
    file = path if path.is_file() else path / FILES[0]
    return file if file.is_file() else None


def read(path: Path) -> Dataset:
    """Read a manifest.

    Parameters
    ----------
    path : pathlib.Path
        The manifest (UTF-8, comma separated) or the folder that contains ``manifest.csv``.
        Required columns are ``track_id``, ``path`` (absolute, or relative to the manifest) and at
        least one tag set. ``artist``, ``album``, ``title`` and ``split`` (``train``,
        ``validation``, ``test`` or empty) are optional. Every other column is a tag set. Albums
        with the same title by two artists are two albums.

    Returns
    -------
    Dataset
        Named after the folder of ``manifest.csv``, or after a manifest of another name.

    Raises
    ------
    TagspaceError
        If there is no manifest, or its format is wrong.
    """
    file = find(path)
    if file is None:
        raise TagspaceError(
            f"dataset: {path} is not a manifest and contains no {FILES[0]}; "
            "give the manifest or its folder"
        )
    fields = read_fields(file, ["track_id", "path"])
    tagsets = _tagsets(file, fields)
    check_tags(file, fields[list(tagsets)])
    check_names(
        file, fields[[column for column in ["track_id", *TRACK_COLUMNS] if column in fields]]
    )
    table = index_by(file, "track_id", fields)
    names = table[[column for column in NAME_COLUMNS if column in table]].map(str.strip)
    tracks = tracks_frame(table.index, names, absolute_paths(table["path"], file.parent))
    name = file.absolute().parent.name if file.name == FILES[0] else file.stem
    dataset = from_frames(name, tracks, tag_rows(table[list(tagsets)], "|"), tagsets)
    return replace(dataset, splits={"column": lambda: table[SPLIT]} if SPLIT in table else {})


def _tagsets(file: Path, table: pd.DataFrame) -> tuple[str, ...]:
    others = {"track_id", *TRACK_COLUMNS, SPLIT}
    tagsets = tuple(column for column in table if column not in others)
    if not tagsets:
        raise TagspaceError(
            f"dataset: {file} has no column of tags; it has only {', '.join(table.columns)}; "
            "add a column per tag set, with | between tags"
        )
    if "" in tagsets:
        place = f"{list(table).index('') + 1} of {table.shape[1]}"
        raise TagspaceError(
            f"dataset: {file}, line 1: column {place} has no name; name it or remove it"
        )
    return tagsets
