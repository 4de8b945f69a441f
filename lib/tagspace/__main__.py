"""``python -m tagspace FOLDER``: what the runs recorded in a folder have learned."""

from __future__ import annotations

import argparse

from tagspace import figures, runs
from tagspace.configuration import Configuration

MEASURE = "graded nDCG@10"


def main() -> None:
    """Print a table for each experiment of a folder of records, its folds averaged."""
    parser = argparse.ArgumentParser(prog="python -m tagspace", description=__doc__)
    parser.add_argument("folder", nargs="?", default=runs.PROJECT / "runs")
    gathered = runs.gather(parser.parse_args().folder)
    if gathered.empty:
        parser.exit(1, "no runs are recorded there\n")
    same = [name for name in Configuration.model_fields if name not in {"fold", "device", "runs"}]
    varied = [name for name in same if gathered[name].nunique() > 1]
    for _, experiment in gathered.groupby(same, sort=False):
        first = experiment.iloc[0]
        title = [f"{name} {first[name]}" for name in dict.fromkeys(["dataset", "tagsets", *varied])]
        print(f"{', '.join(title)} (runs: {experiment['run'].nunique()})")
        print(figures.folds_table(experiment, MEASURE).round(3).to_string(), end="\n\n")


if __name__ == "__main__":
    main()
