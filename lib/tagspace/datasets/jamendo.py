"""MTG-Jamendo: full songs with tags by their artists (Bogdanov et al. 2019).

Annotations: https://github.com/MTG/mtg-jamendo-dataset.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tagspace.datasets.base import Dataset, build
from tagspace.datasets.files import audio_files, first_file, require_file
from tagspace.datasets.tables import read_rows
from tagspace.errors import TagspaceError

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
    tracks = ((row[0], row[1], (row[2],), "", _audio_path(row[3], audio)) for _, row in rows)
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
