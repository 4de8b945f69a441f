"""The identity of an audio file: what it contains, wherever it is."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tagspace.errors import TagspaceError
from tagspace.support.appending import open_to_append
from tagspace.support.progress import Progress

SAMPLE = 64 * 1024  # bytes read at the start, in the middle and at the end
# Lines of the table of known files: path, size and times, content id, checksum of these.
LINE = re.compile(r"(([^\t]+)\t(\d+ \d+ \d+)\t([0-9a-f]{32}))\t([0-9a-f]{8})")


def content_id(path: str | Path) -> str:
    """Identify a file by its size and by samples of its content.

    Parameters
    ----------
    path : str or Path
        A regular file.

    Returns
    -------
    str
        32 hexadecimal digits: a hash of the size, and of 64 KiB each from the start, the middle and
        the end. It is the same on every machine, whatever the name, place and time of the file.

    Raises
    ------
    TagspaceError
        If there is no such file, or it is not a regular one, such as a folder or a pipe.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, copy = Path(folder, "first.mp3"), Path(folder, "copy.mp3")
    ...     _ = first.write_bytes(b"sound"), copy.write_bytes(b"sound")
    ...     content_id(first) == content_id(copy)
    True
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise TagspaceError(f"{path}: cannot be read: it is not a regular file")
            size = status.st_size
            digest = hashlib.sha256(str(size).encode())
            for start in (0, size // 2 - SAMPLE // 2, size - SAMPLE):
                file.seek(max(start, 0))
                digest.update(file.read(SAMPLE))
    except OSError as error:
        raise TagspaceError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()[:32]


def made_id(recipe: str, track_id: str) -> str:
    """Identify a file that a program makes by the version of its recipe, in the same form.

    The bytes of such a file may differ between machines, because their encoders do.
    """
    return hashlib.sha256(f"{recipe}\0{track_id}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Identified:
    """What files contain.

    Attributes
    ----------
    ids : dict of str to str
        Content ids by path.
    reasons : dict of str to str
        Why a file cannot be read, by path.
    read : set of str
        Paths that were read, because their file was new or changed.
    """

    ids: dict[str, str]
    reasons: dict[str, str]
    read: set[str]


def identify(paths: Sequence[str], table: Path) -> Identified:
    """Identify files, and read only those that changed since the last time.

    Parameters
    ----------
    paths : sequence of str
        The files.
    table : Path
        Keeps the content ids of files with their size and times. Its damaged lines are ignored.
    """
    known, states = _read_table(table), {path: _state(path) for path in paths}
    ids = {p: known[p][1] for p, state in states.items() if known.get(p, ("",))[0] == state}
    read = [path for path in states if path not in ids]
    reasons = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(_content_id_or_reason, read)
        bar = Progress(answers, total=len(read), desc="identifying", unit="file")
        for path, (content, reason) in zip(read, bar, strict=True):
            if content:
                ids[path] = content
            else:
                reasons[path] = reason
    added = [path for path in read if path in ids]
    if added:
        with FileLock(table.with_suffix(".lock")), open_to_append(table) as lines:
            lines.writelines(_line(path, states[path], ids[path]) for path in added)
    return Identified(ids, reasons, set(read))


def _content_id_or_reason(path: str) -> tuple[str, str]:
    try:
        return content_id(path), ""
    except TagspaceError as error:
        return "", str(error)


def _state(path: str) -> str:
    """Describe size and times of a file."""
    try:
        status = os.stat(path)  # noqa: PTH116  (a Path per file is slow for a million files)
    except OSError:
        return "no such file"
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _read_table(table: Path) -> dict[str, tuple[str, str]]:
    """Return state and content id by path; the last line of a path counts."""
    known = {}
    if table.exists():
        for line in table.read_bytes().decode(errors="surrogateescape").split("\n"):
            match = LINE.fullmatch(line)
            if match and _checksum(match[1]) == match[5]:
                known[match[2]] = match[3], match[4]
    return known


def _line(path: str, state: str, content: str) -> bytes:
    text = f"{path}\t{state}\t{content}"
    return f"{text}\t{_checksum(text)}\n".encode(errors="surrogateescape")


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode(errors='surrogateescape')):08x}"
