"""What the notebooks on tags and topics draw and tabulate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from scipy import sparse

from compendium.style import lay_out
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.evaluation.retrieval import query_blocks
from tagspace.model import mining
from tagspace.runs import experiment
from tagspace.tags import relatedness, tagsets
from tagspace.tags.lsi import LSI
from tagspace.tags.tagsets import TagMatrix

# As in the paper: styles red, moods orange, themes purple, genres black.
COLOURS = {"genres": "#000000", "styles": "#D55E00", "moods": "#E69F00", "themes": "#8A4FBE"}
OTHERS = ("#0072B2", "#009E73", "#56B4E9", "#CC79A7")


def colours(names: Sequence[str]) -> dict[str, str]:
    """Give each tag set its colour; those that the paper does not have take further ones."""
    others = iter(OTHERS * len(names))
    return {name: COLOURS[name] if name in COLOURS else next(others) for name in names}


def frequencies_figure(frequencies: pd.DataFrame, top: int = 10) -> Figure:
    """Draw the most frequent tags of each set, as in the paper's Figure 2."""
    names = list(frequencies["tagset"].unique())
    rows = math.ceil(len(names) / 2)
    figure, axes = plt.subplots(rows, min(len(names), 2), figsize=(9, 2.9 * rows), squeeze=False)
    for panel, (name, colour) in zip(axes.flat, colours(names).items(), strict=False):
        most = frequencies[frequencies["tagset"] == name].head(top)
        panel.barh(most["tag"], most["tracks"], color=colour)
        panel.invert_yaxis()
        panel.set(title=name, xlabel="tracks")
        panel.xaxis.set_major_locator(MaxNLocator(4))
        panel.xaxis.set_major_formatter("{x:,.0f}")
    for panel in axes.flat[len(names) :]:
        panel.remove()
    return lay_out(figure)


def cooccurrence_figure(tags: TagMatrix, top: int = 6) -> Figure:
    """Draw how often the most frequent tags of each set stand together."""
    most = tagsets.frequencies(tags).groupby("tagset", sort=False).head(top)
    places = pd.MultiIndex.from_frame(tags.vocabulary)
    columns = places.get_indexer(pd.MultiIndex.from_frame(most[["tagset", "tag"]]))
    by_tag = tags.matrix[:, columns].T.tocsr()
    together = relatedness.jaccard(by_tag, by_tag)
    figure, axes = plt.subplots(figsize=(8, 7))
    sns.heatmap(
        together,
        mask=np.eye(len(together), dtype=bool),
        xticklabels=most["tag"],
        yticklabels=most["tag"],
        square=True,
        cmap="cividis",
        cbar_kws={"label": "Jaccard index", "shrink": 0.7},
        ax=axes,
    )
    colour = colours(list(most["tagset"].unique()))
    for axis in (axes.xaxis, axes.yaxis):
        for label, name in zip(axis.get_ticklabels(), most["tagset"], strict=True):
            label.set(color=colour[name], fontsize=8)
    _legend(axes, colour, (1.18, 1.0))
    return lay_out(figure)


def spectrum_figure(model: LSI, topics: int) -> Figure:
    """Draw the singular values, and what share of the tags the first topics account for."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8))
    number = np.arange(1, model.rank + 1)
    squares = model.singular_values_**2
    left.plot(number, model.singular_values_, color="black")
    left.set(xlabel="topic", ylabel="singular value", xscale="log", yscale="log")
    right.plot(number, squares.cumsum() / squares.sum(), color="black")
    right.set(xlabel="topics k", ylabel="share of all squares", ylim=(0, 1.02))
    for panel in (left, right):
        panel.axvline(topics, color="black", linestyle=":", linewidth=1)
    return lay_out(figure)


def loadings_figure(model: LSI, vocabulary: pd.DataFrame, topics: Sequence[int]) -> Figure:
    """Draw the tags that weigh most in some topics, with their sign, as in the paper's Figure 3.

    Parameters
    ----------
    model : LSI
        Fitted.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column.
    topics : sequence of int
        Numbers of topics, from 1.
    """
    colour = colours(list(vocabulary["tagset"].unique()))
    figure, axes = plt.subplots(1, len(topics), figsize=(3.3 * len(topics), 4), squeeze=False)
    for panel, topic in zip(axes.flat, topics, strict=True):
        loadings = vocabulary.assign(loading=model.components_[topic - 1])
        largest = loadings.loc[loadings["loading"].abs().nlargest(12).index].sort_values("loading")
        # A tag of two sets stands on two lines.
        lines = range(len(largest))
        panel.barh(lines, largest["loading"], color=largest["tagset"].map(colour))
        panel.set(yticks=lines, title=f"topic {topic}", xlabel="loading")
        panel.set_yticklabels(largest["tag"], fontsize=8)
        panel.axvline(0, color="black", linewidth=0.8)
    _legend(axes[0, -1], colour, (1.02, 1.0))
    return lay_out(figure)


def nearest_tags(
    model: LSI, vocabulary: pd.DataFrame, tagset: str, tag: str, topics: int
) -> pd.DataFrame:
    """Tabulate the tags most like one of a tag set, by cosine, at a number of topics."""
    row = pd.MultiIndex.from_frame(vocabulary[["tagset", "tag"]]).get_loc((tagset, tag))
    cosines = vocabulary.assign(cosine=model.tag_cosines(topics)[row]).drop(index=row)
    return cosines.nlargest(8, "cosine").round(3).reset_index(drop=True)


def cosines_figure(cosines: np.ndarray, positive: float, negative: float) -> Figure:
    """Draw how related pairs of tracks are, and the thresholds of related and unrelated."""
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.hist(cosines, bins=np.linspace(-1, 1, 81), color="#777777", density=True)
    for threshold in (negative, positive):
        axes.axvline(threshold, color="black", linestyle=":")
    unrelated, related = (cosines < negative).mean(), (cosines >= positive).mean()
    axes.set_title(f"unrelated: {unrelated:.1%} of pairs; related: {related:.1%}", fontsize=10)
    axes.set(xlabel="cosine of the LSI vectors", ylabel="density of pairs", xlim=(-1, 1))
    return lay_out(figure)


def sample_cosines(vectors: np.ndarray, size: int = 2000, seed: int = 0) -> np.ndarray:
    """Compute the cosines of all pairs among a sample of tracks.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_dimensions)
        Of unit length, or zero.
    size : int
        Tracks in the sample, at most.
    seed : int
        Draws the sample.

    Returns
    -------
    numpy.ndarray, shape (n * (n - 1) / 2,)
        Each pair once.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:size]
    cosines = vectors[rows] @ vectors[rows].T
    return cosines[np.triu_indices(len(rows), 1)]


def pairs_table(
    corpus: Corpus, systems: Mapping[str, Configuration], size: int = 2000
) -> pd.DataFrame:
    """Tabulate how many pairs of training tracks each system takes for related and unrelated.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    systems : mapping of str to Configuration
        By name; what they say of relatedness, thresholds and batch filter counts.
    size : int
        Tracks to draw, at most: as if they were one batch.

    Returns
    -------
    pandas.DataFrame
        A row per system: the shares of pairs that are ``related`` and ``unrelated``, of tracks
        that can be ``anchors``, and of related pairs that have ``no common tag``.
    """
    rows = np.random.default_rng(0).permutation(corpus.split.train)[:size]
    n_pairs = len(rows) * (len(rows) - 1)
    tags = corpus.tags.matrix[rows]
    strangers = torch.as_tensor((tags @ tags.T).toarray() == 0)
    table = {}
    for name, configuration in systems.items():
        chosen = tagsets.resolve(configuration.tagsets, corpus.tags.tagsets)
        related = experiment.make_relatedness(
            corpus, corpus.tags.select(chosen), configuration, torch.device("cpu")
        )
        excluded = corpus.groups.excluded_pairs(rows, configuration.batch_filter)
        pairs = mining.candidate_pairs(
            related(torch.as_tensor(rows)),
            torch.as_tensor(excluded),
            configuration.positive_threshold,
            configuration.negative_threshold,
        )
        n_related = pairs.positive.sum().item()
        table[name] = {
            "related": n_related / n_pairs,
            "unrelated": pairs.negative.sum().item() / n_pairs,
            "anchors": pairs.anchors.float().mean().item(),
            "no common tag": (pairs.positive & strangers).sum().item() / max(n_related, 1),
        }
    return pd.DataFrame.from_dict(table, orient="index")


def hits_table(tags: TagMatrix) -> pd.DataFrame:
    """Tabulate how often two tracks at random match, by what may be meant by a hit.

    Parameters
    ----------
    tags : TagMatrix
        Of tracks that have a tag in every set.

    Returns
    -------
    pandas.DataFrame
        A row per tag set: the number of ``tracks``, and the mean over all pairs of a query and
        another track of each reading. Hits are tracks that have in common with the query ``one
        common tag`` or more; ``half of all tags`` or ``two thirds of all tags`` that either of the
        two carries, or more; ``all of the query's``, and perhaps others; or ``the same tags``. By
        ``the share in common``, the Jaccard index, each track is a part of a hit.
    """
    table = {}
    for name in tags.tagsets:
        matrix = tags.tagset(name)
        # Tracks with the same tags are one row, which counts as many times.
        codes = tagsets.combination_codes(matrix)
        _, distinct, times = np.unique(codes, return_index=True, return_counts=True)
        matrix, n = matrix[distinct], times.sum()
        totals = sum(
            pd.Series({by: times[rows] @ hit @ times for by, hit in _hits(matrix, rows).items()})
            for rows in query_blocks(np.arange(len(times)), len(times))
        )
        # No track is its own neighbour.
        table[name] = {"tracks": n, **(totals - n) / (n * (n - 1))}
    return pd.DataFrame.from_dict(table, orient="index")


def _hits(matrix: sparse.csr_array, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Compute, by each reading, how much of a hit each track (column) is to some queries."""
    queries = matrix[rows]
    common = (queries @ matrix.T).toarray()
    share = relatedness.jaccard(queries, matrix)
    return {
        "one common tag": share > 0,
        "the share in common": share,
        "half of all tags": share >= 1 / 2,
        "all of the query's": common == queries.sum(axis=1)[:, None],
        "two thirds of all tags": share >= 2 / 3,
        "the same tags": share == 1,
    }


def shares_figure(shares: pd.DataFrame) -> Figure:
    """Draw the share of related and of unrelated pairs against the number of topics."""
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for name, style in zip(shares.columns, ("o-", "s--"), strict=True):
        axes.plot(shares.index, shares[name], style, color="black", label=name, markersize=4)
    axes.set(xlabel="topics k", ylabel="share of pairs", yscale="log")
    axes.legend(frameon=False)
    return lay_out(figure)


def _legend(axes: plt.Axes, colour: dict[str, str], place: tuple[float, float]) -> None:
    lines = [Line2D([], [], color=shade, linewidth=5) for shade in colour.values()]
    axes.legend(lines, colour, loc="upper left", bbox_to_anchor=place, frameon=False)
