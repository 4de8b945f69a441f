"""Masks against plain loops over sets."""

import numpy as np
import pandas as pd
import pytest

from tagspace.datasets.groups import groups


def draw(seed, n=40):
    """Draw tracks of few artists; each on none, one or several of few albums."""
    generator = np.random.default_rng(seed)
    artists = [("", "Ann", "Bo", "Cy", "Di")[generator.integers(5)] for _ in range(n)]
    albums = [
        tuple(f"album {a}" for a in generator.choice(8, generator.integers(4), replace=False))
        for _ in range(n)
    ]
    return artists, albums


def table(artists, albums):
    return pd.DataFrame({"artist": artists, "album": albums})


def slow_same(batch_filter, artists, albums, a, b):
    same_artist = a == b or artists[a] == artists[b] != ""
    if batch_filter == "none":
        return False
    if batch_filter == "artist":
        return same_artist
    if albums[a] and albums[b]:
        return bool(set(albums[a]) & set(albums[b]))
    return same_artist


@pytest.mark.parametrize("batch_filter", ["album", "artist", "none"])
@pytest.mark.parametrize("seed", range(5))
def test_excluded_pairs_equal_plain_loops(batch_filter, seed):
    artists, albums = draw(seed)
    rows = np.random.default_rng(seed).permutation(40)[:25]
    found = groups(table(artists, albums)).same(batch_filter, rows)
    expected = [[slow_same(batch_filter, artists, albums, a, b) for b in rows] for a in rows]
    assert found.dtype == bool
    assert found.tolist() == expected


@pytest.mark.parametrize("seed", range(5))
def test_same_album_and_artist_of_any_rows_and_columns(seed):
    artists, albums = draw(seed)
    rows, columns = np.arange(7), np.array([30, 3, 3, 9])
    found = groups(table(artists, albums))
    assert found.same_album(rows, columns).tolist() == [
        [bool(set(albums[a]) & set(albums[b])) for b in columns] for a in rows
    ]
    assert found.same_artist(rows, columns).tolist() == [
        [slow_same("artist", artists, albums, a, b) for b in columns] for a in rows
    ]
    assert found.album_known.tolist() == [len(album) > 0 for album in albums]


def test_tracks_that_are_taken_keep_their_groups():
    found = groups(table(*draw(1)))
    rows = np.array([20, 4, 11, 4])
    taken, everything = found.take(rows), np.arange(4)
    for batch_filter in ("album", "artist"):
        expected = found.same(batch_filter, rows)
        np.testing.assert_array_equal(taken.same(batch_filter, everything), expected)


def test_an_album_that_a_track_names_twice_is_one():
    found = groups(table(["", ""], [("one", "one"), ("one",)]))
    assert found.same("album", np.arange(2)).all()


def test_where_no_album_is_known_the_artist_is_taken():
    found = groups(table(["Ann", "Ann", "Bo"], [(), (), ()]))
    assert not found.album_known.any()
    expected = [[True, True, False], [True, True, False], [False, False, True]]
    assert found.same("album", np.arange(3)).tolist() == expected
