import numpy as np
import pytest

from tagspace.datasets.splits import group_codes, split
from tagspace.errors import TagspaceError


def draw_artists(n_tracks=2000, n_artists=300, seed=0):
    """Draw artists of unequal size, and some tracks without one."""
    generator = np.random.default_rng(seed)
    weights = generator.exponential(size=n_artists)
    numbers = generator.choice(n_artists, size=n_tracks, p=weights / weights.sum())
    return ["" if number < 3 else f"artist {number}" for number in numbers]


def parts(found):
    return found.train, found.validation, found.test


@pytest.mark.parametrize(("folds", "fold"), [(0, 0), (5, 0), (5, 4), (2, 1)])
@pytest.mark.parametrize("seed", range(3))
def test_every_track_is_in_one_part_and_no_artist_in_two(seed, folds, fold):
    artists = draw_artists()
    found = parts(split(artists, seed, folds, fold))
    assert sorted(np.concatenate(found)) == list(range(len(artists)))
    for part in found:
        assert list(part) == sorted(part)
    train, validation, test = ({artists[row] for row in part} - {""} for part in found)
    assert not train & validation
    assert not train & test
    assert not validation & test


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_those_of_the_paper(seed):
    found = split(draw_artists(), seed)
    assert len(found.test) == pytest.approx(200, abs=15)
    assert len(found.validation) == pytest.approx(90, abs=15)


@pytest.mark.parametrize("folds", [2, 5, 10])
def test_folds_are_of_about_equal_size_and_cover_all_tracks_once(folds):
    artists = draw_artists()
    found = [split(artists, 3, folds, fold) for fold in range(folds)]
    assert sorted(np.concatenate([one.test for one in found])) == list(range(len(artists)))
    # No artist is cut, so that a part is as near to its share as half an artist.
    nearest = np.bincount(group_codes(artists)).max() / 2
    for one in found:
        assert len(one.test) == pytest.approx(2000 / folds, abs=20)
        assert len(one.validation) == pytest.approx(0.15 * (2000 - len(one.test)), abs=nearest)


@pytest.mark.parametrize("folds", [2, 5])
def test_no_track_is_for_validation_in_two_folds(folds):
    found = [split(draw_artists(), 3, folds, fold).validation for fold in range(folds)]
    assert len(np.concatenate(found)) == len(set(np.concatenate(found)))


def test_the_seed_alone_draws_the_split():
    artists = draw_artists()
    np.random.default_rng(99).random()
    first, again, other = (parts(split(artists, seed)) for seed in (1, 1, 2))
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[2], other[2])


def test_the_names_of_artists_do_not_matter():
    artists = draw_artists()
    renamed = [name and name[::-1] for name in artists]
    assert all(map(np.array_equal, parts(split(artists, 4)), parts(split(renamed, 4))))


def test_tracks_without_artist_are_split_one_by_one():
    found = split([""] * 1000, 0)
    assert [len(part) for part in parts(found)] == [855, 45, 100]


def test_a_large_artist_is_not_cut():
    found = split(["large"] * 90 + [f"small {n}" for n in range(10)], 0)
    large = [set(range(90)) & set(part) for part in parts(found)]
    assert sorted(len(part) for part in large) == [0, 0, 90]
    assert all(len(part) for part in parts(found))


def test_a_part_without_tracks_is_refused():
    artists = ["large"] * 1000 + [f"small {n}" for n in range(19)]
    with pytest.raises(TagspaceError, match=r"^dataset: no track is left for test, .*$"):
        split(artists, 0, 10, 1)  # the small artists fall into the outer folds
    with pytest.raises(TagspaceError, match=r"^dataset: no track is left for training, .*$"):
        split(artists, 22)  # the large artist comes last but one


def test_group_codes_count_from_zero_and_keep_empty_names_apart():
    assert list(group_codes(["b", "", "a", "b", ""])) == [0, 1, 2, 0, 3]
