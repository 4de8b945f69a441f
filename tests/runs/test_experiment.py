import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch

from tagspace.cli import main
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.model import training
from tagspace.runs import experiment, records

pytestmark = pytest.mark.slow
HAND_MADE = {"timbre", "rhythm", "timbre+rhythm"}
REPRESENTATIONS = {"trained", "untrained", "random", "tags", *HAND_MADE}


@pytest.fixture(scope="module")
def ran(small, tmp_path_factory):
    corpus, configuration = small(runs=str(tmp_path_factory.mktemp("runs")))
    return corpus, configuration, experiment.run_experiment(corpus, configuration)


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
    run = record.info
    assert run["id"] == record.folder.name == records.run_id(configuration, corpus)
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
    found = encoders.embed(record.network(), corpus.excerpts[test])
    np.testing.assert_allclose(record.embeddings, found, atol=1e-5)


def test_metrics_have_every_representation_in_every_row(ran):
    metrics = ran[2].metrics
    assert metrics.columns.tolist() == retrieval.COLUMNS
    each = metrics.groupby(retrieval.KEYS)["representation"].agg(set)
    assert all(names == REPRESENTATIONS for names in each)
    assert set(metrics["task"]) == {"moods", "themes", "mean", "artist", "album"}
    assert set(metrics["filter"]) == {"none", "album", "artist"}
    assert set(metrics["relevance"]) == {"exact", "any", "graded"}
    assert set(metrics["metric"]) == {"precision", "ndcg", "rprecision"}
    assert set(metrics["cutoff"]) == {10, 0}
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
    assert experiment.run_experiment(corpus, configuration) == record


def test_neighbours_may_be_sought_among_all_tracks(ran, small):
    corpus, configuration = small(pool="all", epochs=1, runs=ran[1].runs)
    record = experiment.run_experiment(corpus, configuration)
    assert record.folder != ran[2].folder
    assert len(record.embeddings) == 20
    everything = encoders.embed(record.network(), corpus.excerpts)
    test = corpus.split.test
    np.testing.assert_allclose(record.embeddings, everything[test], atol=1e-5)
    again = retrieval.evaluate({"trained": everything}, corpus.tags, corpus.groups, test)
    found = record.metrics[record.metrics["representation"] == "trained"]
    pd.testing.assert_frame_equal(found.reset_index(drop=True), again, atol=1e-4)


def test_too_few_validation_tracks_are_told_before_training(small, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    with pytest.raises(TagspaceError, match=r"^pool: small has 4 validation tracks; .*$"):
        experiment.run_experiment(*small(pool="validation"))


def test_settings_may_be_judged_on_validation_tracks(ran, small):
    corpus, configuration = small(pool="validation", epochs=1, runs=ran[1].runs)
    chosen = np.concatenate([corpus.split.validation, corpus.split.test[:10]])
    split = dataclasses.replace(corpus.split, validation=chosen, test=corpus.split.test[10:])
    corpus = dataclasses.replace(corpus, split=split)
    record = experiment.run_experiment(corpus, configuration)
    assert record.embeddings.index.tolist() == corpus.tags.track_ids[chosen].tolist()
    assert record.metrics["n_queries"].max() == len(chosen)


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
def test_a_system_is_a_parameter(ran, small, system):
    corpus, configuration = small(**system, epochs=1, runs=ran[1].runs)
    record = experiment.run_experiment(corpus, configuration)
    assert record.folder != ran[2].folder
    assert record.embeddings.shape == (20, configuration.dimensions)
    assert set(record.metrics["representation"]) == REPRESENTATIONS
    found = encoders.embed(record.network(), corpus.excerpts[corpus.split.test])
    np.testing.assert_allclose(record.embeddings, found, atol=1e-5)


def test_a_table_of_vectors_is_known_by_what_it_says(small, tmp_path):
    corpus, _ = small()
    words = pd.DataFrame({"rain": [0, 1] * 20, "sun": [1, 0] * 20}, index=corpus.tags.track_ids)
    one, same, other = (tmp_path / name for name in ("one.csv", "same.csv", "other.csv"))
    for table, file in ((words, one), (words, same), (words * [1, 2], other)):
        table.rename_axis("track_id").to_csv(file)
    names = [records.run_id(small(relatedness=str(file))[1], corpus) for file in (one, same, other)]
    assert names[0] == names[1] != names[2]
    _, configuration = small(relatedness=str(one), epochs=1, runs=str(tmp_path / "runs"))
    assert experiment.run_experiment(corpus, configuration).run["parameters"]["relatedness"] == str(one)


def test_nothing_is_recorded_where_there_is_no_triplet(small, tmp_path):
    corpus, configuration = small(negative=-0.9, epochs=1, runs=str(tmp_path / "runs"))
    with pytest.raises(TagspaceError, match="so nothing is learned"):
        experiment.run_experiment(corpus, configuration)
    assert not (tmp_path / "runs").exists()


def test_a_device_that_is_not_here_is_told_at_once(small, monkeypatch):
    monkeypatch.setattr(training, "fit", None)
    with pytest.raises(TagspaceError, match="^device: 'cuda:99' "):
        experiment.run_experiment(*small(device="cuda:99"))


def test_runs_are_tabulated_on_the_command_line(ran, capsys):
    main(["runs", str(ran[2].folder.parent)])
    told = capsys.readouterr().out
    assert "dataset small, tagsets moods" in told
    assert all(name in told for name in REPRESENTATIONS)
