"""``python -m tagspace``: tabulate or keep figures of runs; make or match tables of tags."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from tagspace.datasets import embedded, matching, msd, songs, tables
from tagspace.errors import TagspaceError
from tagspace.evaluation import comparison
from tagspace.runs import archive, records

MEASURE = "graded nDCG@10"


def main(arguments: list[str] | None = None) -> None:
    """Run a command of ``python -m tagspace``; a user's mistake ends it with one line."""
    parser = argparse.ArgumentParser(prog="python -m tagspace", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    tabulate = commands.add_parser("runs", help="what the runs recorded in a folder have learned")
    tabulate.add_argument("folder", nargs="?", default=records.PROJECT / "runs", type=Path)
    tabulate.set_defaults(command=lambda given: print_runs(given.folder))
    keep = commands.add_parser("keep", help="keep the figures of the runs recorded in a folder")
    keep.add_argument("folder", type=Path)
    keep.add_argument("out", type=Path, help="folder for two small files, which can be published")
    keep.set_defaults(command=lambda given: keep_figures(given.folder, given.out))
    describe = commands.add_parser("manifest", help="describe a folder of music by embedded tags")
    describe.add_argument("folder", type=Path, help="manifest.csv is written into it")
    describe.set_defaults(command=lambda given: write_manifest(given.folder))
    assign = commands.add_parser("match", help="bring tags of albums onto tracks (Section V)")
    assign.add_argument(
        "albums", type=Path, help="artist,release and a column per tag set, | between tags"
    )
    assign.add_argument("msd", type=Path, help="folder with track_metadata.db")
    assign.add_argument(
        "out", type=Path, help="folder for the tags of tracks, which -p dataset reads"
    )
    assign.set_defaults(command=lambda given: match_albums(given.albums, given.msd, given.out))
    given = parser.parse_args(arguments)
    try:
        given.command(given)
    except TagspaceError as error:
        sys.exit(str(error))


def print_runs(folder: Path) -> None:
    """Print a table for each experiment of a folder of records, its folds averaged."""
    gathered = gather(folder)
    same = ["dataset", "fingerprint", *(name for name in records.EXPERIMENT if name != "fold")]
    # Of runs that differ in nothing but their version, each has a table of its own.
    if gathered.groupby([*same, "fold"])["run"].nunique().max() > 1:
        same.append("run")
    varied = [name for name in same if len(gathered[name].unique()) > 1]
    for _, experiment in gathered.groupby(same, sort=False):
        first = experiment.iloc[0]
        title = [f"{name} {first[name]}" for name in dict.fromkeys(["dataset", "tagsets", *varied])]
        print(f"{', '.join(title)} (runs: {experiment['run'].nunique()})")
        print(comparison.folds_table(experiment, MEASURE).round(3).to_string(), end="\n\n")


def keep_figures(folder: Path, out: Path) -> None:
    """Write the figures of a folder of records, without weights and tracks, to a small folder."""
    gathered = comparison.shown(gather(folder))
    archive.save(gathered, out)
    print(f"The figures of {gathered['run'].nunique()} runs are in {out}")


def gather(folder: Path) -> pd.DataFrame:
    """Join the metrics of all records of a folder, of which there must be some."""
    gathered = records.gather(folder)
    if gathered.empty:
        raise TagspaceError(f"runs: {folder} holds no record of a run")
    return gathered


def write_manifest(folder: Path) -> None:
    """Write the manifest of a folder of music, from what its files say of themselves."""
    file = folder / "manifest.csv"
    if file.exists():
        raise TagspaceError(f"dataset: {file} is there already; move it away to have it made anew")
    table, unreadable = embedded.describe(folder)
    table.to_csv(file, index=False)
    known = (table.drop(columns=["track_id", "path"]) != "").sum()
    print("".join(f"left out: {why}\n" for why in unreadable), end="")
    print(
        f"{len(table)} files, of which {', '.join(f'{n} have {name}' for name, n in known.items())}"
    )
    print(f"Written to {file}: papermill notebooks/train.ipynb OUT.ipynb -p dataset {file}")


def match_albums(albums: Path, folder: Path, out: Path) -> None:
    """Match a table of tagged albums with the Million Song Dataset, and write tags of tracks."""
    table = tables.read_columns(albums, [*matching.NAMES, *msd.TAGSETS])
    if table.empty:
        raise TagspaceError(f"{albums} holds no album")
    found = matching.match(table, songs.names(folder))
    out.mkdir(parents=True, exist_ok=True)
    matched = found.tracks[found.tracks["album"] >= 0]
    tags = table.loc[matched["album"], list(msd.TAGSETS)].set_index(matched.index)
    msd.write(out / msd.ALL_CSV, tags)
    found.ambiguous.to_csv(out / "ambiguous.csv", index=False)
    print(found.report())
    print(f"Tags are in {out / msd.ALL_CSV}, what several albums fit in {out / 'ambiguous.csv'}")


if __name__ == "__main__":
    main()
