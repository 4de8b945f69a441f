"""The archived measurements are complete and have the form that the book expects."""

import re

import pandas as pd
import pytest

from compendium import measured, tag_tables
from tagspace.datasets.base import build
from tagspace.errors import TagspaceError
from tagspace.runs import archive, held_out_tags
from tagspace.runs.grid import read_grid
from tagspace.runs.records import RESULTS_VERSION
from tagspace.tags import tagsets

ARCHIVES = sorted(
    file.parent.relative_to(measured.FOLDER).as_posix()
    for file in measured.FOLDER.glob("*/*/runs.csv")
)
VARIANTS = {"a": {}, "b": {"topics": 2}}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archive_of_the_book_is_loaded_by_its_name(name):
    loaded = measured.load(name)
    assert not loaded["value"].isna().any()
    pd.testing.assert_frame_equal(loaded, archive.load(measured.FOLDER / name))


def test_all_kept_runs_are_of_one_commit_and_of_this_version():
    kept = pd.concat([measured.load(name) for name in ARCHIVES])
    (commit,) = set(kept["commit"])
    assert re.fullmatch("[0-9a-f]{40}", commit)
    assert set(kept["results_version"]) == {RESULTS_VERSION}


@pytest.fixture
def kept(gathered, tmp_path, monkeypatch):
    """Runs of a page on two data sets, kept elsewhere."""
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    named = gathered.assign(variant="a", fingerprint="f1")
    for name in ("one", "two"):
        archive.save(named.assign(dataset=name), tmp_path / "page" / name)
    grid = read_grid({"dataset": "demo", "variants": VARIANTS, "seed": [0, 1]})
    (tmp_path / "page" / measured.GRID).write_text(measured.describe(grid), encoding="utf-8")
    return {"dataset": "", "variants": VARIANTS, "seed": [0, 1]}


def test_without_a_data_set_the_kept_runs_are_read(kept):
    found = measured.load_or_run("page", kept)
    assert list(found) == ["one", "two"]
    assert set(found["two"]["dataset"]) == {"two"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 0}, "seed"),
        ({"folds": 3}, "folds"),
        ({"seed": 0, "margin": 0.1}, "margin, seed"),
        ({"variants": {"a": {}}}, "variants"),
    ],
)
def test_kept_runs_are_not_shown_for_other_parameters(kept, change, told):
    with pytest.raises(TagspaceError) as caught:
        measured.load_or_run("page", {**kept, **change})
    assert str(caught.value) == (
        f"dataset: the book keeps no runs with this {told}; name a data set to make them on, such "
        "as merge"
    )


def test_a_folder_of_records_needs_the_name_of_the_data_set(kept, tmp_path):
    with pytest.raises(TagspaceError, match=r"^runs: the book keeps its own; .* name a data set$"):
        measured.load_or_run("page", {**kept, "runs": str(tmp_path)})


def test_other_folders_are_loaded_by_their_paths(tmp_path):
    real = measured.load(ARCHIVES[0])
    archive.save(real, tmp_path)
    pd.testing.assert_frame_equal(measured.load(tmp_path), real)


def test_one_of_several_data_sets_can_be_chosen(tmp_path):
    real = measured.load(ARCHIVES[0])
    other = real.assign(run=real["run"] + "-demo", dataset="demo", fingerprint="f2")
    archive.save(pd.concat([real, other]), tmp_path)
    assert set(measured.load(tmp_path, "demo")["dataset"]) == {"demo"}


def test_archived_hits_have_the_form_of_the_hits_table():
    tracks = [("a", "", (), "", ""), ("b", "", (), "", "")]
    tags = [("a", "moods", "calm"), ("b", "moods", "wild")]
    table = tag_tables.hits_table(tagsets.binary_matrix(build("x", tracks, tags, ("moods",))))
    assert measured.hits().columns.tolist() == table.columns.tolist()
    assert measured.hits().index.tolist() == ["genres", "styles", "moods", "themes"]


def test_archived_relatedness_has_the_columns_of_the_evaluation():
    table = measured.relatedness()
    assert table.columns.tolist() == [
        *("data", "learned_from"),
        *held_out_tags.COLUMNS,
        *("n_train", "n_test"),
    ]
    assert set(table["data"]) == {"jamendo", "msd"}


def test_archived_speed_names_each_encoder_once():
    speed = measured.encoder_speed()
    assert speed["encoder"].is_unique
    assert (speed["milliseconds"] > 0).all()


def test_archived_costs_have_values_and_units():
    cost = measured.cost()
    assert cost.columns.tolist() == ["stage", "what", "value", "unit", "cores", "machine"]
    assert cost["what"].is_unique
    assert (cost["value"] > 0).all()


def test_archived_loadings_have_the_form_of_the_table():
    table = measured.loadings()
    assert table.columns.tolist() == ["topic", "tagset", "tag", "loading", "tracks"]
    assert table.groupby("topic").size().tolist() == [tag_tables.TAGS_PER_TOPIC] * 3


def test_kept_runs_list_every_archive():
    table = measured.kept_runs()
    assert sorted(table["page"] + "/" + table["data"]) == ARCHIVES
    assert len(set(table["commit"])) == 1
