"""The command line: ``tagspace COMMAND``, or ``python -m tagspace COMMAND``.

A command is imported when it is called, so that help and usage errors appear at once.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from pathlib import Path

from tagspace.errors import TagspaceError

SEARCH, COMMANDS = "tagspace.search.commands", "tagspace.commands"


def main(arguments: list[str] | None = None) -> None:
    """Run a command, and report a user error in one line."""
    given = _parser().parse_args(arguments)
    module, _, name = given.call.partition(":")
    try:
        getattr(importlib.import_module(module), name)(given)
    except TagspaceError as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tagspace",
        description="Search a music folder by example; handle the records of runs; prepare tags.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
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
    command.set_defaults(call=f"{SEARCH}:print_index")
    command = commands.add_parser("model", help="learn a model for each tag set of a data set")
    command.add_argument("dataset", help="name or path; a music folder with embedded tags will do")
    command.add_argument("out", type=Path, help="folder for the records of the models")
    command.set_defaults(call=f"{SEARCH}:print_models")
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
        default=math.inf,
        metavar="SECONDS",
        help="leave out longer tracks",
    )
    command.add_argument(
        "--as",
        choices=["table", "csv", "json", "m3u"],
        default="table",
        dest="form",
        help="how to print hits",
    )
    command.set_defaults(call=f"{SEARCH}:print_hits")
    command = commands.add_parser("explore", help="write a page to explore an indexed folder")
    command.add_argument(
        "collection", type=Path, help="the music folder, or the folder of its index"
    )
    command.add_argument("out", type=Path, help="folder to write; open its explorer.html")
    command.set_defaults(call=f"{SEARCH}:print_explorer")
    command = commands.add_parser("export", help="write the network of a run as ONNX")
    command.add_argument("record", type=Path, help="folder of the record, such as runs/ID")
    command.add_argument("out", type=Path, help="folder to write")
    command.set_defaults(call=f"{SEARCH}:print_export")
    command = commands.add_parser("runs", help="tabulate the runs recorded in a folder")
    command.add_argument("folder", nargs="?", type=Path)
    command.set_defaults(call=f"{COMMANDS}:print_runs")
    command = commands.add_parser(
        "keep", help="save the results of all runs in a folder as two small files"
    )
    command.add_argument("folder", type=Path)
    command.add_argument(
        "out", type=Path, help="folder for runs.csv and metrics.csv.gz, which contain no track ids"
    )
    command.set_defaults(call=f"{COMMANDS}:keep_figures")
    command = commands.add_parser("remake", help="make the run of a damaged record anew")
    command.add_argument("record", type=Path, help="folder of the record, such as runs/ID")
    command.set_defaults(call=f"{COMMANDS}:remake")
    command = commands.add_parser(
        "manifest", help="write manifest.csv for a music folder from the metadata in its files"
    )
    command.add_argument("folder", type=Path, help="manifest.csv is written into it")
    command.set_defaults(call=f"{COMMANDS}:write_manifest")
    command = commands.add_parser("match", help="assign the tags of albums to tracks (Section V)")
    command.add_argument(
        "albums", type=Path, help="table with artist, release and tag sets, | between tags"
    )
    command.add_argument("msd", type=Path, help="folder with track_metadata.db")
    command.add_argument(
        "out", type=Path, help="folder to write; train on it with -p dataset FOLDER"
    )
    command.set_defaults(call=f"{COMMANDS}:match_albums")
    command = commands.add_parser("free", help="count, or delete, features whose audio is gone")
    command.add_argument("--delete", action="store_true", help="delete them")
    command.set_defaults(call=f"{COMMANDS}:free_features")
    return parser
