"""Training, validation and test tracks: drawn by artist (Section IV-B.1), or as published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError

TEST_SHARE = 0.10  # of all tracks
VALIDATION_SHARE = 0.05  # of the rest
FOLD_VALIDATION_SHARE = 0.15  # of the rest; 5 % of a small data set are too few tracks
# Names of the parts in published splits.
PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass(frozen=True)
class Split:
    """Row numbers of the tracks in each part, in ascending order."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(group: np.ndarray, seed: int = 0, folds: int = 0, fold: int = 0) -> Split:
    """Split tracks such that no group (artist) is in two parts.

    Without folds, about 10 % of the tracks are test tracks and about 5 % of the rest are validation
    tracks, as in the paper. With folds, the tracks fall into ``folds`` parts of about equal size.
    Part ``fold`` is the test part, and about 15 % of the rest are validation tracks. These come
    from the groups that follow the test part in the shuffled order, and from two groups at least,
    because pairs of one artist may not count.

    Parameters
    ----------
    group : numpy.ndarray of int, shape (n_tracks,)
        Code of each track's artist, 0 to n_artists - 1; see
        :func:`tagspace.datasets.groups.group_codes`.
    seed : int
        Seed of the shuffle of the groups. Equal arguments always give the same split.
    folds, fold : int
        Number of folds (0: none), and the number of the fold that is the test part.

    Raises
    ------
    TagspaceError
        If a part would have no track, because one group is too large.

    Examples
    --------
    >>> parts = split(np.repeat(np.arange(20), 5), seed=0)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (80, 10, 10)
    """
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
    validation[rest] = _first_share(
        group[rest], following[np.isin(following, group[rest])], share, 2
    )
    train = everything[~test & ~validation]
    if not len(train):
        raise _too_few("training")
    return Split(train, everything[validation], everything[test])


def published_parts(dataset: Dataset, name: str) -> pd.Series:
    """Return the part of each track in a published split.

    Parameters
    ----------
    dataset : Dataset
        Gives the splits.
    name : str
        Name of the split.

    Returns
    -------
    pandas.Series of str
        ``train``, ``validation`` or ``test`` for each track of the data set; empty for tracks
        outside the split.

    Raises
    ------
    TagspaceError
        If the data set has no such split, or a part has an unknown name.
    """
    if name not in dataset.splits:
        accepted = ", ".join(["artist", *dataset.splits])
        raise TagspaceError(
            f"split: {dataset.name} has no split {name!r}; accepted for it: {accepted}"
        )
    given = dataset.splits[name]().reindex(dataset.tracks.index, fill_value="")
    parts = given.str.strip().str.lower().map({**PARTS, "": ""})
    unknown = given[parts.isna()]
    if len(unknown):
        raise TagspaceError(
            f"dataset: in split {name}, track {unknown.index[0]!r} is in part {unknown.iloc[0]!r}; "
            f"accepted: {', '.join(PARTS)}, or empty for a track to leave out"
        )
    return parts


def split_as_published(parts: pd.Series) -> Split:
    """Collect the rows of each part.

    Parameters
    ----------
    parts : pandas.Series of str
        ``train``, ``validation`` or ``test`` for each track, in the order of the rows.

    Examples
    --------
    >>> split_as_published(pd.Series(["test", "train", "validation", "train"])).train
    array([1, 3])
    """
    return Split(*(np.flatnonzero(parts == name) for name in ("train", "validation", "test")))


def _too_few(part: str) -> TagspaceError:
    return TagspaceError(
        f"dataset: no track is left for the {part} part, because the tracks of an artist and "
        "copies of a recording stay together, and one group is very large; try another seed or "
        "other folds"
    )


def _first_share(group: np.ndarray, order: np.ndarray, share: float, least: int = 1) -> np.ndarray:
    """Take whole groups in order until their tracks are as near as possible to the share."""
    sizes = np.bincount(group, minlength=order.max() + 1)[order]
    taken = np.cumsum(sizes) - sizes / 2 < share * len(group)
    taken[:least] = True
    return np.isin(group, order[taken])


def _fold_of(group: np.ndarray, order: np.ndarray, folds: int) -> np.ndarray:
    """Cut the ordered groups into consecutive parts with about equal numbers of tracks."""
    sizes = np.bincount(group)[order]
    middle = np.cumsum(sizes) - sizes / 2
    part = np.empty(len(order), dtype=int)
    part[order] = np.minimum((middle * folds / sizes.sum()).astype(int), folds - 1)
    return part[group]
