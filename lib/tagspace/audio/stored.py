"""Arrays on disk whose rows are read when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Stored:
    """Values of tracks on disk, as an array whose rows are read when they are indexed.

    All processes on a machine share the page cache of the operating system.

    Parameters
    ----------
    segments : sequence of numpy.ndarray, shape (n_rows, n_excerpts, ...)
        Memory-mapped arrays.
    segment, row : numpy.ndarray of int, shape (n_tracks,)
        Number of the array that holds each track, and the row of the track in it.

    Examples
    --------
    >>> stored = Stored([np.eye(2), np.ones((1, 2))], np.array([1, 0]), np.array([0, 1]))
    >>> stored.shape, stored[:].tolist(), stored[np.array([1, 0]), 0].tolist()
    ((2, 2), [[1.0, 1.0], [0.0, 1.0]], [0.0, 1.0])
    """

    def __init__(
        self, segments: Sequence[np.ndarray], segment: np.ndarray, row: np.ndarray
    ) -> None:
        self.segments, self._segment, self._row = segments, segment, row
        self.shape = (len(row), *segments[0].shape[1:])

    def __len__(self) -> int:
        return len(self._row)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read rows.

        A further integer or slice applies to every row. A further array has one excerpt per row.
        """
        rows, *rest = index if isinstance(index, tuple) else (index,)
        segment, row = self._segment[rows], self._row[rows]
        if np.ndim(row) == 0:
            return self.segments[int(segment)][int(row), *rest]

        def part(number: int, here: np.ndarray) -> np.ndarray:
            within = (each[here] if isinstance(each, np.ndarray) else each for each in rest)
            return self.segments[number][row[here], *within]

        nothing = part(0, np.zeros(len(row), dtype=bool))
        read = np.empty((len(row), *nothing.shape[1:]), nothing.dtype)
        for number in np.unique(segment):
            here = segment == number
            read[here] = part(number, here)
        return read


Values = np.ndarray | Stored
