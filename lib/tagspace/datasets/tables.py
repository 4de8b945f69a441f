"""Reading tables of strings, with the line of whatever is wrong in them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.errors import TagspaceError


def read_lines(file: Path) -> Iterator[str]:
    """Read the lines of a UTF-8 file, with or without byte order mark.

    Raises
    ------
    TagspaceError
        If a line is not UTF-8.
    """
    with file.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            yield _decode(file, number, line)


def read_rows(
    file: Path, delimiter: str, quoting: int = csv.QUOTE_MINIMAL
) -> Iterator[tuple[int, list[str]]]:
    """Read delimited text row by row; blank lines are left out.

    Yields
    ------
    (int, list of str)
        Number of the row's first line, counted from 1, and its fields.

    Raises
    ------
    TagspaceError
        If the text is not UTF-8, or its quotes do not match.
    """
    reader = csv.reader(read_lines(file), delimiter=delimiter, quoting=quoting, strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise TagspaceError(f"dataset: {file}, line {line}: {error}") from error


def read_table(file: Path, key: str, required: Iterable[str], delimiter: str = ",") -> pd.DataFrame:
    """Read delimited text with a header and track ids.

    Parameters
    ----------
    file : pathlib.Path
        UTF-8 text.
    key : str
        The column of track ids.
    required : iterable of str
        Further columns that must be there; others may.
    delimiter : str
        Separates the fields.

    Returns
    -------
    pandas.DataFrame
        Every column as strings, indexed by ``track_id``.

    Raises
    ------
    TagspaceError
        If a column is missing or stands twice, a row has not as many fields as the header, or a
        track id is empty or stands twice.
    """
    table = _read_all(file, [key, *required], delimiter)
    ids = table[key].str.strip()
    check_ids(file, ids)
    return table.set_index(ids).rename_axis("track_id")


def read_columns(file: Path, wanted: list[str]) -> pd.DataFrame:
    """Read some columns of comma-separated text with a header, as strings.

    Raises
    ------
    TagspaceError
        If the file is not there, a column is missing or stands twice, or a row has not as many
        fields as the header.
    """
    if not file.is_file():
        raise TagspaceError(f"{file} is no file")
    return _read_all(file, wanted, ",").reset_index(drop=True)[wanted]


def _read_all(file: Path, required: list[str], delimiter: str) -> pd.DataFrame:
    """Read every column, indexed by line."""
    rows = read_rows(file, delimiter)
    header = [name.strip() for name in next(rows, (1, []))[1]]
    _check_header(file, header, required)
    body = dict(rows)
    for line, row in body.items():
        check_width(file, line, row, len(header))
    return pd.DataFrame.from_dict(body, orient="index", columns=header, dtype=str)


def check_width(file: Path, line: int, row: list[str], width: int) -> None:
    """Raise a :class:`TagspaceError` unless a row has ``width`` fields."""
    if len(row) != width:
        raise TagspaceError(
            f"dataset: {file}, line {line}: {len(row)} fields where {width} are expected"
        )


def check_ids(file: Path, ids: pd.Series) -> None:
    """Raise a :class:`TagspaceError` if an id, indexed by its line, is empty or stands twice."""
    empty = ids.index[ids == ""]
    if len(empty):
        raise TagspaceError(f"dataset: {file}, line {empty[0]}: {ids.name} is empty")
    lines = ids.index[ids.duplicated()]
    if len(lines):
        repeated = ids[lines[0]]
        first = ids.index[ids == repeated][0]
        raise TagspaceError(
            f"dataset: {file}, line {lines[0]}: {ids.name} {repeated!r} stands in line {first} "
            "already; each track may stand there once"
        )


def tag_rows(cells: pd.DataFrame, separators: str, debris: str | None = None) -> pd.DataFrame:
    """Bring cells that each hold several tags into one row per track, tag set and tag.

    Parameters
    ----------
    cells : pandas.DataFrame
        Strings, indexed by track id, one column per tag set.
    separators : str
        Characters that separate tags.
    debris : str, optional
        Characters to strip from both ends of a tag; by default white space. What is empty then is
        left out.

    Returns
    -------
    pandas.DataFrame
        Columns ``track_id``, ``tagset``, ``tag``.
    """
    separator = re.compile(f"[{re.escape(separators)}]")
    parts = []
    for tagset, column in cells.items():
        # Tags are given per album: far fewer distinct cells than tracks, and each is split once.
        codes, distinct = pd.factorize(column)
        lists = [_tags(separator.split(cell), debris) for cell in distinct]
        counts = np.array([len(tags) for tags in lists], dtype=int)
        ids = cells.index.repeat(counts[codes])
        tags = [tag for code in codes for tag in lists[code]]
        parts.append(pd.DataFrame({"track_id": ids, "tagset": tagset, "tag": tags}, dtype=str))
    return pd.concat(parts, ignore_index=True)


def _tags(pieces: Iterable[str], debris: str | None) -> list[str]:
    return [tag for piece in pieces if (tag := piece.strip(debris))]


def _decode(file: Path, number: int, line: bytes) -> str:
    try:
        return line.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise TagspaceError(f"dataset: {file}, line {number} is not UTF-8 text") from error


def _check_header(file: Path, header: list[str], required: Iterable[str]) -> None:
    found = ", ".join(header) or "nothing"
    missing = [name for name in required if name not in header]
    if missing:
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)}; its first line has {found}"
        )
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    if repeated:
        raise TagspaceError(f"dataset: {file} has column {repeated[0]} more than once")
