"""Figures and tables of the notebooks on tags, topics and relatedness."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import sparse

from compendium import style, tag_tables
from tagspace.evaluation.retrieval import query_blocks
from tagspace.tags import relatedness
from tagspace.tags.lsi import LSI, unit_length
from tagspace.tags.tagsets import TagMatrix, combination_codes

# The paper's colours: styles are red, moods orange, themes purple, genres black.
PAPER_COLOURS = {
    "genres": style.BLACK,
    "styles": style.VERMILION,
    "moods": style.ORANGE,
    "themes": "#8A4FBE",
}
FURTHER_COLOURS = (style.BLUE, style.GREEN, style.SKY_BLUE, style.PINK)
TAGS_PER_TOPIC = 12
NEAREST_TAGS = 8
HELD_OUT_KINDS = {"lsi": ("LSI", style.BLUE), "tfidf": ("tf-idf LSI", style.VERMILION)}


def tagset_colours(names: Sequence[str]) -> dict[str, str]:
    """Assign a colour to each tag set; those of the paper have the paper's colours.

    Parameters
    ----------
    names : sequence of str
        The tag sets.

    Returns
    -------
    dict of str to str
        Colours as ``#RRGGBB``, by tag set.
    """
    further = iter(FURTHER_COLOURS * len(names))
    return {name: PAPER_COLOURS.get(name) or next(further) for name in names}


def frequencies_figure(frequencies: pd.DataFrame, top: int = 10) -> Figure:
    """Draw the most frequent tags of each tag set, as in the paper's Figure 2.

    Parameters
    ----------
    frequencies : pandas.DataFrame
        See :func:`compendium.tag_tables.frequencies`.
    top : int
        Number of tags per tag set.
    """
    names = list(frequencies["tagset"].unique())
    n_rows = math.ceil(len(names) / 2)
    figure, axes = plt.subplots(
        n_rows, min(len(names), 2), figsize=(9, 2.9 * n_rows), squeeze=False
    )
    for panel, (name, colour) in zip(axes.flat, tagset_colours(names).items(), strict=False):
        most = frequencies[frequencies["tagset"] == name].head(top)
        panel.barh(most["tag"], most["tracks"], color=colour)
        panel.invert_yaxis()
        panel.set(title=name, xlabel="number of tracks")
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.xaxis.set_major_formatter("{x:,.0f}")
    for panel in axes.flat[len(names) :]:
        panel.remove()
    return style.lay_out(figure)


def cooccurrence_table(tags: TagMatrix, top: int = 6) -> pd.DataFrame:
    """Measure how often the most frequent tags of each tag set occur on the same tracks.

    Parameters
    ----------
    tags : TagMatrix
        The tracks and their tags.
    top : int
        Number of tags per tag set.

    Returns
    -------
    pandas.DataFrame, shape (n_tags, n_tags)
        The Jaccard index of the tracks that carry each pair of tags; 1 on the diagonal. Rows and
        columns are indexed by ``tagset`` and ``tag``, most frequent first within each tag set.
    """
    most = tag_tables.frequencies(tags).groupby("tagset", sort=False).head(top)
    chosen = pd.MultiIndex.from_frame(most[["tagset", "tag"]])
    columns = pd.MultiIndex.from_frame(tags.vocabulary).get_indexer(chosen)
    tracks_by_tag = tags.matrix[:, columns].T.tocsr()
    jaccard = relatedness.jaccard(tracks_by_tag, tracks_by_tag)
    return pd.DataFrame(jaccard, index=chosen, columns=chosen)


def cooccurrence_figure(tags: TagMatrix, top: int = 6) -> Figure:
    """Draw how often the most frequent tags of each tag set occur on the same tracks.

    Parameters
    ----------
    tags, top
        See :func:`cooccurrence_table`.
    """
    import seaborn as sns  # takes a second to import

    table = cooccurrence_table(tags, top)
    labels = table.index.get_level_values("tag")
    figure, axes = plt.subplots(figsize=(8, 7))
    sns.heatmap(
        table.to_numpy(),
        mask=np.eye(len(table), dtype=bool),
        xticklabels=labels,
        yticklabels=labels,
        square=True,
        cmap="cividis",
        cbar_kws={"label": "Jaccard index", "shrink": 0.7},
        ax=axes,
    )
    label_tagsets = table.index.get_level_values("tagset")
    colours = tagset_colours(list(label_tagsets.unique()))
    for axis in (axes.xaxis, axes.yaxis):
        for label, tagset in zip(axis.get_ticklabels(), label_tagsets, strict=True):
            label.set(color=colours[tagset], fontsize=8)
    _add_legend(axes, colours, (1.18, 1.0))
    return style.lay_out(figure)


def spectrum_figure(model: LSI, topics: int) -> Figure:
    """Draw the singular values, and the share of their squares that the first topics have.

    Parameters
    ----------
    model : LSI
        Fitted.
    topics : int
        The chosen number of topics, marked by a dotted line.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8))
    numbers = np.arange(1, model.rank + 1)
    squares = model.singular_values_**2
    left.plot(numbers, model.singular_values_, color="black")
    left.set(xlabel="topic", ylabel="singular value", xscale="log", yscale="log")
    right.plot(numbers, squares.cumsum() / squares.sum(), color="black")
    right.set(xlabel="number of topics", ylabel="share of all squares", ylim=(0, 1.02))
    for panel in (left, right):
        panel.axvline(topics, color="black", linestyle=":", linewidth=1)
    return style.lay_out(figure)


def loadings_figure(model: LSI, vocabulary: pd.DataFrame, topics: Sequence[int]) -> Figure:
    """Draw the tags with the largest loadings of some topics, as in the paper's Figure 3.

    Parameters
    ----------
    model : LSI
        Fitted.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column of the matrix.
    topics : sequence of int
        Numbers of topics, from 1.
    """
    colours = tagset_colours(list(vocabulary["tagset"].unique()))
    figure, axes = plt.subplots(1, len(topics), figsize=(3.3 * len(topics), 4), squeeze=False)
    for panel, topic in zip(axes.flat, topics, strict=True):
        loadings = vocabulary.assign(loading=model.components_[topic - 1])
        rows = loadings["loading"].abs().nlargest(TAGS_PER_TOPIC).index
        largest = loadings.loc[rows].sort_values("loading")
        # Bars have numbers, because a tag that is in two tag sets has two bars.
        bars = range(len(largest))
        panel.barh(bars, largest["loading"], color=largest["tagset"].map(colours))
        panel.set(yticks=bars, title=f"topic {topic}", xlabel="loading")
        panel.set_yticklabels(largest["tag"], fontsize=8)
        panel.axvline(0, color="black", linewidth=0.8)
    _add_legend(axes[0, -1], colours, (1.02, 1.0))
    return style.lay_out(figure)


def tag_cosines(model: LSI, topics: int) -> np.ndarray:
    """Compare tags in the space of the first topics.

    Parameters
    ----------
    model : LSI
        Fitted.
    topics : int
        Number of topics.

    Returns
    -------
    numpy.ndarray, shape (n_tags, n_tags)
        Cosines of the rows of W, truncated to these topics; 0 for a tag outside these topics.
    """
    vectors = unit_length(model.components_[:topics].T * model.singular_values_[:topics])
    return vectors @ vectors.T


def nearest_tags(
    model: LSI, vocabulary: pd.DataFrame, tagset: str, tag: str, topics: int
) -> pd.DataFrame:
    """Tabulate the eight tags that are most similar to one tag.

    Parameters
    ----------
    model : LSI
        Fitted.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column of the matrix.
    tagset, tag : str
        The tag to compare with.
    topics : int
        Number of topics of the space in which tags are compared.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag`` and ``cosine`` of the nearest tags, largest cosine first.
    """
    row = pd.MultiIndex.from_frame(vocabulary[["tagset", "tag"]]).get_loc((tagset, tag))
    cosines = vocabulary.assign(cosine=tag_cosines(model, topics)[row]).drop(index=row)
    return cosines.nlargest(NEAREST_TAGS, "cosine").round(3).reset_index(drop=True)


def cosines_figure(
    cosines: np.ndarray, positive_threshold: float, negative_threshold: float
) -> Figure:
    """Draw a histogram of the cosines of pairs of tracks, with both thresholds.

    Parameters
    ----------
    cosines : numpy.ndarray, shape (n_pairs,)
        See :func:`sample_cosines`.
    positive_threshold, negative_threshold : float
        A pair is related from the first threshold on (>=) and unrelated below the second (<).
    """
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.hist(cosines, bins=np.linspace(-1, 1, 81), color=style.MEDIUM_GREY, density=True)
    for threshold in (negative_threshold, positive_threshold):
        axes.axvline(threshold, color="black", linestyle=":")
    unrelated = (cosines < negative_threshold).mean()
    related = (cosines >= positive_threshold).mean()
    title = f"unrelated: {unrelated:.1%} of pairs; related: {related:.1%} of pairs"
    axes.set_title(title, fontsize=10)
    axes.set(xlabel="cosine of two LSI vectors", ylabel="density of pairs", xlim=(-1, 1))
    return style.lay_out(figure)


def sample_cosines(vectors: np.ndarray, size: int = 2000, seed: int = 0) -> np.ndarray:
    """Compute the cosines of all pairs of tracks in a sample.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_dimensions)
        Of unit length, or zero.
    size : int
        Largest number of tracks in the sample.
    seed : int
        Seed of the sample.

    Returns
    -------
    numpy.ndarray, shape (n * (n - 1) / 2,)
        One cosine per pair of the n tracks in the sample.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:size]
    cosines = vectors[rows] @ vectors[rows].T
    return cosines[np.triu_indices(len(rows), 1)]


def hits_table(tags: TagMatrix) -> pd.DataFrame:
    """Tabulate how often two random tracks match, for several definitions of a hit.

    Parameters
    ----------
    tags : TagMatrix
        Tracks that have a tag in every set.

    Returns
    -------
    pandas.DataFrame
        A row per tag set. ``tracks``: their number. One column per definition: the mean over all
        pairs of a query and another track. A track is a hit if it has at least ``one common tag``
        with the query; if the common tags are at least ``half of all tags`` or ``two thirds of all
        tags`` that either of the two carries; if it carries ``all of the query's`` tags; or if it
        carries exactly ``the same tags``. ``the share in common``, the Jaccard index, counts each
        track as a fraction of a hit.
    """
    rows = {
        name: {"tracks": len(tags.track_ids), **_mean_hits(tags.tagset(name))}
        for name in tags.tagsets
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def _mean_hits(matrix: sparse.csr_array) -> dict[str, float]:
    """Average each definition of a hit over all ordered pairs of two tracks."""
    # Tracks with the same tags are one row, weighted by their number.
    codes = combination_codes(matrix)
    _, first_rows, weights = np.unique(codes, return_index=True, return_counts=True)
    distinct = matrix[first_rows]
    totals: dict[str, float] = defaultdict(float)
    for rows in query_blocks(np.arange(len(weights)), len(weights)):
        for definition, hits in _hits(distinct, rows).items():
            totals[definition] += weights[rows] @ hits @ weights
    # Every track is a hit of itself by each definition, but it is not its own neighbour.
    n = weights.sum()
    return {definition: (total - n) / (n * (n - 1)) for definition, total in totals.items()}


def _hits(matrix: sparse.csr_array, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Compute, by definition, whether each track (column) is a hit of each query (row)."""
    queries = matrix[rows]
    n_common = (queries @ matrix.T).toarray()
    share = relatedness.jaccard(queries, matrix)
    return {
        "one common tag": share > 0,
        "the share in common": share,
        "half of all tags": share >= 1 / 2,
        "all of the query's": n_common == queries.sum(axis=1)[:, None],
        "two thirds of all tags": share >= 2 / 3,
        "the same tags": share == 1,
    }


def shares_figure(shares: pd.DataFrame) -> Figure:
    """Draw the shares of related and of unrelated pairs against the number of topics.

    Parameters
    ----------
    shares : pandas.DataFrame
        Indexed by number of topics, with columns ``related`` and ``unrelated``.
    """
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for name, line in zip(shares.columns, ("o-", "s--"), strict=True):
        axes.plot(shares.index, shares[name], line, color="black", label=name, markersize=4)
    axes.set(xlabel="number of topics", ylabel="share of pairs", yscale="log")
    axes.legend(frameon=False)
    return style.lay_out(figure)


def held_out_figure(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw how well relatedness ranks tracks by a held-out tag set, against the number of topics.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By data set; see :func:`tagspace.runs.held_out_tags.evaluate`. One panel each.
    """
    figure, axes = plt.subplots(1, len(tables), figsize=(4.5 * len(tables), 3.2), squeeze=False)
    for panel, (title, table) in zip(axes.flat, tables.items(), strict=True):
        kinds = tag_tables.held_out_means(table).set_index(["kind", "topics"])
        overlap = kinds.loc[("overlap", 0), "value"]
        topics = kinds.loc[list(HELD_OUT_KINDS)].index.get_level_values("topics")
        span = [topics.min(), topics.max()]
        panel.plot(span, [overlap, overlap], color=style.BLACK, linestyle="--", linewidth=1)
        ends = [(topics.max(), overlap, "overlap", style.BLACK)]
        for kind, (name, colour) in HELD_OUT_KINDS.items():
            line = kinds.loc[kind].sort_index()
            panel.plot(line.index, line["value"], ".-", color=colour)
            bounds = overlap + line["low"], overlap + line["high"]
            panel.fill_between(line.index, *bounds, color=colour, alpha=0.15, linewidth=0)
            ends.append((line.index[-1], line["value"].iloc[-1], name, colour))
        style.label_ends(panel, ends)
        panel.set(title=title, xlabel="number of topics", xscale="log")
        panel.set_xticks(line.index[::2], map(str, line.index[::2]))
        panel.set_xticks([], minor=True)
        panel.set_xlim(right=4 * line.index[-1])  # room for the names
    axes[0, 0].set_ylabel("nDCG@10, mean over held-out sets")
    return style.lay_out(figure)


def _add_legend(axes: plt.Axes, colours: dict[str, str], position: tuple[float, float]) -> None:
    lines = [Line2D([], [], color=colour, linewidth=5) for colour in colours.values()]
    axes.legend(lines, colours, loc="upper left", bbox_to_anchor=position, frameon=False)
