"""Figures of the notebooks on tags, topics and relatedness; each is a list of panels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from compendium import style, tag_tables
from tagspace.tags.lsi import LSI
from tagspace.tags.tagsets import TagMatrix

HELD_OUT_KINDS = {"lsi": ("binary LSI", style.BLUE), "tfidf": ("tf-idf LSI", style.ORANGE)}


def frequencies_figure(frequencies: pd.DataFrame, top: int = 10) -> list[Figure]:
    """Draw the most frequent tags of each tag set, as in the paper's Figure 2.

    Parameters
    ----------
    frequencies : pandas.DataFrame
        See :func:`compendium.tag_tables.frequencies`.
    top : int
        Number of tags per tag set.
    """
    panels = []
    names = list(frequencies["tagset"].unique())
    for name, colour in style.tagset_colours(names).items():
        most = frequencies[frequencies["tagset"] == name].head(top)
        figure, axes = style.panel(name, height=0.5 + 0.2 * top)
        axes.barh(most["tag"], most["tracks"], color=colour, height=0.7)
        axes.invert_yaxis()
        axes.set(xlabel="tracks")
        axes.tick_params(left=False)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        panels.append(figure)
    return panels


def cooccurrence_figure(tags: TagMatrix, top: int = 4) -> list[Figure]:
    """Draw how often the most frequent tags of each tag set occur on the same tracks.

    Parameters
    ----------
    tags, top
        See :func:`compendium.tag_tables.cooccurrence_table`.
    """
    import seaborn as sns  # takes a second to import

    table = tag_tables.cooccurrence_table(tags, top)
    labels = table.index.get_level_values("tag")
    figure, axes = style.panel(height=4.6, width=5)
    sns.heatmap(
        table.to_numpy(),
        mask=np.triu(np.ones_like(table, dtype=bool)),
        xticklabels=labels,
        yticklabels=labels,
        square=True,
        cmap=style.COLOUR_MAP,
        cbar_kws={"label": "Jaccard index", "shrink": 0.6},
        ax=axes,
    )
    label_tagsets = table.index.get_level_values("tagset")
    colours = style.tagset_colours(list(label_tagsets.unique()))
    for axis in (axes.xaxis, axes.yaxis):
        for label, tagset in zip(axis.get_ticklabels(), label_tagsets, strict=True):
            label.set(color=colours[tagset])
    return [figure]


def spectrum_figure(model: LSI, topics: int) -> list[Figure]:
    """Draw the share of the squared singular values that the first topics have.

    Parameters
    ----------
    model : LSI
        Fitted.
    topics : int
        The chosen number of topics, which is marked.
    """
    figure, axes = style.panel()
    squares = model.singular_values_**2
    shares = 100 * squares.cumsum() / squares.sum()
    axes.plot(np.arange(1, model.rank + 1), shares, color=style.INK)
    axes.plot(topics, shares[topics - 1], "o", color=style.ORANGE)
    axes.annotate(
        f"{topics} topics: {shares[topics - 1]:.0f} %",
        (topics, shares[topics - 1]),
        (8, -4),
        textcoords="offset points",
        va="top",
        color=style.ORANGE,
    )
    axes.set(xlabel="number of topics", ylabel="share of all squares (%)", ylim=(0, 104))
    return [figure]


def loadings_figure(loadings: pd.DataFrame) -> list[Figure]:
    """Draw the tags with the largest loadings of some topics, as in the paper's Figure 3.

    Parameters
    ----------
    loadings : pandas.DataFrame
        See :func:`compendium.tag_tables.loadings_table`.
    """
    colours = style.tagset_colours(list(loadings["tagset"].unique()))
    panels = []
    for topic, rows in loadings.groupby("topic"):
        figure, axes = style.panel(f"topic {topic}", height=0.6 + 0.18 * len(rows))
        # Bars have numbers, because a tag that is in two tag sets has two bars.
        bars = range(len(rows))
        axes.barh(bars, rows["loading"], color=rows["tagset"].map(colours), height=0.7)
        axes.set_yticks(bars, list(rows["tag"]))
        for label, tagset in zip(axes.get_yticklabels(), rows["tagset"], strict=True):
            label.set_color(colours[tagset])
        axes.tick_params(left=False)
        axes.axvline(0, color=style.MUTED, linewidth=0.8)
        axes.set(xlabel="loading")
        panels.append(figure)
    return panels


def shares_figure(shares: pd.DataFrame) -> list[Figure]:
    """Draw which pairs are related and unrelated against the number of topics.

    Parameters
    ----------
    shares : pandas.DataFrame
        Indexed by number of topics. Columns: the shares of all pairs that are ``related`` and
        ``unrelated``, and the share of ``strangers``, the pairs without a common tag, that are
        related.
    """
    panels = []
    for title, names in {
        "pairs without a common tag": {"strangers": ("related", style.ORANGE)},
        "all pairs": {"related": ("related", style.ORANGE), "unrelated": ("unrelated", style.BLUE)},
    }.items():
        figure, axes = style.panel(title)
        ends = [
            style.named_line(axes, 100 * shares[column], name, colour)
            for column, (name, colour) in names.items()
        ]
        axes.set(xlabel="number of topics", ylabel="share of pairs (%)")
        axes.set_ylim(bottom=-2)
        style.label_ends(axes, ends)
        style.log_ticks(axes, list(shares.index[::2]))
        axes.set_xlim(right=4 * shares.index[-1])  # room for the names
        panels.append(figure)
    return panels


def held_out_figure(tables: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Draw how well relatedness ranks tracks by a held-out tag set, against the number of topics.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By data set; see :func:`tagspace.runs.held_out_tags.evaluate`. One panel each.
    """
    panels = []
    for title, table in tables.items():
        figure, axes = style.panel(title, height=3)
        kinds = tag_tables.held_out_means(table).set_index(["kind", "topics"])
        overlap = kinds.loc[("overlap", 0), "value"]
        topics = kinds.loc[list(HELD_OUT_KINDS)].index.get_level_values("topics")
        span = [topics.min(), topics.max()]
        axes.plot(span, [overlap, overlap], color=style.INK, linestyle="--", linewidth=1.2)
        ends = [(topics.max(), overlap, "overlap", style.INK)]
        for kind, (name, colour) in HELD_OUT_KINDS.items():
            line = kinds.loc[kind].sort_index()
            ends.append(style.named_line(axes, line["value"], name, colour))
            bounds = overlap + line["low"], overlap + line["high"]
            axes.fill_between(line.index, *bounds, color=colour, alpha=0.15, linewidth=0)
        style.label_ends(axes, ends)
        axes.set(xlabel="number of topics", ylabel="nDCG@10, mean over sets")
        style.log_ticks(axes, list(line.index[::2]))
        axes.set_xlim(right=8 * line.index[-1])  # room for the names
        panels.append(figure)
    return panels


def combinations_figure(counts: pd.DataFrame) -> list[Figure]:
    """Draw how many combinations of tags there are per 100 albums, for each tag set.

    Parameters
    ----------
    counts : pandas.DataFrame
        See :func:`compendium.tag_tables.counts_table`.
    """
    shares = 100 * counts["combinations"] / counts["albums"]
    figure, axes = style.bars(shares, shares.map("{:.0f}".format), "combinations per 100 albums")
    axes.set_xlim(0, 100)
    return [figure]


def anchors_figure(anchors: pd.DataFrame, titles: Mapping[str, str]) -> list[Figure]:
    """Draw what share of tracks are anchors, or are dropped, against the number of topics.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Indexed by ``data`` and ``topics``; see :func:`compendium.tag_tables.anchors_table`.
    titles : mapping of str to str
        By data set: the title of its panel.
    """
    panels = []
    lines = {
        "uniform: anchors": ("anchors in random batches", style.BLUE),
        "alone": ("dropped by related batches", style.ORANGE),
    }
    for data, title in titles.items():
        figure, axes = style.panel(title, height=2.3)
        rows = anchors.loc[data]
        ends = [
            style.named_line(axes, 100 * rows[column], name, colour)
            for column, (name, colour) in lines.items()
        ]
        axes.set(xlabel="number of topics", ylabel="tracks (%)", ylim=(-2, 102))
        style.log_ticks(axes, list(rows.index))
        style.label_ends(axes, ends)
        axes.set_xlim(right=1200 * rows.index[-1] / 10)  # room for the names
        panels.append(figure)
    return panels


def readings_figure(readings: pd.DataFrame, reached: pd.DataFrame) -> list[Figure]:
    """Draw the chance of a hit for several readings, and what networks reach, for each tag set.

    Parameters
    ----------
    readings : pandas.DataFrame
        Chance by reading (rows) and tag set (columns).
    reached : pandas.DataFrame
        Rows ``min`` and ``max``: lowest and best precision of Table II by tag set.
    """
    panels = []
    for tagset in readings.columns:
        figure, axes = style.panel(tagset, height=2.2)
        low, high = reached.loc[["min", "max"], tagset]
        axes.axvspan(low, high, color=style.MUTED, alpha=0.35, linewidth=0)
        axes.text(high, -0.9, " Table II", color=style.MUTED, va="center")
        for height, chance in enumerate(readings[tagset]):
            axes.plot(chance, height, "o", color=style.BLUE if chance < low else style.ORANGE)
        axes.set_yticks(range(len(readings)), list(readings.index))
        axes.tick_params(left=False)
        style.log_ticks(axes, [])
        axes.set_xticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
        axes.set(xlabel="chance of a hit", xlim=(2e-4, 1.3), ylim=(len(readings) - 0.5, -1.3))
        panels.append(figure)
    return panels


def sizes_figure(tracks: Mapping[str, int], audio: Mapping[str, str]) -> list[Figure]:
    """Draw the number of tracks of collections, and write how their audio can be obtained.

    Parameters
    ----------
    tracks : mapping of str to int
        By collection.
    audio : mapping of str to str
        By collection.
    """
    sizes = pd.Series(tracks).sort_values(ascending=False)
    texts = [f"{number:,}, {audio[name]}" for name, number in sizes.items()]
    figure, axes = style.bars(sizes, texts, "tracks")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlim(0, 1.7 * sizes.max())  # room for the texts
    return [figure]
