"""Save the results of many runs as two small CSV files, and read them."""

from __future__ import annotations

import zlib
from functools import partial
from pathlib import Path

import pandas as pd

from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.datasets import registry
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs.comparison import select_measures
from tagspace.runs.records import gather
from tagspace.support.files import write_whole

RUNS, METRICS = "runs.csv", "metrics.csv.gz"
# Read as text even where they look like numbers.
TEXTS = ("run", "commit", "dataset", "fingerprint", "tagsets")
MAY_BE_MISSING = ("value", "low", "high", "chance", "ceiling")
# What pandas and gzip raise for damaged files.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, OverflowError, EOFError, zlib.error)
METRIC_TYPES = {**dict.fromkeys(MAY_BE_MISSING, float), "cutoff": int, "n_queries": int}


def save(gathered: pd.DataFrame, folder: Path) -> None:
    """Write the parameters of each run to ``runs.csv``, and its results to ``metrics.csv.gz``.

    Neither file contains track ids, so both can be published for any data set. Variants share their
    baselines, so only the first variant keeps the results of the baselines.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.records.gather`, or :class:`tagspace.runs.sweep.Outcome`.
    folder : Path
        Is created if it does not exist.
    """
    if "variant" in gathered:
        first = gathered["variant"] == gathered["variant"].iloc[0]
        gathered = gathered[first | (gathered["representation"] == "trained")]
    about = gathered.columns.difference(COLUMNS, sort=False)
    # Parameters keep their precision; results are rounded. A run may belong to several variants,
    # and its results are written once.
    csv = {"index": False, "lineterminator": "\n"}
    runs, metrics = gathered[about], gathered[["run", *COLUMNS]]
    write_whole(folder / RUNS, partial(runs.drop_duplicates().to_csv, **csv))
    csv |= {"float_format": "%.4g", "compression": {"method": "gzip", "mtime": 0}}
    metrics_to_csv = partial(metrics.drop_duplicates().to_csv, **csv)
    write_whole(folder / METRICS, metrics_to_csv)


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the results of runs on one data set.

    Parameters
    ----------
    folder : str or Path
        A folder of records, or one that :func:`save` wrote.
    dataset : str
        Name or path of the data set, if the folder has runs on several.

    Returns
    -------
    pandas.DataFrame
        In the form of :func:`tagspace.runs.records.gather`.

    Raises
    ------
    TagspaceError
        If the folder has neither records nor an archive, if it has no run on this data set, if it
        has runs on several data sets and ``dataset`` is empty, or if its runs are of several
        versions.
    """
    folder = Path(folder).expanduser()
    if (folder / RUNS).exists():
        about = _read(folder / RUNS, TEXTS, {})
        metrics = _read(folder / METRICS, ("run", *COLUMNS), METRIC_TYPES)
        # A parameter that is newer than the archive gets its default.
        defaults = Configuration().model_dump(include=set(EXPERIMENT_PARAMETERS))
        known = {"results_version": 0, **defaults}
        added = {name: value for name, value in known.items() if name not in about}
        gathered = about.assign(**added).merge(metrics, on="run", how="left")
    else:
        gathered = gather(folder, select_measures)
    if gathered.empty:
        raise TagspaceError(
            f"runs: {folder} has no runs; accepted: a folder of records, or one written by "
            "tagspace keep"
        )
    return _only(gathered, dataset, folder)


def _read(file: Path, required: tuple[str, ...], types: dict[str, type]) -> pd.DataFrame:
    """Read one of the two files; columns are texts unless a type is given."""
    try:
        table = pd.read_csv(
            file,
            dtype={"variant": str, **dict.fromkeys(TEXTS, str), **types},
            keep_default_na=False,
            na_values=dict.fromkeys(MAY_BE_MISSING, ""),
        )
        missing = [name for name in required if name not in table]
    except UNREADABLE as error:
        raise _damaged(file) from error
    if missing or table.empty:
        raise _damaged(file)
    return table


def _damaged(file: Path) -> TagspaceError:
    return TagspaceError(f"runs: {file} is damaged, or was not written by tagspace keep")


def _only(gathered: pd.DataFrame, dataset: str, folder: Path) -> pd.DataFrame:
    present = ", ".join(gathered["dataset"].unique())
    if dataset:
        is_path = dataset not in registry.NAMES and Path(dataset).expanduser().exists()
        name = registry.load_dataset(dataset).name if is_path else dataset
        gathered = gathered[gathered["dataset"] == name]
        if gathered.empty:
            raise TagspaceError(f"dataset: {folder} has no run on {name}; it has runs on {present}")
    if len(gathered["fingerprint"].unique()) > 1:
        raise TagspaceError(
            f"runs: {folder} has runs on several data sets or versions of one ({present}), which "
            "cannot be averaged; name one with dataset, or move some away"
        )
    versions = sorted(gathered["results_version"].unique())
    if len(versions) > 1:
        raise TagspaceError(
            f"runs: {folder} has runs of the results versions {', '.join(map(str, versions))}, "
            "which cannot be averaged; move the older ones away"
        )
    return gathered
