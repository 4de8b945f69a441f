import pandas as pd
import pytest

from compendium import measured
from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.errors import TagspaceError
from tagspace.evaluation.retrieval import COLUMNS
from tagspace.runs import archive


@pytest.fixture
def gathered():
    """Two folds of one experiment."""
    figures = ("trained", "graded", "none", "moods", "ndcg", 10)
    values = [(1 / 3, 0.25, 0.5, 0.125, None, 40), (0.75, 0.5, 0.875, 0.125, 1.0, 39)]
    rows = [
        (f"merge-{fold}", "c0ffee", "merge", "f1", "moods", 12, 1e-3, fold, *figures, *values[fold])
        for fold in (0, 1)
    ]
    about = [
        "run",
        "commit",
        "dataset",
        "fingerprint",
        "tagsets",
        "topics",
        "learning_rate",
        "fold",
    ]
    return pd.DataFrame(rows, columns=[*about, *COLUMNS])


def test_what_was_saved_is_loaded_to_four_digits(gathered, tmp_path):
    archive.save(gathered, tmp_path / "new" / "folder")
    loaded = measured.load(tmp_path / "new" / "folder")
    assert set(loaded.columns) == {*gathered.columns, *EXPERIMENT_PARAMETERS}
    assert set(loaded["margin"]) == {Configuration().margin}  # as runs had it before it was there
    pd.testing.assert_frame_equal(loaded[gathered.columns], gathered, rtol=5e-4)
    assert loaded["value"].tolist() == [0.3333, 0.75]


def test_what_is_known_of_a_run_is_written_once(gathered, tmp_path):
    both = pd.concat([gathered, gathered.assign(task="themes")])
    archive.save(both, tmp_path)
    told = pd.read_csv(tmp_path / "runs.csv")
    assert told.to_dict("records") == [
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
    metrics = pd.read_csv(tmp_path / "metrics.csv")
    assert metrics.columns.tolist() == ["run", *COLUMNS]
    assert len(metrics) == 4


def test_a_run_of_several_variants_has_its_figures_once_and_is_loaded_for_each(gathered, tmp_path):
    named = pd.concat([gathered.assign(variant=name) for name in ("LSI", "as usual")])
    archive.save(named, tmp_path)
    assert len(pd.read_csv(tmp_path / "metrics.csv")) == len(gathered)
    loaded = measured.load(tmp_path)
    assert loaded.groupby(["variant", "run"]).size().tolist() == [1, 1, 1, 1]


def test_parameters_are_not_rounded(gathered, tmp_path):
    archive.save(gathered.assign(learning_rate=1.23456e-4), tmp_path)
    assert set(measured.load(tmp_path)["learning_rate"]) == {1.23456e-4}


def test_a_single_run_keeps_its_name(gathered, tmp_path):
    archive.save(gathered.head(1), tmp_path)
    assert measured.load(tmp_path)["run"].tolist() == ["merge-0"]


def test_what_was_not_trained_is_kept_of_the_first_variant(gathered, tmp_path):
    both = pd.concat([gathered, gathered.assign(representation="timbre")], ignore_index=True)
    named = [both.assign(variant=name, run=both["run"] + name) for name in ("LSI", "LDA")]
    archive.save(pd.concat(named), tmp_path)
    loaded = measured.load(tmp_path)
    kept = loaded.groupby(["variant", "representation"]).size().to_dict()
    assert kept == {("LSI", "trained"): 2, ("LSI", "timbre"): 2, ("LDA", "trained"): 2}


def test_what_looks_like_a_number_or_nothing_stays_a_text(gathered, tmp_path):
    names = ["", "None", "007"]
    parts = [gathered.assign(variant=name, fingerprint="12345678901234e5") for name in names]
    other = gathered.assign(run="demo-0", dataset="demo", variant="")
    archive.save(pd.concat([*parts, other]), tmp_path)
    loaded = measured.load(tmp_path, "merge")
    assert loaded["variant"].unique().tolist() == names
    assert set(loaded["fingerprint"]) == {"12345678901234e5"}


def test_a_name_is_a_name_whatever_lies_here(gathered, tmp_path, monkeypatch):
    archive.save(gathered, tmp_path / "kept")
    (tmp_path / "merge").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(measured.load("kept", "merge")) == len(gathered)


def test_a_folder_without_figures_is_told(tmp_path):
    with pytest.raises(TagspaceError, match=r"^runs: .* is not accepted; .* tagspace keep$"):
        measured.load(tmp_path)


def test_runs_on_several_data_sets_are_not_averaged(gathered, tmp_path):
    other = gathered.assign(run="demo-0", dataset="demo", fingerprint="f2")
    archive.save(pd.concat([gathered, other]), tmp_path)
    with pytest.raises(TagspaceError, match=r"^runs: .* several data sets .*\(merge, demo\).*$"):
        measured.load(tmp_path)
    assert set(measured.load(tmp_path, "demo")["dataset"]) == {"demo"}
    with pytest.raises(TagspaceError, match=r"^dataset: .* has no run on fma, but on merge, demo$"):
        measured.load(tmp_path, "fma")


def test_a_data_set_may_be_named_by_its_place(gathered, tmp_path, manifest):
    other = gathered.assign(run="manifest-0", dataset="manifest", fingerprint="f2")
    archive.save(pd.concat([gathered, other]), tmp_path)
    assert set(measured.load(tmp_path, str(manifest))["dataset"]) == {"manifest"}
