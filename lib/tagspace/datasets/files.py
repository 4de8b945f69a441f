"""Find annotation and audio files in a local folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

import pandas as pd

from tagspace.errors import TagspaceError

AUDIO_SUFFIXES = {
    *("mp3", "mp2", "wav", "flac", "ogg", "oga", "opus", "aiff", "aif", "aifc", "au", "caf"),
    *("w64", "rf64"),
}
# Audio that libsndfile does not read, but PyAV does.
OTHER_SUFFIXES = {
    *("m4a", "m4b", "mp4", "aac", "wma", "ape", "wv", "mpc", "mka", "webm", "dsf", "dff", "tta"),
}
ALL_SUFFIXES = AUDIO_SUFFIXES | OTHER_SUFFIXES


def first_file(folder: Path, patterns: Iterable[str]) -> Path | None:
    """Return the file that matches the earliest pattern, or None if no file matches.

    Parameters
    ----------
    folder : pathlib.Path
        Searched together with its subfolders, two levels deep. It need not exist.
    patterns : iterable of str
        File names in order of preference; ``*`` is a wildcard.
    """
    for pattern in patterns:
        for prefix in ("", "*/", "*/*/"):
            files = [path for path in folder.glob(prefix + pattern) if path.is_file()]
            if files:
                return min(files)
    return None


def require_file(folder: Path, patterns: Iterable[str]) -> Path:
    """Return the same file as :func:`first_file`, or raise an error.

    Raises
    ------
    TagspaceError
        If no file matches.
    """
    file = first_file(folder, patterns)
    if file is None:
        raise TagspaceError(
            f"dataset: {folder} contains none of {', '.join(patterns)}; "
            "give the folder of the data set"
        )
    return file


def audio_by_stem(folder: Path) -> dict[str, str]:
    """Map file names without suffix to absolute paths, for all audio files below a folder.

    If several files have the same name, one that libsndfile reads is preferred, and of these the
    first path of :func:`audio_paths`.
    """
    files: dict[str, str] = {}
    paths = audio_paths(folder, ALL_SUFFIXES)
    for path in sorted(paths, key=lambda path: path.suffix[1:].lower() in OTHER_SUFFIXES):
        files.setdefault(path.stem, str(path))
    return files


def audio_paths(folder: Path, suffixes: Container[str] = AUDIO_SUFFIXES) -> Iterator[Path]:
    """Yield the absolute paths of all audio files below a folder, in a fixed order.

    The files of a folder come before its subfolders, both in alphabetical order. Symbolic links
    are followed, because audio is often stored on another disk; a folder is visited once, however
    many links lead to it. Files whose names are not UTF-8 are left out with a warning.
    """
    # One pass over the folder: testing each of half a million paths would take minutes.
    visited, unnamed = set(), []
    for root, folders, names in os.walk(folder.absolute(), followlinks=True):
        status = os.stat(root)  # noqa: PTH116  (a Path per folder is slow)
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders.sort()
        for name in sorted(names):
            _, dot, suffix = name.rpartition(".")
            if dot and suffix.lower() in suffixes:
                path = os.path.join(root, name)  # noqa: PTH118
                if path.isprintable() or _is_text(path):
                    yield Path(path)
                else:
                    unnamed.append(path)
    if unnamed:
        warnings.warn(
            f"{len(unnamed)} audio files are left out because their names or folders are not "
            f"UTF-8, such as {os.fsencode(unnamed[0])!r}; rename them",
            stacklevel=2,
        )


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def absolute_paths(cells: pd.Series, folder: Path) -> list[str]:
    """Convert paths relative to a folder into absolute paths; empty cells stay empty."""
    base = folder.absolute()
    return [str(base / cell) if cell else "" for cell in cells.str.strip()]
