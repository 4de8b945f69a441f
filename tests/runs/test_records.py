"""The record of a run is complete or absent, and its name identifies the run."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from tagspace.configuration import LOCATION_PARAMETERS, Configuration
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs import records

TESTS = Path(__file__).parent
FILES = ["embeddings.parquet", "history.csv", "metrics.csv", "run.json", "weights.safetensors"]


def contents(**changes):
    """Make the contents of a record, with some of them replaced."""
    default = {
        "info": {
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
    return {**default, **changes}


def run_id(corpus, configuration):
    """Name a run as :func:`tagspace.runs.experiment.run_experiment` does."""
    tagsets = configuration.choose_tagsets(corpus.tags.tagsets)
    return records.run_id(configuration, corpus.name, corpus.fingerprint, tagsets)


# Writing and finding


def test_record_contains_what_was_written(tmp_path):
    written = contents()
    record = records.write(tmp_path / "new", "x", **written)
    assert sorted(file.name for file in record.folder.iterdir()) == FILES
    checksums = record.info["checksums"]
    assert sorted([*checksums, "run.json"]) == FILES
    assert record.info.items() >= json.loads(json.dumps(written["info"])).items()
    assert record.damage() == ""
    pd.testing.assert_frame_equal(record.history, written["history"])
    pd.testing.assert_frame_equal(record.metrics, written["metrics"])
    pd.testing.assert_frame_equal(record.embeddings, written["embeddings"])
    assert records.find(tmp_path / "new", "x") == record
    assert records.find(tmp_path / "new", "y") is None


def test_describe_summarises_data_and_training(tmp_path):
    assert records.write(tmp_path, "x", **contents()).describe() == (
        "3 epochs on 90 tracks (relatedness lsi, tag sets moods, 7 LSI topics)\n"
        "all epochs are done; the weights of epoch 2 were kept\n"
        "data demo, seed 0, commit c0ffee\n"
        "dpnn has heard: the training tracks, and no others"
    )


@pytest.mark.parametrize(
    ("encoder", "told"),
    [
        ("musicnn", "musicnn has heard: 200,000 tracks of the Million Song Dataset, perhaps of"),
        ("FOLDER", "the network of FOLDER has heard: the training tracks of that run"),
        ("mert.parquet", "what made mert.parquet has heard: unknown"),
    ],
)
def test_describe_says_what_the_encoder_has_heard(tmp_path, encoder, told):
    encoder, told = (text.replace("FOLDER", tmp_path.name) for text in (encoder, told))
    path = str(tmp_path) if encoder == tmp_path.name else encoder
    info = {**contents()["info"], "parameters": {"encoder": path}}
    described = records.write(tmp_path / "r", "x", **contents(info=info)).describe()
    assert described.splitlines()[-1].startswith(told)


def test_parameters_of_later_versions_have_their_defaults(tmp_path):
    info = {**contents()["info"], "parameters": {"epochs": 3}}
    record = records.write(tmp_path, "x", **contents(info=info))
    assert record.parameters == Configuration(epochs=3).model_dump()


# Writing stops at different points: after no file, after three files, after four files.
BROKEN = [
    {"history": None},
    {"weights": {"one": None}},
    {"info": {"stage": object()}},
]


@pytest.mark.parametrize("changes", BROKEN)
def test_failed_write_leaves_no_files(tmp_path, changes):
    with pytest.raises((AttributeError, TypeError)):
        records.write(tmp_path, "x", **contents(**changes))
    assert list(tmp_path.iterdir()) == []
    assert records.find(tmp_path, "x") is None


@pytest.mark.slow
def test_killed_process_leaves_no_record(tmp_path):
    program = """
import os
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import test_records

class KillingWeights(dict):
    def items(self):
        os.kill(os.getpid(), 9)

contents = test_records.contents(weights=KillingWeights(a=1))
test_records.records.write(Path(sys.argv[2]), "x", **contents)
"""
    process = subprocess.run([sys.executable, "-c", program, str(TESTS), str(tmp_path)])
    assert process.returncode == -9
    (draft,) = tmp_path.iterdir()
    assert len(list(draft.iterdir())) == 3
    assert records.find(tmp_path, "x") is None
    assert records.gather(tmp_path).empty
    records.write(tmp_path, "x", **contents())
    assert len(records.gather(tmp_path)) == 1


def test_first_of_two_equal_runs_is_kept(tmp_path):
    records.write(tmp_path, "x", **contents())
    before = {file.name: file.read_bytes() for file in (tmp_path / "x").iterdir()}
    record = records.write(tmp_path, "x", **contents(info={"other": 1}))
    assert {file.name: file.read_bytes() for file in record.folder.iterdir()} == before
    assert [folder.name for folder in tmp_path.iterdir()] == ["x"]


def test_folder_without_a_record_is_not_overwritten(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    with pytest.raises(OSError, match="x"):
        records.write(tmp_path, "x", **contents())
    assert (tmp_path / "x" / "notes.txt").read_text() == "mine"


# Damage


def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def fill_with_zeros(file):
    file.write_bytes(bytes(file.stat().st_size))


DAMAGE = [(name, spoil) for name in FILES for spoil in (cut, fill_with_zeros, Path.unlink)]


@pytest.mark.parametrize(("name", "spoil"), DAMAGE)
def test_a_damaged_record_is_named_moved_away_and_made_anew(tmp_path, name, spoil):
    record = records.write(tmp_path, "x", **contents())
    spoil(record.folder / name)
    assert name in record.damage()
    with pytest.warns(UserWarning, match=rf"x is damaged \(.*{name}.*\.damaged-1-x, and the run"):
        assert records.find(tmp_path, "x") is None
    assert (tmp_path / ".damaged-1-x").is_dir()
    again = records.write(tmp_path, "x", **contents())
    assert records.find(tmp_path, "x") == again


def test_a_folder_without_a_record_does_not_block_an_id(tmp_path):
    for number in (1, 2):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "notes.txt").write_text("mine")
        with pytest.warns(UserWarning, match="is damaged"):
            assert records.find(tmp_path, "x") is None
        assert (tmp_path / f".damaged-{number}-x" / "notes.txt").read_text() == "mine"
    records.write(tmp_path, "x", **contents())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"id": 1', "null", "\0\0\0"])
def test_gather_passes_over_damaged_records_and_names_them(tmp_path, text):
    records.write(tmp_path, "good", **contents())
    records.write(tmp_path, "bad", **contents())
    (tmp_path / "bad" / "run.json").write_text(text)
    with pytest.warns(UserWarning, match=r"bad is damaged \(run.json .*\) and left out"):
        assert records.gather(tmp_path)["run"].unique().tolist() == ["good"]


# Names of runs


def test_run_id_does_not_depend_on_locations_or_notation(small):
    corpus, configuration = small()
    name = run_id(corpus, configuration)
    assert name.startswith("small-moods-")
    locations = {"dataset": "/music", "runs": "/records", "device": "cuda:1"}
    assert run_id(corpus, configuration.model_copy(update=locations)) == name
    assert run_id(*small()) == name
    assert run_id(corpus, configuration.model_copy(update={"tagsets": ["moods"]})) == name


@pytest.mark.parametrize(
    "name", sorted(set(Configuration.model_fields) - LOCATION_PARAMETERS - {"tagsets"})
)
def test_run_id_depends_on_every_parameter_of_the_experiment(small, name):
    corpus, configuration = small()
    value = getattr(configuration, name)
    texts = {"relatedness": "overlap", "encoder": "musicnn"}
    other = texts.get(name, "other") if isinstance(value, str) else value + 1
    changed = configuration.model_copy(update={name: other})
    assert run_id(corpus, changed) != run_id(corpus, configuration)


def test_run_id_depends_on_data_and_tag_sets(small):
    corpus, configuration = small()
    corpora = [
        dataclasses.replace(corpus, **change)
        for change in ({}, {"name": "x"}, {"fingerprint": "x"})
    ]
    names = {run_id(each, configuration) for each in corpora}
    names |= {
        run_id(corpus, configuration.model_copy(update={"tagsets": tagsets}))
        for tagsets in ("moods+themes", "all", ["themes", "moods"])
    }
    assert len(names) == 4  # both tag sets are one choice, however it is written


def test_run_id_is_a_valid_file_name(tmp_path):
    name = records.run_id(Configuration(), "small", "ab", ("mood/theme", "a" * 300))
    assert records.write(tmp_path, name, **contents()).folder.parent == tmp_path


def test_run_id_changes_with_the_version_of_results(monkeypatch):
    name = records.run_id(Configuration(), "small", "ab", ("moods",))
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    assert records.run_id(Configuration(), "small", "ab", ("moods",)) != name


# Folders of records


def test_runs_folder_is_in_the_project_unless_configured(monkeypatch):
    assert records.runs_folder(Configuration()) == records.PROJECT / "runs"
    assert (records.PROJECT / "pyproject.toml").exists()
    monkeypatch.setenv("HOME", "/home/ann")
    assert str(records.runs_folder(Configuration(runs="~/mine"))) == "/home/ann/mine"


@pytest.mark.slow
def test_without_a_checkout_the_project_is_the_current_folder(tmp_path):
    site, current = tmp_path / "lib" / "site-packages", tmp_path / "current"
    shutil.copytree(Path(records.__file__).parents[1], site / "tagspace")
    current.mkdir()
    program = (
        f"import sys; sys.path.insert(0, {str(site)!r}); from tagspace.runs import records; "
        "print(records.__file__, records.PROJECT)"
    )
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, cwd=current, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(site / "tagspace" / "runs" / "records.py"), str(current)]


def test_gather_joins_metrics_with_run_and_parameters(tmp_path):
    records.write(tmp_path, "first", **contents())
    parameters = Configuration(dataset="some/where", tagsets="all", margin=0.5).model_dump()
    info = {**contents()["info"], "parameters": parameters, "tagsets": ("styles", "moods")}
    records.write(tmp_path, "second", **contents(info=info))
    records.write(tmp_path, ".unfinished", **contents())
    (tmp_path / "notes.txt").write_text("mine")
    table = records.gather(str(tmp_path))
    parameter_names = set(Configuration.model_fields) - {"device", "runs", "shards", "max_lost"}
    about = {"run", "commit", "results_version", "fingerprint", "n_train"}
    assert set(table.columns) == {*about, *parameter_names, *COLUMNS}
    assert table.columns[-len(COLUMNS) :].tolist() == COLUMNS
    assert table["dataset"].tolist() == ["demo", "demo"]
    assert table["run"].tolist() == ["first", "second"]
    assert table["tagsets"].tolist() == ["moods", "styles+moods"]
    assert table["margin"].tolist() == [Configuration().margin, 0.5]
    assert table["value"].tolist() == [0.5, 0.5]


def test_gather_of_a_folder_without_records_is_empty(tmp_path):
    assert records.gather(tmp_path).empty
    assert records.gather(tmp_path / "nowhere").empty


def test_environment_names_versions_and_can_be_written_as_json():
    found = json.loads(json.dumps(records.environment()))
    assert found["versions"]["torch"] == torch.__version__
    assert set(found["versions"]) == set(records.VERSIONS)
    assert set(found) == {"versions", "python", "platform", "commit", "results_version"}
