"""The archived measurements are complete and have the form that the book expects."""

import pandas as pd
import pytest

from compendium import measured, tag_figures
from tagspace.datasets.base import build
from tagspace.runs import archive
from tagspace.tags import tagsets

ARCHIVES = sorted(folder.parent.name for folder in measured.FOLDER.glob("*/runs.csv"))


@pytest.mark.parametrize("name", ARCHIVES)
def test_archive_of_the_book_is_loaded_by_its_name(name):
    loaded = measured.load(name)
    assert not loaded["value"].isna().any()
    pd.testing.assert_frame_equal(loaded, archive.load(measured.FOLDER / name))


def test_other_folders_are_loaded_by_their_paths(tmp_path):
    real = measured.load("real")
    archive.save(real, tmp_path)
    pd.testing.assert_frame_equal(measured.load(tmp_path), real)


def test_one_of_several_data_sets_can_be_chosen(tmp_path):
    real = measured.load("real")
    other = real.assign(run=real["run"] + "-demo", dataset="demo", fingerprint="f2")
    archive.save(pd.concat([real, other]), tmp_path)
    assert set(measured.load(tmp_path, "demo")["dataset"]) == {"demo"}


def test_archived_hits_have_the_form_of_the_hits_table():
    tracks = [("a", "", (), "", ""), ("b", "", (), "", "")]
    tags = [("a", "moods", "calm"), ("b", "moods", "wild")]
    table = tag_figures.hits_table(tagsets.binary_matrix(build("x", tracks, tags, ("moods",))))
    assert measured.hits().columns.tolist() == table.columns.tolist()
    assert measured.hits().index.tolist() == ["genres", "styles", "moods", "themes"]


def test_archived_pairs_have_the_form_of_the_pairs_table(small):
    corpus, configuration = small()
    table = tag_figures.pairs_table(corpus, {"system": configuration})
    assert measured.pairs().columns.tolist() == table.columns.tolist()


def test_archived_costs_have_values_and_units():
    cost = measured.cost()
    assert cost.columns.tolist() == ["stage", "what", "value", "unit", "cores", "machine"]
    assert cost["what"].is_unique
    assert (cost["value"] > 0).all()
