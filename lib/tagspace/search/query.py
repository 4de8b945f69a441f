"""Rank the tracks of a collection by their similarity to queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tagspace.datasets.artists import artist_key
from tagspace.errors import TagspaceError
from tagspace.search.collection import Collection, Representation
from tagspace.search.seeds import Seed

SMALLEST = 1e-6  # least deviation, for tracks that are all the same
FIRST = 500  # tracks that are sorted at once; the others only where filters hide these


@dataclass(frozen=True)
class Filters:
    """Which tracks may be hits.

    Attributes
    ----------
    other_artists, other_albums : bool
        Leave out the artists, or albums, of the seeds and of those to keep away from.
    one_per_artist, one_per_album : bool
        Keep only the nearest track of each artist, or of each album.
    shortest, longest : float
        Bounds of the length in s.
    """

    other_artists: bool = False
    other_albums: bool = False
    one_per_artist: bool = False
    one_per_album: bool = False
    shortest: float = 0.0
    longest: float = np.inf


def nearest(
    collection: Collection,
    seeds: Sequence[Seed],
    away: Sequence[Seed] = (),
    weights: Mapping[str, float] | None = None,
    number: int = 10,
    filters: Filters = Filters(),
) -> pd.DataFrame:
    """Rank the tracks of a collection by their similarity to seeds.

    The similarity in one representation is the mean cosine with the seeds, minus the mean cosine
    with those to keep away from. Similarities are standardised by those of random pairs of tracks
    before representations are averaged.

    Parameters
    ----------
    collection : Collection
        The tracks.
    seeds, away : sequence of Seed
        See :func:`tagspace.search.seeds.seed`. Those that are tracks of the collection are no hits,
        nor are their copies.
    weights : mapping of str to float, optional
        By representation; by default, 1 for each that the seeds have.
    number : int
        Number of hits. Of several copies of a recording, one is a hit at most.
    filters : Filters
        Which tracks may be hits.

    Returns
    -------
    pandas.DataFrame
        Indexed by the row of the track, nearest first. ``score`` is the percentage of random pairs
        of tracks that are less similar; with several representations, a column for each follows.
        Means over several seeds, differences and similarities to tags vary less or more than those
        of pairs; their scores only order the hits.

    Raises
    ------
    TagspaceError
        If a weight is for an unknown representation or not positive.
    """
    chosen = _weights(collection, weights, [*seeds, *away])
    each = {
        name: _standardised(collection.representations[name], name, seeds, away) for name in chosen
    }
    pairs = {name: _standard(collection.representations[name]) for name in chosen}
    total = _weighted(each, chosen)
    rows = _take(collection, total, number, filters, [*seeds, *away])
    table = {"score": _percentage(_weighted(pairs, chosen), total[rows])}
    if len(chosen) > 1:
        table |= {name: _percentage(pairs[name], each[name][rows]) for name in chosen}
    return pd.DataFrame(table, index=pd.Index(rows, name="row"))


def _weights(
    collection: Collection, weights: Mapping[str, float] | None, seeds: Sequence[Seed]
) -> dict[str, float]:
    usable = [n for n in collection.representations if all(n in seed.vectors for seed in seeds)]
    if not usable:
        raise TagspaceError("query: no representation has vectors for all queries; give fewer tags")
    given = dict.fromkeys(usable, 1.0) if weights is None else dict(weights)
    for name, weight in given.items():
        if name not in usable or not 0 < weight < np.inf:
            raise TagspaceError(
                f"weight: {name}={weight:g} is not accepted; accepted: a number above 0 for "
                f"{' or '.join(usable)}"
            )
    total = sum(given.values())
    return {name: weight / total for name, weight in given.items()}


def _weighted(arrays: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    return np.sum([weight * arrays[name] for name, weight in weights.items()], axis=0)


def _standardised(
    one: Representation, name: str, seeds: Sequence[Seed], away: Sequence[Seed]
) -> np.ndarray:
    """Return the similarities of all tracks, in deviations from that of random pairs."""
    target = np.mean([seed.vectors[name] for seed in seeds], axis=0)
    expected, deviation = _moments(one)
    if away:  # a difference of two similarities: its mean is 0, and its variance twice theirs
        target = target - np.mean([seed.vectors[name] for seed in away], axis=0)
        expected, deviation = 0.0, deviation * np.sqrt(2)
    return (one.vectors @ target.astype(np.float32) - expected) / deviation


def _standard(one: Representation) -> np.ndarray:
    mean, deviation = _moments(one)
    return (one.cosines - mean) / deviation


def _moments(one: Representation) -> tuple[float, float]:
    """Return mean and deviation of the similarities of random pairs."""
    if not len(one.cosines):  # of a single track
        return 0.0, 1.0
    return float(one.cosines.mean()), max(float(one.cosines.std()), SMALLEST)


def _percentage(pairs: np.ndarray, values: np.ndarray) -> np.ndarray:
    return 100 * np.searchsorted(np.sort(pairs), values) / len(pairs)


def _take(
    collection: Collection, total: np.ndarray, number: int, filters: Filters, seeds: Sequence[Seed]
) -> list[int]:
    """Take tracks in order of similarity, as the filters allow."""
    known = [seed.row for seed in seeds if seed.row >= 0]
    codes = {
        name: collection.tracks[name].to_numpy()
        for name in ("recording", "artist_code", "album_code")
    }
    seconds = collection.tracks["seconds"].to_numpy()
    hidden = np.isin(codes["recording"], codes["recording"][known])
    hidden |= (seconds < filters.shortest) | (seconds > filters.longest)
    elsewhere = [seed for seed in seeds if seed.row < 0]
    if filters.other_artists:
        hidden |= np.isin(codes["artist_code"], codes["artist_code"][known])
        hidden |= _same_names(collection.tracks, elsewhere, ["artist"])
    if filters.other_albums:
        hidden |= np.isin(codes["album_code"], codes["album_code"][known])
        hidden |= _same_names(collection.tracks, elsewhere, ["artist", "album"])
    once = {
        "recording": True,
        "artist_code": filters.one_per_artist,
        "album_code": filters.one_per_album,
    }
    kinds = [kind for kind, is_once in once.items() if is_once]
    taken: list[int] = []
    seen: set[tuple[str, int]] = set()
    for row in _in_order(np.where(hidden, -np.inf, total)):
        groups = {(kind, int(codes[kind][row])) for kind in kinds}
        if len(taken) == number:
            break
        if not groups & seen:
            taken.append(row)
            seen |= groups
    return taken


def _same_names(tracks: pd.DataFrame, seeds: Sequence[Seed], columns: list[str]) -> np.ndarray:
    """Mask the tracks that have the artist, or artist and album, of a file from elsewhere."""
    same = np.zeros(len(tracks), dtype=bool)
    for seed in seeds:
        names = [getattr(seed, column) for column in columns]
        if all(names):
            keys = [artist_key(name) or name for name in names]
            same |= np.all(
                [
                    tracks[column].map(lambda name: artist_key(name) or name) == key
                    for column, key in zip(columns, keys, strict=True)
                ],
                axis=0,
            )
    return same


def _in_order(total: np.ndarray) -> Iterator[int]:
    """Yield the rows that are not hidden, most similar first; equal ones in order of rows."""
    least = np.partition(total, -FIRST)[-FIRST] if len(total) > FIRST else -np.inf
    for rows in (np.flatnonzero(total >= least), np.flatnonzero(total < least)):
        shown = rows[total[rows] > -np.inf]
        yield from shown[np.argsort(-total[shown], kind="stable")].tolist()
