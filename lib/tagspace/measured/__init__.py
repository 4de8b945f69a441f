"""Figures of many runs in two small files, kept when the runs themselves are gone.

The folders beside this file hold those that the book shows.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tagspace import datasets
from tagspace.configuration import Configuration
from tagspace.errors import TagspaceError
from tagspace.retrieval import COLUMNS
from tagspace.runs import EXPERIMENT, gather

HERE = Path(__file__).parent
RUNS, METRICS = "runs.csv", "metrics.csv"
TEXTS = ("run", "variant", "commit", "dataset", "fingerprint", "tagsets")  # also if like numbers


def save(gathered: pd.DataFrame, folder: Path) -> None:
    """Write what is known of each run to ``runs.csv``, and its figures to ``metrics.csv``.

    Neither names a track, so both can be published whatever the data. Of several variants of the
    same runs, only those of the first one keep the figures of what was not trained.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.gather`, or :class:`tagspace.sweep.Outcome`.
    folder : Path
        Is made where it does not exist.
    """
    if "variant" in gathered:
        first = gathered["variant"] == gathered["variant"].iloc[0]
        gathered = gathered[first | (gathered["representation"] == "trained")]
    about = gathered.columns.difference(COLUMNS, sort=False)
    folder.mkdir(parents=True, exist_ok=True)
    # Parameters stay as they are, figures are rounded. One run may go by several names, as
    # variants; its figures are written once.
    gathered[about].drop_duplicates().to_csv(folder / RUNS, index=False, lineterminator="\n")
    gathered[["run", *COLUMNS]].drop_duplicates().to_csv(
        folder / METRICS, index=False, float_format="%.4g", lineterminator="\n"
    )


def cost() -> pd.DataFrame:
    """Read what the stages of Table II cost, as ``benchmarks/cost.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``what``, ``value``, ``unit``, and the ``cores`` and ``machine`` of all.
    """
    return pd.read_csv(HERE / "cost.csv")


def hits() -> pd.DataFrame:
    """Read how often tracks match by chance, of the paper's labels that were at hand.

    Returns
    -------
    pandas.DataFrame
        See :func:`tagspace.tag_figures.hits_table`.
    """
    return pd.read_csv(HERE / "hits.csv", index_col="tagset")


def pairs() -> pd.DataFrame:
    """Read how many pairs of the real music each system takes for related and unrelated.

    Returns
    -------
    pandas.DataFrame
        See :func:`tagspace.tag_figures.pairs_table`.
    """
    return pd.read_csv(HERE / "pairs.csv", index_col=0)


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the figures of runs on one data set, in the form of :func:`tagspace.runs.gather`.

    Parameters
    ----------
    folder : str or Path
        Of records, or of what :func:`save` wrote; those beside this file go by their names.
    dataset : str
        Whose runs are wanted, where there are runs on several: its name, or its place.

    Raises
    ------
    TagspaceError
        If the folder has neither, or none on this data set, or runs on several.
    """
    own = HERE / folder
    folder = own if own.exists() else Path(folder).expanduser()
    if (folder / RUNS).exists():
        about = pd.read_csv(folder / RUNS, dtype=dict.fromkeys(TEXTS, str), keep_default_na=False)
        metrics = pd.read_csv(
            folder / METRICS,
            dtype={"run": str},
            keep_default_na=False,
            na_values=dict.fromkeys(("value", "low", "high", "chance", "ceiling"), ""),
        )
        gathered = about.merge(metrics, on="run", how="left")
        # What was kept before a parameter was there has its default.
        defaults = Configuration().model_dump(include=set(EXPERIMENT) - set(gathered))
        gathered = gathered.assign(**defaults)
    else:
        gathered = gather(folder)
    if gathered.empty:
        raise TagspaceError(
            f"runs: {folder} is not accepted; accepted: a folder of records, or one made by "
            "python -m tagspace keep"
        )
    return _only(gathered, dataset, folder)


def _only(gathered: pd.DataFrame, dataset: str, folder: Path) -> pd.DataFrame:
    there = ", ".join(gathered["dataset"].unique())
    if dataset:
        place = Path(dataset).expanduser()
        elsewhere = dataset not in datasets.NAMES and place.exists()
        name = datasets.load(dataset).name if elsewhere else dataset
        gathered = gathered[gathered["dataset"] == name]
        if gathered.empty:
            raise TagspaceError(f"dataset: {folder} has no run on {name}, but on {there}")
    if len(gathered["fingerprint"].unique()) > 1:
        raise TagspaceError(
            f"runs: {folder} has runs on several data sets or versions of one ({there}), which "
            "cannot be averaged; name one by dataset, or move some away"
        )
    return gathered
