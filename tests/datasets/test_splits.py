"""Splits of random tracks, and of a few extreme collections."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tagspace.datasets.base import build
from tagspace.datasets.groups import group_codes
from tagspace.datasets.splits import published_parts, split, split_as_published
from tagspace.errors import TagspaceError


def draw_artists(n_tracks=2000, n_artists=300, seed=0):
    """Draw artists with different numbers of tracks; some tracks have no artist."""
    generator = np.random.default_rng(seed)
    weights = generator.exponential(size=n_artists)
    numbers = generator.choice(n_artists, size=n_tracks, p=weights / weights.sum())
    return ["" if number < 3 else f"artist {number}" for number in numbers]


def split_by_artist(artists, *arguments):
    return split(group_codes(artists), *arguments)


def parts_of(found):
    return found.train, found.validation, found.test


@pytest.mark.parametrize(("folds", "fold"), [(0, 0), (5, 0), (5, 4), (2, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_every_track_is_in_one_part_and_every_artist_too(seed, folds, fold):
    artists = draw_artists()
    parts = parts_of(split_by_artist(artists, seed, folds, fold))
    assert sorted(np.concatenate(parts)) == list(range(len(artists)))
    for part in parts:
        assert list(part) == sorted(part)
    train, validation, test = ({artists[row] for row in part} - {""} for part in parts)
    assert not train & validation
    assert not train & test
    assert not validation & test


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_those_of_the_paper(seed):
    found = split_by_artist(draw_artists(), seed)
    assert len(found.test) == pytest.approx(200, abs=15)
    assert len(found.validation) == pytest.approx(90, abs=15)


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_have_about_equal_size_and_contain_each_track_once(folds):
    artists = draw_artists()
    splits = [split_by_artist(artists, 3, folds, fold) for fold in range(folds)]
    assert sorted(np.concatenate([each.test for each in splits])) == list(range(len(artists)))
    # An artist stays in one part, so a part may miss its share by half the largest artist.
    half_largest = np.bincount(group_codes(artists)).max() / 2
    for each in splits:
        assert len(each.test) == pytest.approx(2000 / folds, abs=20)
        expected = 0.15 * (2000 - len(each.test))
        assert len(each.validation) == pytest.approx(expected, abs=half_largest)


@pytest.mark.parametrize("folds", [2, 5])
def test_validation_tracks_differ_between_folds(folds):
    artists = draw_artists()
    validation = [split_by_artist(artists, 3, folds, fold).validation for fold in range(folds)]
    rows = np.concatenate(validation)
    assert len(rows) == len(set(rows))


def test_equal_seeds_give_equal_splits():
    artists = draw_artists()
    first, again, other_seed = (parts_of(split_by_artist(artists, seed)) for seed in (1, 1, 2))
    for part, same_part in zip(first, again, strict=True):
        np.testing.assert_array_equal(part, same_part)
    assert not np.array_equal(first[2], other_seed[2])


def test_names_of_artists_do_not_change_the_split():
    artists = draw_artists()
    renamed = [name[::-1] for name in artists]
    parts, parts_of_renamed = (parts_of(split_by_artist(names, 4)) for names in (artists, renamed))
    for part, part_of_renamed in zip(parts, parts_of_renamed, strict=True):
        np.testing.assert_array_equal(part, part_of_renamed)


def test_tracks_without_artist_are_split_one_by_one():
    found = split_by_artist([""] * 1000, 0)
    assert [len(part) for part in parts_of(found)] == [855, 45, 100]


def test_a_large_artist_stays_in_one_part():
    found = split_by_artist(["large"] * 90 + [f"small {n}" for n in range(10)], 0)
    tracks_of_large = [set(range(90)) & set(part) for part in parts_of(found)]
    assert sorted(len(tracks) for tracks in tracks_of_large) == [0, 0, 90]
    assert all(len(part) for part in parts_of(found))


def test_a_part_without_tracks_is_refused():
    artists = ["large"] * 1000 + [f"small {n}" for n in range(19)]
    with pytest.raises(TagspaceError, match=r"^dataset: no track is left for the test part, .*$"):
        split_by_artist(artists, 0, 10, 1)  # the small artists are in the first and last folds
    with pytest.raises(TagspaceError, match=r"^dataset: no track is left for the training part, "):
        split_by_artist(artists, 22)  # the large artist is the last but one


def dataset_with_split(parts):
    """Make a data set of four tracks whose split ``mine`` names the part of some of them."""
    tracks = [(f"t{number}", "", (), "", "") for number in range(4)]
    dataset = build("invented", tracks, [], ())
    return replace(dataset, splits={"mine": lambda: pd.Series(parts, dtype=str)})


def test_a_published_split_gives_the_parts_in_the_order_of_the_tracks():
    dataset = dataset_with_split({"t3": "Training", "t0": " test ", "t2": "val", "t9": "train"})
    parts = published_parts(dataset, "mine")
    assert parts.to_dict() == {"t0": "test", "t1": "", "t2": "validation", "t3": "train"}
    found = split_as_published(parts)
    assert [rows.tolist() for rows in parts_of(found)] == [[3], [2], [0]]


def test_an_unknown_split_or_part_is_refused_in_one_line():
    dataset = dataset_with_split({"t1": "holdout"})
    with pytest.raises(TagspaceError, match="no split 'official'; accepted for it: artist, mine$"):
        published_parts(dataset, "official")
    with pytest.raises(TagspaceError, match="track 't1' is in part 'holdout'; accepted: train,"):
        published_parts(dataset, "mine")


@pytest.mark.parametrize(("folds", "fold"), [(0, 0), (5, 2)])
def test_validation_tracks_are_of_two_artists_at_least(folds, fold):
    found = split(np.repeat(np.arange(10), 9), 0, folds, fold)
    assert len(set(found.validation // 9)) == 2
    assert len(found.train) > 0
