"""The store of features: what was computed from audio files, found by their content.

A segment of the store is an array and an index. Each line of the index stands for itself: it names
a row of the array, the content that the row was computed from, and a checksum of both. Whatever
damages the store therefore costs the damaged rows and no others.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from tagspace.audio import reading
from tagspace.audio import spectrogram as mel
from tagspace.audio.identity import reason_without_path
from tagspace.audio.spectrogram import SHAPE
from tagspace.errors import TagspaceError
from tagspace.support import memory
from tagspace.support.appending import open_to_append
from tagspace.support.chatter import captured_chatter
from tagspace.support.files import checksum, write_whole
from tagspace.support.progress import Progress

CHUNK = 64  # files computed at a time; an interruption loses at most these
VERSION = 2  # raise it when the code gives other excerpts, or other notes on files
INDEX, ARRAY = ".tsv", ".f16"  # the two files of a segment
LINE = re.compile(r"(\d+)\t([0-9a-f]{32})\t([0-9a-f]{8})\t([^\t]*)")


class Place(NamedTuple):
    """Where the excerpts of a file are, and ``notes`` on what is unusual about the file."""

    segment: str
    row: int
    notes: str


@dataclass(frozen=True)
class FrontEnd:
    """What is computed from the excerpts of an audio file.

    Attributes
    ----------
    name : str
        Shown while files are computed.
    constants : tuple
        All that the values depend on, beside the file and the places of excerpts.
    shape : tuple of int
        Of the values of an excerpt.
    dtype : str
        Of the values.
    compute : callable
        From the path and the number of excerpts to the values, shape (n_excerpts, *shape), and
        notes on what is unusual about the file. It raises a ``TagspaceError`` if the file cannot be
        used. Threads call it at the same time.
    """

    name: str
    constants: tuple[object, ...]
    shape: tuple[int, ...]
    dtype: str
    compute: Callable[[str, int], tuple[np.ndarray, tuple[str, ...]]]

    def folder(self, n_excerpts: int) -> str:
        """Name the store after what its contents depend on beside the files, and a version."""
        places = [reading.place(duration, n_excerpts) for duration in (60, 8, 4)]
        digest = hashlib.sha256(repr((VERSION, places, *self.constants)).encode()).hexdigest()
        return "x".join(map(str, (n_excerpts, *self.shape))) + f"-{digest[:8]}"


LOG_MEL = FrontEnd(
    "log-mel",
    (mel.SAMPLE_RATE, mel.SECONDS, mel.N_FFT, mel.HOP, mel.N_MELS, mel.F_MIN, mel.F_MAX, mel.FLOOR),
    SHAPE,
    "float16",
    lambda path, number: reading.log_mel_excerpts(path, number),
)


class Store:
    """What a front end computed from the excerpts of any files.

    Parameters
    ----------
    folder : Path
        Holds one store for each front end and number of excerpts.
    n_excerpts : int
        Excerpts per file; see :func:`tagspace.audio.reading.place`.
    front_end : FrontEnd
        What is computed.
    """

    def __init__(self, folder: Path, n_excerpts: int, front_end: FrontEnd = LOG_MEL) -> None:
        self.n_excerpts, self.front_end = n_excerpts, front_end
        self.shape = (n_excerpts, *front_end.shape)
        self.folder = folder / front_end.folder(n_excerpts)
        self.folder.mkdir(parents=True, exist_ok=True)

    def arrays(self) -> dict[str, np.ndarray]:
        """Map the arrays of all segments, shape (n_rows, n_excerpts, *shape)."""
        return {file.stem: self._map(file) for file in sorted(self.folder.glob(f"*{ARRAY}"))}

    def find(self, contents: set[str]) -> dict[str, Place]:
        """Find the undamaged excerpts of files.

        Parameters
        ----------
        contents : set of str
            Content ids; see :func:`tagspace.audio.identity.content_id`.

        Returns
        -------
        dict of str to Place
            By content id.
        """
        found = {}
        for segment, array in self.arrays().items():
            index = self.folder / f"{segment}{INDEX}"
            lines = index.read_bytes().decode(errors="replace") if index.exists() else ""
            for match in map(LINE.fullmatch, lines.split("\n")):
                if match and match[2] in contents and match[2] not in found:
                    row, content, checksum, notes = int(match[1]), match[2], match[3], match[4]
                    if row < len(array) and _checksum(content, notes, array[row]) == checksum:
                        found[content] = Place(segment, row, notes)
        return found

    def compute(
        self, paths: Mapping[str, str], segment: str, identify: Callable[[str], str]
    ) -> tuple[dict[str, Place], dict[str, str], list[str]]:
        """Compute the excerpts of files and append them to a segment.

        Threads suffice, because decoding, resampling and the Fourier transform release Python's
        global interpreter lock. Each thread uses one core for matrix products and convolutions;
        otherwise their threads contend. Only one process may append to a segment at a time.

        Parameters
        ----------
        paths : mapping of str to str
            Paths by content id.
        segment : str
            Name of the segment.
        identify : callable
            Gives the content id of a path. A file that changes while it is read is refused.

        Returns
        -------
        dict of str to Place
            By content id.
        dict of str to str
            Why a file could not be used, by content id; without the path.
        list of str
            What the decoders wrote to the terminal.

        Raises
        ------
        OSError
            If the disk is full; what was written before stays.
        """
        places, reasons = {}, {}
        array_file = self.folder / f"{segment}{ARRAY}"
        row = self._cut_to_whole_rows(array_file)
        with (
            captured_chatter() as chatter,
            _threads() as pool,
            array_file.open("ab") as array,
            open_to_append(self.folder / f"{segment}{INDEX}") as index,
            Progress(total=len(paths), desc=self.front_end.name, unit="file") as bar,
        ):
            for content, future in self._in_flight(pool, paths, identify):
                bar.update()
                try:
                    values, notes_of_file = future.result()
                except TagspaceError as error:
                    reasons[content] = reason_without_path(error, paths[content])
                    continue
                # The array is written first, so that every line of the index has its values.
                array.write(values.tobytes())
                array.flush()
                notes = "; ".join(notes_of_file)
                index.write(_line(row, content, notes, values))
                index.flush()
                places[content] = Place(segment, row, notes)
                row += 1
        return places, reasons, chatter

    def free(self, used: set[str], *, delete: bool) -> tuple[int, int]:
        """Count the rows that no file uses, and delete them if asked.

        Parameters
        ----------
        used : set of str
            Content ids of the files to keep.
        delete : bool
            Whether to delete the other rows; no other process may use the store meanwhile.

        Returns
        -------
        (int, int)
            Number of rows that no file uses, and of all rows.
        """
        places, arrays = self.find(used), self.arrays()
        n_rows = sum(map(len, arrays.values()))
        for segment in arrays if delete and len(places) < n_rows else ():
            kept = [(content, each) for content, each in places.items() if each.segment == segment]
            values = [arrays[segment][place.row] for _, place in kept]  # mapped, not yet read
            lines = [
                _line(row, content, place.notes, array)
                for row, ((content, place), array) in enumerate(zip(kept, values, strict=True))
            ]
            rows = (array.tobytes() for array in values)
            for ending, parts in ((ARRAY, rows), (INDEX, lines)):
                write_whole(self.folder / f"{segment}{ending}", partial(_write, parts=parts))
        return n_rows - len(places), n_rows

    def _map(self, file: Path) -> np.ndarray:
        n_rows, dtype = file.stat().st_size // self.row_bytes(), self.front_end.dtype
        if not n_rows:
            return np.empty((0, *self.shape), dtype)
        return np.memmap(file, dtype, mode="r", shape=(n_rows, *self.shape))

    def _cut_to_whole_rows(self, file: Path) -> int:
        """Remove a row that an interruption left incomplete; return the number of rows."""
        if not file.exists():
            return 0
        n_rows = file.stat().st_size // self.row_bytes()
        os.truncate(file, n_rows * self.row_bytes())
        return n_rows

    def row_bytes(self) -> int:
        """Return the size of a row."""
        return int(np.prod(self.shape)) * np.dtype(self.front_end.dtype).itemsize

    def _in_flight(
        self, pool: ThreadPoolExecutor, paths: Mapping[str, str], identify: Callable[[str], str]
    ) -> Iterator[tuple[str, Future[Any]]]:
        """Yield content ids with finished results; at most ``CHUNK`` are computed at a time."""
        files = iter(paths.items())
        while chunk := list(islice(files, CHUNK)):
            tasks = {
                pool.submit(self._read, path, content, identify): content for content, path in chunk
            }
            for future in as_completed(tasks):
                yield tasks[future], future

    def _read(
        self, path: str, content: str, identify: Callable[[str], str]
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        values, notes = self.front_end.compute(path, self.n_excerpts)
        if identify(path) != content:
            raise TagspaceError(f"{path}: changed while it was read")
        return values, notes


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """Start a thread per core, each of which computes alone."""
    memory.keep_freed()
    n_threads = torch.get_num_threads()
    try:
        with (
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(os.cpu_count(), "", torch.set_num_threads, (1,)) as pool,
        ):
            yield pool
    finally:
        torch.set_num_threads(n_threads)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


def _line(row: int, content: str, notes: str, values: np.ndarray) -> bytes:
    return f"{row}\t{content}\t{_checksum(content, notes, values)}\t{notes}\n".encode()


def _checksum(content: str, notes: str, values: np.ndarray) -> str:
    return checksum(f"{content}{notes}".encode(), values.data)
