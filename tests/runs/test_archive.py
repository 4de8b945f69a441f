"""Archives keep the figures of many runs in two small files."""

import pandas as pd
import pytest

from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs import archive


@pytest.fixture
def two_folds():
    """The figures of one experiment in two folds; one figure is missing."""
    figures = ("trained", "graded", "none", "moods", "ndcg", 10)
    values = [(1 / 3, 0.25, 0.5, 0.125, None, 40), (0.75, 0.5, 0.875, 0.125, 1.0, 39)]
    rows = [
        (f"merge-{fold}", "c0ffee", "merge", "f1", "moods", 12, 1e-3, fold, *figures, *values[fold])
        for fold in (0, 1)
    ]
    about = ["run", "commit", "dataset", "fingerprint"]
    about += ["tagsets", "topics", "learning_rate", "fold"]
    return pd.DataFrame(rows, columns=[*about, *COLUMNS])


def test_load_returns_what_was_saved_with_figures_rounded_to_four_digits(two_folds, tmp_path):
    archive.save(two_folds, tmp_path / "new" / "folder")
    loaded = archive.load(tmp_path / "new" / "folder")
    added = {"results_version", *EXPERIMENT_PARAMETERS}
    assert set(loaded.columns) == {*two_folds.columns, *added}
    pd.testing.assert_frame_equal(loaded[two_folds.columns], two_folds, rtol=5e-4)
    assert loaded["value"].tolist() == [0.3333, 0.75]


def test_load_sets_parameters_of_later_versions_to_their_defaults(two_folds, tmp_path):
    archive.save(two_folds, tmp_path)
    loaded = archive.load(tmp_path)
    assert set(loaded["margin"]) == {Configuration().margin}
    assert set(loaded["results_version"]) == {0}  # from before there was a version


def test_runs_of_several_versions_are_refused_in_one_line(two_folds, tmp_path):
    archive.save(two_folds.assign(results_version=[1, 2]), tmp_path)
    with pytest.raises(TagspaceError, match=r"^runs: .* results versions 1, 2, which .*$"):
        archive.load(tmp_path)


def test_save_writes_the_parameters_of_each_run_once(two_folds, tmp_path):
    two_tasks = pd.concat([two_folds, two_folds.assign(task="themes")])
    archive.save(two_tasks, tmp_path)
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs.to_dict("records") == [
        {
            "run": f"merge-{fold}",
            "commit": "c0ffee",
            "dataset": "merge",
            "fingerprint": "f1",
            "tagsets": "moods",
            "topics": 12,
            "learning_rate": 0.001,
            "fold": fold,
        }
        for fold in (0, 1)
    ]
    metrics = pd.read_csv(tmp_path / archive.METRICS)
    assert metrics.columns.tolist() == ["run", *COLUMNS]
    assert len(metrics) == 4


def test_save_does_not_round_parameters(two_folds, tmp_path):
    archive.save(two_folds.assign(learning_rate=1.23456e-4), tmp_path)
    assert set(archive.load(tmp_path)["learning_rate"]) == {1.23456e-4}


def test_run_in_two_variants_is_saved_once_and_loaded_for_both(two_folds, tmp_path):
    named = pd.concat([two_folds.assign(variant=name) for name in ("LSI", "default")])
    archive.save(named, tmp_path)
    assert len(pd.read_csv(tmp_path / archive.METRICS)) == len(two_folds)
    loaded = archive.load(tmp_path)
    assert loaded.groupby(["variant", "run"]).size().tolist() == [1, 1, 1, 1]


def test_save_keeps_baselines_of_the_first_variant_only(two_folds, tmp_path):
    both = pd.concat([two_folds, two_folds.assign(representation="timbre")], ignore_index=True)
    named = [both.assign(variant=name, run=both["run"] + name) for name in ("LSI", "LDA")]
    archive.save(pd.concat(named), tmp_path)
    kept = archive.load(tmp_path).groupby(["variant", "representation"]).size().to_dict()
    assert kept == {("LSI", "trained"): 2, ("LSI", "timbre"): 2, ("LDA", "trained"): 2}


def test_single_run_can_be_archived(two_folds, tmp_path):
    archive.save(two_folds.head(1), tmp_path)
    assert archive.load(tmp_path)["run"].tolist() == ["merge-0"]


def test_texts_that_look_like_numbers_or_missing_values_remain_texts(two_folds, tmp_path):
    variants = ["", "None", "007"]
    parts = [two_folds.assign(variant=name, fingerprint="12345678901234e5") for name in variants]
    other = two_folds.assign(run="demo-0", dataset="demo", variant="")
    archive.save(pd.concat([*parts, other]), tmp_path)
    loaded = archive.load(tmp_path, "merge")
    assert loaded["variant"].unique().tolist() == variants
    assert set(loaded["fingerprint"]) == {"12345678901234e5"}


def test_name_of_a_data_set_is_not_mistaken_for_a_folder(two_folds, tmp_path, monkeypatch):
    archive.save(two_folds, tmp_path / "archive")
    (tmp_path / "merge").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(archive.load("archive", "merge")) == len(two_folds)


def test_data_set_may_be_chosen_by_its_path(two_folds, tmp_path, manifest):
    other = two_folds.assign(run="mine-0", dataset=manifest.name, fingerprint="f2")
    archive.save(pd.concat([two_folds, other]), tmp_path)
    assert set(archive.load(tmp_path, str(manifest))["dataset"]) == {manifest.name}


def test_folder_without_figures_is_refused(tmp_path):
    with pytest.raises(TagspaceError, match=r"^runs: .* has no runs; accepted: .* tagspace keep$"):
        archive.load(tmp_path)


def test_runs_on_several_data_sets_are_loaded_only_one_data_set_at_a_time(two_folds, tmp_path):
    other = two_folds.assign(run="demo-0", dataset="demo", fingerprint="f2")
    archive.save(pd.concat([two_folds, other]), tmp_path)
    with pytest.raises(TagspaceError, match=r"^runs: .* several data sets .*\(merge, demo\).*$"):
        archive.load(tmp_path)
    assert set(archive.load(tmp_path, "demo")["dataset"]) == {"demo"}
    message = r"^dataset: .* has no run on fma; it has runs on merge, demo$"
    with pytest.raises(TagspaceError, match=message):
        archive.load(tmp_path, "fma")
