"""What the notebook on results draws and tabulates: Table II, of the paper and of one's own."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
import scipy.stats
import seaborn as sns
from IPython.display import HTML
from matplotlib.figure import Figure

from tagspace import figures
from tagspace.errors import TagspaceError
from tagspace.runs import EXPERIMENT


def table_2(gathered: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Arrange the figures of runs in the form of the paper's Table II.

    Parameters
    ----------
    gathered : pandas.DataFrame
        As :func:`tagspace.runs.gather` returns it. Seeds and folds are averaged.
    measure : str
        A name of :data:`tagspace.figures.MEASURES`.
    filtered : {"none", "album", "artist"}
        Which neighbours of a query are left out: nobody (the paper), or those of its own.

    Returns
    -------
    pandas.DataFrame
        A row per combination of tag sets and number of ``topics``, in the order of the paper: few
        sets before many. A column per tag set, then artist and album.

    Raises
    ------
    TagspaceError
        If more varies between runs than tag sets, topics, seeds and folds, or some are there twice.
    """
    _once_per_seed_and_fold(gathered, ["tagsets", "topics"])
    rows = figures.select(gathered, measure, filtered)
    rows = rows[(rows["representation"] == "trained") & (rows["task"] != "mean")]
    table = rows.groupby(["tagsets", "topics", "task"], sort=False)["value"].mean().unstack()
    table = table[list(rows["task"].unique())].rename_axis(columns=None)
    places = {name: place for place, name in enumerate(table.columns)}
    parts = {name: name.split("+") for name in table.index.unique("tagsets")}
    order = sorted(parts, key=lambda name: (len(parts[name]), [places[p] for p in parts[name]]))
    return table.sort_index().loc[order]


def blocks(table: pd.DataFrame) -> HTML:
    """Show Table II in blocks of one, two, three and four tag sets, with each block's best bold.

    Parameters
    ----------
    table : pandas.DataFrame
        In the form of :func:`table_2`.
    """
    sets = table.index.get_level_values("tagsets").str.count(r"\+") + 1
    best = table.eq(table.groupby(sets).transform("max"))
    cells = table.map("{:.4f}".format)
    cells = cells.mask(best, "<b>" + cells + "</b>").reset_index()
    cells["tagsets"] = cells["tagsets"].map(html.escape)
    cells.insert(0, "sets", sets)
    return HTML(cells.set_index(["sets", "tagsets", "topics"]).to_html(escape=False))


def curves_figure(table: pd.DataFrame, measure: str) -> Figure:
    """Draw each column of Table II against the number of topics, a line per combination.

    Parameters
    ----------
    table : pandas.DataFrame
        In the form of :func:`table_2`.
    measure : str
        What its values are.
    """
    rows = table.melt(var_name="task", value_name=measure, ignore_index=False).reset_index()
    rows["tag sets"] = rows["tagsets"].str.count(r"\+") + 1
    grid = sns.relplot(
        rows,
        x="topics",
        y=measure,
        col="task",
        col_wrap=3,
        hue="tag sets",
        palette=sns.color_palette("colorblind", rows["tag sets"].nunique()),
        units="tagsets",
        estimator=None,
        kind="line",
        marker="o",
        height=2.3,
        aspect=1.2,
        facet_kws={"sharey": False},
    )
    grid.set_titles("{col_name}")
    sns.move_legend(grid, "lower center", bbox_to_anchor=(0.5, 1), ncol=4, title="joined tag sets")
    return figures.finished(grid.figure)


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
        As :func:`tagspace.runs.gather` returns it, or :func:`tagspace.sweep.run`.
    measure : str
        A name of :data:`tagspace.figures.MEASURES`.
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
    _once_per_seed_and_fold(gathered, [by])
    rows = _by_system(figures.select(gathered, measure, filtered), by)
    values = rows.pivot_table(
        index=["seed", "fold"], columns=["system", "task"], values="value", sort=False
    )
    table = values.mean().unstack("task", sort=False)
    overall = values.xs(_overall(table.columns), axis=1, level="task")
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


def comparison_table(compared: pd.DataFrame, against: str) -> pd.DataFrame:
    """Write a comparison down, for reading: three digits, and gains with their intervals.

    Parameters
    ----------
    compared : pandas.DataFrame
        See :func:`compare`.
    against : str
        What was compared with.
    """
    shown = compared.drop(columns=["runs", "gain", "low", "high"]).map("{:.3f}".format)
    gains = compared.apply(_gain_text, axis=1).mask(compared.index == against, "")
    return shown.assign(**{f"against {against}": gains})


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


def left_out_table(
    gathered: pd.DataFrame, measure: str, against: str, filters: Sequence[str]
) -> pd.DataFrame:
    """Write comparisons of variants down, one below the other, for several filters of neighbours.

    Parameters
    ----------
    gathered, measure, against
        See :func:`compare`.
    filters : sequence of {"none", "album", "artist"}
        Which neighbours of a query are left out.
    """
    tables = {
        left_out: comparison_table(compare(gathered, measure, against, filtered=left_out), against)
        for left_out in filters
    }
    return pd.concat(tables, names=["left out", "system"])


def systems_figure(gathered: pd.DataFrame, measure: str, by: str = "variant") -> Figure:
    """Draw the mean over tag sets of each system: a dot for each run, a line for their average.

    Parameters
    ----------
    gathered, measure, by
        See :func:`compare`.
    """
    rows = _by_system(figures.select(gathered, measure), by)
    rows = rows[rows["task"] == _overall(rows["task"])]
    names = list(rows["system"].unique())
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.28 * len(names)))
    for height, name in enumerate(names):
        part = rows[rows["system"] == name]
        colour = figures.COLOURS[part["representation"].iloc[0]]
        axes.plot(part["value"], [height] * len(part), ".", color=colour, alpha=0.5)
        axes.plot(part["value"].mean(), height, "|", color=colour, markersize=16, markeredgewidth=3)
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel=measure)
    axes.set_ylim(len(names) - 0.5, -0.5)  # the first on top
    return figures.finished(figure)


def provenance(gathered: pd.DataFrame) -> str:
    """Say from which runs figures come: data, parameters, seeds and commit.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.gather`.
    """
    about = ["commit", "dataset", *EXPERIMENT]
    values = {name: ", ".join(map(str, sorted(gathered[name].unique()))) for name in about}
    told = [f"{len(gathered['run'].unique())} runs"]
    told.extend(f"{name} {value}" for name, value in values.items())
    return textwrap.fill("; ".join(told), 90)


def _once_per_seed_and_fold(gathered: pd.DataFrame, names: list[str]) -> None:
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


def _by_system(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Name the ``system`` of each row; those that know least come first."""
    trained = rows["representation"] == "trained"
    if rows[by].isin(figures.COLOURS).any():
        raise TagspaceError(f"{by}: a system of one's own cannot be called "
                            f"{', '.join(figures.COLOURS)}")  # fmt: skip
    system = rows["representation"].astype(str).mask(trained, rows[by])
    wanted = (trained | (rows[by] == rows[by].iloc[0])) & ~rows["task"].isin(["artist", "album"])
    *heard, told = figures.COLOURS
    order = [*reversed(heard), told]
    return rows.assign(system=system)[wanted].sort_values(
        "representation", key=lambda names: names.astype(str).map(order.index), kind="stable"
    )


def _overall(tasks: Iterable[str]) -> str:
    """Name the task that sums up the others: their mean, or the only one."""
    tasks = list(tasks)
    return "mean" if "mean" in tasks else tasks[0]


def _gain_text(row: pd.Series) -> str:
    gain, low, high = (f"{row[name]:+.1%}" for name in ("gain", "low", "high"))
    # The space within the brackets does not break.
    return gain if pd.isna(row["low"]) else f"{gain} [{low},\N{NO-BREAK SPACE}{high}]"
