"""Notebooks run on a small collection: one tag set, no albums, an unknown artist, in folds."""

import warnings

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from in_process import run_notebook

pytestmark = pytest.mark.slow
# The runs of one notebook are the input of another.
FOLDS = {"folds": 2, "fold": 1}
SHORT = {**FOLDS, "epochs": 1, "workers": 1}


@pytest.fixture
def few(manifest):
    """Forty files with a manifest of ids, paths, artists and moods only."""
    table = pd.read_csv(manifest / "manifest.csv")[["track_id", "path", "artist", "moods"]]
    table.loc[3, "artist"] = ""
    table.to_csv(manifest / "manifest.csv", index=False)
    return str(manifest)


@pytest.fixture(autouse=True)
def _quiet():
    """Close figures, and let warnings pass, as a kernel does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    plt.close("all")


@pytest.mark.parametrize(
    ("notebook", "given"),
    [("datasets", {}), ("tagsets", {}), ("topics", {}), ("audio", {}), ("triplets", FOLDS),
     ("train", {**FOLDS, "epochs": 1}), ("train", {**FOLDS, "epochs": 1, "preset": "best"}),
     ("dpnn", FOLDS)],
)  # fmt: skip
def test_a_notebook_runs(few, tmp_path, monkeypatch, notebook, given):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    runs = {"runs": str(tmp_path / "runs")} if notebook in ("train", "dpnn") else {}
    run_notebook(notebook, {"dataset": few, **given, **runs})


def test_notebooks_on_many_runs_run(few, tmp_path, monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    place = {"dataset": few, "runs": str(tmp_path / "runs")}
    sweep = run_notebook("sweep", {**place, **SHORT, "fold": [0, 1], "topics": [2, 3]})
    assert sweep["outcome"].failed.empty
    run_notebook("precision", place)
    short = {**place, **SHORT, "encoder": "dpnn", "seed": 0, "runs": str(tmp_path / "more")}
    one_way = {"topics": [2, 3], "variants": {"triplets": {}}}
    results = run_notebook("results", {**short, **one_way, "fold": [0, 1]})
    assert list(results["first"].index) == ["Most topics over fewest"]
    for notebook in ("baselines", "batches"):
        made = run_notebook(notebook, {**short, "batch_size": 16, "pool": "test"})
        (runs,) = made["gathered"].values()
        made_variants = set(runs["variant"])  # too few tracks are related for some
        assert next(iter(made["variants"])) in made_variants
        assert len(made_variants) > len(made["variants"]) / 2


def test_the_notebook_on_encoders_runs(few, tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    place = {"dataset": few, "runs": str(tmp_path / "runs")}
    made = run_notebook("encoders", {**place, **SHORT, "fold": [0, 1], "seed": 0})
    (runs,) = made["gathered"].values()
    assert {"musicnn", "trained", "untrained"} <= set(runs["representation"])
