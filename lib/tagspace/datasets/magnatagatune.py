"""MagnaTagATune: clips with tags from a game, in one set (Law et al. 2009)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.datasets.base import TRACK_COLUMNS, Dataset, Release, albums_of, from_frames
from tagspace.datasets.files import first_file, require_file
from tagspace.datasets.tables import read_table
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="MagnaTagATune",
    version="2009",
    page="https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset",
    licence="CC BY-NC-SA 3.0",
    citation="Law et al. 2009, Evaluation of algorithms using games: the case of music tagging",
    tagsets=("tags",),
    audio="25,863 clips of 29 s, fetched by hand from the page",
    tracks=25_863,
    artists=230,
    hours=208,
)
ANNOTATIONS, CLIPS = "annotations_final.csv", "clip_info_final.csv"
FILES = (ANNOTATIONS,)


def find(folder: Path) -> Path | None:
    """Find the annotations."""
    return first_file(folder, FILES)


def read(folder: Path) -> Dataset:
    """Read the annotations, and artists and albums where they are told.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``annotations_final.csv`` and possibly ``clip_info_final.csv``, both tab separated,
        and the audio under the paths that the annotations name.

    Returns
    -------
    Dataset
        One tag set, ``tags``. Several clips may be of one song.

    Raises
    ------
    TagspaceError
        If a table is missing or not as expected.
    """
    file = require_file(folder, FILES)
    table = read_table(file, "clip_id", ["mp3_path"], "\t")
    marks = table.drop(columns=["clip_id", "mp3_path"])
    unclear = marks.columns[~marks.isin(["0", "1"]).all()]
    if len(unclear):
        raise TagspaceError(f"dataset: {file}: column {unclear[0]!r} has other values than 0 and 1")
    rows, columns = np.nonzero(marks.to_numpy() == "1")
    tags = {"track_id": marks.index[rows], "tagset": "tags", "tag": marks.columns[columns]}
    return from_frames("magnatagatune", _tracks(table, file), pd.DataFrame(tags), RELEASE.tagsets)


def _tracks(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    known = pd.DataFrame("", table.index, ["artist", "album", "title"])
    if clips := first_file(file.parent, [CLIPS]):
        known = (
            read_table(clips, "clip_id", list(known), "\t")
            .reindex(table.index)
            .fillna("")[list(known)]
        )
    paths = [file.absolute().parent / path for path in table["mp3_path"]]
    return known.assign(
        album=albums_of(known["artist"], known["album"]),
        path=[str(path) if path.is_file() else "" for path in paths],
    )[TRACK_COLUMNS]
