"""Read MagnaTagATune: clips with tags collected by a game, in one tag set (Law et al. 2009)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.datasets.base import NAME_COLUMNS, Dataset, Release, from_frames, tracks_frame
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
    audio="25,863 clips of 29 s, to be downloaded manually from the data set's web page",
    tracks=25_863,
    artists=230,
    hours=208,
)
ANNOTATIONS, CLIPS = "annotations_final.csv", "clip_info_final.csv"
FILES = (ANNOTATIONS,)


def find(folder: Path) -> Path | None:
    """Return the path of the annotations, or None if there are none."""
    return first_file(folder, FILES)


def read(folder: Path) -> Dataset:
    """Read the annotations and, if available, artists, albums and audio paths.

    Parameters
    ----------
    folder : pathlib.Path
        Contains ``annotations_final.csv`` and optionally ``clip_info_final.csv``, both tab
        separated. Audio files have the paths that the annotations list.

    Returns
    -------
    Dataset
        One tag set, ``tags``. Several clips may come from one song.

    Raises
    ------
    TagspaceError
        If the annotations are missing, or the format of a table is wrong.
    """
    file = require_file(folder, FILES)
    table = read_table(file, "clip_id", ["mp3_path"], "\t")
    marks = table.drop(columns=["clip_id", "mp3_path"])
    invalid = marks.columns[~marks.isin(["0", "1"]).all()]
    if len(invalid):
        raise TagspaceError(
            f"dataset: {file}: column {invalid[0]!r} contains other values than 0 and 1"
        )
    rows, columns = np.nonzero(marks.to_numpy() == "1")
    tags = {"track_id": marks.index[rows], "tagset": "tags", "tag": marks.columns[columns]}
    return from_frames("magnatagatune", _tracks(table, file), pd.DataFrame(tags), RELEASE.tagsets)


def _tracks(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    names = pd.DataFrame(columns=NAME_COLUMNS, dtype=str)
    if clips := first_file(file.parent, [CLIPS]):
        names = read_table(clips, "clip_id", NAME_COLUMNS, "\t").map(str.strip)
    paths = [file.absolute().parent / path for path in table["mp3_path"]]
    existing = [str(path) if path.is_file() else "" for path in paths]
    return tracks_frame(table.index, names, existing)
