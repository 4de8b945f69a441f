"""A manifest from the tags that audio files carry in themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import mutagen
import pandas as pd

from tagspace.datasets.files import AUDIO_SUFFIXES, audio_paths
from tagspace.errors import TagspaceError
from tagspace.support.progress import Progress

FIELDS = ("artist", "album", "title")
TAGSETS = {"genres": "genre", "moods": "mood"}  # by the name that mutagen gives the field
FRAMES = {"artist": "TPE1", "album": "TALB", "title": "TIT2", "genre": "TCON", "mood": "TMOO"}
SEPARATORS = (";", "|")


def describe(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """Read the embedded tags of all audio files below a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Holds mp3, flac, ogg or wav files at any depth.

    Returns
    -------
    pandas.DataFrame
        The columns of a manifest (see :mod:`tagspace.datasets.manifest`), a row per file. Track ids
        are paths within the folder; a tag set that no file has is left out.
    list of str
        The files that are left out, and why.

    Raises
    ------
    TagspaceError
        If there are no such files, or none has a genre or mood.
    """
    folder = folder.absolute()
    files = list(audio_paths(folder))
    rows, unreadable = [], []
    for file in Progress(files, desc="tags", unit="file"):
        try:
            rows.append(_row(file, folder))
        except mutagen.MutagenError as error:
            unreadable.append(f"{file}: {error}")
    columns = ["track_id", "path", *FIELDS, *TAGSETS]
    table = pd.DataFrame(rows, columns=columns)
    empty = [tagset for tagset in TAGSETS if not (table[tagset] != "").any()]
    if len(empty) == len(TAGSETS):
        known = ", ".join(sorted(AUDIO_SUFFIXES))
        raise TagspaceError(f"dataset: {folder} holds {len(files)} audio files ({known}), none of "
                            "them with a genre or mood embedded")  # fmt: skip
    return table.drop(columns=empty), unreadable


def _row(file: Path, folder: Path) -> tuple[str, ...]:
    fields = mutagen.File(file, easy=True) or {}
    name = file.relative_to(folder).as_posix()
    known = (", ".join(_values(fields, field)) for field in FIELDS)
    tags = ("|".join(_split(_values(fields, field))) for field in TAGSETS.values())
    return name, name, *known, *tags


def _values(fields: Mapping[str, Sequence[str]], field: str) -> list[str]:
    """Look a field up by its name, or, in a wav file, by that of its ID3 frame."""
    return [str(value) for value in fields.get(field) or fields.get(FRAMES[field]) or []]


def _split(values: list[str]) -> list[str]:
    """Part what writers put into one field: ``Folk; Pop``."""
    for separator in SEPARATORS:
        values = [part for value in values for part in value.split(separator)]
    return list(dict.fromkeys(part.strip() for part in values if part.strip()))
