"""Find copies of a recording: exact ones, re-encoded ones, and ones cut a little differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

FLOOR = 8.0  # nepers below the loudest cell of a track; encoders change what is softer
NEAREST = 3  # tracks compared in full with each track
ALIKE = 0.25  # root mean square difference of summaries, in nepers; copies have half of it
CORRELATED = 0.86  # of copies it is .87 at least, of other real recordings .68 at most
LAGS = range(-14, 15)  # frames of 46 ms by which a copy may be shifted
BLOCK_TRACKS = 256
BLOCK_CELLS = 20_000_000  # tracks x tracks at a time; bounds memory


def recordings(excerpts: np.ndarray, contents: Sequence[str]) -> np.ndarray:
    """Give the same code to tracks that are copies of one recording.

    The spectra of tracks are compared first: the mean and the standard deviation of each mel band,
    at equal level. Of the tracks with nearly equal ones, the excerpts are compared frame by frame.

    Parameters
    ----------
    excerpts : numpy.ndarray, shape (n_tracks, n_excerpts, 80, 130), float16
        Log-mel excerpts.
    contents : sequence of str
        Content id of the file of each track; see :func:`tagspace.audio.identity.content_id`.

    Returns
    -------
    numpy.ndarray of int, shape (n_tracks,)
        In order of first tracks, from 0.

    Examples
    --------
    The third track is the first one, softer and a quarter of a second later.

    >>> noise = np.random.default_rng(0).normal(0, 2, size=(2, 1, 80, 140))
    >>> shifted = noise[:1, :, :, 5:135] - 3
    >>> excerpts = np.concatenate([noise[..., :130], shifted]).astype(np.float16)
    >>> recordings(excerpts, ["a", "b", "c"]).tolist()
    [0, 1, 0]
    """
    n_tracks = len(excerpts)
    if not n_tracks:
        return np.empty(0, dtype=int)
    exact = np.unique(np.asarray(contents), return_inverse=True)[1]
    pairs = [
        (one, other)
        for one, other in _alike(_summaries(excerpts))
        if correlation(excerpts[one], excerpts[other]) > CORRELATED
    ]
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    # Tracks come first, then files; each track is linked to its file.
    rows = np.concatenate([rows, np.arange(n_tracks)])
    columns = np.concatenate([columns, n_tracks + exact])
    size = 2 * n_tracks
    links = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    return connected_components(links, directed=False)[1][:n_tracks]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate two tracks over time: the mean over excerpts, each at its best lag.

    Parameters
    ----------
    one, other : numpy.ndarray, shape (n_excerpts, 80, 130)
        Log-mel excerpts. The mean of each mel band is removed.
    """
    one, other = _smooth(_audible(one[None])[0]), _smooth(_audible(other[None])[0])
    n_frames = one.shape[-1]
    at_lags = []
    for lag in LAGS:
        left = _centred(one[..., max(lag, 0) : n_frames + min(lag, 0)])
        right = _centred(other[..., max(-lag, 0) : n_frames - max(lag, 0)])
        power = np.square(left).sum((1, 2)) * np.square(right).sum((1, 2))
        at_lags.append((left * right).sum((1, 2)) / np.sqrt(np.maximum(power, 1e-9)))
    return float(np.max(at_lags, axis=0).mean())


def _audible(excerpts: np.ndarray) -> np.ndarray:
    values = excerpts.astype(np.float32)
    return np.maximum(values, values.max((1, 2, 3), keepdims=True) - FLOOR)


def _smooth(values: np.ndarray) -> np.ndarray:
    """Smooth over three frames, so that a shift by a part of a frame matters less."""
    return (values[..., :-2] + 2 * values[..., 1:-1] + values[..., 2:]) / 4


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(2, keepdims=True)


def _summaries(excerpts: np.ndarray) -> np.ndarray:
    """Return the mean, at equal level, and the deviation of each band, shape (n_tracks, 160)."""
    parts = []
    for start in range(0, len(excerpts), BLOCK_TRACKS):
        values = _audible(excerpts[start : start + BLOCK_TRACKS])
        mean = values.mean((1, 3))
        parts.append(np.c_[mean - mean.mean(1, keepdims=True), values.std((1, 3))])
    return np.concatenate(parts)


def _alike(summaries: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of tracks with nearly equal summaries, each pair once."""
    n_tracks, size = summaries.shape
    squares = np.square(summaries).sum(1)
    found = set()
    for block in np.array_split(np.arange(n_tracks), -(-(n_tracks**2) // BLOCK_CELLS)):
        distances = squares[block, None] + squares - 2 * summaries[block] @ summaries.T
        distances[np.arange(len(block)), block] = np.inf
        places, others = (distances < ALIKE**2 * size).nonzero()
        near = pd.DataFrame({"track": block[places], "other": others})
        near = near.assign(distance=distances[places, others]).sort_values("distance")
        for track, other, _ in near.groupby("track").head(NEAREST).itertuples(index=False):
            found.add((min(track, other), max(track, other)))
    return iter(sorted(found))
