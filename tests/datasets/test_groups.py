"""Groups of tracks against plain loops over sets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tagspace.datasets.groups import from_tracks, group_codes


def draw(seed, n=40):
    """Draw artists, some of them unknown, and zero to three of eight albums per track."""
    generator = np.random.default_rng(seed)
    artists = [("", "Ann", "Bo", "Cy", "Di")[generator.integers(5)] for _ in range(n)]
    albums = [
        tuple(f"album {a}" for a in generator.choice(8, generator.integers(4), replace=False))
        for _ in range(n)
    ]
    return artists, albums


def make_groups(artists, albums):
    return from_tracks(pd.DataFrame({"artist": artists, "album": albums}))


def slow_excluded(batch_filter, artists, albums, a, b):
    if a == b:
        return True
    same_artist = artists[a] == artists[b] != ""
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
    rows, others = np.split(np.random.default_rng(seed).permutation(40)[:35], [25])
    others = np.concatenate([rows[:5], others])
    found = make_groups(artists, albums).excluded_pairs(rows, others, batch_filter)
    expected = [[slow_excluded(batch_filter, artists, albums, a, b) for b in others] for a in rows]
    assert found.dtype == bool
    assert found.tolist() == expected


@pytest.mark.parametrize("seed", range(5))
def test_same_album_and_same_artist_equal_plain_loops(seed):
    artists, albums = draw(seed)
    rows, columns = np.arange(7), np.array([30, 3, 3, 9])
    found = make_groups(artists, albums)
    assert found.same_album(rows, columns).tolist() == [
        [bool(set(albums[a]) & set(albums[b])) for b in columns] for a in rows
    ]
    assert found.same_artist(rows, columns).tolist() == [
        [slow_excluded("artist", artists, albums, a, b) for b in columns] for a in rows
    ]
    assert found.album_known.tolist() == [len(album) > 0 for album in albums]


def test_taken_tracks_keep_their_groups():
    found = make_groups(*draw(1))
    rows = np.array([20, 4, 11, 4])
    taken = found.take(rows)
    for batch_filter in ("album", "artist"):
        expected = found.excluded_pairs(rows, rows, batch_filter)
        np.testing.assert_array_equal(
            taken.excluded_pairs(np.arange(4), np.arange(4), batch_filter), expected
        )


def test_an_album_listed_twice_for_a_track_is_one_album():
    found = make_groups(["", ""], [("one", "one"), ("one",)])
    assert found.excluded_pairs(np.arange(2), np.arange(2), "album").all()


def test_the_album_filter_compares_artists_where_no_album_is_known():
    found = make_groups(["Ann", "Ann", "Bo"], [(), (), ()])
    assert not found.album_known.any()
    expected = [[True, True, False], [True, True, False], [False, False, True]]
    assert found.excluded_pairs(np.arange(3), np.arange(3), "album").tolist() == expected


def test_group_codes_count_from_zero_and_differ_for_empty_names():
    assert list(group_codes(["b", "", "a", "b", ""])) == [0, 1, 2, 0, 3]


def test_group_codes_do_not_depend_on_the_names_themselves():
    artists, _ = draw(0)
    renamed = [name[::-1] + "!" if name else "" for name in artists]
    np.testing.assert_array_equal(group_codes(renamed), group_codes(artists))


@pytest.mark.parametrize("batch_filter", ["album", "artist", "none"])
def test_copies_of_a_recording_are_excluded_whatever_the_filter(batch_filter):
    found = make_groups(["Ann", "Bo", "Cy"], [("a",), ("b",), ("c",)])
    found = replace(found, recording=np.array([0, 1, 0]))
    excluded = found.excluded_pairs(np.arange(2), np.arange(3), batch_filter)
    assert excluded.tolist() == [[True, False, True], [False, True, False]]
    taken = found.take(np.array([2, 0]))
    assert taken.excluded_pairs(np.arange(2), np.arange(2), batch_filter).all()


def test_tracks_are_inseparable_if_artists_or_recordings_join_them():
    found = make_groups(["Ann", "Bo", "", "Cy", "Bo"], [()] * 5)
    assert found.inseparable().tolist() == [0, 1, 2, 3, 1]
    copies = replace(found, recording=np.array([0, 1, 2, 0, 2]))
    assert copies.inseparable().tolist() == [0, 1, 1, 0, 1]
    alone = replace(found, recording=np.arange(5))
    assert alone.inseparable().tolist() == found.inseparable().tolist()
