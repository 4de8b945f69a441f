"""Tag sets, and their counts, on four tracks and on random tags."""

import numpy as np
import pytest

from tagspace.errors import TagspaceError
from tagspace.tags.tagsets import (
    binary_matrix,
    intersection,
    restrict,
)


@pytest.fixture
def dataset(make_tagged):
    return make_tagged("styles", "moods")


def test_the_binary_matrix_has_a_row_per_track_and_a_column_per_tag_and_set(dataset):
    tags = binary_matrix(dataset)
    assert tags.vocabulary.to_numpy().tolist() == [
        ["styles", "playful"],
        ["styles", "polka"],
        ["styles", "ska"],
        ["moods", "calm"],
        ["moods", "playful"],
    ]
    assert list(tags.track_ids) == ["x1", "x2", "x3", "x4"]
    assert tags.matrix.toarray().tolist() == [
        [0, 0, 1, 1, 1],
        [0, 1, 1, 1, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_tag_sets_can_be_selected(dataset):
    tags = binary_matrix(dataset)
    assert tags.tagset("styles").toarray().tolist() == [[0, 0, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]]
    moods = tags.select(("moods",))
    assert moods.vocabulary["tag"].tolist() == ["calm", "playful"]
    assert moods.matrix.shape == (4, 2)
    assert tags.select(("moods", "styles")).matrix.shape == (4, 5)


def test_tags_of_unknown_tracks_are_refused(make_tagged):
    dataset = make_tagged("styles", "moods", further=[("x9", "moods", "calm")])
    with pytest.raises(TagspaceError, match="small has tags for 'x9'"):
        binary_matrix(dataset)


def test_the_intersection_has_the_tracks_with_a_tag_in_every_set(dataset):
    tags = binary_matrix(dataset)
    assert intersection(tags).tolist() == [True, True, False, False]
    kept = restrict(tags, intersection(tags))
    assert list(kept.track_ids) == ["x1", "x2"]
    assert kept.vocabulary["tag"].tolist() == ["polka", "ska", "calm", "playful"]
    assert kept.matrix.toarray().tolist() == [[0, 1, 1, 1], [1, 1, 1, 1]]


def test_taken_tracks_keep_their_tags(dataset):
    tags = binary_matrix(dataset)
    taken = tags.take(np.array([2, 0]))
    assert list(taken.track_ids) == ["x3", "x1"]
    assert taken.vocabulary.equals(tags.vocabulary)
    assert taken.matrix.toarray().tolist() == [[1, 0, 0, 0, 0], [0, 0, 1, 1, 1]]
