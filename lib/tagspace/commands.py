"""The commands on records and data sets: ``tagspace runs``, ``keep``, ``remake`` and others."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from tagspace.audio import features
from tagspace.audio.identity import made_id
from tagspace.audio.store import LOG_MEL
from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.corpus import load_corpus
from tagspace.datasets import cells, demo, embedded, matching, msd, songs, tables
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.runs import archive, comparison, experiment, records
from tagspace.support.cache import cache_folder
from tagspace.support.files import write_whole

MEASURE = "graded nDCG@10"


def print_runs(given: argparse.Namespace) -> None:
    """Print one table of results per experiment in a folder, averaged over folds."""
    gathered = _gather(
        given.folder or records.PROJECT / "runs", partial(comparison.select, measure=MEASURE)
    )
    same = ["results_version", "dataset", "fingerprint"]
    same += [name for name in EXPERIMENT_PARAMETERS if name != "fold"]
    # Old records have no results_version; they are not averaged if their code differs.
    if gathered.groupby([*same, "fold"])["run"].nunique().max() > 1:
        same.append("run")
    varied = [name for name in same if len(gathered[name].unique()) > 1]
    for _, runs in gathered.groupby(same, sort=False):
        first = runs.iloc[0]
        title = [f"{name} {first[name]}" for name in dict.fromkeys(["dataset", "tagsets", *varied])]
        print(f"{', '.join(title)} (runs: {runs['run'].nunique()})")
        print(comparison.mean_table(runs, MEASURE).round(3).to_string(), end="\n\n")


def keep_figures(given: argparse.Namespace) -> None:
    """Save the results of all runs in a folder, without weights and track ids."""
    gathered = _gather(given.folder, comparison.select_measures)
    archive.save(gathered, given.out)
    print(f"The figures of {gathered['run'].nunique()} runs are in {given.out}")


def remake(given: argparse.Namespace) -> None:
    """Repeat the run of a damaged record with the parameters that are saved in it."""
    try:
        parameters = records.Record(given.record).parameters
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise TagspaceError(
            f"runs: the parameters in {given.record / 'run.json'} cannot be read; start the run "
            "from its notebook"
        ) from error
    configuration = Configuration.check({**parameters, "runs": str(given.record.absolute().parent)})
    print(experiment.run_experiment(load_corpus(configuration), configuration).describe())


def write_manifest(given: argparse.Namespace) -> None:
    """Write the manifest of a music folder from the tags embedded in its files."""
    folder = given.folder
    if not folder.is_dir():
        raise TagspaceError(f"{folder} is not a folder; give the folder of your music")
    file = folder / "manifest.csv"
    if file.exists():
        raise TagspaceError(f"dataset: {file} exists already; move it away to write a new one")
    table = embedded.write(folder, file)
    known = (table.drop(columns=["track_id", "path"]) != "").sum()
    print(f"{len(table)} files; {', '.join(f'{n} have {name}' for name, n in known.items())}")
    print(f"Written to {file}: papermill notebooks/train.ipynb OUT.ipynb -p dataset {file}")


def match_albums(given: argparse.Namespace) -> None:
    """Match tagged albums with the Million Song Dataset, and write the tags of its tracks."""
    albums, folder, out = given.albums, given.msd, given.out
    table = tables.read_fields(albums, [*matching.NAMES, *msd.TAGSETS])
    cells.check_tags(albums, table[list(msd.TAGSETS)])
    table = table[[*matching.NAMES, *msd.TAGSETS]].reset_index(drop=True)
    if table.empty:
        raise TagspaceError(f"{albums} lists no albums; add one row per album")
    names = songs.names(folder)
    if names.empty:
        raise TagspaceError(f"{folder} lists no songs; give the folder of {songs.DATABASE}")
    found = matching.match(table, names)
    matched = found.tracks[found.tracks["album"] >= 0]
    tags = table.loc[matched["album"], list(msd.TAGSETS)].set_index(matched.index)
    write_whole(out / msd.ALL_CSV, partial(msd.write, tags=tags))
    write_whole(out / "ambiguous.csv", partial(found.ambiguous.to_csv, index=False))
    print(found.report())
    print(f"Tags are in {out / msd.ALL_CSV}, ambiguous albums in {out / 'ambiguous.csv'}")


def free_features(given: argparse.Namespace) -> None:
    """Count the features in the cache that are no longer needed; delete them with --delete."""
    folder = cache_folder() / "features"
    if not folder.is_dir():
        raise TagspaceError(f"{folder} holds no features")
    dataset = demo.load()
    made = [made_id(dataset.recipe, track_id) for track_id in dataset.tracks.index]
    in_use = LOG_MEL, *map(musicnn.front_end, (torch.float32, torch.bfloat16))
    print(features.free(folder, made, in_use, delete=given.delete))


def _gather(folder: Path, select: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    gathered = records.gather(folder, select)
    if gathered.empty:
        raise TagspaceError(f"runs: {folder} contains no run records; give their folder")
    return gathered
