"""The commands ``tagspace index``, ``model``, ``search``, ``explore`` and ``export``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.configuration import PRESETS, Configuration
from tagspace.corpus import load_corpus
from tagspace.datasets import embedded, registry
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.search import collection, explorer, indexing, models
from tagspace.search.collection import Collection
from tagspace.search.explanation import explain
from tagspace.search.query import Filters, nearest
from tagspace.search.seeds import Seed, seed
from tagspace.support.device import precision_name
from tagspace.support.files import write_whole

# A fifth of the tracks is the test set. Predictions are counted on it and on validation tracks.
FOLDS = 5
TRACK_COLUMNS = ["path", "artist", "album", "title", "seconds"]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to a command line."""
    command = commands.add_parser("index", help="index a music folder, or update its index")
    command.add_argument("music", type=Path, help="folder of audio files, at any depth")
    command.add_argument("--out", type=Path, help="folder for the index, if not the default one")
    command.add_argument(
        "--model",
        nargs="+",
        default=[],
        metavar="NAME=RUN",
        help="trained runs to compare tracks by, each with a name",
    )
    command.set_defaults(call=print_index)
    command = commands.add_parser("model", help="learn a model for each tag set of a data set")
    command.add_argument("dataset", help="name or path; a music folder with embedded tags will do")
    command.add_argument("out", type=Path, help="folder for the records of the models")
    command.set_defaults(call=print_models)
    command = commands.add_parser("search", help="find similar tracks in an indexed folder")
    command.add_argument(
        "collection", type=Path, help="the music folder, or the folder of its index"
    )
    command.add_argument(
        "query", nargs="+", help="a file, a part of the path of a track, or tags: jazz, sad"
    )
    command.add_argument(
        "--away", nargs="+", default=[], metavar="QUERY", help="rank tracks like these lower"
    )
    command.add_argument(
        "--weight",
        nargs="+",
        metavar="NAME=NUMBER",
        help="weight of each representation; those not named are not used",
    )
    command.add_argument("-n", type=int, default=10, help="number of hits (default 10)")
    command.add_argument(
        "--other-artists", action="store_true", help="leave out the artists of the queries"
    )
    command.add_argument(
        "--other-albums", action="store_true", help="leave out the albums of the queries"
    )
    command.add_argument(
        "--one-per", choices=["artist", "album"], help="at most one hit per artist or album"
    )
    command.add_argument(
        "--shortest",
        type=float,
        default=0,
        metavar="SECONDS",
        help="leave out shorter tracks",
    )
    command.add_argument(
        "--longest",
        type=float,
        default=np.inf,
        metavar="SECONDS",
        help="leave out longer tracks",
    )
    command.add_argument(
        "--as", choices=list(FORMATS), default="table", dest="form", help="how to print hits"
    )
    command.set_defaults(call=print_hits)
    command = commands.add_parser("explore", help="write a page to explore an indexed folder")
    command.add_argument(
        "collection", type=Path, help="the music folder, or the folder of its index"
    )
    command.add_argument("out", type=Path, help="folder to write; open its explorer.html")
    command.set_defaults(call=print_explorer)
    command = commands.add_parser("export", help="write the network of a run as ONNX")
    command.add_argument("record", type=Path, help="folder of the record, such as runs/ID")
    command.add_argument("out", type=Path, help="folder to write")
    command.set_defaults(call=print_export)


def print_index(given: argparse.Namespace) -> None:
    """Index a folder, and say what was found and how to search."""
    sources = _assignments("model", given.model)
    found = indexing.index(given.music, given.out, {n: Path(run) for n, run in sources.items()})
    print(found.report())
    print(f"Search: tagspace search {given.out or given.music} QUERY")


def print_models(given: argparse.Namespace) -> None:
    """Learn models, and say how to use them."""
    folder = Path(given.dataset).expanduser()
    if folder.is_dir() and not registry.recognise(folder):
        given.dataset = str(write_tags(folder, given.out))
    parameters = {**PRESETS["best"], "folds": FOLDS, "dataset": given.dataset}
    # What an index computes of the files is used again.
    parameters |= {"precision": precision_name(musicnn.fastest()), "runs": str(given.out)}
    configuration = Configuration.check(parameters)
    learned = models.learn(load_corpus(configuration), configuration)
    named = " ".join(f"{tagset}={record.folder}" for tagset, record in learned.items())
    print(f"Use them: tagspace index FOLDER --model {named}")


def write_tags(music: Path, out: Path) -> Path:
    """Write the tags embedded in a music folder as a manifest elsewhere, and return its path."""
    table, unreadable = embedded.describe(music)
    print("".join(f"left out: {reason}\n" for reason in unreadable), end="")
    table["path"] = [str(music.absolute() / path) for path in table["path"]]
    file = out / "manifest.csv"
    write_whole(file, partial(table.to_csv, index=False))
    print(f"The tags of {len(table)} files are in {file}")
    return file


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
    explorer.write(collection.load(given.collection), given.out)
    print(f"Open {(given.out / 'explorer.html').absolute()}")


def print_export(given: argparse.Namespace) -> None:
    """Export a run."""
    from tagspace.search.export import export  # onnx takes seconds to import

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
