"""Cells that hold several tags: check them, and split them into one row per tag."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.datasets.tables import shortened
from tagspace.errors import TagspaceError

LONGEST = 200  # characters; longer text is refused
# What programs write for a missing value; compared without case.
NOTHING = {"nan", "none", "null", "na", "n/a", "#n/a", "<na>", "nat"}
# Names may be as odd as NA or Null, so only these count as missing.
NO_NAME = {"nan", "NaN", "<NA>", "NaT"}
LIST = re.compile(r"[\[{].*|.*[\]}]|\(.*\)|(['\"]).*\1", re.DOTALL)
NUMBER = re.compile(r"[-+]?\d*[.,]?\d+(e[-+]?\d+)?", re.IGNORECASE)
MARKS = {"true", "false", "yes", "no", "t", "f", "y", "n", "x"}


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
    frames = []
    for tagset, column in cells.items():
        # Tags are given per album, so many tracks have equal cells. Each distinct cell is split
        # once.
        codes, distinct = pd.factorize(column)
        tag_lists = [_tags(cell, separators, strip) for cell in distinct]
        counts = np.array([len(tags) for tags in tag_lists], dtype=int)
        ids = cells.index.repeat(counts[codes])
        tags = [tag for code in codes for tag in tag_lists[code]]
        frames.append(pd.DataFrame({"track_id": ids, "tagset": tagset, "tag": tags}, dtype=str))
    return pd.concat(frames, ignore_index=True)


def _tags(cell: str, separators: str, strip: str | None) -> list[str]:
    pieces = re.split(f"[{re.escape(separators)}]", cell)
    return [tag for piece in pieces if (tag := piece.strip(strip))]


def check_tags(
    file: Path, cells: pd.DataFrame, separators: str = "|", strip: str | None = None
) -> None:
    """Refuse lists, missing values, long or unseparated tags, and columns of only numbers.

    Warn if commas seem to separate tags.

    Parameters
    ----------
    file : pathlib.Path
        Named in errors.
    cells : pandas.DataFrame
        Strings, indexed by line number, one column per tag set.
    separators, strip
        See :func:`tag_rows`.

    Raises
    ------
    TagspaceError
        On the first such tag: one line with the line, the column, the tag and what to do.
    """
    for tagset, column in cells.items():
        distinct = column.drop_duplicates()
        tags = [(line, tag) for line, cell in distinct.items()
                for tag in _tags(cell, separators, strip)]  # fmt: skip
        for line, tag in tags:
            if fault := _fault(tag):
                raise _refused(file, line, tagset, tag, fault)
        if tags and all(NUMBER.fullmatch(tag) or tag.lower() in MARKS for _, tag in tags):
            raise _refused(
                file, *(tags[0][0], tagset, tags[0][1]),
                "a number or a mark, like every tag of this column; write words, such as the names "
                "of marked columns, or remove the column",
            )  # fmt: skip
        if separators == "|":
            _warn_about_commas(file, tagset, distinct)


def check_names(file: Path, names: pd.DataFrame) -> None:
    """Refuse names that stand for a missing value, which would join all tracks that have them.

    Parameters
    ----------
    file, names
        As in :func:`check_tags`.

    Raises
    ------
    TagspaceError
        On the first such name.
    """
    for kind, column in names.items():
        missing = column[column.str.strip().isin(NO_NAME)]
        if len(missing):
            raise _refused(file, missing.index[0], kind, missing.iloc[0], _fault("nan"))


def _fault(tag: str) -> str:
    """Return the fault of a tag and its remedy, or an empty text."""
    if tag.lower() in NOTHING:
        return "a missing value as a program writes it; leave the cell empty"
    if LIST.fullmatch(tag):
        return "a list as a program writes it; write tags without brackets and quotes, | between"
    if len(tag) > LONGEST:
        return f"{len(tag):,} characters long; a tag has at most {LONGEST}"
    if ";" in tag or any(unicodedata.category(letter) == "Cc" for letter in tag):
        return "not one tag: it has a semicolon or a control character; write | between tags"
    return ""


def _refused(file: Path, line: object, column: object, text: str, fault: str) -> TagspaceError:
    return TagspaceError(
        f"dataset: {file}, line {line}, column {column}: {shortened(text)!r} is {fault}"
    )


def _warn_about_commas(file: Path, tagset: object, cells: Iterable[str]) -> None:
    """Warn if no cell has |, some have commas, and parts between commas recur."""
    cells = list(cells)
    parts = [part.strip() for cell in cells for part in cell.split(",") if part.strip()]
    with_comma = [cell for cell in cells if "," in cell]
    if with_comma and len(parts) > len(set(parts)) and not any("|" in cell for cell in cells):
        warnings.warn(
            f"{file}, column {tagset}: no cell has | between tags, but {len(with_comma)} different "
            f"cells have a comma, such as {shortened(with_comma[0])!r}, which is read as one tag; "
            "write | if commas separate tags",
            stacklevel=4,
        )
