"""Finding the files of a local folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from tagspace.errors import TagspaceError

AUDIO_SUFFIXES = {"mp3", "wav", "flac", "ogg"}


def first_file(folder: Path, patterns: Iterable[str]) -> Path | None:
    """Find the file that fits the earliest pattern, in a folder or at most two folders down.

    Parameters
    ----------
    folder : pathlib.Path
        Where to look. It need not exist.
    patterns : iterable of str
        Names of files, ``*`` allowed, the preferred one first.
    """
    depths = ("", "*/", "*/*/")
    found = (
        path
        for pattern in patterns
        for depth in depths
        for path in sorted(folder.glob(depth + pattern))
        if path.is_file()
    )
    return next(found, None)


def require_file(folder: Path, patterns: Iterable[str]) -> Path:
    """Find a file as :func:`first_file` does.

    Raises
    ------
    TagspaceError
        If there is none.
    """
    file = first_file(folder, patterns)
    if file is None:
        raise TagspaceError(f"dataset: {folder} holds none of {', '.join(patterns)}")
    return file


def audio_files(folder: Path) -> dict[str, str]:
    """Map names without suffix to absolute paths, for every audio file below a folder.

    Of equal names the first in order of path wins.
    """
    found: dict[str, str] = {}
    for path in audio_paths(folder):
        found.setdefault(path.stem, str(path))
    return found


def audio_paths(folder: Path) -> Iterator[Path]:
    """Walk over the audio files below a folder, in order of path; their paths are absolute.

    One walk, because asking the disk for each of half a million tracks would take minutes. Links
    are followed: audio often lies on another disk.
    """
    for root, folders, names in os.walk(folder.absolute(), followlinks=True):
        folders.sort()
        for name in sorted(names):
            _, _, suffix = name.rpartition(".")
            if suffix.lower() in AUDIO_SUFFIXES:
                yield Path(root, name)


def absolute_paths(cells: pd.Series, folder: Path) -> list[str]:
    """Resolve paths that are relative to a folder; empty cells stay empty."""
    base = folder.absolute()
    return [str(base / cell) if cell else "" for cell in cells.str.strip()]
