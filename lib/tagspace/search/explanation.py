"""Explain why tracks are near: the tags that they share, embedded in the files or predicted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.search.collection import Collection
from tagspace.search.models import predicted, read_tags
from tagspace.search.seeds import Seed, split_tags

# How often musicnn's predictions were right, counted by benchmarks/heard_tags.py.
HEARD_RIGHT = Path(__file__).parent / "heard_right.csv"
HEARD = "predicted by musicnn"
FEWEST = 5  # predictions from which a percentage is given
SHOWN = 6  # tags per track


def explain(collection: Collection, rows: Sequence[int], seeds: Sequence[Seed]) -> list[str]:
    """List the tags that tracks share with the seeds.

    Parameters
    ----------
    collection : Collection
        The tracks.
    rows : sequence of int
        Their rows.
    seeds : sequence of Seed
        What was searched for.

    Returns
    -------
    list of str
        Per track: the tags embedded in it and in a seed; or else those predicted for both, each
        with the percentage of tracks on which that prediction was right when it was measured.
    """
    carried = {tag.lower() for seed in seeds for tag in seed.tags}
    tracks = collection.tracks.iloc[list(rows)]
    of_hits = predicted_tags(collection, rows)
    of_seeds: dict[str, set[str]] = {name: set() for name in of_hits}
    for seed in seeds:
        for name, tags in _of_seed(collection, seed).items():
            of_seeds[name] |= {tag.lower() for tag in tags}
    right = {name: _right(collection, name) for name in of_hits}
    reasons = []
    for number, tags in enumerate(tracks["tags"]):
        shared = [tag for tag in split_tags(tags) if tag.lower() in carried]
        expected = [
            f"{tag}{right[name].get(tag, '')}"
            for name, of_name in of_hits.items()
            for tag in of_name[number]
            if tag.lower() in of_seeds[name]
        ]
        if not shared and expected:
            shared = [f"predicted: {expected[0]}", *expected[1:]]
        reasons.append(", ".join(shared[:SHOWN]))
    return reasons


def predicted_tags(
    collection: Collection, rows: Sequence[int] | None = None
) -> dict[str, list[list[str]]]:
    """Predict the tags of tracks, by each model that has tags, and by musicnn.

    Parameters
    ----------
    collection : Collection
        The tracks.
    rows : sequence of int, optional
        Their rows; by default, all.

    Returns
    -------
    dict of str to list of list of str
        By source, the tags of each track, the surest first.
    """
    chosen = np.arange(len(collection)) if rows is None else np.asarray(rows, dtype=int)
    found = {}
    for name, one in collection.representations.items():
        table = read_tags(Path(one.source))
        if len(table):
            found[f"{name}, predicted"] = _nearest_tags(table, one.vectors[chosen])
    heard = collection.tracks["heard"].iloc[chosen]
    return {**found, HEARD: [split_tags(cell) for cell in heard]}


def _of_seed(collection: Collection, seed: Seed) -> dict[str, list[str]]:
    found = {}
    for name, one in collection.representations.items():
        table = read_tags(Path(one.source))
        if len(table) and name in seed.vectors:
            found[f"{name}, predicted"] = _nearest_tags(table, seed.vectors[name][None])[0]
    return {**found, HEARD: seed.heard}


def _nearest_tags(table: pd.DataFrame, vectors: np.ndarray) -> list[list[str]]:
    places = table.drop(columns=["right", "times"]).to_numpy(np.float32)
    return [[str(table.index[tag]) for tag in row] for row in predicted(vectors @ places.T)]


def _right(collection: Collection, name: str) -> dict[str, str]:
    """Return how often each tag was right where it was predicted, such as `` (62%)``."""
    if name == HEARD:
        table = pd.read_csv(HEARD_RIGHT, index_col="tag")
    else:
        table = read_tags(Path(collection.representations[name.removesuffix(", predicted")].source))
    table = table[table["times"] >= FEWEST]
    return {str(tag): f" ({row.right / row.times:.0%})" for tag, row in table.iterrows()}
