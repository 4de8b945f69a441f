"""Tables of tags: how often each occurs, what topics consist of, what batches hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from compendium import present
from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import Groups
from tagspace.evaluation.retrieval import query_blocks
from tagspace.model.batches import RelatedBatches, UniformBatches
from tagspace.model.mining import candidate_pairs
from tagspace.runs import held_out_tags
from tagspace.tags.lsi import LSI, unit_length
from tagspace.tags.relatedness import Relatedness, jaccard, relatedness_from_tags
from tagspace.tags.tagsets import TagMatrix, combination_codes

TAGS_PER_TOPIC = 12


def counts_table(dataset: Dataset, tags: TagMatrix) -> pd.DataFrame:
    """Count tags, tag combinations, albums and tracks per tag set, as in the paper's Table I.

    Parameters
    ----------
    dataset : Dataset
        Gives the albums.
    tags : TagMatrix
        All tracks, or the intersection.

    Returns
    -------
    pandas.DataFrame
        One row per tag set: ``tags``, ``combinations``, ``albums``, ``tracks``.
    """
    albums = dataset.tracks["album"].loc[tags.track_ids].to_numpy()
    rows = {}
    for name in dataset.tagsets:
        matrix = tags.tagset(name)
        tagged = np.flatnonzero(matrix.sum(axis=1) > 0)
        rows[name] = {
            "tags": int((matrix.sum(axis=0) > 0).sum()),
            "combinations": len(np.unique(combination_codes(matrix[tagged]))),
            "albums": len({album for row in tagged for album in albums[row]}),
            "tracks": len(tagged),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tagset")


def frequencies(tags: TagMatrix) -> pd.DataFrame:
    """Count the tracks of each tag.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag``, ``tracks``; within each tag set, the most frequent tag first.
    """
    counts = tags.vocabulary.assign(tracks=tags.matrix.sum(axis=0).astype(int))
    order = {name: position for position, name in enumerate(tags.tagsets)}
    by_set = counts.assign(order=counts["tagset"].map(order))
    by_set = by_set.sort_values(["order", "tracks"], ascending=[True, False], kind="stable")
    return by_set.drop(columns="order").reset_index(drop=True)


def cooccurrence_table(tags: TagMatrix, top: int = 4) -> pd.DataFrame:
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
    most = frequencies(tags).groupby("tagset", sort=False).head(top)
    chosen = pd.MultiIndex.from_frame(most[["tagset", "tag"]])
    columns = pd.MultiIndex.from_frame(tags.vocabulary).get_indexer(chosen)
    tracks_by_tag = tags.matrix[:, columns].T.tocsr()
    shared = jaccard(tracks_by_tag, tracks_by_tag)
    return pd.DataFrame(shared, index=chosen, columns=chosen)


def loadings_table(
    model: LSI, vocabulary: pd.DataFrame, topics: Sequence[int], top: int = TAGS_PER_TOPIC
) -> pd.DataFrame:
    """Tabulate the tags with the largest loadings of some topics.

    Parameters
    ----------
    model : LSI
        Fitted.
    vocabulary : pandas.DataFrame
        ``tagset`` and ``tag`` of each column of the matrix.
    topics : sequence of int
        Numbers of topics, from 1.
    top : int
        Number of tags of a topic.

    Returns
    -------
    pandas.DataFrame
        ``topic``, ``tagset``, ``tag``, ``loading``; of each topic, the smallest loading first.
    """
    parts = []
    for topic in topics:
        rows = vocabulary.assign(topic=topic, loading=model.components_[topic - 1])
        largest = rows["loading"].abs().nlargest(top).index
        parts.append(rows.loc[largest].sort_values("loading"))
    return pd.concat(parts)[["topic", "tagset", "tag", "loading"]].reset_index(drop=True)


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
    model: LSI, vocabulary: pd.DataFrame, tagset: str, tag: str, topics: int, number: int = 8
) -> pd.DataFrame:
    """Tabulate the tags that are most similar to one tag.

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
    number : int
        Number of tags.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag`` and ``cosine`` of the nearest tags, largest cosine first.
    """
    row = pd.MultiIndex.from_frame(vocabulary[["tagset", "tag"]]).get_loc((tagset, tag))
    cosines = vocabulary.assign(cosine=tag_cosines(model, topics)[row]).drop(index=row)
    return cosines.nlargest(number, "cosine").reset_index(drop=True)


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
    share = jaccard(queries, matrix)
    return {
        "one common tag": share > 0,
        "the share in common": share,
        "half of all tags": share >= 1 / 2,
        "all of the query's": n_common == queries.sum(axis=1)[:, None],
        "two thirds of all tags": share >= 2 / 3,
        "the same tags": share == 1,
    }


def anchors_table(
    tags: TagMatrix,
    groups: Groups,
    train: np.ndarray,
    topics: Sequence[int],
    batch_size: int = 128,
) -> pd.DataFrame:
    """Tabulate what batches hold, in one epoch with LSI relatedness and the album filter.

    Parameters
    ----------
    tags, groups
        Of all tracks.
    train : numpy.ndarray of int
        Rows of the training tracks.
    topics : sequence of int
        Numbers of topics.
    batch_size : int
        Tracks per batch.

    Returns
    -------
    pandas.DataFrame
        A row per number of topics. For uniform batches and for batches of related pairs: the share
        of tracks that are ``anchors``, the mean number of related ``pairs`` in a batch, and the
        share of batches that have none, ``empty``. ``alone`` is the share of the training tracks
        that are related to no other one; they are in no batch of related pairs.
    """
    same_album = partial(groups.excluded_pairs, batch_filter="album")
    rows = {}
    for number in topics:
        related = relatedness_from_tags(tags.matrix, train, topics=number)
        drawn = RelatedBatches(train, batch_size, related, same_album)
        rows[number] = {
            **_batch_counts("uniform", UniformBatches(train, batch_size), related, same_album),
            **_batch_counts("related", drawn, related, same_album),
            "alone": drawn.n_alone / len(train),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("topics")


def _batch_counts(
    kind: str,
    batches: UniformBatches | RelatedBatches,
    related: Relatedness,
    excluded: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> dict[str, float]:
    counts = []
    for batch in batches(np.random.default_rng(0)):
        mask = torch.as_tensor(excluded(batch, batch))
        pairs = candidate_pairs(related(torch.as_tensor(batch)), mask)
        counts.append((len(batch), int(pairs.anchors.sum()), int(pairs.positive.sum()) / 2))
    if not counts:  # no two tracks are related
        counts = [(1, 0, 0)]
    tracks, anchors, n_pairs = np.array(counts).T
    return {
        f"{kind}: anchors": anchors.sum() / tracks.sum(),
        f"{kind}: pairs": n_pairs.mean(),
        f"{kind}: empty": (n_pairs == 0).mean(),
    }


def held_out_means(table: pd.DataFrame, against: str = "overlap") -> pd.DataFrame:
    """Select the mean over held-out sets, learned from all other sets, against one reference.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`tagspace.runs.held_out_tags.evaluate`.
    against : str
        One of :data:`tagspace.runs.held_out_tags.REFERENCES`.
    """
    wanted = (table["learned_from"] == held_out_tags.OTHERS) & (table["held_out"] == "mean")
    return table[wanted & (table["against"] == against)]


def held_out_table(table: pd.DataFrame, topics: Sequence[int]) -> pd.DataFrame:
    """Tabulate how well each kind of relatedness ranks tracks by a held-out tag set.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`tagspace.runs.held_out_tags.evaluate`.
    topics : sequence of int
        Numbers of topics to show.

    Returns
    -------
    pandas.DataFrame of str
        A row per kind: ``nDCG@10``, its mean over the held-out sets, and the differences from the
        references with 95 % intervals in brackets.
    """
    columns = {}
    for against in table["against"].unique():
        rows = held_out_means(table, against)
        rows = rows[rows["topics"].isin([0, *topics])]
        rows = rows.set_axis(rows["kind"] + rows["topics"].map(lambda k: f" {k}" if k else ""))
        columns["nDCG@10"] = rows["value"].map("{:.3f}".format)
        columns[f"difference from {against}"] = rows.apply(say_difference, axis=1)
    return pd.DataFrame(columns)


def say_difference(row: pd.Series) -> str:
    """Write a difference with its 95 % interval; nothing for the reference itself.

    Examples
    --------
    >>> say_difference(pd.Series({"difference": 0.011, "low": 0.006, "high": 0.016}))
    '+0.011 [+0.006, +0.016]'
    """
    values = (present.signed(row[name], 3) for name in ("difference", "low", "high"))
    return "{} [{}, {}]".format(*values) if row["difference"] else ""


def held_out_matrix(
    table: pd.DataFrame, kind: str, topics: int = 0, values: str = "value"
) -> pd.DataFrame:
    """Tabulate one kind of relatedness, from the tag sets learned from to those held out.

    Parameters
    ----------
    table : pandas.DataFrame
        See :func:`tagspace.runs.held_out_tags.evaluate`.
    kind, topics : str, int
        The kind of relatedness and its number of topics.
    values : {"value", "difference"}
        nDCG@10, or its difference from overlap.

    Returns
    -------
    pandas.DataFrame
        Rows: all other sets, then each set alone. Columns: the set held out.
    """
    rows = table[(table["kind"] == kind) & (table["topics"] == topics)]
    rows = rows[(rows["against"] == "overlap") & (rows["held_out"] != "mean")]
    matrix = rows.set_index(["learned_from", "held_out"])[values].unstack()
    order = list(rows["held_out"].unique())
    return matrix[order].reindex(rows["learned_from"].unique())
