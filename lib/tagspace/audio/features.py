"""What front ends compute from the tracks of a data set, kept on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from filelock import FileLock

from tagspace.audio import identity
from tagspace.audio.identity import Identified
from tagspace.audio.store import LOG_MEL, FrontEnd, Place, Store
from tagspace.audio.stored import Stored
from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError
from tagspace.support.files import file_name

KNOWN_FILES = "files.tsv"


@dataclass(frozen=True)
class Features:
    """Log-mel excerpts of tracks, or what another front end gives.

    Attributes
    ----------
    arrays : mapping of str to numpy.ndarray, shape (n_rows, n_excerpts, *shape)
        The values on disk, memory-mapped, by segment of the store.
    index : pandas.DataFrame
        Indexed by ``track_id``: ``content_id`` of the file, ``segment`` and ``row`` of its
        excerpts, and ``notes`` (anything unusual about the file; else empty).
    failures : pandas.DataFrame
        ``track_id``, ``path`` and ``reason`` of every file that could not be used.
    listing : Path
        The file that lists the failures.
    n_excerpts : int
        Excerpts per track.
    n_recognised : int
        Number of moved, copied or touched files that were known by their content.
    chatter : sequence of str
        What decoders wrote to the terminal.
    """

    arrays: Mapping[str, np.ndarray]
    index: pd.DataFrame
    failures: pd.DataFrame
    listing: Path
    n_excerpts: int
    n_recognised: int = 0
    chatter: Sequence[str] = ()

    def report(self) -> str:
        """Report in numbers what was taken, what is unusual, and what could not be used and why."""
        lines = [f"{len(self.index)} tracks, {self.n_excerpts} excerpts of 6 s each"]
        if self.n_recognised:
            lines.append(f"{self.n_recognised} moved or touched files were known by their content")
        notes = self.index["notes"].str.split("; ").explode()
        parts = notes[notes != ""].str.partition(": ")
        for kind, of_kind in parts.groupby(0) if len(parts) else ():
            example = f"{of_kind.index[0]}: {of_kind[2].iloc[0]}".removesuffix(": ")
            lines.append(f"{len(of_kind)} {kind}, such as {example}")
        for reason, lost in self.failures.groupby("reason", sort=False)["path"]:
            lines.append(f"{len(lost)} could not be used, such as {lost.iloc[0]}: {reason}")
        if len(self.failures):
            lines.append(f"all that could not be used are listed in {self.listing}")
        if self.chatter:
            lines.append(f"decoders gave {len(self.chatter)} warnings, such as: {self.chatter[0]}")
        return "\n".join(lines)

    @property
    def lost(self) -> float:
        """Share of the files that could not be used."""
        return len(self.failures) / max(len(self.failures) + len(self.index), 1)

    def take(self, track_ids: Iterable[str]) -> Stored:
        """Return the values of tracks, shape (n_tracks, n_excerpts, *shape), not yet read."""
        wanted = self.index.loc[list(track_ids)]
        segment = pd.Index(self.arrays).get_indexer(wanted["segment"])
        return Stored(list(self.arrays.values()), segment, wanted["row"].to_numpy())


def extract(
    dataset: Dataset, folder: Path, excerpts: int = 1, front_end: FrontEnd = LOG_MEL
) -> Features:
    """Return the features of all tracks that have audio, computing the missing ones.

    Files are known by their content: their features are not computed again if they are moved,
    renamed or touched, or belong to several data sets. An interrupted extraction continues where it
    stopped.

    Parameters
    ----------
    dataset : Dataset
        The tracks.
    folder : Path
        Folder for the features of all data sets.
    excerpts : int
        Excerpts per track; see :func:`tagspace.audio.reading.place`.
    front_end : FrontEnd
        What to compute from the excerpts; by default, log-mel spectrograms.

    Returns
    -------
    Features
        The features, and the files that failed.

    Raises
    ------
    TagspaceError
        If no track has audio that can be read.
    """
    store = Store(folder, excerpts, front_end)
    done = _complete(dataset, store, dataset.tracks["path"], part="")
    listing = store.folder / f"{_segment(dataset)}-failures.csv"
    with suppress(OSError):  # a common store may be read-only
        done.failures.to_csv(listing, index=False)
    if done.index.empty:
        first = done.failures[["path", "reason"]].head(1).to_numpy().ravel()
        reason = ": ".join(first) or "no track has a path"
        raise TagspaceError(f"dataset: {dataset.name} has no audio that can be read ({reason})")
    return Features(
        store.arrays(),
        done.index,
        done.failures,
        listing,
        excerpts,
        done.n_recognised,
        done.chatter,
    )


def extract_part(
    dataset: Dataset,
    folder: Path,
    excerpts: int,
    part: int,
    parts: int,
    front_end: FrontEnd = LOG_MEL,
) -> None:
    """Compute the features of one part of the tracks; the next :func:`extract` finds them.

    Several machines with a common disk can share the work, because each part has its own files.

    Parameters
    ----------
    dataset, folder, excerpts, front_end
        As in :func:`extract`.
    part, parts : int
        Number of this part, from 0, and number of all parts.
    """
    paths = dataset.tracks["path"].iloc[part::parts]
    _complete(dataset, Store(folder, excerpts, front_end), paths, part=f"-{part}-of-{parts}")


def free(folder: Path, made: Iterable[str], front_ends: Iterable[FrontEnd], *, delete: bool) -> str:
    """Find features that no file uses any more, delete them if asked, and say how much they are.

    Parameters
    ----------
    folder : Path
        Folder for the features of all data sets.
    made : iterable of str
        Content ids of audio that a program makes.
    front_ends : iterable of FrontEnd
        Those in use. What others computed, such as older versions, is deleted as a whole.
    delete : bool
        Whether to delete them; no other process may use the folder meanwhile.
    """
    used = identity.existing_contents(folder / KNOWN_FILES) | set(made)
    current = {
        folder / front_end.folder(n): (n, front_end)
        for n in range(1, 21)
        for front_end in front_ends
    }
    n_unused = n_all = n_bytes = 0
    for store_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        if store_folder in current:
            store = Store(folder, *current[store_folder])
            unused, rows = store.free(used, delete=delete)
            n_bytes += unused * store.row_bytes()
            n_unused, n_all = n_unused + unused, n_all + rows
        else:  # of another version of the code
            n_bytes += sum(file.stat().st_size for file in store_folder.rglob("*.f16"))
            if delete:
                shutil.rmtree(store_folder)
    verb = "were deleted" if delete else "can be deleted with --delete"
    return (
        f"{n_unused} of {n_all} rows of features, and all of older versions, are used by no file: "
        f"{n_bytes / 1e6:,.0f} MB {verb}"
    )


class _Completed(NamedTuple):
    """See :class:`Features`."""

    index: pd.DataFrame
    failures: pd.DataFrame
    n_recognised: int
    chatter: list[str]


def _complete(dataset: Dataset, store: Store, paths: pd.Series, part: str) -> _Completed:
    """Compute the features that are missing in the store."""
    if dataset.make_audio is not None:
        dataset.make_audio()
    segment = _segment(dataset) + part
    files = paths[paths != ""]
    identified = _identify(dataset.recipe, files, store.folder.parent / KNOWN_FILES)
    contents = files.map(identified.ids).dropna()
    places = store.find(set(contents))
    is_known = contents.isin(places)
    n_recognised = int((is_known & files[contents.index].isin(identified.read)).sum())
    failed: dict[str, str] = {}
    chatter: list[str] = []
    lock = FileLock(store.folder / f"{segment}.lock")
    if not is_known.all() and (reason := _refusal(lock)):
        failed = dict.fromkeys(set(contents) - set(places), reason)
    elif not is_known.all():
        with lock:
            # Another process may have computed them while this one waited.
            places |= store.find(set(contents) - set(places))
            missing = {
                content: path
                for content, path in zip(contents, files[contents.index], strict=True)
                if content not in places
            }
            identify = identified.ids.__getitem__ if dataset.recipe else identity.content_id
            try:
                computed, failed, chatter = store.compute(missing, segment, identify)
            except OSError as error:
                raise TagspaceError(
                    f"{store.folder}: cannot be written: {error.strerror}"
                ) from error
            places |= computed
    found = contents[contents.isin(places)]
    index = pd.DataFrame([places[content] for content in found], found.index, Place._fields)
    reasons = files.map(identified.reasons).combine_first(contents.map(failed))
    reasons = reasons.reindex(files.index).dropna()
    failures = pd.DataFrame({"path": files[reasons.index], "reason": reasons})
    return _Completed(
        index.assign(content_id=found),
        failures.rename_axis("track_id").reset_index(),
        n_recognised,
        chatter,
    )


def _refusal(lock: FileLock) -> str:
    """Say why a store cannot be written, if it is read-only."""
    try:
        with lock:
            return ""
    except OSError as error:
        return f"not in {Path(lock.lock_file).parent}, which cannot be written: {error.strerror}"


def _segment(dataset: Dataset) -> str:
    """Name the segment for new features; data sets can thus be computed at the same time."""
    try:
        root = os.path.commonpath([path for path in dataset.tracks["path"] if path])
    except ValueError:  # no paths, or paths on two drives
        root = ""
    return f"{file_name(dataset.name)}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"


def _identify(recipe: str, files: pd.Series, table: Path) -> Identified:
    if not recipe:
        return identity.identify(list(files), table)
    ids = {path: identity.made_id(recipe, track_id) for track_id, path in files.items()}
    return Identified(ids, {}, set())
