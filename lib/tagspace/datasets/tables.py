"""Read text tables; every error names the file, and the line if one line is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from tagspace.errors import TagspaceError
from tagspace.support.files import open_regular

NUL = "\0"
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "|"}


def read_lines(file: Path) -> Iterator[str]:
    """Yield the lines of a UTF-8 file, without its byte order mark.

    Raises
    ------
    TagspaceError
        If the file cannot be opened, or a line is not UTF-8.
    """
    try:
        stream = open_regular(file)
    except TagspaceError as error:
        raise TagspaceError(f"dataset: {error}") from error
    with stream:
        for number, line in enumerate(stream, start=1):
            try:
                text = line.decode().removeprefix("\ufeff")
            except UnicodeDecodeError:
                text = NUL
            if NUL in text:  # UTF-16 is full of them
                raise TagspaceError(
                    f"dataset: {file}, line {number} is not UTF-8 text; save the file as UTF-8"
                )
            yield text


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
        raise TagspaceError(
            f"dataset: {file}, line {line}: {error}; check its quotes and line ends"
        ) from error


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
    return index_by(file, key, read_fields(file, [key, *required], delimiter))


def index_by(file: Path, key: str, table: pd.DataFrame) -> pd.DataFrame:
    """Replace the line numbers of a table by its ids; see :func:`read_table`."""
    ids = table[key].str.strip()
    check_ids(file, ids)
    return table.set_index(ids).rename_axis("track_id")


def read_fields(file: Path, required: list[str], delimiter: str = ",") -> pd.DataFrame:
    """Read all columns of a delimited text file with a header, as strings.

    Returns
    -------
    pandas.DataFrame
        Indexed by the number of a row's first line.

    Raises
    ------
    TagspaceError
        If a column is missing or repeated, or the number of fields in a row differs from the
        header.
    """
    rows = read_rows(file, delimiter)
    _, first_row = next(rows, (1, []))
    header = [name.strip() for name in first_row]
    _check_header(file, header, required, delimiter)
    body = dict(rows)
    for line, row in body.items():
        check_width(file, line, row, len(header))
    return pd.DataFrame.from_dict(body, orient="index", columns=header, dtype=str)


def _check_header(file: Path, header: list[str], required: Iterable[str], delimiter: str) -> None:
    missing = [name for name in required if name not in header]
    if missing:
        found = shortened(", ".join(header)) or "nothing"
        advice = ""
        if len(header) == 1 and any(other in header[0] for other in DELIMITERS):
            advice = f"; separate its fields by {DELIMITERS[delimiter]}"
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)}; its first line contains "
            f"{found}{advice}"
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
            f"dataset: {file}, line {line}: expected {width} fields, found {len(row)}; put quotes "
            "around a field with a separator in it"
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
            f"dataset: {file}, line {lines[0]}: {ids.name} {shortened(repeated)!r} is already used "
            f"in line {first}; each row needs its own id"
        )


def shortened(text: str) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= 60 else f"{text[:60]}..."
