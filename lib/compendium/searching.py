"""Search a collection in a notebook, and show what was found with players."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from IPython.display import HTML

from compendium import listening
from compendium.listening import Sound
from tagspace.audio import reading
from tagspace.configuration import plain_values
from tagspace.errors import TagspaceError
from tagspace.search import collection
from tagspace.search.collection import Collection
from tagspace.search.explanation import explain
from tagspace.search.query import Filters, nearest
from tagspace.search.seeds import Seed, of_row, seed

BOOK_COLLECTION = Path(__file__).parents[2] / "book" / "_static" / "explorer"
PARAMETERS = ("collection", "query", "models")
HITS = 4


class Search(NamedTuple):
    """A query in a collection, and the representations to compare."""

    collection: Collection
    seed: Seed
    models: tuple[str, ...]

    def hits(self, model: str, number: int = HITS) -> pd.DataFrame:
        """Return the nearest tracks by other artists; see :func:`tagspace.search.query.nearest`."""
        filters = Filters(other_artists=True)
        return nearest(self.collection, [self.seed], (), {model: 1.0}, number, filters)


def open_search(namespace: Mapping[str, object]) -> Search:
    """Open the collection that a notebook names, and find its query.

    Parameters
    ----------
    namespace : mapping of str to object
        The notebook's names. ``collection`` is an index or its music folder, or empty for the
        book's. ``query`` is that of :func:`tagspace.search.seeds.seed`, or empty for the track that
        the book's explorer shows first, or the first one of another collection. ``models`` are
        representations of the collection, or empty for its last two.

    Raises
    ------
    TagspaceError
        If a parameter is unknown, or does not fit the collection.
    """
    values = plain_values(namespace)
    for name in values:
        if name not in PARAMETERS:
            raise TagspaceError(f"{name}: unknown parameter; known: {', '.join(PARAMETERS)}")
    place, query, models = (values[name] for name in PARAMETERS)
    for name, value in {"collection": place, "query": query}.items():
        if not isinstance(value, str):
            raise TagspaceError(f"{name}: {value!r} is not accepted; accepted: text")
    chosen = collection.load(Path(place) if place else BOOK_COLLECTION)
    names = models.split("+") if isinstance(models, str) and models else models
    names = names or list(chosen.representations)[-2:]
    if not isinstance(names, list) or not set(names) <= set(chosen.representations):
        raise TagspaceError(
            f"models: {models!r} is not accepted; accepted: {', '.join(chosen.representations)}, "
            "joined by +"
        )
    first = 0 if place else start()
    return Search(chosen, seed(chosen, query) if query else of_row(chosen, first), tuple(names))


def common_hits(search: Search, number: int) -> pd.Series:
    """Count, for each track as query, the nearest tracks by other artists that all models share."""
    counts = []
    for row in range(len(search.collection)):
        query = search._replace(seed=of_row(search.collection, row))
        near = [set(query.hits(model, number).index) for model in search.models]
        counts.append(len(set.intersection(*near)))
    return pd.Series(counts)


def start() -> int:
    """Return the row of the track that the explorer of the book shows first."""
    first, *_ = (BOOK_COLLECTION / "data.js").read_text(encoding="utf-8").splitlines()
    return int(json.loads(first[first.index("{") : first.rindex("}") + 1])["start"])


def listen_table(search: Search) -> HTML:
    """Make a table with players: the query, and its nearest tracks for each representation.

    Below each track are its score and the tags that it shares with the query.
    """
    rows = [_sound(search, "query", search.seed.row, ", ".join(search.seed.tags))]
    for model in search.models:
        hits = search.hits(model)
        reasons = explain(search.collection, list(hits.index), [search.seed])
        for rank, (row, why) in enumerate(zip(hits.index, reasons, strict=True), start=1):
            text = f"{hits['score'][row]:.1f} %; {why or 'no common tag'}"
            rows.append(_sound(search, f"{model}, {rank}", int(row), text))
    return listening.players(rows)


def _sound(search: Search, label: str, row: int, text: str) -> Sound:
    if row < 0:  # tags, or a file from elsewhere
        return Sound(label, None, f"{search.seed.name}\n{text}")
    track = search.collection.tracks.iloc[row]
    title = ": ".join(filter(None, (track["artist"], track["title"]))) or track["path"]
    samples = reading.read_excerpts(search.collection.music / track["path"]).samples[0]
    return Sound(label, samples, f"{title}\n{text}")
