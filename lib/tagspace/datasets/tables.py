"""Read text tables; every error names the file, and the line if one line is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.errors import TagspaceError


def read_lines(file: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, without its byte order mark.

    Raises
    ------
    TagspaceError
        If a line is not UTF-8.
    """
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield line.decode().removeprefix("\ufeff")
            except UnicodeDecodeError as error:
                raise TagspaceError(
                    f"dataset: {file}, line {number} is not UTF-8; save the file as UTF-8"
                ) from error


def read_rows(
    file: Path, delimiter: str, *, quotes: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a delimited text file; blank lines are skipped.

    Double quotes enclose fields, unless ``quotes`` is False.

    Yields
    ------
    (int, list of str)
        The number of the row's first line, counted from 1, and the row's fields.

    Raises
    ------
    TagspaceError
        If the text is not UTF-8, or a quote is not closed.
    """
    reader = csv.reader(
        read_lines(file),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        strict=True,
    )
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise TagspaceError(f"dataset: {file}, line {line}: {error}; check its quotes") from error


def read_table(file: Path, key: str, required: Iterable[str], delimiter: str = ",") -> pd.DataFrame:
    """Read a delimited text file that has a header and a column of ids.

    Parameters
    ----------
    file : pathlib.Path
        UTF-8 text.
    key : str
        Name of the column of ids.
    required : iterable of str
        Other columns that must exist. Further columns are read too.
    delimiter : str
        Character between two fields.

    Returns
    -------
    pandas.DataFrame
        All columns as strings, indexed by id. The index is named ``track_id``.

    Raises
    ------
    TagspaceError
        If a column is missing or repeated, the number of fields in a row differs from the header,
        or an id is empty or repeated.
    """
    table = _read_all(file, [key, *required], delimiter)
    ids = table[key].str.strip()
    check_ids(file, ids)
    return table.set_index(ids).rename_axis("track_id")


def read_columns(file: Path, wanted: list[str]) -> pd.DataFrame:
    """Read the given columns of a comma-separated file with a header, as strings.

    Raises
    ------
    TagspaceError
        If the file does not exist, a column is missing or repeated, or the number of fields in a
        row differs from the header.
    """
    if not file.is_file():
        raise TagspaceError(f"{file} is not a file; give a table with columns {','.join(wanted)}")
    return _read_all(file, wanted, ",").reset_index(drop=True)[wanted]


def _read_all(file: Path, required: list[str], delimiter: str) -> pd.DataFrame:
    """Read all columns, indexed by line number."""
    rows = read_rows(file, delimiter)
    _, first_row = next(rows, (1, []))
    header = [name.strip() for name in first_row]
    _check_header(file, header, required)
    body = dict(rows)
    for line, row in body.items():
        check_width(file, line, row, len(header))
    return pd.DataFrame.from_dict(body, orient="index", columns=header, dtype=str)


def _check_header(file: Path, header: list[str], required: Iterable[str]) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)}; "
            f"its first line contains {', '.join(header) or 'nothing'}"
        )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise TagspaceError(
            f"dataset: {file} has column {repeated[0]} more than once; rename or remove one"
        )


def check_width(file: Path, line: int, row: list[str], width: int) -> None:
    """Raise a :class:`TagspaceError` unless a row has ``width`` fields."""
    if len(row) != width:
        raise TagspaceError(
            f"dataset: {file}, line {line}: expected {width} fields, found {len(row)}"
        )


def check_ids(file: Path, ids: pd.Series) -> None:
    """Raise a :class:`TagspaceError` if an id is empty or repeated.

    The index of ``ids`` must be the line numbers of the file.
    """
    empty = ids.index[ids == ""]
    if len(empty):
        raise TagspaceError(
            f"dataset: {file}, line {empty[0]}: {ids.name} is empty; each row needs an id"
        )
    lines = ids.index[ids.duplicated()]
    if len(lines):
        repeated = ids[lines[0]]
        first = ids.index[ids == repeated][0]
        raise TagspaceError(
            f"dataset: {file}, line {lines[0]}: {ids.name} {repeated!r} is already used in line "
            f"{first}; each row needs its own id"
        )


def tag_rows(cells: pd.DataFrame, separators: str, strip: str | None = None) -> pd.DataFrame:
    """Split cells that contain several tags into one row per track, tag set and tag.

    Parameters
    ----------
    cells : pandas.DataFrame
        Strings, indexed by track id, one column per tag set.
    separators : str
        Characters that separate tags.
    strip : str, optional
        Characters to strip from both ends of a tag; by default white space. Tags that are then
        empty are dropped.

    Returns
    -------
    pandas.DataFrame
        Columns ``track_id``, ``tagset``, ``tag``.
    """
    separator = re.compile(f"[{re.escape(separators)}]")
    frames = []
    for tagset, column in cells.items():
        # Tags are given per album, so many tracks have equal cells. Each distinct cell is split
        # once.
        codes, distinct = pd.factorize(column)
        tag_lists = [_tags(separator.split(cell), strip) for cell in distinct]
        counts = np.array([len(tags) for tags in tag_lists], dtype=int)
        ids = cells.index.repeat(counts[codes])
        tags = [tag for code in codes for tag in tag_lists[code]]
        frames.append(pd.DataFrame({"track_id": ids, "tagset": tagset, "tag": tags}, dtype=str))
    return pd.concat(frames, ignore_index=True)


def _tags(pieces: Iterable[str], strip: str | None) -> list[str]:
    return [tag for piece in pieces if (tag := piece.strip(strip))]
