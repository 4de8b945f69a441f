"""The identity of an audio file: what it contains, wherever it is."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from tagspace.errors import TagspaceError
from tagspace.support.appending import open_to_append
from tagspace.support.files import check_regular, checksum
from tagspace.support.progress import Progress

SMALL = 1 << 20  # bytes; a smaller file is read as a whole
N_SAMPLES, SAMPLE = 8, 1 << 16  # parts of a larger file, from start to end, and bytes of each
AT_ONCE = 1000  # files read before their ids are kept; an interruption costs no more
# Lines of the table of known files: checksum of the rest, size and times, content id, path.
LINE = re.compile(r"([0-9a-f]{8})\t((\d+ \d+ \d+)\t([0-9a-f]{32})\t(.+))", re.DOTALL)


def content_id(path: str | Path) -> str:
    """Identify a file by its size and its content, or samples of it.

    Parameters
    ----------
    path : str or Path
        A regular file.

    Returns
    -------
    str
        32 hexadecimal digits: a hash of the size and, above 1 MiB, of eight samples of 64 KiB from
        start to end. It takes about a millisecond, and is the same on every machine, whatever the
        name, place and time of the file. A change between the samples of a large file that keeps
        its size is not seen.

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
    check_regular(Path(path))
    try:
        with Path(path).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest = hashlib.sha256(str(size).encode())
            file.seek(0)
            if size <= SMALL:
                digest.update(file.read())
            else:
                for part in range(N_SAMPLES):
                    file.seek((size - SAMPLE) * part // (N_SAMPLES - 1))
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
        Why a file cannot be read, by path; without the path.
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
    reasons: dict[str, str] = {}
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Progress(total=len(read), desc="identifying", unit="file") as bar,
    ):
        for start in range(0, len(read), AT_ONCE):
            part = read[start : start + AT_ONCE]
            found = dict(zip(part, pool.map(_content_id_or_reason, part), strict=True))
            ids |= {path: content for path, (content, reason) in found.items() if not reason}
            reasons |= {path: reason for path, (_, reason) in found.items() if reason}
            _keep(table, [_line(path, states[path], ids[path]) for path in part if path in ids])
            bar.update(len(part))
    return Identified(ids, reasons, set(read))


def existing_contents(table: Path) -> set[str]:
    """Return the content ids of the files in the table that still exist, unchanged."""
    known = _read_table(table)
    return {content for path, (state, content) in known.items() if _state(path) == state}


def _keep(table: Path, lines: list[bytes]) -> None:
    """Append to the table; without it, files are only read again."""
    with (
        suppress(OSError),
        FileLock(table.with_suffix(".lock")),
        open_to_append(table) as stream,
    ):
        stream.writelines(lines)


def reason_without_path(error: TagspaceError, path: str) -> str:
    """Shorten ``PATH: cannot be read: reason``, for tables that have a column of paths."""
    return str(error).removeprefix(f"{path}: ").removeprefix("cannot be read: ")


def _content_id_or_reason(path: str) -> tuple[str, str]:
    try:
        return content_id(path), ""
    except TagspaceError as error:
        return "", reason_without_path(error, path)


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
            if match and _checksum(match[2]) == match[1]:
                known[match[5]] = match[3], match[4]
    return known


def _line(path: str, state: str, content: str) -> bytes:
    text = f"{state}\t{content}\t{path}"
    return f"{_checksum(text)}\t{text}\n".encode(errors="surrogateescape")


def _checksum(text: str) -> str:
    return checksum(text.encode(errors="surrogateescape"))
