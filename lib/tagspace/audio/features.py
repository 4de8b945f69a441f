"""The feature store: the log-mel excerpts of many files in one array on disk."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock
from threadpoolctl import threadpool_limits

from tagspace.audio import reading, spectrogram
from tagspace.audio.spectrogram import SHAPE
from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError
from tagspace.support.progress import Progress

INDEX_COLUMNS = ["track_id", "path", "size", "mtime_ns", "notes"]
FAILURE_COLUMNS = ["track_id", "path", "reason"]
CHUNK = 64  # tracks computed at a time; an interruption loses at most these
MAX_LISTED = 10  # failed files named in a report
PARTS = "parts"  # subfolder of a store for the parts that other machines compute


@dataclass(frozen=True)
class Features:
    """Log-mel excerpts of tracks.

    Attributes
    ----------
    array : numpy.ndarray, shape (n_rows * excerpts, 80, 130), float16
        The excerpts on disk, memory-mapped; those of one track are contiguous.
    index : pandas.DataFrame
        Indexed by ``track_id``: ``row`` (the track's first excerpt is at ``row * n_excerpts`` in
        ``array``) and ``notes`` (anything unusual about the file; else empty).
    failures : pandas.DataFrame
        ``track_id``, ``path`` and ``reason`` of every file that could not be used.
    listing : Path
        The file that lists the failures.
    n_excerpts : int
        Excerpts per track.
    """

    array: np.ndarray
    index: pd.DataFrame
    failures: pd.DataFrame
    listing: Path
    n_excerpts: int

    def report(self) -> str:
        """Report the number of tracks, unusual files, and files that failed, with reasons."""
        lines = [f"{len(self.index)} tracks, {self.n_excerpts} excerpts of 6 s each"]
        short = self.index[self.index["notes"] != ""]
        if len(short):
            lines.append(f"{len(short)} files are short, such as {short.index[0]}: "
                         f"{short['notes'].iloc[0]}")  # fmt: skip
        if len(self.failures):
            lines.append(f"{len(self.failures)} files could not be used:")
            lines += self.failures["reason"].head(MAX_LISTED).tolist()
        if len(self.failures) > MAX_LISTED:
            lines.append(f"... and {len(self.failures) - MAX_LISTED} more, in {self.listing}")
        return "\n".join(lines)

    def take(self, track_ids: Iterable[str]) -> np.ndarray:
        """Return the excerpts of tracks, shape (n_tracks, excerpts, 80, 130), float16."""
        rows = self.index.loc[list(track_ids), "row"].to_numpy()
        return self.array.reshape(-1, self.n_excerpts, *SHAPE)[rows]


def extract(dataset: Dataset, folder: Path, excerpts: int = 1) -> Features:
    """Return the log-mel excerpts of all tracks that have audio, computing the missing ones.

    Features on disk are not computed again. An interrupted extraction continues where it stopped,
    and new or changed files are added.

    Parameters
    ----------
    dataset : Dataset
        The tracks.
    folder : Path
        Folder for the feature files of all data sets.
    excerpts : int
        Excerpts per track; see :func:`tagspace.audio.reading.place`.

    Returns
    -------
    Features
        The store, and the files that failed.

    Raises
    ------
    TagspaceError
        If no track has audio that can be read.
    """
    if dataset.make_audio is not None:
        dataset.make_audio()
    files = _files(dataset.tracks["path"])
    store = folder / _store_name(dataset, excerpts)
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / "lock"):
        index = _merge_parts(store, excerpts)
        missing = _missing(files, index)
        failures = _compute(missing, store, excerpts)
        return _open(store, files, failures, excerpts, dataset.name)


def extract_part(dataset: Dataset, folder: Path, excerpts: int, part: int, parts: int) -> None:
    """Compute the excerpts of one part of the tracks; the next :func:`extract` merges all parts.

    Several machines with a common disk can share the work, because each part has its own files.

    Parameters
    ----------
    dataset, folder, excerpts
        As in :func:`extract`.
    part, parts : int
        Number of this part, from 0, and number of all parts.
    """
    if dataset.make_audio is not None:
        dataset.make_audio()
    files = _files(dataset.tracks["path"].iloc[part::parts])
    whole = folder / _store_name(dataset, excerpts)
    store = whole / PARTS / f"{part}-of-{parts}"
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / "lock"):
        _resume(store, excerpts)
        known = [_read_index(each) for each in (whole, store) if (each / "index.csv").exists()]
        _compute(_missing(files, pd.concat(known)), store, excerpts)


def _files(paths: pd.Series) -> pd.DataFrame:
    """List the tracks that have a path; a missing file has size and time 0."""
    named = paths[paths != ""]
    stats = [_stat(path) for path in named]
    return pd.DataFrame(
        [(track, path, *stat) for (track, path), stat in zip(named.items(), stats, strict=True)],
        columns=INDEX_COLUMNS[:4],
    )


def _stat(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path)  # noqa: PTH116  (a Path per file is slow for a million files)
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def _store_name(dataset: Dataset, excerpts: int) -> str:
    """Name a store after everything that its contents depend on, except the files themselves."""
    mel = spectrogram
    places = [reading.place(duration, excerpts) for duration in (60, 8, 4)]
    front_end = (mel.SAMPLE_RATE, mel.SECONDS, places, mel.N_FFT, mel.HOP, mel.N_MELS, mel.F_MIN,
                 mel.F_MAX, mel.FLOOR)  # fmt: skip
    root = os.path.commonpath([path for path in dataset.tracks["path"] if path] or ["/"])
    digest = hashlib.sha256(repr((front_end, excerpts, root)).encode()).hexdigest()
    return f"{dataset.name}-{excerpts}x{SHAPE[0]}x{SHAPE[1]}-{digest[:8]}"


def _resume(store: Path, excerpts: int) -> pd.DataFrame:
    """Read the index, after removing rows that an interruption left incomplete."""
    index_file, array_file = store / "index.csv", store / "features.f16"
    index_file.touch()
    array_file.touch()
    text = index_file.read_bytes()
    header = (",".join(INDEX_COLUMNS) + "\n").encode()
    lines = (text[: text.rfind(b"\n") + 1] or header).splitlines(keepends=True)
    track_bytes = excerpts * SHAPE[0] * SHAPE[1] * np.dtype(np.float16).itemsize
    rows = min(len(lines) - 1, array_file.stat().st_size // track_bytes)
    kept = b"".join(lines[: rows + 1])
    if kept != text:
        index_file.write_bytes(kept)
    os.truncate(array_file, rows * track_bytes)
    return _read_index(store)


def _merge_parts(store: Path, excerpts: int) -> pd.DataFrame:
    """Append the parts that :func:`extract_part` computed, and return the complete index."""
    index, parts = _resume(store, excerpts), sorted(store.glob(f"{PARTS}/*"))
    for part in parts:
        with FileLock(part / "lock"):
            # After an interruption, some rows of a part may have been appended already.
            new = _missing(_resume(part, excerpts), index)
            if len(new):
                stored = np.memmap(part / "features.f16", np.float16, "r")
                values = stored.reshape(-1, excerpts, *SHAPE)
                with (store / "features.f16").open("ab") as array:
                    array.writelines(values[row].tobytes() for row in new["row"])
                new[INDEX_COLUMNS].to_csv(
                    store / "index.csv", mode="a", header=False, index=False, lineterminator="\n"
                )
        shutil.rmtree(part)
    return _read_index(store) if parts else index


def _read_index(store: Path) -> pd.DataFrame:
    index = pd.read_csv(
        store / "index.csv",
        dtype={"track_id": str, "path": str, "notes": str},
        keep_default_na=False,
    )
    index["row"] = np.arange(len(index))
    # A file that changed was computed again; its last row counts.
    return index.drop_duplicates("track_id", keep="last")


def _missing(files: pd.DataFrame, index: pd.DataFrame) -> pd.DataFrame:
    keys = ["track_id", "path", "size", "mtime_ns"]
    known = pd.MultiIndex.from_frame(index[keys])
    return files[~pd.MultiIndex.from_frame(files[keys]).isin(known)]


def _compute(files: pd.DataFrame, store: Path, excerpts: int) -> pd.DataFrame:
    """Append the excerpts of files to the store, and return the files that failed.

    Threads suffice, because decoding, resampling and the Fourier transform release Python's global
    interpreter lock. Each thread uses one core for matrix products; otherwise BLAS threads contend.
    """
    failures = []
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(os.cpu_count()) as pool,
        (store / "features.f16").open("ab") as array,
        (store / "index.csv").open("a", encoding="utf-8", newline="") as index,
        Progress(total=len(files), desc="log-mel", unit="file") as bar,
    ):
        writer = csv.writer(index, lineterminator="\n")
        for file, future in _in_flight(pool, files, excerpts):
            bar.update()
            try:
                values, placements = future.result()
            except TagspaceError as error:
                failures.append((file.track_id, file.path, str(error)))
                continue
            # The array is written first, so that every row of the index has its values.
            array.write(values.tobytes())
            array.flush()
            notes = sorted({placement.note for placement in placements if placement.note})
            writer.writerow([*file[:4], "; ".join(notes)])
            index.flush()
    failed = pd.DataFrame(failures, columns=FAILURE_COLUMNS)
    failed.to_csv(store / "failures.csv", index=False)
    return failed


def _in_flight(
    pool: ThreadPoolExecutor, files: pd.DataFrame, excerpts: int
) -> Iterator[tuple[Any, Future[Any]]]:
    """Yield files with their finished results; at most ``CHUNK`` are computed at a time."""
    rows = files.itertuples(index=False)
    while chunk := list(islice(rows, CHUNK)):
        tasks = {pool.submit(reading.log_mel_excerpts, row.path, excerpts): row for row in chunk}
        for future in as_completed(tasks):
            yield tasks[future], future


def _open(
    store: Path, files: pd.DataFrame, failures: pd.DataFrame, excerpts: int, name: str
) -> Features:
    index = _read_index(store)
    index = index[index["track_id"].isin(files["track_id"])]
    index = index[~index["track_id"].isin(failures["track_id"])]
    if index.empty:
        reason = failures["reason"].iloc[0] if len(failures) else "no track has a path"
        raise TagspaceError(f"dataset: {name} has no audio that can be read ({reason})")
    array = np.memmap(store / "features.f16", dtype=np.float16, mode="r").reshape(-1, *SHAPE)
    rows = index.set_index("track_id")[["row", "notes"]]
    return Features(array, rows, failures, store / "failures.csv", excerpts)
