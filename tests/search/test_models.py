"""A model per tag set: its tags lie among the tracks that carry them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tagspace.encoders.embedding import embed
from tagspace.search import collection as collections
from tagspace.search import models
from tagspace.search.collection import Representation
from tagspace.search.explanation import explain, predicted_tags
from tagspace.search.places import read_tags
from tagspace.search.query import nearest
from tagspace.search.seeds import of_row, seed


@pytest.fixture(scope="module")
def learned(small, tmp_path_factory):
    """Models of a corpus in which one dimension tells moods apart, and another one themes."""
    corpus, configuration = small(epochs=40, runs=str(tmp_path_factory.mktemp("runs")))
    values = np.random.default_rng(0).normal(size=(len(corpus), 1, 6)).astype(np.float32)
    carried = corpus.tags.matrix.toarray() > 0
    for column, tag in enumerate(corpus.tags.vocabulary["tag"]):
        if tag in ("calm", "rain"):
            values[:, 0, ("calm", "rain").index(tag)] += 4 * carried[:, column]
    corpus = dataclasses.replace(corpus, vectors=values)
    configuration = configuration.model_copy(update={"encoder": "musicnn", "loss": "regression"})
    return corpus, models.learn(corpus, configuration)


def test_there_is_a_model_for_each_tag_set(learned):
    _, records = learned
    assert list(records) == ["moods", "themes"]
    for tagset, record in records.items():
        assert record.damage() == ""
        assert record.info["tagsets"] == [tagset]


def test_tags_are_nearest_to_tracks_that_carry_them(learned):
    corpus, records = learned
    tests = corpus.split.test
    for tagset, record in records.items():
        tags = corpus.tags.select((tagset,))
        table = read_tags(record.folder)
        places = table.drop(columns=["right", "times"])
        assert np.linalg.norm(places, axis=1) == pytest.approx(1, abs=1e-5)
        carried = tags.matrix.toarray() > 0
        known = carried[corpus.split.train].sum(axis=0) >= models.FEWEST
        assert list(table.index) == tags.vocabulary["tag"][known].tolist()
        embedded = embed(record.network(), corpus.vectors[tests]).numpy()
        nearest_tag = (embedded @ places.to_numpy().T).argmax(1)
        if known.all():
            assert carried[tests, nearest_tag].mean() > 0.85


def test_it_is_counted_how_often_predictions_are_right(learned):
    table = read_tags(learned[1]["moods"].folder)
    # There are two moods, and three tags are predicted: both, for each of the other 28 tracks.
    assert table["times"].tolist() == [28, 28]
    assert table["right"].tolist() == [14, 14]


def test_tags_that_few_tracks_carry_have_no_place(learned, monkeypatch):
    corpus, records = learned
    monkeypatch.setattr(models, "FEWEST", 7)
    models._write_tags(records["moods"], corpus, "moods")
    assert read_tags(records["moods"].folder).empty
    monkeypatch.undo()
    models._write_tags(records["moods"], corpus, "moods")


def test_a_run_of_another_kind_has_no_tags(tmp_path):
    assert read_tags(tmp_path).empty


def test_tags_of_a_model_are_queries_and_reasons(learned, made, tmp_path):
    corpus, records = learned
    record = records["moods"]
    vectors = embed(record.network(), corpus.vectors).numpy()
    first, second = collections.random_pairs(len(corpus)).T
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    mood = Representation(vectors, str(record.folder), "hash", cosines, np.empty(0))
    tracks = made.tracks.iloc[: len(corpus)].assign(tags="", heard="", recording=range(len(corpus)))
    sound = dataclasses.replace(
        made.representations["sound"], vectors=made.representations["sound"].vectors[: len(corpus)]
    )
    empty = pd.DataFrame({"path": [], "reason": []})
    chosen = collections.save(
        tmp_path / "index", tmp_path, tracks, empty, {"sound": sound, "mood": mood}
    )
    calm = seed(chosen, "Calm")
    assert list(calm.vectors) == ["mood"]
    hits = nearest(chosen, [calm], number=5).index
    column = corpus.tags.vocabulary["tag"].tolist().index("calm")
    assert corpus.tags.matrix.toarray()[hits, column].tolist() == [1] * 5
    predicted = predicted_tags(chosen, hits)["mood, predicted"]
    assert [tags[0] for tags in predicted] == ["calm"] * 5
    assert explain(chosen, [int(hits[1])], [of_row(chosen, int(hits[0]))]) == [
        "predicted: calm (50%), wild (50%)"
    ]
