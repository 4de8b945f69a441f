"""The commands ``tagspace index``, ``model``, ``search``, ``explore`` and ``export``.

Each imports what it needs when it is called, because torch takes seconds to import.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

import pandas as pd

from tagspace.errors import TagspaceError
from tagspace.search import collection
from tagspace.search.collection import Collection
from tagspace.search.explanation import explain
from tagspace.search.query import Filters, nearest
from tagspace.search.seeds import Seed, seed

# A fifth of the tracks is the test set. Predictions are counted on it and on validation tracks.
FOLDS = 5
TRACK_COLUMNS = ["path", "artist", "album", "title", "seconds"]


def print_index(given: argparse.Namespace) -> None:
    """Index a folder, and say what was found and how to search."""
    from tagspace.search import indexing

    sources = _assignments("model", given.model)
    found = indexing.index(given.music, given.out, {n: Path(run) for n, run in sources.items()})
    print(found.report())
    print(f"Search: tagspace search {given.out or given.music} QUERY")


def print_models(given: argparse.Namespace) -> None:
    """Learn models, and say how to use them."""
    from tagspace.configuration import PRESETS, Configuration
    from tagspace.corpus import load_corpus
    from tagspace.datasets import embedded, registry
    from tagspace.encoders import musicnn
    from tagspace.search import models
    from tagspace.support.device import precision_name

    folder = Path(given.dataset).expanduser()
    if folder.is_dir() and not registry.recognise(folder):
        given.dataset = str(given.out / "manifest.csv")
        table = embedded.write(folder, Path(given.dataset))
        print(f"The tags of {len(table)} files are in {given.dataset}")
    parameters = {**PRESETS["best"], "folds": FOLDS, "dataset": given.dataset}
    # What an index computes of the files is used again.
    parameters |= {"precision": precision_name(musicnn.fastest()), "runs": str(given.out)}
    configuration = Configuration.check(parameters)
    learned = models.learn(load_corpus(configuration), configuration)
    named = " ".join(f"{tagset}={record.folder}" for tagset, record in learned.items())
    print(f"Use them: tagspace index FOLDER --model {named}")


def print_hits(given: argparse.Namespace) -> None:
    """Search, and print the hits."""
    if given.n < 1:
        raise TagspaceError(f"-n: {given.n} is not accepted; accepted: a whole number, 1 or more")
    chosen = collection.load(given.collection)
    seeds = [seed(chosen, text) for text in given.query]
    away = [seed(chosen, text) for text in given.away]
    weights = _weights(given.weight) if given.weight else None
    filters = Filters(
        given.other_artists,
        given.other_albums,
        given.one_per == "artist",
        given.one_per == "album",
        given.shortest,
        given.longest,
    )
    hits = nearest(chosen, seeds, away, weights, given.n, filters)
    rows = hits.index.to_numpy()
    table = chosen.tracks[TRACK_COLUMNS].iloc[rows].assign(why=explain(chosen, rows, seeds))
    print(FORMATS[given.form](chosen, hits.join(table), seeds), end="")


def print_explorer(given: argparse.Namespace) -> None:
    """Write the page of a collection."""
    from tagspace.search import explorer

    explorer.write(collection.load(given.collection), given.out)
    print(f"Open {(given.out / 'explorer.html').absolute()}")


def print_export(given: argparse.Namespace) -> None:
    """Export a run."""
    from tagspace.search.export import export

    export(given.record, given.out)
    print(f"Written to {given.out}; how to use it is in {given.out / 'README.md'}")


def _assignments(option: str, texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for name, _, value in pairs:
        if not name or not value:
            raise TagspaceError(f"{option}: {name!r} is not accepted; accepted: NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _weights(texts: list[str]) -> dict[str, float]:
    try:
        return {name: float(text) for name, text in _assignments("weight", texts).items()}
    except ValueError as error:
        raise TagspaceError(f"weight: {error}; accepted: NAME=NUMBER") from None


def _as_table(_: Collection, hits: pd.DataFrame, seeds: list[Seed]) -> str:
    """List hits with scores, as wide as the terminal."""
    names = [name for name in hits if name not in (*TRACK_COLUMNS, "why")]
    longest = max(map(len, hits["path"]), default=0)
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    head = " ".join(f"{name:>7}" for name in names)
    lines = [
        f"Like {' and '.join(one.name for one in seeds)}:",
        f"{head}  {'track':{longest}}  why",
    ]
    for hit in hits.to_dict("records"):
        scores = " ".join(f"{hit[name]:7.2f}" for name in names)
        lines.append(f"{scores}  {hit['path']:{longest}}  {hit['why']}")
    return "".join(f"{line[:wide].rstrip()}\n" for line in lines)


def _as_csv(_: Collection, hits: pd.DataFrame, __: list[Seed]) -> str:
    return hits.to_csv(index=False)


def _as_json(_: Collection, hits: pd.DataFrame, __: list[Seed]) -> str:
    return json.dumps(hits.to_dict("records"), indent=1, ensure_ascii=False) + "\n"


def _as_m3u(chosen: Collection, hits: pd.DataFrame, _: list[Seed]) -> str:
    """Write a playlist with absolute paths."""
    lines = ["#EXTM3U"]
    for hit in hits.to_dict("records"):
        title = " - ".join(filter(None, (hit["artist"], hit["title"]))) or hit["path"]
        lines += [f"#EXTINF:{hit['seconds']:.0f},{title}", str(chosen.music / hit["path"])]
    return "\n".join(lines) + "\n"


FORMATS = {"table": _as_table, "csv": _as_csv, "json": _as_json, "m3u": _as_m3u}
