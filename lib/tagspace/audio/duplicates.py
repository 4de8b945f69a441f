"""Find copies of a recording: exact ones, re-encoded ones, and ones cut a little differently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tagspace.audio.stored import Values
from tagspace.support.files import keep_bytes

VERSION = 1  # raise it when the code gives other codes
# Chosen on 796 clips of Emotify and MERGE and on copies of 80 of them: as mp3 and ogg, in poor
# quality, and with up to 1 s cut off at the start or end. With five excerpts, copies correlate at
# .90 and more, other recordings at .72 at most; with one excerpt at .80 and more, and .67.
FLOOR = 8.0  # nepers below the loudest cell of a track; encoders change what is softer
ALIKE = 0.25  # root mean square difference of summaries, in nepers, from which tracks are compared
NEAREST = 5  # tracks compared with each track, at most
CORRELATED = 0.88  # copies correlate more
LAGS = range(-22, 23)  # frames of 46 ms by which a copy may be shifted
AUDIBLE = 1.0  # nepers above the floor that a frame must reach somewhere
EDGE = 2  # frames left out at both ends of an excerpt
FEWEST_FRAMES = 20  # audible in both tracks; with fewer, nothing is compared
BLOCK_TRACKS = 256
BLOCK_CELLS = 20_000_000  # tracks x tracks at a time; bounds memory


def kept_recordings(excerpts: Values, contents: Sequence[str], folder: Path) -> np.ndarray:
    """Return :func:`recordings`, computed once for the same files and kept in a folder."""
    known = "\n".join([str(VERSION), str(excerpts.shape[1]), *contents])
    name = f"copies-{hashlib.sha256(known.encode()).hexdigest()[:32]}"
    codes = keep_bytes(folder / name, lambda: recordings(excerpts, contents).tobytes())
    return np.frombuffer(codes, dtype=int)


def recordings(excerpts: Values, contents: Sequence[str]) -> np.ndarray:
    """Give the same code to tracks that are copies of one recording.

    The spectra of tracks are compared first: the mean and the standard deviation of each mel band,
    at equal level. Of the tracks with nearly equal ones, the excerpts are compared frame by frame.

    Parameters
    ----------
    excerpts : Values, shape (n_tracks, n_excerpts, 80, 130), float16
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
    if not len(excerpts):
        return np.empty(0, dtype=int)
    _, first, file_of = np.unique(np.asarray(contents), return_index=True, return_inverse=True)
    pairs = [
        (one, other)
        for one, other in _alike(_summaries(excerpts)[first])
        if correlation(excerpts[first[one]], excerpts[first[other]]) > CORRELATED
    ]
    codes = joined(np.array(pairs, dtype=int).reshape(-1, 2), len(first))[file_of]
    # Numbers follow the order of tracks.
    order = np.unique(codes, return_index=True)[1]
    return np.argsort(np.argsort(order))[codes]


def joined(pairs: np.ndarray, number: int) -> np.ndarray:
    """Give the same code to rows that pairs connect, also through other rows.

    Parameters
    ----------
    pairs : numpy.ndarray of int, shape (n_pairs, 2)
        Rows.
    number : int
        Number of rows.

    Examples
    --------
    >>> joined(np.array([[0, 3], [3, 2]]), 5).tolist()
    [0, 1, 0, 0, 2]
    """
    links = sparse.coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(number, number))
    return connected_components(links, directed=False)[1]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate two tracks over time.

    Each pair of excerpts is compared at its best lag, where both are audible, without the mean of
    each mel band. The better half of the excerpts counts: where one copy is longer than the other,
    the later excerpts are not of the same seconds.

    Parameters
    ----------
    one, other : numpy.ndarray, shape (n_excerpts, 80, 130)
        Log-mel excerpts.
    """
    (left, left_heard), (right, right_heard) = (_smooth(each) for each in (one, other))
    n_frames = left.shape[-1]
    at_lags = []
    for lag in LAGS:
        ours = slice(max(lag, 0), n_frames + min(lag, 0))
        theirs = slice(max(-lag, 0), n_frames - max(lag, 0))
        heard = left_heard[..., ours] * right_heard[..., theirs]
        a, b = (_centred(v, heard) for v in (left[..., ours], right[..., theirs]))
        power = np.square(a).sum((1, 2)) * np.square(b).sum((1, 2))
        cosine = (a * b).sum((1, 2)) / np.sqrt(np.maximum(power, 1e-9))
        at_lags.append(np.where(heard.sum((1, 2)) >= FEWEST_FRAMES, cosine, -1))
    best = np.sort(np.max(at_lags, axis=0))
    return float(best[len(best) // 2 :].mean())


def _smooth(excerpts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smooth over three frames, so that a shift by a part of a frame matters less.

    Return what is above the floor, and which frames are audible, shape (n_excerpts, 1, n_frames).
    """
    # The first and last windows reach beyond the excerpt, which leaves the same trace in all.
    values = _audible(excerpts[None])[0][..., EDGE:-EDGE]
    values -= values.min()
    values = (values[..., :-2] + 2 * values[..., 1:-1] + values[..., 2:]) / 4
    return values, (values.max(1, keepdims=True) > AUDIBLE).astype(np.float32)


def _centred(values: np.ndarray, heard: np.ndarray) -> np.ndarray:
    mean = (values * heard).sum(2, keepdims=True) / np.maximum(heard.sum(2, keepdims=True), 1)
    return (values - mean) * heard


def _audible(excerpts: np.ndarray) -> np.ndarray:
    values = excerpts.astype(np.float32)
    return np.maximum(values, values.max((1, 2, 3), keepdims=True) - FLOOR)


def _summaries(excerpts: Values) -> np.ndarray:
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
