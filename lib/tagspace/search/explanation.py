"""Explain why tracks are near: the tags that they share, embedded in the files or predicted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.search.collection import Collection
from tagspace.search.places import COUNTS, predicted, read_tags
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
        Per track, up to six tags: those embedded in it and in a seed, or else those predicted for
        both. Behind a predicted tag is the percentage of tracks on which it was right, where it was
        predicted often enough: for musicnn's tags on MERGE and Emotify, for those of a model on
        tracks that were not trained on.
    """
    carried = {tag.lower() for seed in seeds for tag in seed.tags}
    tables = _tables(collection)
    of_hits = _predict(collection, tables, rows)
    of_seeds = {name: _of_seeds(name, tables.get(name), seeds) for name in of_hits}
    right = {name: _percentages(table) for name, table in tables.items()}
    right[HEARD] = _percentages(pd.read_csv(HEARD_RIGHT, index_col="tag"))
    reasons = []
    for number, cell in enumerate(collection.tracks["tags"].iloc[list(rows)]):
        shared = [tag for tag in split_tags(cell) if tag.lower() in carried]
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
    chosen = range(len(collection)) if rows is None else rows
    found = _predict(collection, _tables(collection), chosen)
    return {n if n == HEARD else f"{n}, predicted": tags for n, tags in found.items()}


def _tables(collection: Collection) -> dict[str, pd.DataFrame]:
    """Read the tags of the representations that have some; see :func:`read_tags`."""
    tables = {n: read_tags(Path(one.source)) for n, one in collection.representations.items()}
    return {name: table for name, table in tables.items() if len(table)}


def _predict(
    collection: Collection, tables: dict[str, pd.DataFrame], rows: Sequence[int]
) -> dict[str, list[list[str]]]:
    """Predict the tags of tracks, by representation and for :data:`HEARD`."""
    chosen = np.asarray(rows, dtype=int)
    found = {
        name: _nearest_tags(table, collection.representations[name].vectors[chosen])
        for name, table in tables.items()
    }
    heard = collection.tracks["heard"].iloc[chosen]
    return {**found, HEARD: [split_tags(cell) for cell in heard]}


def _of_seeds(name: str, table: pd.DataFrame | None, seeds: Sequence[Seed]) -> set[str]:
    """Return the tags predicted for seeds by a model, or by musicnn, in lower case."""
    if table is None:
        found = [seed.heard for seed in seeds]
    else:
        vectors = [seed.vectors[name] for seed in seeds if name in seed.vectors]
        found = _nearest_tags(table, np.array(vectors)) if vectors else []
    return {tag.lower() for of_seed in found for tag in of_seed}


def _nearest_tags(table: pd.DataFrame, vectors: np.ndarray) -> list[list[str]]:
    places = table.drop(columns=COUNTS).to_numpy(np.float32)
    return [[str(table.index[tag]) for tag in row] for row in predicted(vectors @ places.T)]


def _percentages(counts: pd.DataFrame) -> dict[str, str]:
    """Return how often each tag was right where it was predicted, such as `` (62%)``."""
    enough = counts[counts["times"] >= FEWEST]
    return {str(tag): f" ({row.right / row.times:.0%})" for tag, row in enough.iterrows()}
