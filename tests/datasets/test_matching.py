"""Matching albums by names that different sources spell differently."""

import numpy as np
import pandas as pd
import pytest

from tagspace.datasets.matching import match, normalise

ALBUMS = [
    # artist, release, genres, moods
    ("Björk Invented", "Début", "Electronic", "calm"),
    ("The Carpets", "Songs for the Road", "Rock", "warm"),
    ("Mixed Doubles", "Rock & Roll Tennis", "Rock", "loud"),
    ("Solo Singer", "Duets", "Vocal", "calm"),
    ("Old Masters", "First Light", "Jazz", "calm"),
    ("Old Masters", "First Light (Deluxe Edition)", "Jazz", "calm|warm"),
    ("Twice Pressed", "Same Thing", "Pop", "sweet"),
    ("Twice Pressed", "Same Thing [Remastered]", "Pop", "sweet"),
    ("!!!", "???", "Rock", "odd"),
    ("Various Artists", "Summer Hits", "Pop", "sunny"),
    ("Namesake", "Namesake", "Folk", "plain"),
    ("Namesake", "Namesake", "Metal", "dark"),
    ("The The", "The Best", "Rock", "odd"),
]
# Artist and release of a track, and the row of its album, or -1 (none), or "several".
SONGS = [
    ("Björk Invented", "Début", 0),
    ("Bjork Invented", "Debut", 0),
    ("BJÖRK  INVENTED", "début", 0),
    ("Bjo\u0308rk Invented", "De\u0301but", 0),  # accents as separate characters
    ("Carpets", "Songs for the Road", 1),
    ("Carpets, The", "Songs For The Road", 1),
    ("The Carpets feat. Ann", "Songs for the Road", 1),
    ("Mixed Doubles", "Rock and Roll Tennis", 2),
    ("Mixed Doubles", "Rock & Roll: Tennis!", 2),
    ("Mixed Doubles", "Rock + Roll Tennis (2009 Remaster)", 2),
    ("Solo Singer Ft. Another", "Duets", 3),
    ("Solo Singer (featuring Another)", "Duets - Remastered 2011", 3),
    ("Old Masters", "First Light", 4),  # equal names have priority
    ("Old Masters", "First Light (Deluxe Edition)", 5),
    ("Old Masters", "First Light [Expanded]", "several"),
    ("Twice Pressed", "Same Thing - Deluxe Edition", 6),  # both have the same tags
    ("!!!", "???", 8),
    ("Ann Sunshine", "Summer Hits", -1),  # a track on a compilation has its own artist
    ("Namesake", "Namesake", "several"),
    ("The The", "The Best", 12),
    ("Carpet", "Songs for the Road", -1),
    ("The Carpets", "Songs", -1),
    ("Solo", "Duets", -1),
    ("???", "!!!", -1),
    ("Featherweight", "Duets", -1),
    ("", "Duets", -1),
    ("Solo Singer", "", -1),
]


@pytest.fixture
def albums():
    return pd.DataFrame(ALBUMS, columns=["artist", "release", "genres", "moods"])


def songs(rows=SONGS):
    names = [row[:2] for row in rows]
    index = pd.Index([f"TR{n}" for n in range(len(names))], name="track_id")
    return pd.DataFrame(names, index, columns=["artist", "release"])


def test_each_song_is_matched_with_its_album_only(albums):
    found = match(albums, songs())
    expected = [row[2] if isinstance(row[2], int) else -1 for row in SONGS]
    assert found.tracks.index.tolist() == songs().index.tolist()
    assert found.tracks["album"].tolist() == expected


def test_ambiguous_releases_are_listed(albums):
    found = match(albums, songs())
    expected = [row[:2] for row in SONGS if row[2] == "several"]
    assert sorted(
        zip(found.ambiguous["artist"], found.ambiguous["release"], strict=True)
    ) == sorted(expected)
    listed = found.ambiguous.set_index("artist")
    assert listed.loc["Old Masters", "level"] == "normalised"
    assert listed.loc["Namesake", "level"] == "equal"
    assert (
        listed.loc["Namesake", "albums"]
        == "Namesake: Namesake (row 10) | Namesake: Namesake (row 11)"
    )
    assert listed.loc["Old Masters", "tracks"] == 1


def test_the_report_counts_every_track_once(albums):
    report = match(albums, songs([*SONGS, SONGS[14]])).report().splitlines()
    counts = [int(line.split()[0]) for line in report]
    equal = sum(row[:2] in {album[:2] for album in ALBUMS} for row in SONGS if row[2] != "several")
    assert counts[0] == equal + 2  # one differs only in case, one only in the encoding of accents
    assert sum(counts[:4]) == len(SONGS) + 1
    assert counts[2] == 3
    assert counts[4] == len({row[2] for row in SONGS} - {-1, "several"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("The Inventéd & Friends feat. Nobody", "invented and friends"),
        ("Greatest Hits [Deluxe Edition]", "greatest hits"),
        ("Blue (Mono)", "blue"),
        ("Blue (Monochrome)", "blue monochrome"),
        ("Songs - Stereotypes", "songs stereotypes"),
        ("A Feat of Strength", "a feat of strength"),
        ("Live (In Town)", "live in town"),  # brackets need not contain an edition
        ("Don't Stop", "dont stop"),
        ("Don’t Stop", "dont stop"),
        ("Smørrebrød", "smorrebrod"),
        ("Straße", "strasse"),
        ("Beatles, The", "beatles"),
        ("The The", "the"),
        ("The", "the"),
        ("Theodore", "theodore"),
        ("Feat of Clay", "feat of clay"),
        ("A Great Feat", "a great feat"),
        ("日本語", "日本語"),
        ("!!!", "!!!"),
        ("", ""),
    ],
)
def test_normalise_removes_what_differs_between_sources(name, expected):
    assert normalise(name) == expected


def test_normalising_twice_changes_nothing():
    names = [name for row in (*ALBUMS, *SONGS) for name in row[:2]]
    assert [normalise(normalise(name)) for name in names] == [normalise(name) for name in names]


def test_order_and_repetition_of_songs_do_not_change_their_matches(albums):
    rows = [*SONGS, *SONGS]
    order = np.random.default_rng(0).permutation(len(rows))
    table = songs(rows).iloc[order]
    found = match(albums, table).tracks
    assert found.index.equals(table.index)
    unshuffled = match(albums, songs(rows)).tracks
    pd.testing.assert_frame_equal(found, unshuffled.loc[found.index])
