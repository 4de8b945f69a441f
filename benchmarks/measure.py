"""Make all runs that the book keeps, anew: writes ``lib/compendium/measured``.

    python benchmarks/measure.py RUNS MERGE EMOTIFY [NAME...]

RUNS is the folder of records, so that an interrupted measurement goes on; MERGE and EMOTIFY are the
folders of the data sets. With names, only these measurements are made. The parameters are those of
the notebooks; the tables name no tracks.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import pandas as pd

from compendium import measured
from tagspace.runs import archive, comparison, sweep
from tagspace.runs.grid import Grid, read_grid
from tagspace.runs.records import Record

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


GRADED = {"relatedness": "tfidf", "topics": 100}
SETTINGS = {  # of the network trained from scratch, compared before its test tracks were used
    "pool": "validation",
    "seed": 0,
    "fold": [0, 1, 2],
    "variants": {
        "triplets": {},
        "triplets, drawn batches": {"batches": "related"},
        "regression, tf-idf, 100 topics": {"loss": "regression", **GRADED},
        "listwise, tf-idf, 100 topics": {"loss": "listwise", **GRADED},
    },
}


class Plan(NamedTuple):
    """Runs of a notebook: on which data sets, and what is kept of the results."""

    notebook: str
    datasets: tuple[str, ...] = ("merge", "emotify")
    only_trained: bool = False
    changes: dict[str, Any] = {}  # noqa: RUF012  (never changed)


PLANS = {
    "encoders": Plan("encoders"),
    "settings": Plan("encoders", changes=SETTINGS),
    "results": Plan("results", ("merge",), only_trained=True),
    "ablations": Plan("ablations"),
    "baselines": Plan("baselines"),
    "batches": Plan("batches"),
    "albums": Plan("albums", ("emotify",)),
}


class Made(NamedTuple):
    """The runs of a plan on one data set."""

    name: str
    dataset: str
    grid: Grid
    gathered: pd.DataFrame


def parameters(notebook: str) -> dict[str, Any]:
    """Execute the cell of parameters of a notebook."""
    cells = jupytext.read(NOTEBOOKS / f"{notebook}.py").cells
    cell = next(cell for cell in cells if "parameters" in cell.metadata.get("tags", []))
    namespace: dict[str, Any] = {}
    exec(cell.source, namespace)  # noqa: S102  (the project's own notebook)
    return namespace


def make(name: str, runs: Path, folders: dict[str, str]) -> Iterator[Made]:
    """Make the runs of a plan on each of its data sets."""
    plan = PLANS[name]
    for dataset in plan.datasets:
        started = time.perf_counter()
        given = {**parameters(plan.notebook), **plan.changes, "dataset": folders[dataset]}
        grid = read_grid({**given, "runs": str(runs / dataset)})
        outcome = sweep.run_sweep(grid)
        for reason, failed in outcome.failed.groupby("reason"):
            print(f"{len(failed)} runs failed: {reason}")
        n_runs, seconds = outcome.gathered["run"].nunique(), time.perf_counter() - started
        print(f"{name}, {dataset}: {n_runs} runs, {seconds:.0f} s", flush=True)
        yield Made(name, dataset, grid, outcome.gathered)


def keep(made: Made) -> None:
    """Replace what is kept of a plan."""
    gathered = made.gathered
    if PLANS[made.name].only_trained:  # thousands of runs
        gathered = gathered[gathered["representation"] == "trained"]
        gathered = comparison.select_measures(gathered, ["graded nDCG@10", "exact P@10"])
    folder = measured.FOLDER / made.name
    shutil.rmtree(folder / made.dataset, ignore_errors=True)
    archive.save(gathered, folder / made.dataset)
    (folder / measured.GRID).write_text(measured.describe(made.grid), encoding="utf-8")


def hours_of(made: Made, runs: Path) -> dict[str, object]:
    """Add up the hours of the runs of a plan; a run may belong to several plans."""
    names = made.gathered["run"].unique()
    records = [Record(runs / made.dataset / name) for name in names]
    seconds = sum(sum(record.info["seconds"].values()) for record in records)
    return {"name": made.name, "data": made.dataset, "runs": len(names), "hours": seconds / 3600}


if __name__ == "__main__":
    runs, merge, emotify, *names = sys.argv[1:]
    folders = {"merge": merge, "emotify": emotify}
    # Nothing is kept before all is made: a changed file would show in the commit of later runs.
    made = [each for name in names or PLANS for each in make(name, Path(runs), folders)]
    for each in made:
        keep(each)
    hours = pd.DataFrame([hours_of(each, Path(runs)) for each in made])
    hours.to_csv(measured.FOLDER / "hours.csv", index=False, float_format="%.3g")
