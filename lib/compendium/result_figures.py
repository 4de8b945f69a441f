"""Figures and tables of results: Table II, comparisons of systems, and single runs.

Each figure is a list of panels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from compendium import present, style
from tagspace.runs import comparison

LOSS_COLOURS = {"triplet": style.BLUE, "regression": style.GREEN, "listwise": style.ORANGE}
FILTER_NAMES = {"none": "unfiltered", "album": "album filter", "artist": "artist filter"}
TOPICS = (2, 5, 10, 30, 100, 300)  # are written on axes
ROW = 0.36  # inches, of a system in a figure of gains
OUTSIDE = 4.0  # a gain so many times as far from 0 as the median is not in the axis


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


def best_of_blocks(table: pd.DataFrame) -> pd.DataFrame:
    """Mark the largest value of each column among the combinations of as many tag sets.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`arrange_table_2`.

    Returns
    -------
    pandas.DataFrame of bool
    """
    n_sets = comparison.count_tagsets(table.index.get_level_values("tagsets"))
    return table.eq(table.groupby(n_sets).transform("max"))


def topics_figure(
    table: pd.DataFrame, measure: str, levels: Mapping[str, float] | None = None
) -> list[Figure]:
    """Draw each task of Table II against the number of topics.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`arrange_table_2`. Each combination of tag sets becomes a line.
    measure : str
        Name of the values, for the vertical axes.
    levels : mapping of str to float, optional
        By task: a value to draw as a dotted line.
    """
    levels = {} if levels is None else levels
    return [_combinations_panel(table[task], task, measure, levels.get(task)) for task in table]


def means_figure(tables: Mapping[str, pd.DataFrame], measure: str) -> list[Figure]:
    """Draw the mean over the tag sets against the number of topics, a line per combination.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`arrange_table_2`.
    measure : str
        Name of the values.
    """
    panels = []
    for title, table in tables.items():
        tasks = [task for task in table if task in set(table.index.get_level_values("tagsets"))]
        panels.append(_combinations_panel(table[tasks].mean(axis=1), title, measure))
    return panels


def _combinations_panel(
    values: pd.Series, title: str, measure: str, level: float | None = None
) -> Figure:
    """Draw a line for each combination; those of one set, and of all, have colours and names."""
    figure, axes = style.panel(title)
    if level is not None:
        axes.axhline(level, color=style.INK, linestyle=":", linewidth=1.2)
    names = values.index.get_level_values("tagsets").unique()
    everything = max(names, key=lambda name: name.count("+"))
    colours = style.tagset_colours([name for name in names if "+" not in name])
    colours[everything] = style.BLUE
    last = values.index.get_level_values("topics").max()
    ends = []
    for name, rows in values.groupby("tagsets", sort=False):
        topics = rows.index.get_level_values("topics")
        colour = colours.get(name, style.FAINT)
        width = 2.2 if name == everything else 1.4
        axes.plot(topics, rows, ".-", color=colour, zorder=2 + (name in colours), linewidth=width)
        if name in colours:
            ends.append((last, rows.iloc[-1], "all" if name == everything else name, colour))
    axes.set(xlabel="number of topics", ylabel=measure)
    first = values.index.get_level_values("topics").min()
    style.log_ticks(axes, [tick for tick in TOPICS if first <= tick <= last])
    axes.set_xlim(right=5 * last)  # room for the names
    style.label_ends(axes, ends)
    return figure


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
        The lowest and the highest share in the rows, or ``unknown``.
    """
    if not {"album", task} <= set(table):
        return "unknown"
    share = 100 * table["album"] / table[task]
    return f"{share.min():.0f} to {share.max():.0f} %"


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


def gains_figure(compared: Mapping[str, pd.DataFrame], label: str) -> list[Figure]:
    """Draw how far systems are above or below a reference, with 95 % intervals.

    Parameters
    ----------
    compared : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`tagspace.runs.comparison.compare`. All panels have the
        systems of the first one.
    label : str
        Of the axis. It names the reference, which is at 0.
    """
    systems = list(next(iter(compared.values())).index)
    percent = {
        title: 100 * table.reindex(systems)[["gain", "low", "high"]]
        for title, table in compared.items()
    }
    reach = _reach(pd.concat(percent.values()))
    return [_gains_panel(title, table, label, reach) for title, table in percent.items()]


def _reach(percent: pd.DataFrame) -> float:
    """Choose the limit of the axis: the largest bound that is not far beyond the others."""
    # A single run has no interval.
    bounds = percent.abs().max(axis=1).dropna()
    near = bounds[bounds <= OUTSIDE * bounds.median()]
    return 1.08 * float(near.max()) if near.any() else 1.0


def _gains_panel(title: str, percent: pd.DataFrame, label: str, reach: float) -> Figure:
    figure, axes = style.panel(title, height=0.7 + ROW * len(percent))
    axes.set(xlim=(-reach, reach), ylim=(len(percent) - 0.4, -0.75))
    for height, (system, row) in enumerate(percent.iterrows()):
        colour = _verdict_colour(row)
        axes.plot([0, 0], [height - 0.2, height + 0.25], color=style.MUTED, linewidth=1)
        axes.text(-reach, height - 0.36, str(system), va="center")
        if row["low"] > reach or row["high"] < -reach:
            side = np.sign(row["gain"])
            arrow = {"arrowstyle": "->", "color": colour}
            axes.annotate(
                "", (side * reach, height), (side * 0.85 * reach, height), arrowprops=arrow
            )
            text = f"{present.signed(row['gain'], 0)} %"
            align = "right" if side > 0 else "left"
            axes.text(side * 0.82 * reach, height, text, ha=align, va="center", color=colour)
            continue
        axes.plot([row["low"], row["high"]], [height, height], color=colour)
        axes.plot(row["gain"], height, "o", color=colour)
    axes.set(yticks=[], xlabel=label)
    axes.spines["left"].set_visible(False)
    return figure


def _verdict_colour(row: pd.Series) -> str:
    if row["low"] > 0:
        return style.BLUE
    return style.ORANGE if row["high"] < 0 else style.MUTED


def own_album_figure(shares: pd.Series) -> list[Figure]:
    """Draw which share of the nearest tracks are from the query's album, by system.

    Parameters
    ----------
    shares : pandas.Series
        By system, with ``chance``.
    """
    percent = 100 * shares.drop("chance")
    label = "share of the ten nearest tracks (%)"
    figure, axes = style.bars(percent, percent.map("{:.1f}".format), label)
    axes.axvline(100 * shares["chance"], color=style.INK, linestyle=":", linewidth=1.2)
    return [figure]


def losses_figure(compared: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Draw the score of each loss and relatedness against the number of topics.

    Parameters
    ----------
    compared : mapping of str to pandas.DataFrame
        By title of a panel; see :func:`tagspace.runs.comparison.compare`. Systems that are named
        like ``listwise, LSI 40`` are drawn.
    """
    panels = []
    for title, table in compared.items():
        figure, axes = style.panel(title, height=3)
        task = comparison.summary_task(table.columns)
        named = table.index.to_series().str.extract(r"^(\w+), (LSI|tf-idf) (\d+)$").dropna()
        named = named.set_axis(["loss", "weights", "topics"], axis=1).join(table[task])
        ends = []
        for (loss, weights), line in named.groupby(["loss", "weights"], sort=False):
            dashed = "--" if weights == "LSI" else "-"
            axes.plot(line["topics"], line[task], f".{dashed}", color=LOSS_COLOURS[loss])
            end = len(line) - 1, line[task].iloc[-1]
            ends.append((*end, f"{loss}, {weights}", LOSS_COLOURS[loss]))
        style.label_ends(axes, ends)
        axes.set(xlabel="number of topics", ylabel="graded nDCG@10", xlim=(-0.3, 5.6))
        axes.set_xticks(range(4), [*line["topics"].iloc[:-1], "all"])
        panels.append(figure)
    return panels


def say_gain(row: pd.Series) -> str:
    """Write a gain with its 95 % interval, for use in a sentence.

    Examples
    --------
    >>> say_gain(pd.Series({"gain": 0.102, "low": 0.03, "high": 0.15}))
    '+10.2 % [+3.0, +15.0]'
    """
    gain, low, high = (present.signed(100 * row[name]) for name in ("gain", "low", "high"))
    return f"{gain} % {_format_interval(low, high)}"


def tell_gain(row: pd.Series) -> str:
    """Write a gain with its 95 % interval for readers who meet one for the first time.

    Examples
    --------
    >>> tell_gain(pd.Series({"gain": 0.102, "low": 0.03, "high": 0.15}))
    '10 % (3 to 15 %)'
    """
    gain, low, high = (f"{100 * row[name]:.0f}" for name in ("gain", "low", "high"))
    return f"{gain} % ({low} to {high} %)"


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


def results_figure(
    metrics: pd.DataFrame, measure: str, tasks: Sequence[str], filtered: str = "none"
) -> list[Figure]:
    """Draw one measure of a run for each representation, one panel per task.

    Parameters
    ----------
    metrics, measure, filtered
        See :func:`results_table`.
    tasks : sequence of str
        The panels.
    """
    rows = comparison.select(metrics, measure, filtered)
    panels = []
    for task in tasks:
        of_task = rows[rows["task"] == task].sort_values("value", ascending=False)
        figure, axes = style.panel(task, height=0.7 + 0.22 * len(of_task))
        for height, row in enumerate(of_task.itertuples()):
            colour = style.system_colour(row.representation)
            axes.plot([row.low, row.high], [height, height], color=colour, linewidth=2.5)
            axes.plot(row.value, height, "o", color=colour)
        axes.axvline(of_task["chance"].iloc[0], color=style.MUTED, linestyle=":", linewidth=1)
        axes.set_yticks(range(len(of_task)), list(of_task["representation"].astype(str)))
        axes.tick_params(left=False)
        axes.set_ylim(len(of_task) - 0.5, -0.5)
        axes.set(xlabel=measure, xlim=(0, None))
        panels.append(figure)
    return panels


def history_figure(history: pd.DataFrame, best_epoch: int) -> list[Figure]:
    """Draw the training curves of a run: loss, triplets that violate the margin, validation score.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per epoch; see :class:`tagspace.model.training.Fit`.
    best_epoch : int
        Is marked.
    """
    titles = {
        "loss": "loss",
        "triplets": "violating triplets",
        "validation": "validation nDCG@10",
    }
    panels = []
    for column, title in titles.items():
        figure, axes = style.panel(title, height=2, width=2.6)
        axes.plot(history["epoch"], history[column], color=style.ORANGE)
        kept = history[history["epoch"] == best_epoch]
        axes.plot(kept["epoch"], kept[column], "o", color=style.INK)
        axes.set(xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if column == "triplets":
            axes.yaxis.set_major_formatter("{x:,.0f}")
        panels.append(figure)
    return panels


def hours_figure(hours: pd.Series) -> list[Figure]:
    """Draw the hours of each stage.

    Parameters
    ----------
    hours : pandas.Series
        By stage.
    """
    texts = [f"{each:,.1f}" if each >= 0.1 else "less than 0.1" for each in hours]
    figure, _ = style.bars(hours, texts, "hours")
    return [figure]


def differences_figure(differences: pd.DataFrame) -> list[Figure]:
    """Draw the score of one training under several conditions of the machine.

    Parameters
    ----------
    differences : pandas.DataFrame
        See :func:`compendium.measured.differences`.
    """
    figure, axes = style.panel(height=0.6 + 0.26 * len(differences), width=5)
    for height, row in enumerate(differences.itertuples()):
        axes.plot(row.trained, height, "o", color=style.ORANGE)
        axes.annotate(
            f"{row.trained:.4f}",
            (row.trained, height),
            (7, 0),
            textcoords="offset points",
            va="center",
        )
    labels = differences["what"] + ", " + differences["precision"]
    axes.set_yticks(range(len(differences)), labels)
    axes.tick_params(left=False)
    middle = differences["trained"].mean()
    axes.set(xlabel="graded nDCG@10", xlim=(middle - 0.01, middle + 0.01))
    axes.set_ylim(len(differences) - 0.5, -0.5)
    return [figure]


def _format_value(row: pd.Series) -> str:
    value, low, high = (f"{row[name]:.3f}" for name in ("value", "low", "high"))
    return f"{value} {_format_interval(low, high)}"


def _format_gain(row: pd.Series) -> str:
    if pd.isna(row["gain"]):  # the reference has found nothing
        return ""
    return f"{present.signed(100 * row['gain'])} %" if pd.isna(row["low"]) else say_gain(row)


def _format_interval(low: str, high: str) -> str:
    return f"[{low}, {high}]"
