"""Prepare a data set for a run: usable tracks with tags, groups, features and split."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tagspace.audio import features
from tagspace.audio.duplicates import kept_recordings
from tagspace.audio.features import Features
from tagspace.audio.store import LOG_MEL, FrontEnd
from tagspace.audio.stored import Values
from tagspace.configuration import RELATEDNESS_KINDS, Configuration
from tagspace.datasets import groups, registry
from tagspace.datasets.artists import normalise_artists
from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import Groups
from tagspace.datasets.spellings import merge_spellings, other_spellings
from tagspace.datasets.splits import Split, published_parts, split, split_as_published
from tagspace.encoders import musicnn
from tagspace.encoders.vectors import read_vectors
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder
from tagspace.tags import tagsets
from tagspace.tags.tagsets import TagMatrix

FEWEST_TEST = 12  # tracks: a query, ten neighbours, and one that is not among them
FEWEST = 2, 2, FEWEST_TEST  # tracks for training, validation (a query, its neighbour) and test


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tracks ready for training and evaluation; row i is the same track in all arrays.

    Attributes
    ----------
    name : str
        Name of the data set.
    tags : TagMatrix
        Tags in all sets.
    groups : Groups
        Artists and albums.
    excerpts : Values, shape (n_tracks, n_excerpts, 80, 130), float16
        Log-mel excerpts, in memory or on disk.
    split : Split
        Training, validation and test rows.
    fingerprint : str
        Hash of the track ids, artists, albums, tags, a published split, and the content of the
        audio files. It does not cover titles and paths.

    notes : list of str
        What was changed on reading, such as merged spellings of artists.
    vectors : Values, shape (n_tracks, n_excerpts or 1, d), float32, optional
        Those of the encoder that the configuration names, if it is not computed from ``excerpts``.

    See Also
    --------
    load_corpus : reads a data set and computes its features.

    Examples
    --------
    This corpus has two moods, three tracks per artist, no albums, and noise as audio.

    >>> from scipy import sparse
    >>> vocabulary = pd.DataFrame({"tagset": "moods", "tag": ["calm", "wild"]})
    >>> moods = sparse.csr_array(np.eye(2)[np.arange(120) % 2])
    >>> tags = TagMatrix(moods, pd.RangeIndex(120), vocabulary)
    >>> artists = Groups(np.arange(120) // 3, sparse.csr_array((120, 1)))
    >>> noise = np.random.default_rng(0).normal(size=(120, 1, 80, 130)).astype(np.float16)
    >>> corpus = Corpus("noise", tags, artists, noise, split(artists.artist), "")
    >>> corpus.summary()["tracks"]
    {'train': 102, 'validation': 6, 'test': 12}
    """

    name: str
    tags: TagMatrix
    groups: Groups
    excerpts: Values
    split: Split
    fingerprint: str
    notes: list[str] = field(default_factory=list)
    vectors: Values | None = None

    def __len__(self) -> int:
        return len(self.tags.track_ids)

    def summary(self) -> dict[str, object]:
        """Count tracks and artists, for the record of a run."""
        parts = {name: getattr(self.split, name) for name in ("train", "validation", "test")}
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "excerpts": self.excerpts.shape[1],
            "tracks": {name: len(rows) for name, rows in parts.items()},
            "artists": {name: len(set(self.groups.artist[rows])) for name, rows in parts.items()},
            "notes": self.notes,
        }


def load_corpus(configuration: Configuration) -> Corpus:
    """Read a data set, compute the features that are missing, and assemble the corpus.

    Parameters
    ----------
    configuration : Configuration
        Names the data set, the number of excerpts, and the parameters of the split.

    Raises
    ------
    TagspaceError
        If the data cannot be found or used.
    """
    dataset = registry.load_dataset(configuration.dataset, configuration.shards)
    check(dataset, configuration)
    store = features.extract(dataset, cache_folder() / "features", configuration.excerpts)
    return assemble(dataset, store, configuration)


def check(dataset: Dataset, configuration: Configuration) -> None:
    """Check tag sets, split, paths, tables and sizes before the first file is decoded.

    Parameters
    ----------
    dataset : Dataset
        The tracks, tags and paths.
    configuration : Configuration
        Names the tag sets and the split.

    Raises
    ------
    TagspaceError
        If a tag set or the split is unknown, too few tracks or artists have a path and a tag in
        every set, all tracks have the same tags, a table of vectors is unusable, or too many files
        are missing.
    """
    chosen = configuration.choose_tagsets(dataset.tagsets)
    for parameter in ("relatedness", "encoder"):
        file = Path(getattr(configuration, parameter)).expanduser()
        if file.is_file():
            table = read_vectors(file, parameter)
            if not table.index.isin(dataset.tracks.index).any():
                raise TagspaceError(
                    f"{parameter}: {file} lists none of the tracks of {dataset.name}"
                )
    paths = dataset.tracks["path"][dataset.tracks["path"] != ""]
    if dataset.make_audio is None and len(paths):
        missing = paths[~paths.map(os.path.isfile)]
        if len(missing) > configuration.max_lost * len(paths):
            raise TagspaceError(
                f"max_lost: {len(missing)} of {len(paths)} audio files of {dataset.name} do not "
                f"exist, such as {missing.iloc[0]}; mend the paths, or raise max_lost"
            )
    tags, published = _usable(dataset, configuration, paths.index)
    if published is None:
        artists = normalise_artists(list(dataset.tracks["artist"].loc[tags.track_ids])).keys
        n_artists = len({*artists} - {""}) + artists.count("")
        _check_artists(dataset.name, len(artists), n_artists, configuration)
    else:
        _check_sizes(dataset.name, split_as_published(published), configuration)
    matrix = tags.select(chosen).matrix
    learns_from_tags = configuration.relatedness in RELATEDNESS_KINDS[:-1]
    if learns_from_tags and (matrix.sum(axis=0) == len(tags.track_ids)).all():
        raise TagspaceError(
            f"tagsets: all tracks of {dataset.name} have the same tags in {'+'.join(chosen)}, so "
            "there is nothing to learn; choose other tag sets"
        )


def assemble(dataset: Dataset, store: Features, configuration: Configuration) -> Corpus:
    """Keep the tracks that have audio and a tag in every set, and split them.

    Unless the split is a published one, the tracks of an artist and the copies of a recording stay
    in one part.

    The tracks and their split do not depend on the tag sets to learn from, so all experiments use
    the same ones (Section IV-B.1).

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
        If too many files could not be used, or too few tracks or artists are left to split.
    """
    if store.lost > configuration.max_lost:
        raise TagspaceError(
            f"max_lost: {store.lost:.0%} of the audio files of {dataset.name} cannot be used, more "
            f"than {configuration.max_lost:.0%}; see {store.listing}, and mend the files or raise "
            "max_lost"
        )
    dataset, notes = _with_spellings(dataset, configuration.spellings)
    encoded = _encoded(dataset, configuration)
    track_ids = store.index.index if encoded is None else store.index.index.intersection(encoded[0])
    tags, published = _usable(dataset, configuration, track_ids)
    tracks = dataset.tracks.loc[tags.track_ids]
    artists = normalise_artists(list(tracks["artist"]))
    excerpts = store.take(tags.track_ids)
    contents = store.index["content_id"].loc[tags.track_ids].tolist()
    grouped = replace(
        groups.from_tracks(tracks.assign(artist=artists.keys)),
        recording=kept_recordings(excerpts, contents, store.listing.parent),
    )
    notes += artists.notes
    if published is None:
        rows = _draw_split(dataset, grouped, configuration)
        notes += _describe_joined(grouped)
    else:
        rows = split_as_published(published)
        notes += _describe_published(published, grouped)
    notes += _describe_copies(grouped)
    _check_sizes(dataset.name, rows, configuration)
    if not tracks["artist"].any():
        warnings.warn(
            f"dataset: {dataset.name} names no artists, so an artist may be both in the training "
            "and in the test part, and figures may be too high",
            stacklevel=2,
        )
    return Corpus(
        dataset.name,
        tags,
        grouped,
        excerpts,
        rows,
        _fingerprint(tracks, dataset.tags, store.index["content_id"], published),
        notes,
        None if encoded is None else encoded[1](tags.track_ids),
    )


def front_ends(configuration: Configuration) -> list[FrontEnd]:
    """List what is computed from the audio: log-mel spectrograms, and what the encoder takes."""
    heard = [musicnn.front_end(vector_precision(configuration))]
    return [LOG_MEL, *(heard if configuration.encoder == "musicnn" else [])]


def vector_precision(configuration: Configuration) -> torch.dtype:
    """Return the precision of frozen vectors: float32, but musicnn's may be asked for in bfloat16.

    It does not depend on the machine.
    """
    is_half = configuration.encoder == "musicnn" and configuration.precision == "bfloat16"
    return torch.bfloat16 if is_half else torch.float32


def _encoded(
    dataset: Dataset, configuration: Configuration
) -> tuple[pd.Index, Callable[[pd.Index], Values]] | None:
    """Return the tracks that have vectors, and a function that gives them; None for DPNN."""
    if configuration.encoder == "musicnn":
        folder = cache_folder() / "features"
        *_, front_end = front_ends(configuration)
        found = features.extract(dataset, folder, configuration.excerpts, front_end)
        return found.index.index, found.take
    path = Path(configuration.encoder).expanduser()
    if configuration.encoder == "dpnn" or path.is_dir():  # of a record: from the excerpts
        return None
    table = read_vectors(path, "encoder")
    return table.index, lambda track_ids: table.loc[track_ids].to_numpy()[:, None]


def _with_spellings(dataset: Dataset, spellings: str) -> tuple[Dataset, list[str]]:
    """Count tags that differ only in case or punctuation, and merge them if asked."""
    rarer = other_spellings(dataset.tags)
    if rarer.empty:
        return dataset, []
    _, one, other = rarer.iloc[0]
    note = f"{len(rarer)} tags differ only in case or punctuation, such as {one!r} and {other!r}"
    if spellings == "keep":
        return dataset, [f"{note}; spellings merge would join them"]
    return replace(dataset, tags=merge_spellings(dataset.tags)), [f"{note}; they were joined"]


def _usable(
    dataset: Dataset, configuration: Configuration, track_ids: pd.Index
) -> tuple[TagMatrix, pd.Series | None]:
    """Select tracks that have a tag in every set and are in the published split, if one is used.

    Return their tags, and the part of each in the published split.
    """
    tags = tagsets.binary_matrix(dataset)
    usable = tagsets.intersection(tags) & dataset.tracks.index.isin(track_ids)
    published = None
    if configuration.split != "artist":
        published = published_parts(dataset, configuration.split)
        usable &= (published != "").to_numpy()
        published = published[usable]
    return tagsets.restrict(tags, np.flatnonzero(usable)), published


def _draw_split(dataset: Dataset, grouped: Groups, configuration: Configuration) -> Split:
    group = grouped.inseparable()
    _check_artists(dataset.name, len(group), len(np.unique(group)), configuration)
    return split(group, configuration.seed, configuration.folds, configuration.fold)


def _check_artists(name: str, tracks: int, artists: int, configuration: Configuration) -> None:
    least = max(configuration.folds, 10)
    if artists < least:
        raise TagspaceError(
            f"dataset: {name} has {tracks} tracks with audio and a tag in every set, of {artists} "
            f"artists without common recordings; at least {least} artists are needed"
        )
    folds = configuration.folds
    if folds and tracks < folds * FEWEST_TEST:
        raise TagspaceError(
            f"folds: {folds} folds of {tracks} tracks leave {tracks / folds:.0f} tracks for test; "
            f"at least {FEWEST_TEST} are needed; {'try fewer folds' if folds > 2 else 'add tracks'}"
        )


def _check_sizes(name: str, rows: Split, configuration: Configuration) -> None:
    sizes = len(rows.train), len(rows.validation), len(rows.test)
    if any(size < least for size, least in zip(sizes, FEWEST, strict=True)):
        advice = "another split" if configuration.split != "artist" else "other folds"
        raise TagspaceError(
            f"dataset: {name} leaves {sizes[0]} tracks for training, {sizes[1]} for validation and "
            f"{sizes[2]} for test; at least {', '.join(map(str, FEWEST))} are needed; try {advice}"
        )


def _describe_copies(grouped: Groups) -> list[str]:
    """Count tracks that are copies of others, in any encoding."""
    assert grouped.recording is not None
    sizes = np.unique(grouped.recording, return_counts=True)[1]
    return [
        f"{sizes.sum()} tracks are of {len(sizes)} recordings (at most {sizes.max()} of one); "
        "copies are neither neighbours nor pairs"
    ] * bool((sizes > 1).any())


def _describe_joined(grouped: Groups) -> list[str]:
    """Count artists that stay with others in the split because of a common recording."""
    n_joined = len(np.unique(grouped.artist)) - len(np.unique(grouped.inseparable()))
    return [f"for common recordings, {n_joined} more artists stay together"] * bool(n_joined)


def _describe_published(parts: pd.Series, grouped: Groups) -> list[str]:
    """Count artists and recordings that a published split has in several parts."""
    kinds = {"artists": grouped.artist, "recordings": grouped.recording}
    several = {
        kind: pd.crosstab(code, parts).astype(bool).sum(axis=1).gt(1).sum()
        for kind, code in kinds.items()
    }
    return [
        f"{number} {kind} are in several parts of the published split"
        for kind, number in several.items()
        if number
    ]


def _fingerprint(
    tracks: pd.DataFrame, tags: pd.DataFrame, contents: pd.Series, parts: pd.Series | None
) -> str:
    used = tags[tags["track_id"].isin(tracks.index)].sort_values(list(tags.columns))
    about = tracks[["artist", "album"]].assign(audio=contents).sort_index()
    text = about.to_csv(lineterminator="\n") + used.to_csv(index=False, lineterminator="\n")
    if parts is not None:
        text += parts.sort_index().to_csv(lineterminator="\n")
    return hashlib.sha256(text.encode()).hexdigest()[:16]
