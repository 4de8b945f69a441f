"""Hits are those of an obvious slow version; scores mean what they say."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagspace.errors import TagspaceError
from tagspace.search import query
from tagspace.search.collection import random_pairs
from tagspace.search.query import Filters, nearest
from tagspace.search.seeds import Seed, of_row


def slow(collection, seeds, away, weights, number, filters):
    """Visit all tracks, one by one."""
    tracks = collection.tracks
    known = [row for row in (*seeds, *away) if row >= 0]
    total = {}
    for row in range(len(tracks)):
        total[row] = 0
        for name, weight in weights.items():
            one = collection.representations[name]
            near = np.mean([one.vectors[row] @ one.vectors[seed] for seed in seeds])
            far = np.mean([one.vectors[row] @ one.vectors[seed] for seed in away]) if away else 0
            mean, deviation = float(one.cosines.mean()), float(one.cosines.std())
            value = (near - far) / np.sqrt(2) if away else near - mean
            total[row] += weight / sum(weights.values()) * value / deviation
    hits = []
    for row in sorted(total, key=lambda row: -total[row]):
        track = tracks.iloc[row]

        def same(name, others, track=track):
            return any(track[name] == tracks[name].iloc[other] for other in others)

        if (
            same("recording", [*known, *hits])
            or (filters.other_artists and same("artist_code", known))
            or (filters.other_albums and same("album_code", known))
            or (filters.one_per_artist and same("artist_code", hits))
            or (filters.one_per_album and same("album_code", hits))
            or not filters.shortest <= track["seconds"] <= filters.longest
        ):
            continue
        hits.append(row)
        if len(hits) == number:
            break
    return hits


ROWS = st.lists(st.integers(0, 119), min_size=1, max_size=3, unique=True)
FILTERS = st.builds(
    Filters,
    *[st.booleans()] * 4,
    shortest=st.sampled_from([0.0, 200.0]),
    longest=st.sampled_from([np.inf, 400.0]),
)
WEIGHTS = st.sampled_from([{"sound": 1.0}, {"moods": 2.0}, {"sound": 1.0, "moods": 3.0}])


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, away=st.lists(st.integers(0, 119), max_size=2), weights=WEIGHTS,
       number=st.integers(1, 130), filters=FILTERS)  # fmt: skip
def test_hits_are_those_of_a_slow_search(made, rows, away, weights, number, filters):
    seeds, others = ([of_row(made, row) for row in each] for each in (rows, away))
    found = nearest(made, seeds, others, weights, number, filters).index.tolist()
    assert found == slow(made, rows, away, weights, number, filters)


def test_hits_beyond_the_first_sorted_ones_are_found(made, monkeypatch):
    whole = nearest(made, [of_row(made, 0)], number=200)
    monkeypatch.setattr(query, "FIRST", 3)
    assert nearest(made, [of_row(made, 0)], number=200).equals(whole)
    assert len(whole) == 99  # 120, without 20 copies and the seed


def test_a_score_is_the_percentage_of_pairs_that_are_less_similar(made):
    found = nearest(made, [of_row(made, 4)], weights={"moods": 1, "sound": 1})
    assert list(found) == ["score", "moods", "sound"]
    for name in ("moods", "sound"):
        one = made.representations[name]
        for row, score in found[name].items():
            cosine = float(one.vectors[4] @ one.vectors[row])
            assert score == pytest.approx(100 * (one.cosines < cosine).mean(), abs=0.05)


def test_one_representation_has_one_score(made):
    found = nearest(made, [of_row(made, 4)], weights={"moods": 1})
    assert list(found) == ["score"]
    both = nearest(made, [of_row(made, 4)], weights={"moods": 1, "sound": 1}, number=200)
    rows = found.index.intersection(both.index)
    assert len(rows) > 5
    assert found["score"].loc[rows].tolist() == pytest.approx(both["moods"].loc[rows].tolist())


def test_a_seed_from_elsewhere_hides_no_track(made):
    seed = dataclasses.replace(of_row(made, 4), row=-1)
    assert nearest(made, [seed], number=200).index[0] in (4, 5)  # itself, or its copy
    assert len(nearest(made, [seed], number=200)) == 100


def test_what_lies_near_an_unwanted_track_ranks_lower(made):
    plain = nearest(made, [of_row(made, 0)], weights={"moods": 1}, number=200)
    unwanted = int(plain.index[0])
    kept = nearest(made, [of_row(made, 0)], [of_row(made, unwanted)], {"moods": 1}, 200)
    assert unwanted not in kept.index
    similar = (
        made.representations["moods"].vectors @ made.representations["moods"].vectors[unwanted]
    )
    assert similar[kept.index[:10]].mean() < similar[plain.index[:10]].mean()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {"style": 1.0},
            "weight: style=1 is not accepted; accepted: a number above 0 for sound or",
        ),
        ({"moods": 0.0}, "weight: moods=0 is not accepted"),
        ({"moods": float("nan")}, "weight: moods=nan is not accepted"),
        ({"moods": float("inf")}, "weight: moods=inf is not accepted"),
    ],
)
def test_a_weight_that_is_not_accepted(made, weights, message):
    with pytest.raises(TagspaceError, match=message):
        nearest(made, [of_row(made, 0)], weights=weights)


def test_only_representations_that_all_seeds_have_are_used(made):
    moods = of_row(made, 0).vectors["moods"]
    tags = Seed("calm", {"moods": moods})
    assert list(nearest(made, [tags, of_row(made, 1)])) == ["score"]
    sound = Seed("loud", {"sound": of_row(made, 0).vectors["sound"]})
    with pytest.raises(TagspaceError, match="no representation has vectors for all queries"):
        nearest(made, [tags, sound])


def test_random_pairs_are_of_two_tracks():
    for number in (1, 2, 3, 50):
        pairs = [tuple(pair) for pair in random_pairs(number)]
        assert pairs == list(itertools.combinations(range(number), 2))
    many = random_pairs(1000)
    assert (many[:, 0] != many[:, 1]).all()
    assert set(many.ravel()) == set(range(1000))


def test_the_artist_and_album_of_a_file_from_elsewhere_are_left_out(made):
    names = ["The Ann", "Ann", "Bo", "Ann"]
    tracks = made.tracks.assign(artist=[names[row % 4] for row in range(120)])
    tracks["album"] = ["One", "Two", "One", ""] * 30
    named = dataclasses.replace(made, tracks=tracks)
    vectors = of_row(made, 0).vectors
    elsewhere = Seed("file", vectors, artist="ann", album="one")
    found = nearest(named, [elsewhere], number=200, filters=Filters(other_artists=True))
    assert set(tracks["artist"][found.index]) == {"Bo"}
    found = nearest(named, [elsewhere], number=200, filters=Filters(other_albums=True))
    left = set(zip(tracks["artist"][found.index], tracks["album"][found.index], strict=True))
    assert left == {("Ann", "Two"), ("Bo", "One"), ("Ann", "")}
    unnamed = Seed("file", vectors)
    assert len(nearest(named, [unnamed], number=200, filters=Filters(True, True))) == 100
