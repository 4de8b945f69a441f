"""Relatedness is judged by a tag set that it has not seen."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

from tagspace.datasets.base import build
from tagspace.errors import TagspaceError
from tagspace.runs import held_out_tags
from tagspace.tags.relatedness import relatedness_from_tags

N_ARTISTS, PER_ARTIST = 50, 3


@pytest.fixture
def dataset():
    """Styles follow genres; moods are noise; a third of the tracks repeat the tags of another."""
    generator = np.random.default_rng(0)
    tracks, tags = [], []
    for artist in range(N_ARTISTS):
        for number in range(PER_ARTIST):
            track = f"t{artist}.{number}"
            tracks.append((track, f"artist {artist}", (), "", ""))
            if number == 2:
                tags += [(track, *rest) for other, *rest in tags if other == f"t{artist}.1"]
                continue
            genres = generator.choice(4, 2, replace=False)
            tags += [(track, "genres", f"g{genre}") for genre in genres]
            tags += [(track, "styles", f"s{genre}.{generator.integers(2)}") for genre in genres]
            tags.append((track, "moods", f"m{generator.integers(20)}"))
    return build("invented", tracks, tags, ("genres", "styles", "moods"))


def test_equal_tracks_of_an_artist_count_once_and_artists_stay_apart(dataset):
    judged = held_out_tags.select(dataset)
    assert len(judged.tags.track_ids) <= 2 * N_ARTISTS
    artists = judged.groups.artist
    assert not set(artists[judged.train]) & set(artists[judged.test])
    assert sorted([*judged.train, *judged.test]) == list(range(len(artists)))
    assert len(set(artists[judged.test])) == pytest.approx(0.3 * N_ARTISTS, abs=1)


def test_without_artists_equal_tracks_count_once(dataset):
    tracks = dataset.tracks.assign(artist="")
    unknown = build(
        "unknown",
        ((track, "", (), "", "") for track in tracks.index),
        dataset.tags.itertuples(index=False, name=None),
        dataset.tagsets,
    )
    judged = held_out_tags.select(unknown)
    rows = judged.tags.matrix.toarray()
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert len(set(judged.groups.artist)) == len(rows)


def slow_ndcg(related, truth, artists, query):
    """Compute nDCG@10 of one query by sorting all tracks of other artists."""
    others = [row for row in range(len(truth)) if artists[row] != artists[query]]
    gain = {row: len(truth[query] & truth[row]) / len(truth[query] | truth[row]) for row in others}
    ranked = sorted(others, key=lambda row: (-related[query, row], row))[:10]
    best = sorted(gain.values(), reverse=True)[:10]
    found, ideal = (
        sum(each / math.log2(rank + 2) for rank, each in enumerate(values))
        for values in ([gain[row] for row in ranked], best)
    )
    return found / ideal if ideal else math.nan


@pytest.mark.parametrize("kind", ["overlap", "lsi 2", "tfidf 4", "cosine", "lda 16"])
def test_scores_equal_those_of_plain_loops(dataset, kind):
    judged = held_out_tags.select(dataset)
    scores = held_out_tags.judge(judged, ("genres", "moods"), "styles")
    if kind not in scores:
        assert kind == "lda 16"  # more topics than the rank
        return
    learned = judged.tags.select(("genres", "moods")).matrix
    name, _, topics = kind.partition(" ")
    rank = np.linalg.matrix_rank(learned[judged.train].toarray())
    name, topics = ("lsi", rank) if name == "cosine" else (name, int(topics or 1))
    rows = torch.as_tensor(judged.test)
    related = relatedness_from_tags(learned, judged.train, name, topics)(rows).numpy()
    matrix = judged.tags.tagset("styles")[judged.test].toarray()
    truth = [set(np.flatnonzero(row)) for row in matrix]
    artists = judged.groups.artist[judged.test]
    expected = [slow_ndcg(related, truth, artists, query) for query in judged.queries]
    np.testing.assert_allclose(scores[kind], expected, atol=1e-6)


def test_what_follows_is_found_and_noise_is_not(dataset):
    judged = held_out_tags.select(dataset)
    scores = {
        "styles": held_out_tags.judge(judged, ("genres", "moods"), "styles"),
        "moods": held_out_tags.judge(judged, ("genres", "styles"), "moods"),
    }
    compared = held_out_tags.compare_kinds(judged, scores)
    table = compared[compared["against"] == "overlap"].drop(columns="against")
    table = table.set_index(["held_out", "kind", "topics"])
    assert table.loc[("styles", "overlap", 0), "value"] > 0.6
    assert table.loc[("moods", "overlap", 0), "value"] < 0.4
    own = table.loc[(slice(None), "overlap", 0), ["difference", "low", "high"]]
    assert (own == 0).all(axis=None)
    mean = table.xs("mean")
    both = table.loc[["styles", "moods"]].drop(index="mean", errors="ignore")
    for key, row in mean.iterrows():
        values = both.xs(key, level=["kind", "topics"])["value"]
        assert row["value"] == pytest.approx(values.mean())
    assert ((table["low"] <= table["difference"]) & (table["difference"] <= table["high"])).all()


def test_each_set_is_told_by_all_others_and_by_each_of_them(dataset):
    judged = held_out_tags.select(dataset)
    table = held_out_tags.evaluate(judged)
    pairs = table[["learned_from", "held_out"]].drop_duplicates().to_numpy().tolist()
    names = ["genres", "styles", "moods"]
    expected = [[held_out_tags.OTHERS, name] for name in [*names, "mean"]]
    for name in names:
        expected += [[name, other] for other in [*names, "mean"] if other != name]
    assert pairs == expected
    one = table[(table["learned_from"] == "genres") & (table["held_out"] == "styles")]
    scores = held_out_tags.judge(judged, ["genres"], "styles")["overlap"]
    overlap = one[(one["kind"] == "overlap") & (one["against"] == "overlap")]
    assert overlap["value"].item() == pytest.approx(np.nanmean(scores))
    assert set(table.loc[table["learned_from"] != held_out_tags.OTHERS, "kind"]).isdisjoint({"lda"})


def test_the_difference_from_another_reference_is_paired(dataset):
    judged = held_out_tags.select(dataset)
    scores = {"styles": held_out_tags.judge(judged, ["genres", "moods"], "styles")}
    table = held_out_tags.compare_kinds(judged, scores)
    of_lsi = table[table["against"] == "lsi 16"].set_index(["kind", "topics"])
    assert of_lsi.loc[("lsi", 16), ["difference", "low", "high"]].tolist() == [0, 0, 0]
    expected = np.nanmean(scores["styles"]["overlap"]) - np.nanmean(scores["styles"]["lsi 16"])
    assert of_lsi.loc[("overlap", 0), "difference"] == pytest.approx(expected)


def test_too_little_is_refused(dataset):
    with pytest.raises(TagspaceError, match="moods only; one set is held out"):
        held_out_tags.select(dataset, ("moods",))
    tracks = [("a", "Ann", (), "", ""), ("b", "Bo", (), "", "")]
    tags = [(track, tagset, "x") for track in "ab" for tagset in ("genres", "moods")]
    small = build("small", tracks, tags, ("genres", "moods"))
    with pytest.raises(TagspaceError, match="small leaves . tracks to judge on; at least 24"):
        held_out_tags.select(small)


def test_a_table_may_be_kept(dataset, tmp_path):
    judged = held_out_tags.select(dataset)
    scores = {"styles": held_out_tags.judge(judged, ("genres",), "styles")}
    table = held_out_tags.compare_kinds(judged, scores)
    assert set(table["held_out"]) == {"styles"}
    table.to_csv(tmp_path / "kept.csv", index=False)
    kept = pd.read_csv(tmp_path / "kept.csv")
    pd.testing.assert_frame_equal(kept, table, check_dtype=False)
