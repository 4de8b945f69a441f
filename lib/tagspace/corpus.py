"""All that a run needs of a data set, in memory: the tracks with every tag set and with audio."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tagspace.audio import features
from tagspace.audio.features import Features
from tagspace.configuration import Configuration
from tagspace.datasets import registry
from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import Groups, groups
from tagspace.datasets.splits import Split, group_codes, split
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder
from tagspace.tags import tagsets
from tagspace.tags.lsi import Topics
from tagspace.tags.tagsets import TagMatrix

FEWEST_VALIDATION = 2  # tracks: a query and its neighbour
FEWEST_TEST = 12  # a query, ten neighbours, and one that is not among them


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tracks ready for training and evaluation; all rows are in one order.

    Attributes
    ----------
    name : str
        Of the data set.
    tags : TagMatrix
        Tags in all sets.
    groups : Groups
        Artists and albums.
    excerpts : numpy.ndarray, shape (n_tracks, n_excerpts, 80, 130), float16
        Log-mel excerpts.
    split : Split
        Training, validation and test rows.
    fingerprint : str
        Changes when a track, its artist, album or tags do.
    """

    name: str
    tags: TagMatrix
    groups: Groups
    excerpts: np.ndarray
    split: Split
    fingerprint: str

    @cached_property
    def topics(self) -> Topics:
        """The LSI models of the training tracks' tags."""
        return Topics(self.tags, self.split.train)

    def __len__(self) -> int:
        return len(self.tags.track_ids)

    def summary(self) -> dict[str, object]:
        """Count what is there, for the record of a run."""
        parts = {name: getattr(self.split, name) for name in ("train", "validation", "test")}
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "excerpts": self.excerpts.shape[1],
            "tracks": {name: len(rows) for name, rows in parts.items()},
            "artists": {name: len(set(self.groups.artist[rows])) for name, rows in parts.items()},
        }


def load(configuration: Configuration) -> Corpus:
    """Read a data set, compute its features where they are missing, and assemble the corpus.

    Parameters
    ----------
    configuration : Configuration
        Names the data and their split.

    Raises
    ------
    TagspaceError
        If the data are not there or cannot be used.
    """
    dataset = registry.load(configuration.dataset, configuration.shards)
    store = features.extract(dataset, cache_folder() / "features", configuration.excerpts)
    return assemble(dataset, store, configuration)


def assemble(dataset: Dataset, store: Features, configuration: Configuration) -> Corpus:
    """Keep the tracks that have audio and a tag in every set, and split them by artist.

    Which tracks, and their split, does not depend on the tag sets to train on: all experiments
    are held on the same ones (Section IV-B.1).

    Parameters
    ----------
    dataset : Dataset
        Gives artists, albums and tags.
    store : Features
        Gives the excerpts.
    configuration : Configuration
        Gives seed and folds.

    Raises
    ------
    TagspaceError
        If too few tracks or artists are left to split.
    """
    tags = tagsets.binary_matrix(dataset)
    usable = tagsets.intersection(tags) & dataset.tracks.index.isin(store.index.index)
    tags = tagsets.restrict(tags, np.flatnonzero(usable))
    tracks = dataset.tracks.loc[tags.track_ids]
    artists = list(tracks["artist"])
    n_artists, parts = len(set(group_codes(artists))), max(configuration.folds, 10)
    if n_artists < parts:
        raise TagspaceError(
            f"dataset: {dataset.name} has {len(tracks)} tracks of {n_artists} artists with audio "
            f"and a tag in every set; at least {parts} artists are needed"
        )
    if not any(artists):
        warnings.warn(
            f"dataset: {dataset.name} names no artists, so that some may be both in training and "
            "in test, and figures be too high",
            stacklevel=2,
        )
    rows = split(artists, configuration.seed, configuration.folds, configuration.fold)
    if len(rows.validation) < FEWEST_VALIDATION or len(rows.test) < FEWEST_TEST:
        raise TagspaceError(
            f"dataset: {dataset.name} leaves {len(rows.validation)} tracks for validation and "
            f"{len(rows.test)} for test; at least {FEWEST_VALIDATION} and {FEWEST_TEST} are "
            "needed; try fewer folds"
        )
    return Corpus(
        dataset.name,
        tags,
        groups(tracks),
        store.of(tags.track_ids),
        rows,
        _fingerprint(tracks, dataset.tags),
    )


def _fingerprint(tracks: pd.DataFrame, tags: pd.DataFrame) -> str:
    used = tags[tags["track_id"].isin(tracks.index)].sort_values(list(tags.columns))
    text = tracks[["artist", "album"]].sort_index().to_csv() + used.to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
