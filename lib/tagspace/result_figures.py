"""What the notebook on results draws and tabulates: Table II, of the paper and of one's own."""

from __future__ import annotations

import html
import textwrap

import pandas as pd
import scipy.stats
import seaborn as sns
from IPython.display import HTML
from matplotlib.figure import Figure

from tagspace import figures
from tagspace.runs import EXPERIMENT

# Representations that have heard music, and of no tags.
DEAF = ("untrained", "timbre", "rhythm", "timbre+rhythm")


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
    """
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


def gains(gathered: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Compare training with the best representation that heard no tags, over folds.

    Parameters
    ----------
    gathered : pandas.DataFrame
        Of two folds or more, as :func:`tagspace.runs.gather` returns it.
    measure : str
        A name of :data:`tagspace.figures.MEASURES`; its mean over the tag sets is compared.

    Returns
    -------
    pandas.DataFrame
        Per combination of tag sets: ``trained`` and each baseline, averaged over folds; ``gain``
        of trained over the better one, relative to it; ``low`` and ``high``, the 95 % interval of
        the gain by Student's t over folds, which takes folds for independent.
    """
    rows = figures.select(gathered, measure)
    rows = rows[(rows["task"] == "mean") & rows["representation"].isin(["trained", *DEAF])]
    values = rows.pivot_table(
        index=["tagsets", "fold"], columns="representation", values="value", observed=True
    )
    return values.groupby("tagsets").apply(_gain)


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


def _gain(folds: pd.DataFrame) -> pd.Series:
    means = folds.mean()
    better = means[list(DEAF)].idxmax()
    relative = (folds["trained"] - folds[better]) / means[better]
    half = scipy.stats.t.ppf(0.975, len(folds) - 1) * relative.sem()
    gain = relative.mean()
    return pd.concat([means, pd.Series({"gain": gain, "low": gain - half, "high": gain + half})])
