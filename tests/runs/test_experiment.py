"""An experiment trains, evaluates and leaves a record; an equal run finds this record."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch

from tagspace.cli import main
from tagspace.configuration import Configuration
from tagspace.encoders import embedding
from tagspace.errors import TagspaceError
from tagspace.evaluation import bootstrap, retrieval
from tagspace.model import training
from tagspace.runs import experiment, records

pytestmark = pytest.mark.slow
HAND_CRAFTED = {"timbre", "rhythm", "timbre+rhythm"}
REPRESENTATIONS = {"trained", "untrained", "random", "tags", *HAND_CRAFTED}


@pytest.fixture(scope="module")
def finished(small, tmp_path_factory):
    """A corpus, a configuration and the record of their run."""
    corpus, configuration = small(runs=str(tmp_path_factory.mktemp("runs")))
    return corpus, configuration, experiment.run_experiment(corpus, configuration)


def trained_metrics(record):
    metrics = record.metrics
    return metrics[metrics["representation"] == "trained"].reset_index(drop=True)


def test_record_has_all_its_files(finished):
    _, configuration, record = finished
    assert sorted(file.name for file in record.folder.iterdir()) == [
        "embeddings.parquet",
        "history.csv",
        "metrics.csv",
        "run.json",
        "weights.safetensors",
    ]
    assert str(record.folder.parent) == configuration.runs


def test_record_describes_the_run(finished):
    corpus, configuration, record = finished
    info = record.info
    configuration = experiment.resolve(configuration, torch.device("cpu"))
    assert configuration.precision in ("float32", "bfloat16")
    assert configuration.learning_rate == 1e-4
    name = records.run_id(configuration, corpus.name, corpus.fingerprint, ("moods",))
    assert info["id"] == record.folder.name == name
    assert info["parameters"] == configuration.model_dump()
    assert info["tagsets"] == ["moods"]
    assert info["topics"] == 2
    assert info["data"] == json.loads(json.dumps(corpus.summary()))
    assert set(info["seconds"]) == {"relatedness", "training", "evaluation"}
    assert info["device"].startswith("cpu")
    assert {"versions", "python", "platform", "commit"} <= set(info)
    assert 1 <= info["best_epoch"] <= len(record.history)


def test_history_has_a_row_for_each_epoch(finished):
    history = finished[2].history
    assert history.columns.tolist() == [
        "epoch", "tracks", "pairs", "anchors", "loss", "triplets", "spread", "validation", "seconds"
    ]  # fmt: skip
    assert history["tracks"].tolist() == [12] * len(history)
    assert history["epoch"].tolist() == list(range(1, len(history) + 1))
    assert np.isfinite(history).all(axis=None)


def test_recorded_weights_reproduce_the_embeddings_of_the_test_tracks(finished):
    corpus, _, record = finished
    test = corpus.split.test
    assert record.embeddings.index.tolist() == corpus.tags.track_ids[test].tolist()
    assert record.embeddings.columns.tolist() == [f"d{n:03d}" for n in range(256)]
    embeddings = embedding.embed(record.network(), corpus.excerpts[test])
    np.testing.assert_allclose(record.embeddings, embeddings, atol=1e-5)


def test_metrics_have_every_representation_for_every_figure(finished):
    metrics = finished[2].metrics
    assert metrics.columns.tolist() == bootstrap.COLUMNS
    by_figure = metrics.groupby(bootstrap.KEYS)["representation"].agg(set)
    assert all(names == REPRESENTATIONS for names in by_figure)
    assert set(metrics["task"]) == {"moods", "themes", "mean", "artist", "album"}
    assert set(metrics["filter"]) == {"none", "album", "artist"}
    assert set(metrics["relevance"]) == {"exact", "any", "graded"}
    assert set(metrics["metric"]) == {"precision", "ndcg", "rprecision"}
    assert set(metrics["cutoff"]) == {10, 0}
    assert (metrics["n_queries"] == 20).all()
    assert not metrics.isna().any(axis=None)


def test_recorded_embeddings_reproduce_the_metrics(finished):
    corpus, configuration, record = finished
    test = corpus.split.test
    expected = retrieval.evaluate(
        {"trained": torch.tensor(record.embeddings.to_numpy())},
        corpus.tags.take(test),
        corpus.groups.take(test),
        seed=configuration.seed,
    )
    pd.testing.assert_frame_equal(trained_metrics(record), expected, atol=1e-6)


def test_tags_retrieve_tracks_of_the_same_mood_and_random_vectors_do_not(finished):
    metrics = finished[2].metrics
    conditions = {"relevance": "graded", "filter": "none", "task": "moods", "metric": "ndcg"}
    rows = metrics[(metrics[list(conditions)] == pd.Series(conditions)).all(axis=1)]
    values = rows.set_index("representation")["value"]
    assert values["tags"] == pytest.approx(1)
    assert values["random"] == pytest.approx(rows["chance"].iloc[0], abs=0.1)


def test_repeated_run_is_taken_from_its_record(finished, monkeypatch):
    corpus, configuration, record = finished
    monkeypatch.setattr(training, "fit", None)  # a call would fail
    monkeypatch.setattr(retrieval, "evaluate", None)
    assert experiment.run_experiment(corpus, configuration) == record


def test_pool_all_searches_all_tracks_for_neighbours_of_the_test_tracks(finished, small):
    corpus, configuration = small(pool="all", epochs=1, runs=finished[1].runs)
    record = experiment.run_experiment(corpus, configuration)
    assert record.folder != finished[2].folder
    assert len(record.embeddings) == 20
    embeddings = embedding.embed(record.network(), corpus.excerpts)
    test = corpus.split.test
    np.testing.assert_allclose(record.embeddings, embeddings[test], atol=1e-5)
    expected = retrieval.evaluate({"trained": embeddings}, corpus.tags, corpus.groups, test)
    pd.testing.assert_frame_equal(trained_metrics(record), expected, atol=1e-4)


def test_pool_validation_evaluates_on_validation_tracks(finished, small):
    corpus, configuration = small(pool="validation", epochs=1, runs=finished[1].runs)
    validation = np.concatenate([corpus.split.validation, corpus.split.test[:10]])
    split = dataclasses.replace(corpus.split, validation=validation, test=corpus.split.test[10:])
    corpus = dataclasses.replace(corpus, split=split)
    record = experiment.run_experiment(corpus, configuration)
    assert record.embeddings.index.tolist() == corpus.tags.track_ids[validation].tolist()
    assert record.metrics["n_queries"].max() == len(validation)


def test_too_few_validation_tracks_are_refused_before_training(small, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    with pytest.raises(TagspaceError, match=r"^pool: small has 8 validation tracks; .*$"):
        experiment.run_experiment(*small(pool="validation"))


@pytest.mark.parametrize(
    "system",
    [
        {"relatedness": "tfidf"},
        {"relatedness": "lda", "negative_threshold": 0.7},
        {"relatedness": "overlap"},
        {"relatedness": "artist"},
        {"loss": "contrastive", "margin": 1.0},
        {"loss": "tags"},
        {"dimensions": 8},
    ],
)
def test_parameters_select_another_system(finished, small, system):
    corpus, configuration = small(**system, epochs=1, runs=finished[1].runs)
    record = experiment.run_experiment(corpus, configuration)
    assert record.folder != finished[2].folder
    assert record.embeddings.shape == (20, configuration.dimensions)
    assert set(record.metrics["representation"]) == REPRESENTATIONS
    embeddings = embedding.embed(record.network(), corpus.excerpts[corpus.split.test])
    np.testing.assert_allclose(record.embeddings, embeddings, atol=1e-5)


def test_run_id_depends_on_the_content_of_a_table_of_vectors_and_not_its_path(small, tmp_path):
    corpus, _ = small()
    lyrics = pd.DataFrame({"rain": [0, 1] * 20, "sun": [1, 0] * 20}, index=corpus.tags.track_ids)
    tables = {"one.csv": lyrics, "same.csv": lyrics, "other.csv": lyrics * [1, 2]}
    names = []
    for file_name, table in tables.items():
        table.rename_axis("track_id").to_csv(tmp_path / file_name)
        _, configuration = small(relatedness=str(tmp_path / file_name))
        names.append(records.run_id(configuration, "small", corpus.fingerprint, ("moods",)))
    assert names[0] == names[1] != names[2]


def test_run_learns_from_a_table_of_vectors(small, tmp_path):
    corpus, _ = small()
    file = tmp_path / "vectors.csv"
    lyrics = pd.DataFrame({"rain": [0, 1] * 20, "sun": [1, 0] * 20}, index=corpus.tags.track_ids)
    lyrics.rename_axis("track_id").to_csv(file)
    _, configuration = small(relatedness=str(file), epochs=1, runs=str(tmp_path / "runs"))
    record = experiment.run_experiment(corpus, configuration)
    assert record.info["parameters"]["relatedness"] == str(file)


def test_run_without_triplets_leaves_no_record(small, tmp_path):
    corpus, configuration = small(negative_threshold=-0.9, epochs=1, runs=str(tmp_path / "runs"))
    with pytest.raises(TagspaceError, match="so nothing can be learned"):
        experiment.run_experiment(corpus, configuration)
    assert not (tmp_path / "runs").exists()


def test_missing_device_is_refused_before_training(small, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    with pytest.raises(TagspaceError, match=r"^device: this machine has no 'cuda:99'; "):
        experiment.run_experiment(*small(device="cuda:99"))


def test_command_line_tabulates_runs(finished, capsys):
    main(["runs", str(finished[2].folder.parent)])
    printed = capsys.readouterr().out
    assert "dataset small, tagsets moods" in printed
    assert all(name in printed for name in REPRESENTATIONS)


def test_baselines_are_scored_once_for_all_runs_that_share_them(small, tmp_path, monkeypatch):
    scored = []
    evaluate = retrieval.evaluate

    def counting(representations, *arguments):
        scored.append(sorted(representations))
        return evaluate(representations, *arguments)

    monkeypatch.setattr(retrieval, "evaluate", counting)
    records = [
        experiment.run_experiment(*small(epochs=1, runs=str(tmp_path), **changes))
        for changes in ({}, {"margin": 0.3}, {"tagsets": "themes"}, {"seed": 1})
    ]
    baselines = sorted({"timbre", "rhythm", "timbre+rhythm", "untrained", "random"})
    assert [names for names in scored if names == baselines] == [baselines] * 2
    assert len(scored) == 6
    figures = [each.metrics[each.metrics["representation"].isin(baselines)] for each in records]
    for same in figures[1:3]:
        pd.testing.assert_frame_equal(same, figures[0])
    assert not figures[3]["value"].equals(figures[0]["value"])


def test_a_machine_that_cannot_make_the_run_is_refused_before_any_work(tmp_path):
    experiment.check_machine(Configuration(runs=str(tmp_path / "new"), device="cpu"))
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(TagspaceError, match="^runs: .* cannot be written"):
        experiment.check_machine(Configuration(runs=str(tmp_path / "file"), device="cpu"))
    with pytest.raises(TagspaceError, match="^device: this machine has no 'cuda:99'"):
        experiment.check_machine(Configuration(runs=str(tmp_path), device="cuda:99"))
