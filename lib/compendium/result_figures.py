"""What the notebook on results draws and tabulates: Table II, of the paper and of one's own."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from IPython.display import HTML
from matplotlib.figure import Figure

from compendium import style
from tagspace.configuration import EXPERIMENT_PARAMETERS
from tagspace.evaluation import comparison


def arrange_table_2(gathered: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Arrange the figures of runs in the form of the paper's Table II.

    Parameters
    ----------
    gathered : pandas.DataFrame
        As :func:`tagspace.runs.records.gather` returns it. Seeds and folds are averaged.
    measure : str
        A name of :data:`tagspace.evaluation.comparison.MEASURES`.
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
    comparison.once_per_seed_and_fold(gathered, ["tagsets", "topics"])
    rows = comparison.select(gathered, measure, filtered)
    rows = rows[(rows["representation"] == "trained") & (rows["task"] != "mean")]
    table = rows.groupby(["tagsets", "topics", "task"], sort=False)["value"].mean().unstack()
    table = table[list(rows["task"].unique())].rename_axis(columns=None)
    places = {name: place for place, name in enumerate(table.columns)}
    parts = {name: name.split("+") for name in table.index.unique("tagsets")}
    order = sorted(parts, key=lambda name: (len(parts[name]), [places[p] for p in parts[name]]))
    return table.sort_index().loc[order]


def table_2_html(table: pd.DataFrame) -> HTML:
    """Show Table II in blocks of one, two, three and four tag sets, with each block's best bold.

    Parameters
    ----------
    table : pandas.DataFrame
        In the form of :func:`arrange_table_2`.
    """
    sets = table.index.get_level_values("tagsets").str.count(r"\+") + 1
    best = table.eq(table.groupby(sets).transform("max"))
    cells = table.map("{:.4f}".format)
    cells = cells.mask(best, "<b>" + cells + "</b>").reset_index()
    cells["tagsets"] = cells["tagsets"].map(html.escape)
    cells.insert(0, "sets", sets)
    return HTML(cells.set_index(["sets", "tagsets", "topics"]).to_html(escape=False))


def topics_figure(table: pd.DataFrame, measure: str) -> Figure:
    """Draw each column of Table II against the number of topics, a line per combination.

    Parameters
    ----------
    table : pandas.DataFrame
        In the form of :func:`arrange_table_2`.
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
    return style.lay_out(grid.figure)


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
        left_out: comparison_table(
            comparison.compare(gathered, measure, against, filtered=left_out), against
        )
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
    rows = comparison.by_system(comparison.select(gathered, measure), by)
    rows = rows[rows["task"] == comparison.summary_task(rows["task"])]
    names = list(rows["system"].unique())
    figure, axes = plt.subplots(figsize=(8, 0.6 + 0.28 * len(names)))
    for height, name in enumerate(names):
        part = rows[rows["system"] == name]
        colour = style.COLOURS[part["representation"].iloc[0]]
        axes.plot(part["value"], [height] * len(part), ".", color=colour, alpha=0.5)
        axes.plot(part["value"].mean(), height, "|", color=colour, markersize=16, markeredgewidth=3)
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel=measure)
    axes.set_ylim(len(names) - 0.5, -0.5)  # the first on top
    return style.lay_out(figure)


def provenance(gathered: pd.DataFrame) -> str:
    """Say from which runs figures come: data, parameters, seeds and commit.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.records.gather`.
    """
    about = ["commit", "dataset", *EXPERIMENT_PARAMETERS]
    values = {name: ", ".join(map(str, sorted(gathered[name].unique()))) for name in about}
    told = [f"{len(gathered['run'].unique())} runs"]
    told.extend(f"{name} {value}" for name, value in values.items())
    return textwrap.fill("; ".join(told), 90)


def _gain_text(row: pd.Series) -> str:
    gain, low, high = (f"{row[name]:+.1%}" for name in ("gain", "low", "high"))
    # The space within the brackets does not break.
    return gain if pd.isna(row["low"]) else f"{gain} [{low},\N{NO-BREAK SPACE}{high}]"


def results_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Tabulate one measure: representations x tasks, each with its interval; chance, ceiling."""
    rows = comparison.select(metrics, measure, filtered)
    cells = rows.assign(cell=rows.apply(_with_interval, axis=1))
    table = cells.set_index(["representation", "task"])["cell"].unstack()
    bounds = rows.groupby("task", sort=False)[["chance", "ceiling"]].first().map("{:.3f}".format).T
    tasks = list(rows["task"].unique())
    return pd.concat([table, bounds])[tasks].rename_axis(index=measure, columns=None)


def results_figure(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> Figure:
    """Draw one measure per task: each representation with its interval, and the chance level."""
    rows = comparison.select(metrics, measure, filtered)
    grid = sns.FacetGrid(rows, col="task", height=2.6, aspect=0.75, sharex=True)
    for task, axes in grid.axes_dict.items():
        part = rows[rows["task"] == task].sort_values("representation")
        for height, row in enumerate(part.itertuples()):
            colour = style.COLOURS[row.representation]
            axes.plot([row.low, row.high], [height, height], color=colour, linewidth=3)
            axes.plot(row.value, height, "o", color=colour)
        axes.axvline(part["chance"].iloc[0], color="black", linestyle=":", linewidth=1)
        axes.set(title=task, yticks=range(len(part)), yticklabels=part["representation"])
        axes.set_ylim(len(part) - 0.5, -0.5)  # the first on top
    grid.figure.supxlabel(f"{measure} with 95 % interval; dotted: chance", fontsize=9)
    return style.lay_out(grid.figure)


def history_figure(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Draw loss, violating triplets and validation score by epoch; a line marks the best epoch."""
    panels = {
        "loss": "loss",
        "triplets": "violating triplets",
        "validation": "validation nDCG@10",
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(9, 2.6))
    for panel, (column, label) in zip(axes, panels.items(), strict=True):
        panel.plot(history["epoch"], history[column], ".-", color=style.COLOURS["trained"])
        panel.axvline(best_epoch, color="black", linestyle=":", linewidth=1)
        panel.set(xlabel="epoch", title=label)
    return style.lay_out(figure)


def _with_interval(row: pd.Series) -> str:
    # The space within the brackets does not break.
    return f"{row['value']:.3f} [{row['low']:.3f},\N{NO-BREAK SPACE}{row['high']:.3f}]"
