"""Read MTG-Jamendo: full songs, tagged by their artists (Bogdanov et al. 2019).

Annotations: https://github.com/MTG/mtg-jamendo-dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import pandas as pd

from tagspace.datasets import download
from tagspace.datasets.base import Dataset, Release, build
from tagspace.datasets.files import audio_by_stem, first_file, require_file
from tagspace.datasets.tables import read_rows
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="MTG-Jamendo",
    version="the repository's master branch",
    page="https://mtg.github.io/mtg-jamendo-dataset",
    licence="annotations CC BY-NC-SA 4.0; audio Creative Commons, a separate licence per track",
    citation="Bogdanov et al. 2019, The MTG-Jamendo dataset for automatic music tagging",
    tagsets=("genres", "instruments", "moods"),
    audio="full songs of tracks with a mood or theme: 100 shards of 0.46 GB, each of 160 to 210",
    tracks=55_525,
    artists=3_565,
    albums=11_256,
    hours=3_764,
)
REPOSITORY = "https://raw.githubusercontent.com/MTG/mtg-jamendo-dataset/master/data"
AUDIO = "https://cdn.freesound.org/mtg-jamendo/autotagging_moodtheme/audio-low"
SHARD = "autotagging_moodtheme_audio-low-{:02d}.tar"
N_SHARDS, N_SPLITS = 100, 5

# Files that contain all tag sets come first.
FILES = (
    "autotagging.tsv",
    "raw_30s.tsv",
    "autotagging_moodtheme.tsv",
    "autotagging_genre.tsv",
    "autotagging_instrument.tsv",
)
HEADER = ["TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS"]
TAGSETS = {"genre": "genres", "instrument": "instruments", "mood/theme": "moods"}


def find(folder: Path) -> Path | None:
    """Return the path of the most complete annotations, or None if there are none."""
    return first_file(folder, FILES)


def fetch(folder: Path, shards: str) -> None:
    """Download the annotations and the given shards of audio, unless they exist.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files are stored.
    shards : str
        Numbers from 0 to 99, for example ``0-4,17``; empty for no audio.

    Raises
    ------
    TagspaceError
        If ``shards`` is not of this form, or the download fails.
    """
    names = [SHARD.format(number) for number in _shard_numbers(shards)]
    if find(folder) is None:
        annotations = [download.Remote(f"{REPOSITORY}/{FILES[0]}", FILES[0])]
        download.fetch(RELEASE, annotations, folder)
    audio = [download.Remote(f"{AUDIO}/{name}", name) for name in names]
    if download.missing(audio, folder):
        checksums = _checksums()
        unknown = [name for name in names if name not in checksums]
        if unknown:
            raise TagspaceError(
                f"dataset: {REPOSITORY} lists no checksum of {unknown[0]}; see {RELEASE.page}"
            )
        audio = [replace(file, checksum=checksums[file.name]) for file in audio]
        download.fetch(RELEASE, audio, folder)


def _shard_numbers(shards: str) -> list[int]:
    numbers: set[int] = set()
    for part in shards.split(","):
        if not part.strip():
            continue
        bounds = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", part.strip())
        chosen = range(int(bounds[1]), int(bounds[2] or bounds[1]) + 1) if bounds else ()
        if not chosen:
            raise TagspaceError(
                f"shards: {shards!r} is not accepted; accepted: numbers from 0 to {N_SHARDS - 1}, "
                "such as 0-4 or 0,7,20-29"
            )
        numbers.update(chosen)
    return sorted(numbers)


def _checksums() -> dict[str, str]:
    """Download the list of checksums and return them by the name of the shard."""
    url = f"{REPOSITORY}/download/autotagging_moodtheme_audio-low_sha256_tars.txt"
    lines = [line.split() for line in download.get(url).text.splitlines()]
    return {line[1]: f"sha256:{line[0]}" for line in lines if len(line) == 2}


def read(folder: Path) -> Dataset:
    """Read the annotations and find the audio files.

    Parameters
    ----------
    folder : pathlib.Path
        The repository or its folder ``data``. Audio files may be at any depth. Their names are as
        published: ``48/948.mp3``, or ``48/948.low.mp3`` for the low-quality version.

    Returns
    -------
    Dataset
        Tag sets ``genres``, ``instruments`` and ``moods`` (``mood/theme`` in the annotations). Sets
        without tags are omitted. Artists and albums are ids, titles are empty. The published splits
        of the files ``autotagging*.tsv`` are called ``split-0`` to ``split-4``; a split that is
        missing is downloaded into ``splits/`` beside the annotations when it is used.

    Raises
    ------
    TagspaceError
        If there are no annotations, or the format of a line is wrong.
    """
    file = require_file(folder, FILES)
    rows = list(_rows(file))
    audio = audio_by_stem(folder)
    tracks = (
        (track_id, artist, (album,) if album else (), "", _audio_path(path, audio))
        for _, (track_id, artist, album, path, *_) in rows
    )
    tags = [tag for line, row in rows for tag in _tags(file, line, row)]
    used = {tagset for _, tagset, _ in tags}
    tagsets = tuple(name for name in TAGSETS.values() if name in used)
    has_splits = file.stem.startswith("autotagging")
    splits = {f"split-{n}": partial(_parts, file, f"split-{n}") for n in range(N_SPLITS)}
    splits = splits if has_splits else {}
    return replace(build("jamendo", tracks, tags, tagsets), splits=splits)


def _parts(annotations: Path, split: str) -> pd.Series:
    """Read the part of each track in a published split, after downloading what is missing."""
    names = {
        part: f"splits/{split}/{annotations.stem}-{part}.tsv"
        for part in ("train", "validation", "test")
    }
    remotes = [download.Remote(f"{REPOSITORY}/{name}", name) for name in names.values()]
    download.fetch(RELEASE, remotes, annotations.parent)
    return pd.Series(
        {
            row[0]: part
            for part, name in names.items()
            for _, row in _rows(annotations.parent / name)
        }
    )


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and fields of each row; check the header and the row length."""
    rows = read_rows(file, "\t", quotes=False)
    _, header = next(rows, (1, []))
    if header != HEADER:
        raise TagspaceError(f"dataset: {file}, line 1: expected the columns {' '.join(HEADER)}")
    for line, row in rows:
        if len(row) < len(HEADER) or not row[0]:
            raise TagspaceError(
                f"dataset: {file}, line {line}: expected a track id and at least {len(HEADER)} "
                f"fields, found {len(row)}"
            )
        yield line, row


def _tags(file: Path, line: int, row: list[str]) -> Iterator[tuple[str, str, str]]:
    """Split each field of tags (the sixth and all later ones) into tag set and tag."""
    for field in filter(str.strip, row[len(HEADER) - 1 :]):
        prefix, separator, tag = (part.strip() for part in field.partition("---"))
        if not separator or prefix not in TAGSETS:
            raise TagspaceError(
                f"dataset: {file}, line {line}: tag {field!r} has no known tag set; "
                f"accepted: {', '.join(f'{known}---...' for known in TAGSETS)}"
            )
        if tag:
            yield row[0], TAGSETS[prefix], tag


def _audio_path(path: str, audio: dict[str, str]) -> str:
    number = PurePosixPath(path).stem
    return audio.get(number) or audio.get(f"{number}.low", "")
