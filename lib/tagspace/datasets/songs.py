"""Artists, albums, titles and audio files of the Million Song Dataset."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pandas as pd

from tagspace.datasets.base import TRACK_COLUMNS, albums_of
from tagspace.datasets.files import absolute_paths, audio_files, first_file, require_file
from tagspace.datasets.tables import check_width, read_lines, read_table
from tagspace.errors import TagspaceError


def describe(track_ids: pd.Index, folder: Path) -> pd.DataFrame:
    """Look tracks up in whatever a folder holds.

    Parameters
    ----------
    track_ids : pandas.Index
        Which tracks, each once.
    folder : pathlib.Path
        See :func:`tagspace.datasets.msd.read`.

    Returns
    -------
    pandas.DataFrame
        The columns of ``Dataset.tracks``, in the order of the ids; empty where nothing is known.

    Raises
    ------
    TagspaceError
        If a file is not as expected.
    """
    songs = _songs(folder).reindex(track_ids).fillna("")
    audio = _audio(folder)
    albums = albums_of(songs["artist"], songs["release"])
    paths = [audio.get(track_id, "") for track_id in track_ids]
    return songs.assign(album=albums, path=paths)[TRACK_COLUMNS]


def names(folder: Path) -> pd.DataFrame:
    """Read the names of artist and release of every song.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``track_metadata.db``, at most two folders down.

    Returns
    -------
    pandas.DataFrame
        ``artist`` and ``release``, indexed by track id.

    Raises
    ------
    TagspaceError
        If the database is missing or not as expected.
    """
    database = require_file(folder, ["track_metadata.db"])
    return _query(database, "SELECT track_id, artist_name AS artist, release FROM songs").fillna("")


def _songs(folder: Path) -> pd.DataFrame:
    """Read artist, release and title of every song that is described, indexed by track id."""
    if database := first_file(folder, ["track_metadata.db"]):
        return _read_database(database)
    if listing := first_file(folder, ["unique_tracks.txt"]):
        return _read_listing(listing)
    return pd.DataFrame(columns=["artist", "release", "title"], dtype=str)


def _read_database(file: Path) -> pd.DataFrame:
    return _query(file, "SELECT track_id, artist_id AS artist, release, title FROM songs")


def _query(file: Path, query: str) -> pd.DataFrame:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return pd.read_sql_query(query, database, index_col="track_id")
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise TagspaceError(
            f"dataset: {file} has no table songs with the columns of the Million Song Dataset"
        ) from error


def _read_listing(file: Path) -> pd.DataFrame:
    songs = {}
    for line, text in enumerate(read_lines(file), start=1):
        row = text.rstrip("\r\n").split("<SEP>")
        check_width(file, line, row, 4)
        track_id, _, artist, title = row
        songs[track_id] = (artist, "", title)
    return pd.DataFrame.from_dict(songs, orient="index", columns=["artist", "release", "title"])


def _audio(folder: Path) -> dict[str, str]:
    """Map track ids to audio files."""
    if pairs := first_file(folder, ["msd_audio.csv"]):
        table = read_table(pairs, "track_id", ["path"])
        return dict(zip(table.index, absolute_paths(table["path"], pairs.parent), strict=True))
    if pickled := first_file(folder, ["MSD_id_to_7D_id.pkl"]):
        warnings.warn(
            f"{pickled} is not read, as unpickling can run any code; "
            "for its audio write msd_audio.csv (columns track_id,path) from it",
            stacklevel=2,
        )
    return audio_files(folder)
