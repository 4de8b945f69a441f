"""MTG-Jamendo: full songs with tags by their artists (Bogdanov et al. 2019).

Annotations: https://github.com/MTG/mtg-jamendo-dataset.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tagspace.datasets import download
from tagspace.datasets.base import Dataset, Release, build
from tagspace.datasets.files import audio_files, first_file, require_file
from tagspace.datasets.tables import read_rows
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="MTG-Jamendo",
    version="the repository's master branch",
    page="https://mtg.github.io/mtg-jamendo-dataset",
    licence="annotations CC BY-NC-SA 4.0; audio Creative Commons, of each track its own",
    citation="Bogdanov et al. 2019, The MTG-Jamendo dataset for automatic music tagging",
    tagsets=("genres", "instruments", "moods"),
    audio="full songs with moods or themes in 100 shards of 0.46 GB, 160 to 210 tracks each",
    tracks=55_525,
    artists=3_565,
    albums=11_256,
    hours=3_764,
)
REPOSITORY = "https://raw.githubusercontent.com/MTG/mtg-jamendo-dataset/master/data"
AUDIO = "https://cdn.freesound.org/mtg-jamendo/autotagging_moodtheme/audio-low"
SHARD = "autotagging_moodtheme_audio-low-{:02d}.tar"
N_SHARDS = 100

# Those of all tag sets first.
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
    """Find the annotations, the most inclusive ones first."""
    return first_file(folder, FILES)


def fetch(folder: Path, shards: str) -> None:
    """Fetch the annotations, and shards of audio, as far as they are not there.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go.
    shards : str
        Numbers from 0 to 99 such as ``0-4,17``; empty: no audio.

    Raises
    ------
    TagspaceError
        See :func:`tagspace.datasets.download.fetch`; and if ``shards`` is not understood.
    """
    names = [SHARD.format(number) for number in _numbers(shards)]
    if find(folder) is None:
        annotations = [download.Remote(f"{REPOSITORY}/{FILES[0]}", FILES[0])]
        download.fetch(RELEASE, annotations, folder)
    audio = [download.Remote(f"{AUDIO}/{name}", name) for name in names]
    if download.missing(audio, folder):
        checksums = _checksums()
        audio = [replace(file, checksum=checksums[file.name]) for file in audio]
        download.fetch(RELEASE, audio, folder)


def _numbers(shards: str) -> list[int]:
    parts = [part.strip() for part in shards.split(",") if part.strip()]
    ranges = [re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", part) for part in parts]
    if not all(found and int(found[1]) <= int(found[2] or found[1]) for found in ranges):
        raise TagspaceError(
            f"shards: {shards!r} is not accepted; accepted: numbers from 0 to {N_SHARDS - 1}, "
            "such as 0-4 or 0,7,20-29"
        )
    bounds = [(int(found[1]), int(found[2] or found[1])) for found in ranges]
    return sorted({number for first, last in bounds for number in range(first, last + 1)})


def _checksums() -> dict[str, str]:
    """Map the names of shards to their checksums, as the repository lists them."""
    listing = f"{REPOSITORY}/download/autotagging_moodtheme_audio-low_sha256_tars.txt"
    lines = [line.split() for line in download.ask(listing).text.splitlines()]
    return {line[1]: f"sha256:{line[0]}" for line in lines if len(line) == 2}


def read(folder: Path) -> Dataset:
    """Read the annotations, and find the audio that is there.

    Parameters
    ----------
    folder : pathlib.Path
        The repository or its folder ``data``. Audio may lie anywhere below it, under its own
        names: ``48/948.mp3``, or ``48/948.low.mp3`` for the smaller files.

    Returns
    -------
    Dataset
        Tag sets ``genres``, ``instruments`` and ``moods``, as far as the annotations have them;
        the last is the data set's ``mood/theme``. Artists and albums are ids, titles are empty.

    Raises
    ------
    TagspaceError
        If there are no annotations, or a line of them is not as expected.
    """
    file = require_file(folder, FILES)
    rows = list(_rows(file))
    audio = audio_files(folder)
    tracks = (
        (track_id, artist, (album,) if album else (), "", _audio_path(path, audio))
        for _, (track_id, artist, album, path, *_) in rows
    )
    tags = [tag for line, row in rows for tag in _tags(file, line, row)]
    used = {tagset for _, tagset, _ in tags}
    return build("jamendo", tracks, tags, tuple(name for name in TAGSETS.values() if name in used))


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    rows = read_rows(file, "\t", csv.QUOTE_NONE)
    _, header = next(rows, (1, []))
    if header != HEADER:
        raise TagspaceError(f"dataset: {file}, line 1: expected the columns {' '.join(HEADER)}")
    for line, row in rows:
        if len(row) < len(HEADER) or not row[0]:
            raise TagspaceError(
                f"dataset: {file}, line {line}: expected a track id and {len(HEADER)} or more "
                f"fields, found {len(row)}"
            )
        yield line, row


def _tags(file: Path, line: int, row: list[str]) -> Iterator[tuple[str, str, str]]:
    """Split every field from the sixth on into tag set and tag."""
    for field in filter(str.strip, row[len(HEADER) - 1 :]):
        prefix, mark, tag = (part.strip() for part in field.partition("---"))
        if not mark or prefix not in TAGSETS:
            raise TagspaceError(
                f"dataset: {file}, line {line}: tag {field!r} is of no known set; "
                f"accepted: {', '.join(f'{known}---...' for known in TAGSETS)}"
            )
        if tag:
            yield row[0], TAGSETS[prefix], tag


def _audio_path(path: str, audio: dict[str, str]) -> str:
    number = PurePosixPath(path).stem
    return audio.get(number) or audio.get(f"{number}.low", "")
