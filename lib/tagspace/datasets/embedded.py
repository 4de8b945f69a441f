"""Build a manifest from the metadata embedded in audio files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import mutagen
import pandas as pd
from mutagen.asf import ASF
from mutagen.easymp4 import EasyMP4Tags

from tagspace.datasets.base import NAME_COLUMNS
from tagspace.datasets.cells import LONGEST
from tagspace.datasets.files import ALL_SUFFIXES, OTHER_SUFFIXES, audio_paths
from tagspace.errors import TagspaceError
from tagspace.support.extras import import_pyav
from tagspace.support.files import check_regular, write_whole
from tagspace.support.progress import Progress

TAGSETS = {"genres": "genre", "moods": "mood"}  # tag set -> mutagen's name of the field
# WAV files have ID3 frames instead of named fields, and WMA files have names of their own.
FRAMES = {"artist": "TPE1", "album": "TALB", "title": "TIT2", "genre": "TCON", "mood": "TMOO"}
WMA_NAMES = {
    **{"artist": "Author", "album": "WM/AlbumTitle", "title": "Title"},
    **{"genre": "WM/Genre", "mood": "WM/Mood"},
}
EasyMP4Tags.RegisterFreeformKey("mood", "MOOD")  # mutagen knows the other four
SEPARATORS = (";", "|")


def describe(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read the embedded metadata of all audio files below a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Contains audio files at any depth, in the formats of
        :data:`tagspace.datasets.files.AUDIO_SUFFIXES` and, if PyAV is installed, of
        :data:`tagspace.datasets.files.OTHER_SUFFIXES`.

    Returns
    -------
    pandas.DataFrame
        The columns of a manifest (see :mod:`tagspace.datasets.manifest`), one row per file. Track
        ids are paths relative to the folder. A tag set without any tag is dropped.
    list of str
        The unreadable files, each with the reason.

    Raises
    ------
    TagspaceError
        If there are no audio files, or none has a genre or mood.
    """
    folder = folder.absolute()
    files = list(audio_paths(folder, ALL_SUFFIXES))
    rows, unreadable = [], []
    for file in Progress(files, desc="tags", unit="file"):
        try:
            _check(file, folder)
            rows.append(_row(file, folder))
        except TagspaceError as error:
            unreadable.append(f"{file}: {str(error).removeprefix(f'{file}: ')}")
    columns = ["track_id", "path", *NAME_COLUMNS, *TAGSETS]
    table = pd.DataFrame(rows, columns=columns)
    empty = [tagset for tagset in TAGSETS if not (table[tagset] != "").any()]
    if len(empty) == len(TAGSETS):
        raise TagspaceError(
            f"dataset: {folder} contains {len(files)} audio files "
            f"({', '.join(sorted(ALL_SUFFIXES))}), none with an embedded genre or mood; "
            "add such tags, or write manifest.csv yourself"
        )
    return table.drop(columns=empty), unreadable


def write(folder: Path, file: Path) -> pd.DataFrame:
    """Write the manifest of a music folder, print which files are left out, and return it.

    Parameters
    ----------
    folder : pathlib.Path
        See :func:`describe`.
    file : pathlib.Path
        The manifest. Unless it is in the folder, the paths in it are absolute.
    """
    table, unreadable = describe(folder)
    if file.parent.absolute() != folder.absolute():
        table["path"] = [str(folder.absolute() / path) for path in table["path"]]
    write_whole(file, partial(table.to_csv, index=False))
    print("".join(f"left out: {reason}\n" for reason in unreadable), end="")
    return table


def _check(file: Path, folder: Path) -> None:
    """Refuse files that could not be read later, or not be named in a manifest."""
    name = file.relative_to(folder).as_posix()
    if file.suffix.lower().removeprefix(".") in OTHER_SUFFIXES:
        import_pyav()
    if name != name.strip() or not name.isprintable():
        raise TagspaceError(
            f"{file}: its name begins or ends with a blank, or has a line break or another control "
            "character; rename it"
        )
    check_regular(file)


def _row(file: Path, folder: Path) -> dict[str, str]:
    name = file.relative_to(folder).as_posix()
    return {"track_id": name, "path": name, **read_metadata(file)}


def read_metadata(file: Path) -> dict[str, str]:
    """Read the artist, album, title, genres and moods embedded in an audio file.

    Returns
    -------
    dict of str to str
        Keys are ``artist``, ``album``, ``title`` and the names of :data:`TAGSETS`. Values are empty
        if the file does not have them; ``|`` separates tags.

    Raises
    ------
    TagspaceError
        If the metadata cannot be read.
    """
    try:
        fields = mutagen.File(file, easy=True) or {}
    except Exception as error:  # what mutagen raises for damage has many types
        raise TagspaceError(f"{file}: {error or 'damaged metadata'}") from error
    names = {each: " ".join(", ".join(_values(fields, each)).split()) for each in NAME_COLUMNS}
    tags = {tagset: "|".join(_split(_values(fields, field))) for tagset, field in TAGSETS.items()}
    return names | tags


def _values(fields: Mapping[str, Sequence[str]], field: str) -> list[str]:
    """Return the values of a field, stored under its name or that of the format."""
    if isinstance(fields, ASF):
        return [str(value) for value in fields.get(WMA_NAMES[field]) or []]
    return [str(value) for value in fields.get(field) or fields.get(FRAMES[field]) or []]


def _split(values: list[str]) -> list[str]:
    """Split values that contain several tags, such as ``Folk; Pop``; drop duplicates and essays."""
    for separator in SEPARATORS:
        values = [part for value in values for part in value.split(separator)]
    tags = (" ".join(part.split()) for part in values)
    return list(dict.fromkeys(tag for tag in tags if 0 < len(tag) <= LONGEST))
