"""Archives: the figures of many runs in two small files that can be published."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.datasets import registry
from tagspace.errors import TagspaceError
from tagspace.evaluation.retrieval import COLUMNS
from tagspace.runs.records import gather

RUNS, METRICS = "runs.csv", "metrics.csv"
# Read as text even where they look like numbers.
TEXTS = ("run", "variant", "commit", "dataset", "fingerprint", "tagsets")


def save(gathered: pd.DataFrame, folder: Path) -> None:
    """Write the parameters of each run to ``runs.csv``, and its figures to ``metrics.csv``.

    Neither file names a track, so both can be published whatever the data. If there are several
    variants of the same runs, only the first keeps the figures of the baselines.

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
    folder.mkdir(parents=True, exist_ok=True)
    # Parameters keep their precision; figures are rounded. A run may belong to several variants,
    # and its figures are written once.
    gathered[about].drop_duplicates().to_csv(folder / RUNS, index=False, lineterminator="\n")
    gathered[["run", *COLUMNS]].drop_duplicates().to_csv(
        folder / METRICS, index=False, float_format="%.4g", lineterminator="\n"
    )


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the figures of runs on one data set.

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
        If the folder has neither, no run on this data set, or runs on several.
    """
    folder = Path(folder).expanduser()
    if (folder / RUNS).exists():
        about = pd.read_csv(folder / RUNS, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False)
        metrics = pd.read_csv(
            folder / METRICS,
            dtype={"run": str},
            keep_default_na=False,
            na_values=dict.fromkeys(("value", "low", "high", "chance", "ceiling"), ""),
        )
        gathered = about.merge(metrics, on="run", how="left")
        # A parameter that did not exist yet has its default.
        defaults = Configuration().model_dump(include=set(EXPERIMENT_PARAMETERS) - set(gathered))
        gathered = gathered.assign(**defaults)
    else:
        gathered = gather(folder)
    if gathered.empty:
        raise TagspaceError(
            f"runs: {folder} is not accepted; accepted: a folder of records, or one made by "
            "tagspace keep"
        )
    return _only(gathered, dataset, folder)


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
    return gathered
