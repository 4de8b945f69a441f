"""Read artists, albums, titles and audio paths of the Million Song Dataset."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pandas as pd

from tagspace.datasets.base import NAME_COLUMNS, tracks_frame
from tagspace.datasets.files import absolute_paths, audio_by_stem, first_file, require_file
from tagspace.datasets.tables import check_width, read_lines, read_table
from tagspace.errors import TagspaceError

DATABASE = "track_metadata.db"


def read_tracks(track_ids: pd.Index, folder: Path) -> pd.DataFrame:
    """Read names and audio paths of the given tracks.

    Parameters
    ----------
    track_ids : pandas.Index
        Track ids, without duplicates.
    folder : pathlib.Path
        See :func:`tagspace.datasets.msd.read`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``Dataset.tracks``, in the order of ``track_ids``. Unknown cells are empty.

    Raises
    ------
    TagspaceError
        If the format of a file is wrong.
    """
    known = _artists_albums_titles(folder)
    audio = _audio(folder)
    return tracks_frame(track_ids, known, [audio.get(track_id, "") for track_id in track_ids])


def names(folder: Path) -> pd.DataFrame:
    """Read the artist name and release title of every song.

    Parameters
    ----------
    folder : pathlib.Path
        Contains ``track_metadata.db``, at most two levels down.

    Returns
    -------
    pandas.DataFrame
        Columns ``artist`` and ``release``, indexed by track id.

    Raises
    ------
    TagspaceError
        If the database is missing or its format is wrong.
    """
    database = require_file(folder, [DATABASE])
    return _query(database, "artist_name AS artist, release").fillna("")


def _artists_albums_titles(folder: Path) -> pd.DataFrame:
    """Read artist, album and title of all songs, indexed by track id."""
    if database := first_file(folder, [DATABASE]):
        return _query(database, "artist_id AS artist, release AS album, title")
    if listing := first_file(folder, ["unique_tracks.txt"]):
        return _read_listing(listing)
    return pd.DataFrame(columns=NAME_COLUMNS, dtype=str)


def _query(file: Path, columns: str) -> pd.DataFrame:
    query = f"SELECT track_id, {columns} FROM songs"
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            songs = pd.read_sql_query(query, database, index_col="track_id")
    except (sqlite3.Error, pd.errors.DatabaseError) as error:
        raise TagspaceError(
            f"dataset: {file} has no table songs with the columns of the Million Song Dataset; "
            f"replace it by the original {DATABASE}"
        ) from error
    repeated = songs.index[songs.index.duplicated()]
    if len(repeated):
        raise TagspaceError(
            f"dataset: {file} lists track_id {repeated[0]!r} more than once; "
            f"replace it by the original {DATABASE}"
        )
    return songs


def _read_listing(file: Path) -> pd.DataFrame:
    songs = {}
    for line, text in enumerate(read_lines(file), start=1):
        row = text.rstrip("\r\n").split("<SEP>")
        check_width(file, line, row, 4)
        track_id, _, artist, title = row
        if track_id in songs:
            raise TagspaceError(
                f"dataset: {file}, line {line}: {track_id!r} is listed before; replace the file by "
                "the original"
            )
        songs[track_id] = (artist, "", title)
    return pd.DataFrame.from_dict(songs, orient="index", columns=NAME_COLUMNS)


def _audio(folder: Path) -> dict[str, str]:
    """Map track ids to audio paths."""
    if pairs := first_file(folder, ["msd_audio.csv"]):
        table = read_table(pairs, "track_id", ["path"])
        return dict(zip(table.index, absolute_paths(table["path"], pairs.parent), strict=True))
    if pickled := first_file(folder, ["MSD_id_to_7D_id.pkl"]):
        warnings.warn(
            f"{pickled} is not read, because unpickling can run arbitrary code; "
            "convert it to msd_audio.csv with the columns track_id,path",
            stacklevel=2,
        )
    return audio_by_stem(folder)
