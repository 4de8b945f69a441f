"""Open only regular files, and write files completely or not at all."""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Callable
from contextlib import suppress
from operator import methodcaller
from pathlib import Path
from typing import BinaryIO

from tagspace.errors import TagspaceError


def file_name(text: str, longest: int = 60) -> str:
    """Turn any text into a name for a file.

    Examples
    --------
    >>> file_name("mood/theme: a+b")
    'mood_theme_ a+b'
    """
    return re.sub(r"[^\w +-]", "_", text)[:longest]


def check_regular(path: Path) -> None:
    """Refuse what is not a regular file: opening a pipe may wait for ever.

    Raises
    ------
    TagspaceError
        If there is no file, or it is a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise TagspaceError(f"{path}: cannot be read: {reason}") from error
    if not stat.S_ISREG(mode):
        raise TagspaceError(f"{path}: cannot be read: it is not a regular file")


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file to read its bytes.

    Raises
    ------
    TagspaceError
        If it is not a regular file, or cannot be opened.
    """
    check_regular(path)
    try:
        return path.open("rb")
    except OSError as error:
        raise TagspaceError(f"{path}: cannot be read: {error.strerror}") from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name, and rename it when it is complete.

    Parameters
    ----------
    path : Path
        The file; it is replaced if it exists.
    write : callable
        Writes the file at the path that it is given.

    Raises
    ------
    TagspaceError
        If it cannot be written; then there is no file, or the old one.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise TagspaceError(f"{path}: cannot be written: {error.strerror or error}") from error


def keep_bytes(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the cached content of a file; make and cache it if it is missing or damaged.

    Parameters
    ----------
    path : Path
        The cache file: a checksum line, then the content. A path that cannot be written disables
        caching.
    make : callable
        Makes the content.
    """
    with suppress(OSError):
        check, _, content = path.read_bytes().partition(b"\n")
        if check == checksum(content).encode():
            return content
    content = make()
    with suppress(TagspaceError):
        write_whole(path, methodcaller("write_bytes", checksum(content).encode() + b"\n" + content))
    return content


def checksum(*parts: bytes | memoryview) -> str:
    """Return the CRC-32 of parts that follow one another, as eight hexadecimal digits.

    Examples
    --------
    >>> checksum(b"one", b"two") == checksum(b"onetwo")
    True
    """
    check = 0
    for part in parts:
        check = zlib.crc32(part, check)
    return f"{check:08x}"
