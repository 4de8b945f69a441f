"""Paired comparisons of systems, with intervals, from tables of figures."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import scipy.stats

from tagspace.configuration import EXPERIMENT
from tagspace.errors import TagspaceError

# What the record of a run compares, the trained network first.
REPRESENTATIONS = ["trained", "untrained", "timbre+rhythm", "timbre", "rhythm", "random", "tags"]
MEASURES = {
    "graded nDCG@10": ("graded", "ndcg", 10),
    "exact P@10": ("exact", "precision", 10),
    "exact P@100": ("exact", "precision", 100),
    "exact R-precision": ("exact", "rprecision", 0),
    "any P@10": ("any", "precision", 10),
    "graded P@10": ("graded", "precision", 10),
}


def select(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Pick the rows of one measure of :data:`MEASURES`, with one filter of neighbours."""
    relevance, metric, cutoff = MEASURES[measure]
    wanted = {"relevance": relevance, "metric": metric, "cutoff": cutoff, "filter": filtered}
    chosen = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return chosen.assign(representation=pd.Categorical(chosen["representation"], REPRESENTATIONS))


def shown(metrics: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of all of :data:`MEASURES`, with any filter."""
    kinds = pd.MultiIndex.from_frame(metrics[["relevance", "metric", "cutoff"]])
    return metrics[kinds.isin(list(MEASURES.values()))]


def folds_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Tabulate one measure over folds: representations x tag sets, and the mean of these.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Of one fold or several, as :func:`tagspace.runs.records.gather` joins them.
    """
    rows = select(metrics, measure, filtered)
    rows = rows[~rows["task"].isin(["artist", "album"])]
    tasks = list(rows["task"].unique())
    table = rows.groupby(["representation", "task"], observed=True)["value"].mean().unstack()[tasks]
    return table.rename_axis(index=measure, columns=None)


def compare(
    gathered: pd.DataFrame,
    measure: str,
    against: str,
    by: str = "variant",
    filtered: str = "none",
) -> pd.DataFrame:
    """Compare systems in pairs: each with one of them, in the same runs.

    Parameters
    ----------
    gathered : pandas.DataFrame
        As :func:`tagspace.runs.records.gather` returns it, or :func:`tagspace.runs.sweep.run`.
    measure : str
        A name of :data:`tagspace.evaluation.comparison.MEASURES`.
    against : str
        The system that all others are compared with.
    by : str
        The column that names trained networks. Other systems are named by their representation,
        and taken from the runs of the first network.
    filtered : {"none", "album", "artist"}
        Which neighbours of a query are left out.

    Returns
    -------
    pandas.DataFrame
        A row per system. A column per tag set and their ``mean``, averages over all seeds and
        folds; the number of ``runs``; ``gain`` of the mean over that of ``against``, relative to
        it, in the runs of both; ``low`` and ``high``, the 95 % interval of the gain, NaN where
        there is one run only. The gain is a ratio of two averages, and its interval knows that
        both were measured.

    Raises
    ------
    TagspaceError
        If there is no such system, or more varies within one than seeds and folds. What a variant
        changes may vary between variants; between other systems, only what names them.

    References
    ----------
    Nadeau and Bengio 2003 for the interval: runs share training tracks, and are not independent,
    so that Student's interval of their differences is widened.
    """
    once_per_seed_and_fold(gathered, [by])
    rows = by_system(select(gathered, measure, filtered), by)
    values = rows.pivot_table(
        index=["seed", "fold"], columns=["system", "task"], values="value", sort=False
    )
    table = values.mean().unstack("task", sort=False)
    overall = values.xs(summary_task(table.columns), axis=1, level="task")
    if against not in overall:
        known = ", ".join(overall.columns)
        raise TagspaceError(f"against: {against!r} is not there; there are {known}")
    overall = overall[overall[against].notna()]
    # The reference in the runs that each system has.
    reference = overall.mask(overall.notna(), overall[against], axis=0)
    gain = overall.mean() / reference.mean() - 1
    # What each run has beyond the common ratio: of zero mean, and linear in both averages.
    residuals = (overall - (1 + gain) * reference) / reference.mean()
    n_test = gathered.groupby("run")["n_queries"].max()
    shared = (n_test / gathered.groupby("run")["n_train"].first()).mean()
    n_runs = residuals.count()
    half = scipy.stats.t.ppf(0.975, n_runs - 1) * residuals.std() * (1 / n_runs + shared) ** 0.5
    return table.assign(runs=n_runs, gain=gain, low=gain - half, high=gain + half).rename_axis(
        index=None, columns=None
    )


def verdict(compared: pd.DataFrame) -> pd.Series:
    """Say of each system what the interval of its gain says.

    Parameters
    ----------
    compared : pandas.DataFrame
        See :func:`compare`.

    Returns
    -------
    pandas.Series of str
        ``better``, where the interval is above zero; ``worse``, below it; ``undecided``, with zero
        in it. Empty for what was compared with, and for what has no interval.
    """
    told = pd.Series("", index=compared.index)
    told[compared["low"].notna() & (compared["gain"] != 0)] = "undecided"
    told[compared["low"] > 0] = "better"
    told[compared["high"] < 0] = "worse"
    return told


def verdicts(compared: pd.DataFrame) -> dict[str, str]:
    """Name the systems of each :func:`verdict`, joined by semicolons; ``none`` if there is none.

    Parameters
    ----------
    compared : pandas.DataFrame
        See :func:`compare`.
    """
    told = verdict(compared)
    kinds = ("better", "worse", "undecided")
    return {kind: "; ".join(told.index[told == kind]) or "none" for kind in kinds}


def once_per_seed_and_fold(gathered: pd.DataFrame, names: list[str]) -> None:
    """Refuse to average or compare runs that differ in anything but their names, seed and fold."""
    others = [name for name in EXPERIMENT if name not in (*names, "seed", "fold")]
    # Variants are there to differ from one another, each as a whole.
    parts = [part for _, part in gathered.groupby("variant")] if "variant" in names else [gathered]
    counts = pd.concat([part[others].nunique() for part in parts], axis=1).max(axis=1)
    varying = counts.index[counts > 1]
    if len(varying):
        raise TagspaceError(
            f"runs: {', '.join(varying)} varies, beside {', '.join(names)}; choose some of them"
        )
    copies = gathered.groupby([*names, "seed", "fold"])["run"].nunique()
    if copies.max() > 1:
        raise TagspaceError(
            f"runs: {copies.max()} runs differ in nothing but their version ({names[0]} "
            f"{copies.idxmax()[0]}); keep one of them"
        )


def by_system(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Name the ``system`` of each row; those that know least come first."""
    trained = rows["representation"] == "trained"
    if rows[by].isin(REPRESENTATIONS).any():
        raise TagspaceError(f"{by}: a system of one's own cannot be called "
                            f"{', '.join(REPRESENTATIONS)}")  # fmt: skip
    system = rows["representation"].astype(str).mask(trained, rows[by])
    wanted = (trained | (rows[by] == rows[by].iloc[0])) & ~rows["task"].isin(["artist", "album"])
    *heard, told = REPRESENTATIONS
    order = [*reversed(heard), told]
    return rows.assign(system=system)[wanted].sort_values(
        "representation", key=lambda names: names.astype(str).map(order.index), kind="stable"
    )


def summary_task(tasks: Iterable[str]) -> str:
    """Name the task that sums up the others: their mean, or the only one."""
    tasks = list(tasks)
    return "mean" if "mean" in tasks else tasks[0]
