"""Cells that hold several tags."""

from pathlib import Path

import pandas as pd
import pytest

from tagspace.datasets.cells import LONGEST, check_names, check_tags, tag_rows
from tagspace.errors import TagspaceError

FILE = Path("manifest.csv")


def table(*cells):
    """Make a table with a good first line; the other cells are in lines 3 and following."""
    return pd.DataFrame({"moods": ["calm", *cells]}, index=range(2, len(cells) + 3))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("['Rock', 'Pop']", "a list as a program writes it"),
        ("[]", "a list"),
        ("['Rock' 'Pop']", "a list"),
        ('["Rock"|"Pop"]', "a list"),
        ("{'Rock': 1}", "a list"),
        ("('Rock', 'Pop')", "a list"),
        ("'Rock'|'Pop'", "a list"),
        ("nan", "a missing value as a program writes it; leave the cell empty"),
        ("calm|NaN", "a missing value"),
        ("None", "a missing value"),
        ("<NA>", "a missing value"),
        ("#N/A", "a missing value"),
        ("NULL", "a missing value"),
        ("Rock; Pop", "not one tag: it has a semicolon"),
        ("Rock\nPop", "not one tag: it has a semicolon or a control"),
        ("Ro\x07ck", "control character"),
        ("x" * (LONGEST + 1), "201 characters long; a tag has at most 200"),
    ],
)
def test_what_is_no_tag_raises_and_names_its_place(cell, expected):
    with pytest.raises(TagspaceError) as caught:
        check_tags(FILE, table(cell))
    assert str(caught.value).startswith("dataset: manifest.csv, line 3, column moods: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "cells",
    [("0", "1"), ("1.0", "0.0"), ("True", "False"), ("yes", "no"), ("x", ""), ("120.5", "98,2"),
     ("1e-5", "-3"), ("1984", "1985")],
)  # fmt: skip
def test_a_column_of_numbers_or_marks_raises(cells):
    with pytest.raises(TagspaceError, match="line 2, column moods: .* is a number or a mark"):
        check_tags(FILE, pd.DataFrame({"moods": cells}, index=[2, 3]))


@pytest.mark.parametrize(
    "cell",
    ["1980", "(Neo) Soul", "R&B / Soul", "Rock 'n' Roll", "'80s", "Nana|nano", "#1", "x" * LONGEST,
     "no wave", "N.A.", "Folk, World, & Country"],
)  # fmt: skip
def test_odd_words_are_tags(cell):
    check_tags(FILE, table(cell))


def test_commas_that_seem_to_separate_tags_warn():
    with pytest.warns(UserWarning, match="2 different cells have a comma, such as 'calm, slow'"):
        check_tags(FILE, table("calm, slow", "wild, slow"))


@pytest.mark.parametrize("cells", [("calm, slow", "wild|fast"), ("Folk, World, & Country",)])
def test_commas_within_tags_do_not_warn(cells):
    check_tags(FILE, table(*cells))


def test_separators_of_other_formats_are_no_faults():
    check_tags(FILE, table('"[""Rock, Pop"'), ",", ' []"')


@pytest.mark.parametrize("name", ["nan", " NaN ", "<NA>", "NaT"])
def test_a_name_that_stands_for_none_raises(name):
    with pytest.raises(TagspaceError, match="line 3, column moods: .* is a missing value"):
        check_names(FILE, table(name))


@pytest.mark.parametrize("name", ["Nan Goldin", "NA", "Null", "None"])
def test_odd_names_are_names(name):
    check_names(FILE, table(name))


def test_tags_are_split_and_stripped():
    cells = pd.DataFrame({"moods": ["calm| slow |", ""], "themes": ["", "rain"]}, index=["a", "b"])
    rows = tag_rows(cells, "|").itertuples(index=False, name=None)
    assert list(rows) == [("a", "moods", "calm"), ("a", "moods", "slow"), ("b", "themes", "rain")]
