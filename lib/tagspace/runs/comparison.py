"""Paired comparisons of systems over many runs, with confidence intervals."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tagspace.configuration import EXPERIMENT_PARAMETERS
from tagspace.errors import TagspaceError

# All representations in the metrics of a run.
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
    """Select the rows of one measure of :data:`MEASURES` under one filter of neighbours."""
    relevance, metric, cutoff = MEASURES[measure]
    wanted = {"relevance": relevance, "metric": metric, "cutoff": cutoff, "filter": filtered}
    chosen = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    others = sorted(set(chosen["representation"]) - set(REPRESENTATIONS))  # frozen encoders
    order = [*REPRESENTATIONS[:1], *others, *REPRESENTATIONS[1:]]
    return chosen.assign(representation=pd.Categorical(chosen["representation"], order))


def select_measures(metrics: pd.DataFrame, names: Iterable[str] = MEASURES) -> pd.DataFrame:
    """Select the rows of some of :data:`MEASURES`, by default all, under any filter."""
    kinds = pd.MultiIndex.from_frame(metrics[["relevance", "metric", "cutoff"]])
    return metrics[kinds.isin([MEASURES[name] for name in names])]


def count_tagsets(combinations: pd.Index | pd.Series) -> pd.Index | pd.Series:
    """Count the tag sets of each combination, such as 2 of ``styles+moods``."""
    return combinations.str.count(r"\+") + 1


def mean_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Average one measure over runs: a table of representations x tag sets, with their mean.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Metrics of one or more runs, as :func:`tagspace.runs.records.gather` returns them.
    measure : str
        A name of :data:`MEASURES`.
    filtered : {"none", "album", "artist"}
        Which tracks are excluded as neighbours: none, or those of the query's album or artist.
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
    """Compare each system with a reference system in the same runs.

    Parameters
    ----------
    gathered : pandas.DataFrame
        As :func:`tagspace.runs.records.gather` or :func:`tagspace.runs.sweep.run_sweep` returns it.
    measure : str
        A name of :data:`MEASURES`.
    against : str
        The reference system.
    by : str
        The column that names trained networks. Baselines are named by their representation, and
        taken from the runs of the first network.
    filtered : {"none", "album", "artist"}
        Which tracks are excluded as neighbours: none, or those of the query's album or artist.

    Returns
    -------
    pandas.DataFrame
        One row per system. Columns: each tag set and the ``mean`` over tag sets, averaged over
        seeds and folds; ``runs``, the number of runs; ``gain``, the relative difference of the mean
        from the reference, over the runs that both have; ``low`` and ``high``, the 95 % interval of
        the gain, NaN for a single run. The interval includes the variance of both averages.

    Raises
    ------
    TagspaceError
        If the reference does not exist, or a system varies in more than seeds and folds. Variants
        may differ from one another in any parameter.

    References
    ----------
    Nadeau and Bengio 2003. The runs share training tracks, so their differences are not
    independent. The t interval is therefore widened.
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
        raise TagspaceError(f"against: {against!r} is not among the systems; accepted: {known}")
    gains = gains_over(overall, against, shared_tracks(gathered))
    return table.join(gains).rename_axis(index=None, columns=None)


def shared_tracks(gathered: pd.DataFrame) -> float:
    """Return the number of test tracks over that of training tracks, for :func:`gains_over`."""
    n_test = gathered.groupby("run")["n_queries"].max()
    return (n_test / gathered.groupby("run")["n_train"].first()).mean()


def gains_over(values: pd.DataFrame, against: str, shared: float) -> pd.DataFrame:
    """Compare systems with one of them over the same runs.

    Parameters
    ----------
    values : pandas.DataFrame
        A row per run, a column per system.
    against : str
        The reference system.
    shared : float
        See :func:`shared_tracks`. 0 if the runs are independent.

    Returns
    -------
    pandas.DataFrame
        By system: ``runs``, ``gain``, ``low`` and ``high``; see :func:`compare`.
    """
    values = values[values[against].notna()]
    # The reference, in the runs that each system has.
    reference = values.mask(values.notna(), values[against], axis=0)
    gain = values.mean() / reference.mean() - 1
    # The delta method for a ratio of two means: these residuals have mean zero, and their spread
    # gives the standard error of the gain.
    residuals = (values - (1 + gain) * reference) / reference.mean()
    n_runs = residuals.count()
    from scipy import stats  # takes a second to import

    half = stats.t.ppf(0.975, n_runs - 1) * residuals.std() * (1 / n_runs + shared) ** 0.5
    return pd.DataFrame({"runs": n_runs, "gain": gain, "low": gain - half, "high": gain + half})


def verdict(compared: pd.DataFrame) -> pd.Series:
    """Classify each system by the interval of its gain.

    Parameters
    ----------
    compared : pandas.DataFrame
        See :func:`compare`.

    Returns
    -------
    pandas.Series of str
        ``better`` if the interval is above zero, ``worse`` if it is below, ``undecided`` if it
        contains zero. Empty for the reference, and where there is no interval.
    """
    verdicts = pd.Series("", index=compared.index)
    verdicts[compared["low"] < compared["high"]] = "undecided"  # those of the reference are equal
    verdicts[compared["low"] > 0] = "better"
    verdicts[compared["high"] < 0] = "worse"
    return verdicts


def once_per_seed_and_fold(gathered: pd.DataFrame, names: list[str]) -> None:
    """Refuse runs that differ in more than the columns ``names``, seed and fold.

    Raises
    ------
    TagspaceError
        If runs differ in another parameter, or if two runs agree in all of these columns.
    """
    others = [name for name in EXPERIMENT_PARAMETERS if name not in (*names, "seed", "fold")]
    # Variants may differ from one another; the runs of one variant may not.
    parts = [part for _, part in gathered.groupby("variant")] if "variant" in names else [gathered]
    counts = pd.concat([part[others].nunique() for part in parts], axis=1).max(axis=1)
    varying = counts.index[counts > 1]
    if len(varying):
        raise TagspaceError(
            f"runs: they differ in {', '.join(varying)}, not only in {', '.join(names)}; "
            "select runs with one value of each"
        )
    copies = gathered.groupby([*names, "seed", "fold"])["run"].nunique()
    if copies.max() > 1:
        raise TagspaceError(
            f"runs: {copies.max()} runs differ only in the version that made them ({names[0]} "
            f"{copies.idxmax()[0]}); keep one of them"
        )


def by_system(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Name the ``system`` of each row, and sort the baselines before the trained networks.

    Raises
    ------
    TagspaceError
        If a trained network has the name of a representation.
    """
    trained = rows["representation"] == "trained"
    if rows[by].isin(rows["representation"]).any() or rows[by].isin(REPRESENTATIONS).any():
        raise TagspaceError(f"{by}: a system must not be named after a representation: "
                            f"{', '.join(REPRESENTATIONS)}")  # fmt: skip
    system = rows["representation"].astype(str).mask(trained, rows[by])
    wanted = (trained | (rows[by] == rows[by].iloc[0])) & ~rows["task"].isin(["artist", "album"])
    order = ["random", "rhythm", "timbre", "timbre+rhythm", "untrained", "", "trained", "tags"]
    places = {name: place for place, name in enumerate(order)}
    return rows.assign(system=system)[wanted].sort_values(
        "representation",
        key=lambda names: names.astype(str).map(lambda name: places.get(name, places[""])),
        kind="stable",
    )


def summary_task(tasks: Iterable[str]) -> str:
    """Return the task that summarises the others: their mean, or the only one."""
    tasks = list(tasks)
    return "mean" if "mean" in tasks else tasks[0]
