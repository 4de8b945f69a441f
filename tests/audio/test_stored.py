"""Rows of arrays on disk are those of one array in memory."""

import numpy as np
import pytest

from tagspace.audio.stored import Stored

SEGMENTS = [np.arange(24).reshape(2, 3, 4), 100 + np.arange(36).reshape(3, 3, 4)]
SEGMENT, ROW = np.array([1, 0, 1, 1, 0]), np.array([2, 0, 0, 1, 1])
WHOLE = np.stack([SEGMENTS[segment][row] for segment, row in zip(SEGMENT, ROW, strict=True)])


@pytest.mark.parametrize(
    "index",
    [
        slice(None),
        slice(1, 3),
        2,
        -1,
        np.array([4, 0, 0]),
        np.array([1, 4]),  # of one segment
        np.array([], dtype=int),
        WHOLE[:, 0, 0] > 50,
        (np.array([4, 0, 3]), 1),
        (slice(None), slice(0, 1)),
        (np.array([4, 0, 3]), np.array([2, 0, 1])),
        (np.array([], dtype=int), np.array([], dtype=int)),
        (3, 1),
    ],
    ids=str,
)
def test_an_index_reads_what_it_selects_in_memory(index):
    stored = Stored(SEGMENTS, SEGMENT, ROW)
    assert (len(stored), stored.shape) == (5, WHOLE.shape)
    read = stored[index]
    np.testing.assert_array_equal(read, WHOLE[index])
    assert read.dtype == WHOLE.dtype


def test_a_row_that_does_not_exist_is_refused():
    with pytest.raises(IndexError):
        Stored(SEGMENTS, SEGMENT, ROW)[5]
    assert len(list(Stored(SEGMENTS, SEGMENT, ROW))) == 5  # so that a loop ends
