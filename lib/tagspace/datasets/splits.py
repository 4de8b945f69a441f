"""Training, validation and test tracks that share no artist (Section IV-B.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagspace.errors import TagspaceError

TEST_SHARE = 0.10  # of all tracks
VALIDATION_SHARE = 0.05  # of the rest
FOLD_VALIDATION_SHARE = 0.15  # of the rest, in cross-validation: small data need more to decide on


@dataclass(frozen=True)
class Split:
    """Row numbers of the tracks in each part, ascending; no artist is in two of them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(artists: Sequence[str], seed: int = 0, folds: int = 0, fold: int = 0) -> Split:
    """Split tracks by artist.

    Without folds, 10 % of the tracks are for test and 5 % of the rest for validation, as in the
    paper. With folds, the tracks fall into ``folds`` parts of about equal size; part ``fold`` is
    for test and 15 % of the rest for validation: in the order of artists, those that come next.

    Parameters
    ----------
    artists : sequence of str
        Artist of each track; a track without one (empty) counts as an artist of its own.
    seed : int
        Draws the order of artists; nothing else changes the split.
    folds, fold : int
        Number of parts (0: none) and which of them is for test.

    Raises
    ------
    TagspaceError
        If an artist has so many tracks that no track is left for a part.
    """
    group = group_codes(artists)
    order = np.random.default_rng(seed).permutation(group.max() + 1)
    everything = np.arange(len(group))
    if folds:
        test = _fold_of(group, order, folds) == fold
    else:
        test = _first_share(group, order, TEST_SHARE)
    if not test.any():
        raise _too_few("test")
    rest = everything[~test]
    share = FOLD_VALIDATION_SHARE if folds else VALIDATION_SHARE
    last = np.flatnonzero(np.isin(order, group[test]))[-1]
    following = np.roll(order, -last - 1)
    validation = np.zeros(len(group), dtype=bool)
    validation[rest] = _first_share(group[rest], following[np.isin(following, group[rest])], share)
    train = everything[~test & ~validation]
    if not len(train):
        raise _too_few("training")
    return Split(train, everything[validation], everything[test])


def group_codes(names: Sequence[str]) -> np.ndarray:
    """Give each name a number, and each empty name one of its own.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Equal for equal names.
    """
    keyed = [name or ("", row) for row, name in enumerate(names)]
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keyed])


def _too_few(part: str) -> TagspaceError:
    return TagspaceError(
        f"dataset: no track is left for {part}, as artists are whole and one has very many tracks; "
        "try another seed, or fewer folds"
    )


def _first_share(group: np.ndarray, order: np.ndarray, share: float) -> np.ndarray:
    """Take whole groups in order, as long as their tracks stay nearest to the share asked for."""
    sizes = np.bincount(group, minlength=order.max() + 1)[order]
    taken = np.cumsum(sizes) - sizes / 2 < share * len(group)
    taken[0] = True
    return np.isin(group, order[taken])


def _fold_of(group: np.ndarray, order: np.ndarray, folds: int) -> np.ndarray:
    """Cut the ordered groups into consecutive parts of about equal numbers of tracks."""
    sizes = np.bincount(group)[order]
    middle = np.cumsum(sizes) - sizes / 2
    part = np.empty(len(order), dtype=int)
    part[order] = np.minimum((middle * folds / sizes.sum()).astype(int), folds - 1)
    return part[group]
