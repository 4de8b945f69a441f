"""Figures and tables of results: Table II, comparisons of systems, and single runs."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import HTML
from matplotlib.figure import Figure

from compendium import style
from tagspace.configuration import EXPERIMENT_PARAMETERS
from tagspace.runs import comparison
from tagspace.runs.records import RESULTS_VERSION

LOSS_COLOURS = {
    "triplet": style.BLUE,
    "regression": style.GREEN,
    "listwise": style.VERMILION,
}
FILTER_NAMES = {"none": "unfiltered", "album": "album filter", "artist": "artist filter"}


def arrange_table_2(gathered: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Arrange the figures of trained networks in the form of the paper's Table II.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.records.gather`. Seeds and folds are averaged.
    measure : str
        A name of :data:`tagspace.runs.comparison.MEASURES`.
    filtered : {"none", "album", "artist"}
        Which tracks are not accepted as neighbours: none are excluded (as in the paper), those of
        the query's album, or those of the query's artist.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``tagsets`` and number of ``topics``, in the order of the paper: few tag sets
        before many. A column per tag set, then artist and album.

    Raises
    ------
    TagspaceError
        If runs differ in more than tag sets, topics, seeds and folds, or a run occurs twice.
    """
    comparison.once_per_seed_and_fold(gathered, ["tagsets", "topics"])
    rows = comparison.select(gathered, measure, filtered)
    rows = rows[(rows["representation"] == "trained") & (rows["task"] != "mean")]
    table = rows.groupby(["tagsets", "topics", "task"], sort=False)["value"].mean().unstack()
    table = table[list(rows["task"].unique())].rename_axis(columns=None)
    return table.sort_index().loc[_paper_order(table)]


def _paper_order(table: pd.DataFrame) -> list[str]:
    """Sort the combinations of tag sets: by their number, then in the order of the columns."""
    columns = list(table.columns)

    def sort_key(combination: str) -> tuple[int, list[int]]:
        places = [columns.index(tagset) for tagset in combination.split("+")]
        return len(places), places

    return sorted(table.index.unique("tagsets"), key=sort_key)


def table_2_html(table: pd.DataFrame) -> HTML:
    """Show Table II in blocks of one, two, three and four tag sets.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`arrange_table_2`.

    Returns
    -------
    IPython.display.HTML
        In each block, the largest value of each column is bold.
    """
    n_sets = comparison.count_tagsets(table.index.get_level_values("tagsets"))
    is_best = table.eq(table.groupby(n_sets).transform("max"))
    cells = table.map("{:.4f}".format)
    cells = cells.mask(is_best, "<b>" + cells + "</b>").reset_index()
    cells["tagsets"] = cells["tagsets"].map(html.escape)
    cells.insert(0, "sets", n_sets)
    return HTML(cells.set_index(["sets", "tagsets", "topics"]).to_html(escape=False))


def topics_figure(table: pd.DataFrame, measure: str) -> Figure:
    """Draw each task of Table II against the number of topics.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`arrange_table_2`. Each combination of tag sets becomes a line.
    measure : str
        Name of the values, for the vertical axes.
    """
    import seaborn as sns  # takes a second to import

    rows = table.melt(var_name="task", value_name=measure, ignore_index=False).reset_index()
    rows["n_sets"] = comparison.count_tagsets(rows["tagsets"])
    grid = sns.relplot(
        rows,
        x="topics",
        y=measure,
        col="task",
        col_wrap=3,
        hue="n_sets",
        palette=sns.color_palette("colorblind", rows["n_sets"].nunique()),
        units="tagsets",
        estimator=None,
        kind="line",
        marker="o",
        height=2.3,
        aspect=1.2,
        facet_kws={"sharey": False},
    )
    grid.set_titles("{col_name}")
    grid.set_xlabels("number of topics")
    title = "number of tag sets"
    sns.move_legend(grid, "lower center", bbox_to_anchor=(0.5, 1), ncol=4, title=title)
    return style.lay_out(grid.figure)


def means_figure(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the mean over the tag sets against the number of topics, a line per combination.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`arrange_table_2`.
    """
    import seaborn as sns  # takes a second to import

    figure, axes = plt.subplots(
        1, len(tables), figsize=(4.5 * len(tables), 3.4), sharey=True, squeeze=False
    )
    colours = sns.color_palette("colorblind")
    for panel, (title, table) in zip(axes.flat, tables.items(), strict=True):
        tasks = [task for task in table if task in set(table.index.get_level_values("tagsets"))]
        ends = []
        for combination, rows in table[tasks].mean(axis=1).groupby("tagsets", sort=False):
            number = combination.count("+")
            topics = rows.index.get_level_values("topics")
            panel.plot(topics, rows, ".-", color=colours[number], linewidth=1)
            if number == 0 or number + 1 == len(tasks):
                name = combination if number == 0 else "all"
                ends.append((topics[-1], rows.iloc[-1], name, colours[number]))
        style.label_ends(panel, ends)
        panel.set(title=title, xlabel="number of topics", xscale="log")
        panel.set_xlim(right=2.5 * panel.get_xlim()[1])  # room for the names
    axes[0, 0].set_ylabel("graded nDCG@10, mean over tag sets")
    return style.lay_out(figure)


def share_of_album(table: pd.DataFrame, task: str) -> str:
    """Say which share of a task's hits are tracks of the query's album, from Table II.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`arrange_table_2`.
    task : str
        Name of a tag set.

    Returns
    -------
    str
        The lowest and the highest share among the combinations of tag sets, or ``unknown``.
    """
    if not {"album", task} <= set(table):
        return "unknown"
    share = (table["album"] / table[task]).groupby("tagsets", sort=False).mean()
    return f"{share.min():.0%} to {share.max():.0%}"


def comparison_table(compared: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Format a comparison of systems for reading.

    Parameters
    ----------
    compared : pandas.DataFrame
        See :func:`tagspace.runs.comparison.compare`.
    reference : str
        The reference system. Its own gain stays empty.

    Returns
    -------
    pandas.DataFrame of str
        A row per system. A column per tag set and their ``mean`` with three digits, and the gain
        over the reference in percent, with its 95 % interval in brackets.
    """
    means = compared.drop(columns=["runs", "gain", "low", "high"]).map("{:.3f}".format)
    gains = [
        "" if system == reference else _format_gain(row) for system, row in compared.iterrows()
    ]
    return means.assign(**{f"gain over {reference}": gains})


def filters_table(
    gathered: pd.DataFrame, measure: str, reference: str, filters: Sequence[str]
) -> pd.DataFrame:
    """Format comparisons of variants under several filters, one below the other.

    Parameters
    ----------
    gathered, measure
        See :func:`tagspace.runs.comparison.compare`.
    reference : str
        The reference system.
    filters : sequence of {"none", "album", "artist"}
        Which tracks are not accepted as neighbours.

    Returns
    -------
    pandas.DataFrame of str
        Indexed by ``filter`` and ``system``; see :func:`comparison_table`.
    """
    tables = {}
    for filtered in filters:
        compared = comparison.compare(gathered, measure, reference, filtered=filtered)
        tables[FILTER_NAMES[filtered]] = comparison_table(compared, reference)
    return pd.concat(tables, names=["filter", "system"])


def gains_figure(compared: Mapping[str, pd.DataFrame], reference: str) -> Figure:
    """Draw how far systems are above or below a reference, with 95 % intervals.

    Parameters
    ----------
    compared : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`tagspace.runs.comparison.compare`. All panels have the
        systems of the first one.
    reference : str
        The reference system, at 0.
    """
    systems = list(next(iter(compared.values())).index)
    size = 3.2 * len(compared) + 1.8, 0.8 + 0.26 * len(systems)
    figure, axes = plt.subplots(1, len(compared), figsize=size, sharey=True, squeeze=False)
    for panel, (title, table) in zip(axes.flat, compared.items(), strict=True):
        percent = 100 * table.reindex(systems)[["gain", "low", "high"]]
        for height, (system, row) in enumerate(percent.iterrows()):
            colour = style.REPRESENTATION_COLOURS.get(system, style.VERMILION)
            panel.plot(row[["low", "high"]], [height, height], color=colour, linewidth=2)
            panel.plot(row["gain"], height, "o", color=colour, markersize=5)
        panel.axvline(0, color=style.BLACK, linewidth=0.8)
        panel.set(title=title, xlabel=f"gain over {reference}, %")
        _label_rows(panel, systems)
    return style.lay_out(figure)


def filters_figure(gathered: pd.DataFrame, measure: str, systems: Sequence[str]) -> Figure:
    """Draw how the score of systems falls when album or artist are left out of the neighbours.

    Parameters
    ----------
    gathered, measure
        See :func:`tagspace.runs.comparison.compare`.
    systems : sequence of str
        Variants and representations to draw.
    """
    figure, axes = plt.subplots(figsize=(6, 3.2))
    means = {}
    for filtered in FILTER_NAMES:
        rows = comparison.by_system(comparison.select(gathered, measure, filtered), "variant")
        rows = rows[rows["task"] == comparison.summary_task(rows["task"])]
        means[filtered] = rows.groupby("system")["value"].mean()
    kinds = rows.groupby("system")["representation"].first()
    ends = []
    for system in systems:
        values = [means[filtered][system] for filtered in means]
        colour = style.representation_colour(kinds[system])
        axes.plot(values, "o-", color=colour)
        ends.append((len(values) - 1, values[-1], system, colour))
    style.label_ends(axes, ends)
    axes.set_xticks(range(len(means)), list(FILTER_NAMES.values()))
    axes.set(xlim=(-0.2, 3.2), ylabel=measure)
    return style.lay_out(figure)


def losses_figure(compared: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw the score of each loss and relatedness against the number of topics.

    Parameters
    ----------
    compared : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`tagspace.runs.comparison.compare`. Systems that are named
        like ``listwise, LSI 40`` are drawn.
    """
    figure, axes = plt.subplots(1, len(compared), figsize=(4.6 * len(compared), 3.4), squeeze=False)
    for panel, (title, table) in zip(axes.flat, compared.items(), strict=True):
        task = comparison.summary_task(table.columns)
        named = table.index.to_series().str.extract(r"^(\w+), (LSI|tf-idf) (\d+)$").dropna()
        named = named.set_axis(["loss", "weights", "topics"], axis=1).join(table[task])
        ends = []
        for (loss, weights), line in named.groupby(["loss", "weights"], sort=False):
            dashed = "--" if weights == "LSI" else "-"
            panel.plot(line["topics"], line[task], f".{dashed}", color=LOSS_COLOURS[loss])
            end = len(line) - 1, line[task].iloc[-1]
            ends.append((*end, f"{loss}, {weights}", LOSS_COLOURS[loss]))
        style.label_ends(panel, ends)
        panel.set(title=title, xlabel="number of topics", xlim=(-0.3, 5))
        panel.set_xticks(range(4), [*line["topics"].iloc[:-1], "all"])
    axes[0, 0].set_ylabel("graded nDCG@10")
    return style.lay_out(figure)


def say_gain(row: pd.Series) -> str:
    """Write a gain with its 95 % interval, for use in a sentence.

    Examples
    --------
    >>> say_gain(pd.Series({"gain": 0.102, "low": 0.03, "high": 0.15}))
    '+10.2 % (+3.0 % to +15.0 %)'
    """
    gain, low, high = (f"{100 * row[name]:+.1f} %" for name in ("gain", "low", "high"))
    return f"{gain} ({low} to {high})"


def provenance(gathered: pd.DataFrame) -> str:
    """Describe the runs that figures come from: number, commit, data and parameters.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.records.gather`.

    Returns
    -------
    str
        Lines of at most 90 characters.
    """
    version = gathered["results_version"].iloc[0]
    parts = [f"{gathered['run'].nunique()} runs"]
    if version < RESULTS_VERSION:
        parts = [f"{parts[0]} with version {version} of the code, now {RESULTS_VERSION}"]
    for name in ["commit", "dataset", *EXPERIMENT_PARAMETERS]:
        values = sorted(gathered[name].unique())
        parts.append(f"{name} {', '.join(map(str, values))}")
    return textwrap.fill("; ".join(parts), 90)


def results_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Tabulate one measure of a run for each representation and task.

    Parameters
    ----------
    metrics : pandas.DataFrame
        See :func:`tagspace.evaluation.retrieval.evaluate`.
    measure : str
        A name of :data:`tagspace.runs.comparison.MEASURES`.
    filtered : {"none", "album", "artist"}
        Which tracks are not accepted as neighbours.

    Returns
    -------
    pandas.DataFrame of str
        A row per representation, each value with its 95 % interval in brackets; then ``chance``
        and ``ceiling``. A column per task.
    """
    rows = comparison.select(metrics, measure, filtered)
    cells = rows.assign(cell=rows.apply(_format_value, axis=1))
    table = cells.set_index(["representation", "task"])["cell"].unstack()
    bounds = rows.groupby("task", sort=False)[["chance", "ceiling"]].first().map("{:.3f}".format).T
    tasks = list(rows["task"].unique())
    return pd.concat([table, bounds])[tasks].rename_axis(index=measure, columns=None)


def results_figure(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> Figure:
    """Draw one measure of a run for each representation, one panel per task.

    Parameters
    ----------
    metrics, measure, filtered
        See :func:`results_table`.
    """
    import seaborn as sns  # takes a second to import

    rows = comparison.select(metrics, measure, filtered)
    grid = sns.FacetGrid(rows, col="task", height=2.6, aspect=0.75, sharex=True)
    for task, axes in grid.axes_dict.items():
        figures = rows[rows["task"] == task].sort_values("representation")
        for height, figure in enumerate(figures.itertuples()):
            colour = style.representation_colour(figure.representation)
            axes.plot([figure.low, figure.high], [height, height], color=colour, linewidth=3)
            axes.plot(figure.value, height, "o", color=colour)
        axes.axvline(figures["chance"].iloc[0], color="black", linestyle=":", linewidth=1)
        axes.set_title(task)
        _label_rows(axes, list(figures["representation"]))
    legend = "bars: 95 % intervals; dotted line: chance"
    grid.figure.supxlabel(f"{measure} ({legend})", fontsize=9)
    return style.lay_out(grid.figure)


def history_figure(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Draw the training curves of a run: loss, triplets that violate the margin, validation score.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per epoch; see :class:`tagspace.model.training.Fit`.
    best_epoch : int
        Is marked by a dotted line.
    """
    panels = {
        "loss": "loss",
        "triplets": "violating triplets",
        "validation": "validation nDCG@10",
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(9, 2.6))
    for panel, (column, title) in zip(axes, panels.items(), strict=True):
        colour = style.REPRESENTATION_COLOURS["trained"]
        panel.plot(history["epoch"], history[column], ".-", color=colour)
        panel.axvline(best_epoch, color="black", linestyle=":", linewidth=1)
        panel.set(xlabel="epoch", title=title)
    return style.lay_out(figure)


def _label_rows(axes: plt.Axes, labels: Sequence[str]) -> None:
    """Label the rows 0, 1, ... of a panel, with the first one on top."""
    axes.set(yticks=range(len(labels)), yticklabels=labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _format_value(row: pd.Series) -> str:
    value, low, high = (f"{row[name]:.3f}" for name in ("value", "low", "high"))
    return f"{value} {_format_interval(low, high)}"


def _format_gain(row: pd.Series) -> str:
    gain, low, high = (f"{row[name]:+.1%}" for name in ("gain", "low", "high"))
    if pd.isna(row["gain"]):  # the reference has found nothing
        return ""
    return gain if pd.isna(row["low"]) else f"{gain} {_format_interval(low, high)}"


def _format_interval(low: str, high: str) -> str:
    """Put an interval in brackets; a no-break space keeps it on one line."""
    return f"[{low},\N{NO-BREAK SPACE}{high}]"
