import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from tagspace import experiment, retrieval, runs, training
from tagspace.__main__ import main
from tagspace.dpnn import DPNN
from tagspace.errors import TagspaceError

pytestmark = pytest.mark.slow
REPRESENTATIONS = {"trained", "untrained", "mfcc", "random", "tags"}


@pytest.fixture(scope="module")
def ran(small, tmp_path_factory):
    corpus, configuration = small(runs=str(tmp_path_factory.mktemp("runs")))
    return corpus, configuration, experiment.run(corpus, configuration)


def model_of(record):
    model = DPNN(record.run["parameters"]["unit_norm"])
    model.load_state_dict(load_file(record.folder / "weights.safetensors"))
    return model


def test_the_record_has_all_its_files(ran):
    _, configuration, record = ran
    assert sorted(file.name for file in record.folder.iterdir()) == [
        "embeddings.parquet",
        "history.csv",
        "metrics.csv",
        "run.json",
        "weights.safetensors",
    ]
    assert str(record.folder.parent) == configuration.runs


def test_the_record_tells_everything_about_the_run(ran):
    corpus, configuration, record = ran
    run = record.run
    assert run["id"] == record.folder.name == runs.run_id(configuration, corpus)
    assert run["parameters"] == configuration.model_dump()
    assert run["tagsets"] == ["moods"]
    assert run["topics"] == 2
    assert run["data"] == json.loads(json.dumps(corpus.summary()))
    assert set(run["seconds"]) == {"relatedness", "training", "evaluation"}
    assert run["device"].startswith("cpu")
    assert {"versions", "python", "platform", "commit"} <= set(run)
    assert 1 <= run["best_epoch"] <= len(record.history)


def test_the_history_has_a_row_per_epoch(ran):
    history = ran[2].history
    assert history.columns.tolist() == [
        "epoch", "loss", "triplets", "spread", "validation", "seconds"
    ]  # fmt: skip
    assert history["epoch"].tolist() == list(range(1, len(history) + 1))
    assert np.isfinite(history).all(axis=None)


def test_the_weights_give_the_embeddings_of_the_test_tracks(ran):
    corpus, _, record = ran
    test = corpus.split.test
    assert record.embeddings.index.tolist() == corpus.tags.track_ids[test].tolist()
    assert record.embeddings.columns.tolist() == [f"d{n:03d}" for n in range(256)]
    found = training.embed(model_of(record), corpus.excerpts[test])
    np.testing.assert_allclose(record.embeddings, found, atol=1e-5)


def test_metrics_have_every_representation_in_every_row(ran):
    metrics = ran[2].metrics
    assert metrics.columns.tolist() == retrieval.COLUMNS
    each = metrics.groupby(retrieval.KEYS)["representation"].agg(set)
    assert all(names == REPRESENTATIONS for names in each)
    assert set(metrics["task"]) == {"moods", "themes", "mean", "artist", "album"}
    assert set(metrics["filter"]) == {"none", "album", "artist"}
    assert set(metrics["relevance"]) == {"exact", "any", "graded"}
    assert set(metrics["metric"]) == {"precision", "ndcg"}
    assert set(metrics["cutoff"]) == {10}
    assert (metrics["n_queries"] == 20).all()
    assert not metrics.isna().any(axis=None)


def test_metrics_are_those_of_the_recorded_embeddings(ran):
    corpus, configuration, record = ran
    test = corpus.split.test
    again = retrieval.evaluate(
        {"trained": torch.tensor(record.embeddings.to_numpy())},
        corpus.tags.take(test),
        corpus.groups.take(test),
        seed=configuration.seed,
    )
    found = record.metrics[record.metrics["representation"] == "trained"]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), again, atol=1e-6)


def test_the_tags_find_the_mood_and_random_vectors_do_not(ran):
    metrics = ran[2].metrics
    wanted = {"relevance": "graded", "filter": "none", "task": "moods", "metric": "ndcg"}
    rows = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    values = rows.set_index("representation")["value"]
    assert values["tags"] == pytest.approx(1)
    assert values["random"] == pytest.approx(rows["chance"].iloc[0], abs=0.1)


def test_a_repeated_run_is_found(ran, monkeypatch):
    corpus, configuration, record = ran
    monkeypatch.setattr(training, "fit", None)  # whoever calls it fails
    monkeypatch.setattr(retrieval, "evaluate", None)
    assert experiment.run(corpus, configuration) == record


def test_neighbours_may_be_sought_among_all_tracks(ran, small):
    corpus, configuration = small(pool="all", epochs=1, runs=ran[1].runs)
    record = experiment.run(corpus, configuration)
    assert record.folder != ran[2].folder
    assert len(record.embeddings) == 20
    everything = training.embed(model_of(record), corpus.excerpts)
    test = corpus.split.test
    np.testing.assert_allclose(record.embeddings, everything[test], atol=1e-5)
    again = retrieval.evaluate({"trained": everything}, corpus.tags, corpus.groups, test)
    found = record.metrics[record.metrics["representation"] == "trained"]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), again, atol=1e-4)


def test_nothing_is_recorded_where_there_is_no_triplet(small, tmp_path):
    corpus, configuration = small(negative=-0.9, epochs=1, runs=str(tmp_path / "runs"))
    with pytest.raises(TagspaceError, match="so there is no triplet"):
        experiment.run(corpus, configuration)
    assert not (tmp_path / "runs").exists()


def test_a_device_that_is_not_here_is_told_at_once(small, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    with pytest.raises(TagspaceError, match="^device: 'cuda:99' "):
        experiment.run(*small(device="cuda:99"))


def test_runs_are_tabulated_on_the_command_line(ran, capsys):
    main(["runs", str(ran[2].folder.parent)])
    told = capsys.readouterr().out
    assert "dataset small, tagsets moods" in told
    assert all(name in told for name in REPRESENTATIONS)
