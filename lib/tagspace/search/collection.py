"""A collection: what is known of each file of a music folder, and its vectors.

A collection is a folder with one SQLite file and, for each representation, a file of vectors. Both
are replaced as a whole, so that an interruption leaves the old collection or the new one.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import platformdirs

from tagspace.errors import TagspaceError
from tagspace.support.files import file_name, write_whole

DATABASE = "collection.sqlite"
SOUND = "sound"  # the representation of every collection: frozen musicnn
VERSION = 1  # of the tables; raise it when they change
TEXTS = ["path", "content", "artist", "album", "title", "tags", "heard"]
GROUPS = ["artist_code", "album_code", "recording"]
COLUMNS = [*TEXTS, "seconds", *GROUPS]
N_PAIRS = 100_000  # random pairs of tracks, the scale of scores


@dataclass(frozen=True, eq=False)
class Representation:
    """Vectors of all tracks of a collection.

    Attributes
    ----------
    vectors : numpy.ndarray, shape (n_tracks, d), float32
        Of unit length; mapped from the disk.
    source : str
        The encoder's package, or the folder of a run's record.
    digest : str
        Hash of the weights that made the vectors.
    cosines : numpy.ndarray, shape (n_pairs,), float32
        Similarities of random pairs of tracks, the same pairs in each representation.
    scale : numpy.ndarray, shape (2, d), float32
        Mean and deviation by which the encoder's output was standardised; shape (2, 0) for a run.
    """

    vectors: np.ndarray
    source: str
    digest: str
    cosines: np.ndarray
    scale: np.ndarray


@dataclass(frozen=True, eq=False)
class Collection:
    """The tracks of a music folder; row i is the same track in all tables and arrays.

    Attributes
    ----------
    folder : Path
        Holds ``collection.sqlite`` and the vectors.
    music : Path
        The folder that was indexed.
    tracks : pandas.DataFrame
        ``path``, relative to ``music``; ``content``, a hash; ``artist``, ``album``, ``title`` and
        ``tags`` as embedded in the file, ``|`` between tags; ``heard``, tags that musicnn predicts;
        ``seconds``; and ``artist_code``, ``album_code`` and ``recording``, equal for tracks of one
        artist, of one album, and for copies of one recording.
    failures : pandas.DataFrame
        ``path`` and ``reason`` of each file that could not be used.
    representations : mapping of str to Representation
        By name; the first one is the sound.
    """

    folder: Path
    music: Path
    tracks: pd.DataFrame
    failures: pd.DataFrame
    representations: Mapping[str, Representation]

    def __len__(self) -> int:
        return len(self.tracks)

    def report(self) -> str:
        """Report how many tracks there are, and which files could not be used and why."""
        names = ", ".join(self.representations)
        lines = [f"{len(self)} tracks, by {names}; the index is in {self.folder}"]
        copies = len(self) - self.tracks["recording"].nunique()
        if copies:
            lines.append(f"{copies} are copies of another track; a search lists one of them")
        for reason, of_reason in self.failures.groupby("reason", sort=False)["path"]:
            lines.append(
                f"{len(of_reason)} could not be used, such as {of_reason.iloc[0]}: {reason}"
            )
        return "\n".join(lines)


def default_folder(music: Path) -> Path:
    """Return where the collection of a music folder is kept unless another place is named."""
    digest = hashlib.sha256(str(music.resolve()).encode()).hexdigest()[:8]
    return Path(platformdirs.user_data_dir("tagspace")) / f"{file_name(music.name)}-{digest}"


def find(place: Path) -> Path:
    """Return the folder of a collection, given itself or its music folder.

    Raises
    ------
    TagspaceError
        If there is no collection.
    """
    for folder in (place, default_folder(place)):
        if (folder / DATABASE).is_file():
            return folder
    raise TagspaceError(
        f"collection: {place} is not indexed; run: tagspace index {place}; if you indexed it with "
        "--out, give that folder"
    )


def load(place: Path) -> Collection:
    """Open a collection; its vectors stay on the disk until they are used.

    Parameters
    ----------
    place : Path
        The folder of the collection, or the music folder.

    Raises
    ------
    TagspaceError
        If there is no collection, or it is damaged or of another version.
    """
    folder = find(place.expanduser().absolute())
    try:
        with closing(sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True)) as base:
            ((version, music),) = base.execute("SELECT version, music FROM about").fetchall()
            if version != VERSION:
                raise ValueError(f"its tables are of version {version}, not {VERSION}")  # noqa: TRY301
            tracks, failures, stored = (
                pd.read_sql(f"SELECT * FROM {name}", base)  # constants
                for name in ("tracks", "failures", "representations")
            )
        representations = {
            row.name: Representation(
                _map(folder / row.file, len(tracks)),
                row.source,
                row.digest,
                np.frombuffer(row.cosines, np.float32),
                np.frombuffer(row.scale, np.float32).reshape(2, -1),
            )
            for row in stored.itertuples(index=False)
        }
        tracks = tracks[COLUMNS]
    except (sqlite3.Error, pd.errors.DatabaseError, OSError, ValueError, LookupError) as error:
        raise TagspaceError(
            f"collection: {folder} is damaged ({error}); remove it and index the music again"
        ) from error
    return Collection(folder, folder / music, tracks, failures, representations)


def _map(file: Path, n_tracks: int) -> np.ndarray:
    size = file.stat().st_size
    if not n_tracks or size % (4 * n_tracks):
        raise ValueError(f"{file.name} was cut")
    return np.memmap(file, np.float32, mode="r", shape=(n_tracks, size // (4 * n_tracks)))


def save(
    folder: Path,
    music: Path,
    tracks: pd.DataFrame,
    failures: pd.DataFrame,
    representations: Mapping[str, Representation],
) -> Collection:
    """Write a collection in the place of an older one; see :class:`Collection`.

    The path of the music may be relative to the folder.
    """
    rows = []
    for name, one in representations.items():
        # The name of the file depends on its content: an old database finds its old file.
        array = np.ascontiguousarray(one.vectors, np.float32)
        file = f"{name}-{hashlib.sha256(array.data).hexdigest()[:12]}.f32"
        write_whole(folder / file, partial(_write, array=array))
        blobs = one.cosines.astype(np.float32).tobytes(), one.scale.astype(np.float32).tobytes()
        rows.append((name, file, one.source, one.digest, *blobs))
    columns = ["name", "file", "source", "digest", "cosines", "scale"]
    tables = {
        "tracks": tracks[COLUMNS],
        "failures": failures[["path", "reason"]],
        "representations": pd.DataFrame(rows, columns=columns),
        "about": pd.DataFrame({"version": [VERSION], "music": [str(music)]}),
    }
    write_whole(folder / DATABASE, partial(_write_tables, tables=tables))
    for old in folder.glob("*.f32"):
        if old.name not in {row[1] for row in rows}:
            old.unlink()
    return load(folder)


def random_pairs(n_tracks: int) -> np.ndarray:
    """Draw pairs of different tracks, always the same ones, or take all if these are fewer.

    Returns
    -------
    numpy.ndarray of int, shape (n_pairs, 2)
        Rows.
    """
    if n_tracks * (n_tracks - 1) // 2 <= N_PAIRS:
        return np.argwhere(np.triu(np.ones((n_tracks, n_tracks), dtype=bool), 1))
    generator = np.random.default_rng(0)
    first = generator.integers(n_tracks, size=N_PAIRS)
    return np.c_[first, (first + generator.integers(1, n_tracks, N_PAIRS)) % n_tracks]


def _write(path: Path, array: np.ndarray) -> None:
    path.write_bytes(array.data)


def _write_tables(path: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as base, base:
        for name, table in tables.items():
            table.to_sql(name, base, index=False)
