"""The Million Song Dataset with the AllMusic tag sets: the paper's own data.

Tag sets: https://github.com/tuwien-musicir/msd, folder
``ground_truth_assignments/AMG_Multilabel_tagsets``. Artists, albums and titles come from the
Million Song Dataset's ``track_metadata.db`` (or, without albums, ``unique_tracks.txt``).
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pandas as pd

from tagspace.datasets.base import Dataset, Release, from_frames
from tagspace.datasets.files import first_file, require_file
from tagspace.datasets.songs import describe
from tagspace.datasets.tables import check_ids, check_width, read_rows, tag_rows
from tagspace.errors import TagspaceError

TAGSETS = ("genres", "styles", "moods", "themes")
RELEASE = Release(
    title="Million Song Dataset with the AllMusic tag sets",
    version="AMG_Multilabel_tagsets",
    page="https://github.com/tuwien-musicir/msd",
    licence="for research; the audio previews of 7digital are no longer given out",
    citation="Bertin-Mahieux et al. 2011, The Million Song Dataset; Schindler and Knees 2019",
    tagsets=TAGSETS,
    audio="none that can be fetched; previews that you hold are found",
    tracks=143_587,  # with a tag in every set and audio (Table I)
    albums=19_107,
)
ALL_CSV, ALL_HDF = "msd_amglabels_all.csv", "msd_amglabels_all.h5"
SET_FILES = {f"msd_amglabels_{tagset}.csv": tagset for tagset in TAGSETS}
FILES = (ALL_CSV, *SET_FILES, ALL_HDF)

TRACK_ID = re.compile(r"TR[A-Z]{5}[0-9A-F]{11}")
# A tag with an apostrophe was written as `"[""Childrens"", Pop/Rock"`.
DEBRIS = ' []"\t\r\n'


def find(folder: Path) -> Path | None:
    """Find the tags: one CSV of all sets, one CSV per set, or the HDF file."""
    return first_file(folder, FILES)


def read(folder: Path) -> Dataset:
    """Read the tags, and beside them whatever is known of artists, albums and audio.

    Parameters
    ----------
    folder : pathlib.Path
        Holds, at most two folders down, the tags and possibly ``track_metadata.db``,
        ``unique_tracks.txt`` and ``msd_audio.csv`` (columns ``track_id,path``, paths relative to
        it). Without the last, audio is what lies below the folder as ``<track id>.mp3``.

    Returns
    -------
    Dataset
        ``artist`` is the artist's id, or the name where only ``unique_tracks.txt`` is there. An
        album is named by its artist and release, as the data set has no ids of albums.

    Raises
    ------
    TagspaceError
        If there are no tags, or a file is not as expected.

    Notes
    -----
    The HDF file, read where there is no CSV, holds pickled objects, and unpickling can run any
    code: use it only if it comes from a source you trust. It spells ``Children's`` where the CSV
    has ``Childrens``.
    """
    cells = _cells(require_file(folder, FILES))
    tags = tag_rows(cells, ",", DEBRIS)
    return from_frames("msd", describe(cells.index, folder), tags, tuple(cells))


def write(file: Path, tags: pd.DataFrame) -> None:
    """Write tags of tracks as :func:`read` reads them.

    Parameters
    ----------
    file : pathlib.Path
        Is written anew.
    tags : pandas.DataFrame
        Indexed by track id, one column per tag set, ``|`` between tags.

    Raises
    ------
    TagspaceError
        If a tag has a character that separates tags or fields in this format.
    """
    for tagset, column in tags.items():
        broken = column[column.str.contains('[,;"]')]
        if len(broken):
            raise TagspaceError(
                f"{tagset}: {broken.iloc[0]!r} cannot be written, as tags may not have any of , ; "
                "and \" in the format of the Million Song Dataset's tag sets"
            )
    joined = tags.apply(lambda column: column.str.replace("|", ", "))
    joined.to_csv(file, sep=";", header=False, encoding="utf-8")


def _cells(file: Path) -> pd.DataFrame:
    """Read cells of tags, indexed by track id, one column per tag set."""
    if file.name == ALL_HDF:
        return _read_hdf(file)
    if file.name == ALL_CSV:
        return _read_csv(file, TAGSETS)
    single = {file.with_name(name): tagset for name, tagset in SET_FILES.items()}
    tables = [_read_csv(path, (tagset,)) for path, tagset in single.items() if path.is_file()]
    return pd.concat(tables, axis="columns").fillna("").rename_axis("track_id")


def _read_csv(file: Path, tagsets: tuple[str, ...]) -> pd.DataFrame:
    """Read a tag file with or without a header."""
    columns, body = list(tagsets), {}
    for line, row in read_rows(file, ";"):
        check_width(file, line, row, 1 + len(tagsets))
        if TRACK_ID.fullmatch(row[0]):
            body[line] = row
        else:
            columns = _header(file, line, row, tagsets)
    table = pd.DataFrame.from_dict(body, orient="index", columns=["track_id", *columns], dtype=str)
    check_ids(file, table["track_id"])
    return table.set_index("track_id")[list(tagsets)]


def _header(file: Path, line: int, row: list[str], tagsets: tuple[str, ...]) -> list[str]:
    """Take the tag sets' order from a first line that begins with no track id."""
    named = [_tagset_in(name) for name in row[1:]]
    if line == 1 and sorted(filter(None, named)) == sorted(tagsets):
        return named
    if line == 1 and not any(named):
        if len(tagsets) > 1:
            warnings.warn(
                f"{file}, line 1 is taken for a header that names no tag set; the columns are read "
                f"as {', '.join(tagsets)}",
                stacklevel=2,
            )
        return list(tagsets)
    raise TagspaceError(
        f"dataset: {file}, line {line}: {row[0]!r} is no track id (TR, 5 letters, 11 "
        f"hexadecimal digits), and a header may only be track_id;{';'.join(tagsets)}"
    )


def _tagset_in(name: str) -> str | None:
    """Recognise a tag set in a column's name: genre, Genres, AMG_genres."""
    found = [tagset for tagset in TAGSETS if tagset.removesuffix("s") in name.lower()]
    return found[0] if len(found) == 1 else None


def _read_hdf(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_hdf(file, "data")
    except ImportError as error:
        raise TagspaceError(
            f"dataset: {file} needs PyTables (pip install tables), or take {ALL_CSV} instead"
        ) from error
    except (KeyError, OSError, RuntimeError, ValueError) as error:
        raise TagspaceError(f"dataset: {file} holds no table under the key 'data'") from error
    missing = [tagset for tagset in TAGSETS if tagset not in table]
    if missing:
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)}; it has {', '.join(table)}"
        )
    broken = [track_id for track_id in table.index if not TRACK_ID.fullmatch(str(track_id))]
    if broken or not table.index.is_unique:
        raise TagspaceError(f"dataset: {file} is not indexed by track ids, each of them once")
    lists = table.rename_axis("track_id")[list(TAGSETS)]
    return lists.astype(object).fillna("").map(",".join)
