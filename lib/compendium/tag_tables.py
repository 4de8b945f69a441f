"""Tables of tag sets: what they contain, how often each tag occurs, what batches see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
import torch

from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import Groups
from tagspace.model.batches import RelatedBatches, UniformBatches
from tagspace.model.mining import candidate_pairs
from tagspace.runs import held_out_tags
from tagspace.tags.relatedness import Relatedness, relatedness_from_tags
from tagspace.tags.tagsets import TagMatrix, combination_codes


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
        columns[f"over {against}"] = rows.apply(_format_difference, axis=1)
    return pd.DataFrame(columns)


def _format_difference(row: pd.Series) -> str:
    values = (f"{row[name]:+.3f}" for name in ("difference", "low", "high"))
    return "{} [{},\N{NO-BREAK SPACE}{}]".format(*values) if row["difference"] else ""


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
