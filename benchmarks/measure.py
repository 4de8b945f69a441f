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
from pathlib import Path
from typing import Any, NamedTuple

import jupytext
import pandas as pd

from compendium import measured
from tagspace.runs import archive, comparison, sweep

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


class Plan(NamedTuple):
    """Runs of a notebook: data sets, parameters other than its own, and what is kept."""

    notebook: str
    datasets: tuple[str, ...] = ("merge", "emotify")
    changes: dict[str, Any] | None = None
    only_trained: bool = False


# Settings of the network are chosen on validation tracks.
SETTINGS = {
    "pool": "validation",
    "seed": 0,
    "fold": [0, 1, 2],
    "variants": {
        "triplets": {},
        "triplets, drawn batches": {"batches": "related"},
        "regression, tf-idf, 100 topics": {
            "loss": "regression",
            "relatedness": "tfidf",
            "topics": 100,
        },
        "listwise, tf-idf, 100 topics": {
            "loss": "listwise",
            "relatedness": "tfidf",
            "topics": 100,
        },
    },
}


PLANS = {
    "encoders": Plan("encoders"),
    "results": Plan("results", ("merge",), only_trained=True),
    "ablations": Plan("ablations"),
    "related": Plan("related"),
    "batches": Plan("batches"),
    "albums": Plan("albums", ("emotify",)),
    "encoders_settings": Plan("encoders", changes=SETTINGS),
}


def parameters(notebook: str) -> dict[str, Any]:
    """Execute the cell of parameters of a notebook."""
    cells = jupytext.read(NOTEBOOKS / f"{notebook}.py").cells
    cell = next(cell for cell in cells if "parameters" in cell.metadata.get("tags", []))
    namespace: dict[str, Any] = {}
    exec(cell.source, namespace)  # noqa: S102  (the project's own notebook)
    return namespace


def measure(name: str, plan: Plan, runs: Path, folders: dict[str, str]) -> None:
    """Make the runs of a plan, and replace what is kept."""
    shutil.rmtree(measured.FOLDER / name, ignore_errors=True)
    for dataset in plan.datasets:
        started = time.perf_counter()
        given = {**parameters(plan.notebook), **(plan.changes or {}), "dataset": folders[dataset]}
        grid = sweep.read_grid({**given, "runs": str(runs / dataset)})
        outcome = sweep.run_sweep(grid)
        assert outcome.failed.empty, outcome.failed.to_string()
        gathered = outcome.gathered
        if plan.only_trained:  # thousands of runs
            gathered = gathered[gathered["representation"] == "trained"]
            shown = [comparison.MEASURES[name] for name in ("graded nDCG@10", "exact P@10")]
            kinds = pd.MultiIndex.from_frame(gathered[["relevance", "metric", "cutoff"]])
            gathered = gathered[kinds.isin(shown)]
        archive.save(gathered, measured.FOLDER / name / dataset)
        file = measured.FOLDER / name / measured.GRID
        file.write_text(measured.describe(grid), encoding="utf-8")
        n_runs, seconds = outcome.gathered["run"].nunique(), time.perf_counter() - started
        print(f"{name}, {dataset}: {n_runs} runs, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    runs, merge, emotify, *names = sys.argv[1:]
    for name in names or PLANS:
        measure(name, PLANS[name], Path(runs), {"merge": merge, "emotify": emotify})
