"""Read MERGE and its predecessor 4QAED: clips with AllMusic tags per song.

MERGE (Louro et al. 2024, https://zenodo.org/records/13939205) has all four tag sets of the paper.
4QAED (Panda, Malheiro and Paiva 2018) has only genres and moods.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from tagspace.datasets import download
from tagspace.datasets.base import TRACK_COLUMNS, Dataset, Release, from_frames
from tagspace.datasets.cells import tag_rows
from tagspace.datasets.files import audio_by_stem, first_file, require_file
from tagspace.datasets.tables import read_table
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="MERGE, complete audio",
    version="Zenodo record 13939205",
    page="https://zenodo.org/records/13939205",
    licence="CC BY-NC 4.0",
    citation="Louro et al. 2024, MERGE: a bimodal dataset for static music emotion recognition",
    tagsets=("genres", "styles", "moods", "themes"),
    audio="3,554 clips of 30 s, 1.2 GB",
    tracks=3_554,
    hours=29.6,
)
RECORD = "https://zenodo.org/api/records/13939205"
ARCHIVE = "MERGE_Audio_Complete.zip"

PREDECESSOR = "panda_dataset_taffc_metadata.csv"
FILES = ("merge_audio_complete_metadata.csv", "merge_audio_*_metadata.csv", PREDECESSOR)

MERGE_COLUMNS = {"Genres": "genres", "Styles": "styles", "MoodsAll": "moods", "Themes": "themes"}
# In 4QAED, the columns `Genres` and `Moods` contain counts, not tags.
PREDECESSOR_COLUMNS = {"GenresStr": "genres", "MoodsStr": "moods"}

ALBUM_ID = re.compile(r"MW\d{10}", re.IGNORECASE)


def find(folder: Path) -> Path | None:
    """Return the path of the metadata, preferring the complete to the balanced release."""
    return first_file(folder, FILES)


def fetch(folder: Path, shards: str) -> None:  # noqa: ARG001  (all readers share this signature)
    """Download the complete release with its audio, unless a release exists.

    Raises
    ------
    TagspaceError
        If the download fails.
    """
    if find(folder) is None:
        download.fetch(RELEASE, [_archive(download.get(RECORD).json())], folder)


def _archive(record: dict[str, Any]) -> download.Remote:
    """Find the address and checksum of the archive in a Zenodo record."""
    for file in record.get("files", []):
        if file.get("key") == ARCHIVE:
            return download.Remote(file["links"]["self"], ARCHIVE, file["checksum"])
    raise TagspaceError(
        f"dataset: {RECORD} does not list {ARCHIVE}; download the release from {RELEASE.page}"
    )


def read(folder: Path) -> Dataset:
    """Read a folder with a release of MERGE or 4QAED.

    Parameters
    ----------
    folder : pathlib.Path
        Contains the metadata file, at most two levels down. Audio files are named by song id and
        may be at any depth.

    Returns
    -------
    Dataset
        ``album`` lists every album on which the song appears, by AllMusic id. The weights of tags
        are ignored.

    Raises
    ------
    TagspaceError
        If the metadata file is missing or its format is wrong.
    """
    metadata = require_file(folder, FILES)
    name, columns = "merge", MERGE_COLUMNS
    if metadata.name == PREDECESSOR:
        name, columns = "4qaed", PREDECESSOR_COLUMNS
    table = read_table(metadata, "Song", ["Artist", *columns])
    # MERGE separates tags with ",", 4QAED with "; " or ", ".
    tags = tag_rows(table[list(columns)].rename(columns=columns), ",;")
    return from_frames(name, _tracks(table, folder), tags, tuple(columns.values()))


def _tracks(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    audio = audio_by_stem(folder)
    albums = table.get("AppearancesAlbumIDs", pd.Series("", table.index))
    tracks = {
        "artist": table["Artist"].str.strip(),
        "album": albums.map(_album_ids),
        "title": table.get("Title", pd.Series("", table.index)).str.strip(),
        "path": [audio.get(song, "") for song in table.index],
    }
    return pd.DataFrame(tracks, columns=TRACK_COLUMNS)


def _album_ids(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(album.upper() for album in ALBUM_ID.findall(cell)))
