import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from tagspace.configuration import LOCATION_PARAMETERS, Configuration
from tagspace.evaluation.retrieval import COLUMNS
from tagspace.runs import records

TESTS = Path(__file__).parent
PARTS = ["embeddings.parquet", "history.csv", "metrics.csv", "run.json", "weights.safetensors"]


def content(**changes):
    """Make all that a record holds."""
    whole = {
        "run": {
            "parameters": Configuration(tagsets=["moods"], epochs=3).model_dump(),
            "tagsets": ("moods",),
            "topics": 7,
            "best_epoch": 2,
            "stopped": "all epochs are done",
            "data": {"name": "demo", "fingerprint": "ab", "tracks": {"train": 90}},
            "commit": "c0ffee",
        },
        "history": pd.DataFrame({"epoch": [1, 2, 3], "loss": [0.3, 0.2, 0.1]}),
        "metrics": pd.DataFrame(
            [("trained", "exact", "none", "moods", "precision", 10, 0.5, 0.4, 0.6, 0.1, 0.9, 20)],
            columns=COLUMNS,
        ),
        "embeddings": pd.DataFrame({"d000": [0.25, 0.5]}, index=pd.Index(["a", "b"], name="id")),
        "weights": {"one": torch.arange(6.0).reshape(2, 3).T},
    }
    return {**whole, **changes}


def test_a_record_holds_what_was_written(tmp_path):
    written = content()
    record = records.write(tmp_path / "new", "x", **written)
    assert sorted(file.name for file in record.folder.iterdir()) == PARTS
    assert record.info == json.loads(json.dumps(written["run"]))
    pd.testing.assert_frame_equal(record.history, written["history"])
    pd.testing.assert_frame_equal(record.metrics, written["metrics"])
    pd.testing.assert_frame_equal(record.embeddings, written["embeddings"])
    assert records.find(tmp_path / "new", "x") == record
    assert records.find(tmp_path / "new", "y") is None
    assert record.describe() == (
        "3 epochs on 90 tracks (lsi of moods, 7 topics)\n"
        "all epochs are done; "
        "the weights of epoch 2 were kept\n"
        "data demo, seed 0, commit c0ffee"
    )


# Each fails in another place: after no file, after three, and after four.
BROKEN = [
    {"history": None},
    {"weights": {"one": None}},
    {"run": {"stage": object()}},
]


@pytest.mark.parametrize("changes", BROKEN)
def test_a_record_that_fails_leaves_nothing(tmp_path, changes):
    with pytest.raises((AttributeError, TypeError)):
        records.write(tmp_path, "x", **content(**changes))
    assert list(tmp_path.iterdir()) == []
    assert records.find(tmp_path, "x") is None


@pytest.mark.slow
def test_a_killed_process_leaves_no_record(tmp_path):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import test_records\n"
        "class Killed(dict):\n"
        "    def items(self): os.kill(os.getpid(), 9)\n"
        "from pathlib import Path\n"
        "test_records.records.write(Path(sys.argv[2]), 'x', **test_records.content(weights=Killed(a=1)))"
    )
    process = subprocess.run([sys.executable, "-c", code, *map(str, (TESTS, tmp_path))])
    assert process.returncode == -9
    (draft,) = tmp_path.iterdir()
    assert len(list(draft.iterdir())) == 3
    assert records.find(tmp_path, "x") is None
    assert records.gather(tmp_path).empty
    records.write(tmp_path, "x", **content())
    assert len(records.gather(tmp_path)) == 1


def test_the_first_of_two_equal_runs_stays(tmp_path):
    records.write(tmp_path, "x", **content())
    before = {file.name: file.read_bytes() for file in (tmp_path / "x").iterdir()}
    record = records.write(tmp_path, "x", **content(run={"other": 1}))
    assert {file.name: file.read_bytes() for file in record.folder.iterdir()} == before
    assert [folder.name for folder in tmp_path.iterdir()] == ["x"]


def test_a_folder_that_is_no_record_is_not_passed_off_as_one(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    with pytest.raises(OSError, match="x"):
        records.write(tmp_path, "x", **content())
    assert (tmp_path / "x" / "notes.txt").read_text() == "mine"


def test_the_id_is_the_same_wherever_data_and_records_lie(small):
    corpus, configuration = small()
    first = records.run_id(configuration, corpus)
    assert first.startswith("small-moods-")
    elsewhere = {"dataset": "/music", "runs": "/records", "device": "cuda:1"}
    assert records.run_id(configuration.model_copy(update=elsewhere), corpus) == first
    assert records.run_id(*small()[::-1]) == first
    as_list = configuration.model_copy(update={"tagsets": ["moods"]})
    assert records.run_id(as_list, corpus) == first


@pytest.mark.parametrize(
    "name", sorted(set(Configuration.model_fields) - LOCATION_PARAMETERS - {"tagsets"})
)
def test_the_id_differs_for_each_other_parameter(small, name):
    corpus, configuration = small()
    value = getattr(configuration, name)
    other = {"relatedness": "overlap"}.get(name, "other") if isinstance(value, str) else value + 1
    other = configuration.model_copy(update={name: other})
    assert records.run_id(other, corpus) != records.run_id(configuration, corpus)


def test_the_id_differs_for_other_data_and_tag_sets(small):
    corpus, configuration = small()
    changes = [{}, {"name": "x"}, {"fingerprint": "x"}]
    found = {
        records.run_id(configuration, dataclasses.replace(corpus, **change)) for change in changes
    }
    found |= {
        records.run_id(configuration.model_copy(update={"tagsets": sets}), corpus)
        for sets in ("moods+themes", "all", ["themes", "moods"])
    }
    assert len(found) == 4


def test_the_id_is_a_file_name(small, tmp_path):
    corpus, configuration = small(tagsets="all")
    vocabulary = corpus.tags.vocabulary.replace({"moods": "mood/theme", "themes": "a" * 300})
    tags = dataclasses.replace(corpus.tags, vocabulary=vocabulary)
    name = records.run_id(configuration, dataclasses.replace(corpus, tags=tags))
    assert records.write(tmp_path, name, **content()).folder.parent == tmp_path


def test_records_go_into_the_project_or_where_they_are_asked_to(monkeypatch):
    assert records.runs_folder(Configuration()) == records.PROJECT / "runs"
    assert (records.PROJECT / "pyproject.toml").exists()
    monkeypatch.setenv("HOME", "/home/ann")
    assert str(records.runs_folder(Configuration(runs="~/mine"))) == "/home/ann/mine"


@pytest.mark.slow
def test_without_a_checkout_records_go_where_the_package_is_used(tmp_path):
    site, used = tmp_path / "lib" / "site-packages", tmp_path / "used"
    shutil.copytree(Path(records.__file__).parents[1], site / "tagspace")
    used.mkdir()
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); from tagspace.runs import records; "
        "print(records.__file__, records.PROJECT)"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=used, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(site / "tagspace" / "runs" / "records.py"), str(used)]


def test_a_change_of_code_gives_another_id_and_a_change_of_words_does_not(
    small, tmp_path, monkeypatch
):
    corpus, configuration = small()
    shutil.copytree(Path(records.__file__).parents[1], tmp_path / "tagspace")
    monkeypatch.setattr(records, "__file__", str(tmp_path / "tagspace" / "runs" / "records.py"))
    file = tmp_path / "tagspace" / "model" / "training.py"
    source, ids = file.read_text(encoding="utf-8"), []
    for old, new in [
        ("", ""),
        ('"""One run', '"""A run'),
        ("# to be", "# to"),
        ("10_000", "9_999"),
    ]:
        assert old in source
        file.write_text(source.replace(old, new), encoding="utf-8")
        records.code_fingerprint.cache_clear()
        ids.append(records.run_id(configuration, corpus))
    records.code_fingerprint.cache_clear()
    assert ids[0] == ids[1] == ids[2] != ids[3]


def test_gather_joins_metrics_with_run_and_parameters(tmp_path):
    records.write(tmp_path, "first", **content())
    parameters = Configuration(dataset="some/where", tagsets="all", margin=0.5).model_dump()
    run = {**content()["run"], "parameters": parameters, "tagsets": ("styles", "moods")}
    records.write(tmp_path, "second", **content(run=run))
    records.write(tmp_path, ".unfinished", **content())
    (tmp_path / "notes.txt").write_text("mine")
    table = records.gather(str(tmp_path))
    known = set(Configuration.model_fields) - {"device", "runs", "shards"}
    assert set(table.columns) == {"run", "commit", "fingerprint", "n_train", *known, *COLUMNS}
    assert table.columns[-len(COLUMNS) :].tolist() == COLUMNS
    assert table["dataset"].tolist() == ["demo", "demo"]
    assert table["run"].tolist() == ["first", "second"]
    assert table["tagsets"].tolist() == ["moods", "styles+moods"]
    assert table["margin"].tolist() == [Configuration().margin, 0.5]
    assert table["value"].tolist() == [0.5, 0.5]


def test_gather_of_nothing_is_empty(tmp_path):
    assert records.gather(tmp_path).empty
    assert records.gather(tmp_path / "nowhere").empty


def test_environment_names_versions_and_can_be_written():
    found = json.loads(json.dumps(records.environment()))
    assert found["versions"]["torch"] == torch.__version__
    assert set(found["versions"]) == set(records.VERSIONS)
    assert set(found) == {"versions", "python", "platform", "commit"}
