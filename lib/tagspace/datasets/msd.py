"""Read the Million Song Dataset with the AllMusic tag sets, the data of the paper.

Tag sets: https://github.com/tuwien-musicir/msd, folder
``ground_truth_assignments/AMG_Multilabel_tagsets``. Artists, albums and titles come from
``track_metadata.db`` of the Million Song Dataset. If it is missing, artists and titles come from
``unique_tracks.txt``.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pandas as pd

from tagspace.datasets.base import Dataset, Release, from_frames
from tagspace.datasets.cells import check_tags, tag_rows
from tagspace.datasets.files import first_file, require_file
from tagspace.datasets.songs import read_tracks
from tagspace.datasets.tables import check_ids, check_width, read_rows, shortened
from tagspace.errors import TagspaceError

TAGSETS = ("genres", "styles", "moods", "themes")
RELEASE = Release(
    title="Million Song Dataset with the AllMusic tag sets",
    version="AMG_Multilabel_tagsets",
    page="https://github.com/tuwien-musicir/msd",
    licence="for research; the audio previews of 7digital are no longer available",
    citation="Bertin-Mahieux et al. 2011, The Million Song Dataset; Schindler and Knees 2019",
    tagsets=TAGSETS,
    audio="none to download; your own copies of the previews can be used",
    tracks=143_587,  # tracks with audio and a tag in every set (Table I)
    albums=19_107,
)
ALL_CSV = "msd_amglabels_all.csv"
PICKLED = "msd_amglabels_all.h5"  # holds pickled objects, so it is never read
SET_FILES = {f"msd_amglabels_{tagset}.csv": tagset for tagset in TAGSETS}
FILES = (ALL_CSV, *SET_FILES, PICKLED)

TRACK_ID = re.compile(r"TR[A-Z]{5}[0-9A-F]{11}")
# The published CSV files contain stray characters, for example `"[""Childrens"", Pop/Rock"`.
STRAY_CHARACTERS = ' []"\t\r\n'


def find(folder: Path) -> Path | None:
    """Return the path of the tags (one CSV, or one per tag set), or None."""
    return first_file(folder, FILES)


def read(folder: Path) -> Dataset:
    """Read the tags and, if available, artists, albums, titles and audio paths.

    Parameters
    ----------
    folder : pathlib.Path
        Contains the tags, at most two levels down, and optionally ``track_metadata.db``,
        ``unique_tracks.txt`` and ``msd_audio.csv``. ``msd_audio.csv`` lists audio files in the
        columns ``track_id,path``, with paths relative to itself. Without it, audio files are found
        at any depth as ``<track id>.mp3``.

    Returns
    -------
    Dataset
        ``artist`` is the artist id, or the artist name if only ``unique_tracks.txt`` exists. An
        album is identified by artist and release, because the data set has no album ids.

    Raises
    ------
    TagspaceError
        If there are no tags, they are only in the pickled HDF file, or the format of a file is
        wrong.
    """
    cells = _cells(require_file(folder, FILES))
    tags = tag_rows(cells, ",", STRAY_CHARACTERS)
    return from_frames("msd", read_tracks(cells.index, folder), tags, tuple(cells))


def write(file: Path, tags: pd.DataFrame) -> None:
    """Write tags of tracks in the format that :func:`read` reads.

    Parameters
    ----------
    file : pathlib.Path
        Overwritten if it exists.
    tags : pandas.DataFrame
        Indexed by track id, one column per tag set, with ``|`` between tags.

    Raises
    ------
    TagspaceError
        If a tag contains a character that separates tags or fields in this format.
    """
    for tagset, column in tags.items():
        invalid = column[column.str.contains('[,;"]')]
        if len(invalid):
            raise TagspaceError(
                f"dataset: {tagset} {shortened(invalid.iloc[0])!r} cannot be written; remove , ; "
                'and " from tags, '
                "because the format of the Million Song Dataset's tag sets reserves them"
            )
    joined = tags.apply(lambda column: column.str.replace("|", ", "))
    joined.to_csv(file, sep=";", header=False, encoding="utf-8")


def _cells(file: Path) -> pd.DataFrame:
    """Read cells of tags, indexed by track id, one column per tag set."""
    if file.name == PICKLED:
        raise TagspaceError(
            f"dataset: {file} is not read, because it holds pickled objects, which can run any "
            f"code; put {ALL_CSV} beside it, from {RELEASE.page}"
        )
    if file.name == ALL_CSV:
        return _read_csv(file, TAGSETS)
    single = {file.with_name(name): tagset for name, tagset in SET_FILES.items()}
    tables = [_read_csv(path, (tagset,)) for path, tagset in single.items() if path.is_file()]
    return pd.concat(tables, axis="columns").fillna("").rename_axis("track_id")


def _read_csv(file: Path, tagsets: tuple[str, ...]) -> pd.DataFrame:
    """Read a file of tags, with or without a header."""
    columns, body = list(tagsets), {}
    for line, row in read_rows(file, ";"):
        check_width(file, line, row, 1 + len(tagsets))
        if TRACK_ID.fullmatch(row[0]):
            body[line] = row
        else:
            columns = _header(file, line, row, tagsets)
    table = pd.DataFrame.from_dict(body, orient="index", columns=["track_id", *columns], dtype=str)
    check_tags(file, table[list(tagsets)], ",", STRAY_CHARACTERS)
    check_ids(file, table["track_id"])
    return table.set_index("track_id")[list(tagsets)]


def _header(file: Path, line: int, row: list[str], tagsets: tuple[str, ...]) -> list[str]:
    """Return the order of the tag sets from a row without a track id, the header."""
    named = [tagset for name in row[1:] if (tagset := _tagset_in(name))]
    if line == 1 and sorted(named) == sorted(tagsets):
        return named
    if line == 1 and not named:
        if len(tagsets) > 1:
            warnings.warn(
                f"{file}, line 1 looks like a header but names no tag set; "
                f"the columns are assumed to be {', '.join(tagsets)}",
                stacklevel=2,
            )
        return list(tagsets)
    raise TagspaceError(
        f"dataset: {file}, line {line}: {row[0]!r} is not a track id (TR, 5 letters, 11 "
        f"hexadecimal digits); the only accepted header is track_id;{';'.join(tagsets)} in line 1"
    )


def _tagset_in(name: str) -> str | None:
    """Recognise the tag set in a column name such as genre, Genres or AMG_genres."""
    found = [tagset for tagset in TAGSETS if tagset.removesuffix("s") in name.lower()]
    return found[0] if len(found) == 1 else None
