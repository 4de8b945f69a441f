"""Read Emotify: clips rated in a game for the emotions that they induce (Aljanaki et al. 2016)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.datasets.base import NAME_COLUMNS, Dataset, Release, from_frames, tracks_frame
from tagspace.datasets.cells import tag_rows
from tagspace.datasets.embedded import read_metadata
from tagspace.datasets.files import first_file
from tagspace.datasets.tables import read_fields, read_lines, shortened
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="Emotify",
    version="2016",
    page="https://www2.projects.science.uu.nl/memotion/emotifydata",
    licence="for research; the audio must not be redistributed",
    citation="Aljanaki, Wiering and Veltkamp 2016, Studying emotion induced by music through a "
    "crowdsourcing game",
    tagsets=("genres", "moods"),
    audio="400 clips of 60 s, to be downloaded manually from the data set's web page",
    tracks=400,
    hours=6.7,
)
FILES = ("data.csv",)
ID, GENRE = "track id", "genre"
EMOTIONS = [
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness", "power"),
    *("joyful_activation", "tension", "sadness"),
]
THRESHOLD = 0.25  # An emotion is a tag of a track if at least this share of its raters marked it.

AUDIO_FOLDERS = ("emotifymusic", "")  # relative to the folder of the ratings
# What the ratings call track ids, by genre.
NUMBERS = {
    "classical": range(1, 101),
    "rock": range(101, 201),
    "electronic": range(201, 301),
    "pop": range(301, 401),
}


def find(folder: Path) -> Path | None:
    """Return the path of the ratings, or None if there is no ``data.csv`` with their header."""
    file = first_file(folder, FILES)
    try:
        header = next(read_lines(file), "") if file else ""
    except TagspaceError:
        return None
    return file if ID in header and "joyful_activation" in header else None


def read(folder: Path) -> Dataset:
    """Read the ratings and, if available, the audio files with their embedded metadata.

    Parameters
    ----------
    folder : pathlib.Path
        Contains ``data.csv``, at most two levels down: one row per rating. The audio files are
        beside it, as ``emotifymusic/rock/1.mp3`` or ``rock/1.mp3``.

    Returns
    -------
    Dataset
        Tag sets ``genres`` (the folder and the embedded genre) and ``moods``: the emotions that at
        least a quarter of a track's raters marked. If there is none, the emotions that most raters
        marked. Track ids are folder and file number, such as ``rock1``. Artist, album and title
        are empty if there is no audio file.

    Raises
    ------
    TagspaceError
        If the ratings are missing or their format is wrong.
    """
    file = find(folder)
    if file is None:
        raise TagspaceError(
            f"dataset: {folder} contains no {FILES[0]} whose first line has {ID} and "
            "joyful_activation; give the folder of the data set"
        )
    shares = _shares(file)
    clips = [(genre, number - NUMBERS[genre].start + 1) for number, genre in shares.index]
    shares.index = pd.Index([f"{genre}{n}" for genre, n in clips], name="track_id")
    paths = [_audio_path(file.absolute().parent, f"{genre}/{n}.mp3") for genre, n in clips]
    names = _metadata(paths).set_index(shares.index)
    folders = pd.Series([genre.capitalize() for genre, _ in clips], shares.index, dtype=str)
    genres = tag_rows((folders + "|" + names["genres"]).to_frame("genres"), "|")
    tags = pd.concat([genres, _moods(shares)], ignore_index=True)
    return from_frames("emotify", tracks_frame(shares.index, names, paths), tags, RELEASE.tagsets)


def _shares(file: Path) -> pd.DataFrame:
    """Return the share of raters that marked each emotion, by number and genre of a track."""
    table = read_fields(file, [ID, GENRE, *EMOTIONS]).map(str.strip)
    accepted = {(str(number), genre) for genre, numbers in NUMBERS.items() for number in numbers}
    for line, *key in table[[ID, GENRE]].itertuples(name=None):
        if tuple(key) not in accepted:
            number, genre = map(shortened, key)
            blocks = (f"{name} {ids[0]} to {ids[-1]}" for name, ids in NUMBERS.items())
            raise TagspaceError(
                f"dataset: {file}, line {line}: {ID} {number!r} with {GENRE} {genre!r} is not "
                f"accepted; accepted: {', '.join(blocks)}; correct the line"
            )
    marks = table[EMOTIONS]
    rows, columns = np.nonzero(~marks.isin(["0", "1"]).to_numpy())
    if len(rows):
        raise TagspaceError(
            f"dataset: {file}, line {marks.index[rows[0]]}, column {EMOTIONS[columns[0]]}: "
            f"{shortened(marks.iloc[rows[0], columns[0]])!r} is not accepted; write 0 or 1"
        )
    return (marks == "1").groupby([table[ID].astype(int), table[GENRE]]).mean()


def _moods(shares: pd.DataFrame) -> pd.DataFrame:
    """Choose the emotions of each track by the shares of raters that marked them."""
    lowest = shares.max(axis=1).clip(upper=THRESHOLD)
    chosen = shares.ge(lowest, axis=0) & (shares > 0)
    rows, columns = np.nonzero(chosen.to_numpy())
    tags = {"track_id": shares.index[rows], "tagset": "moods", "tag": shares.columns[columns]}
    return pd.DataFrame(tags)


def _audio_path(folder: Path, name: str) -> str:
    paths = [folder / audio / name for audio in AUDIO_FOLDERS]
    return next((str(path) for path in paths if path.is_file()), "")


def _metadata(paths: list[str]) -> pd.DataFrame:
    """Read the embedded metadata of audio files; warn if some cannot be read."""
    empty = dict.fromkeys([*NAME_COLUMNS, "genres"], "")
    rows, unreadable = [], []
    for path in paths:
        row = empty
        try:
            row = read_metadata(Path(path)) if path else empty
        except TagspaceError:
            unreadable.append(path)
        rows.append(row)
    if unreadable:
        warnings.warn(
            f"dataset: the metadata of {len(unreadable)} audio files cannot be read, such as "
            f"{unreadable[0]}; their artist, album and title are empty; download them again",
            stacklevel=3,
        )
    return pd.DataFrame(rows, columns=list(empty))
