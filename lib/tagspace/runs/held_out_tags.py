"""Evaluate relatedness without audio, by a held-out tag set."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from tagspace.datasets import groups
from tagspace.datasets.artists import normalise_artists
from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import Groups
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.evaluation.bootstrap import ArtistBootstrap, Figure
from tagspace.support.progress import Progress
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI
from tagspace.tags.relatedness import (
    Cosine,
    Overlap,
    Relatedness,
    jaccard,
    relatedness_from_tags,
    tf_idf,
)
from tagspace.tags.tagsets import TagMatrix

TEST_SHARE = 0.3  # of the artists; the others are learned from
FEWEST = 24  # tracks to judge on
MAX_QUERIES = 2000  # at most; these give narrow enough intervals
MAX_LDA = 5000  # training tracks that mixtures of topics are learned from
CUTOFF = 10
TOPICS = (2, 4, 8, 16, 25, 40, 63, 100, 160, 250, 400, 630)
LDA_TOPICS = (16, 100)
REFERENCES = "overlap", "lsi 16"  # what other kinds are compared with
OTHERS = "all others"  # learned from all tag sets but the one held out
COLUMNS = [
    *("held_out", "against", "kind", "topics"),
    *("value", "difference", "low", "high", "n_queries"),
]


@dataclass(frozen=True)
class Judged:
    """Tracks to learn from and to judge on.

    Attributes
    ----------
    tags : TagMatrix
        One row per distinct pair of artist and tags; all unknown artists count as one.
    groups : Groups
        Artists of the rows.
    train, test : numpy.ndarray of int
        Rows, of different artists.
    queries : numpy.ndarray of int
        Positions in ``test`` of the queries.
    """

    tags: TagMatrix
    groups: Groups
    train: np.ndarray
    test: np.ndarray
    queries: np.ndarray


def select(dataset: Dataset, names: Sequence[str] = (), seed: int = 0) -> Judged:
    """Choose distinct tracks that have a tag in every set, and split them by artist.

    Parameters
    ----------
    dataset : Dataset
        No audio is needed.
    names : sequence of str
        The tag sets; by default all.
    seed : int
        Draws the artists to judge on.

    Raises
    ------
    TagspaceError
        If there are fewer than two tag sets, or too few tracks.
    """
    tags = tagsets.binary_matrix(dataset)
    tags = tags.select(names or tags.tagsets)
    if len(tags.tagsets) < 2:
        raise TagspaceError(
            f"dataset: {dataset.name} has tags in {', '.join(tags.tagsets)} only; one set is held "
            "out, so at least two are needed"
        )
    tags = tagsets.restrict(tags, np.flatnonzero(tagsets.intersection(tags)))
    tracks = dataset.tracks.loc[tags.track_ids]
    artists = normalise_artists(list(tracks["artist"])).keys
    codes = tagsets.combination_codes(tags.matrix)
    first = ~pd.DataFrame({"artist": artists, "tags": codes}).duplicated().to_numpy()
    tags = tags.take(np.flatnonzero(first))
    grouped = groups.from_tracks(tracks.assign(artist=artists)[first])
    places = np.random.default_rng(seed).permutation(grouped.artist.max() + 1)
    is_test = places[grouped.artist] < TEST_SHARE * len(places)
    test = np.flatnonzero(is_test)
    if len(test) < FEWEST:
        raise TagspaceError(
            f"dataset: {dataset.name} leaves {len(test)} tracks to judge on; at least {FEWEST} are "
            "needed"
        )
    order = np.random.default_rng(seed).permutation(len(test))
    return Judged(tags, grouped, np.flatnonzero(~is_test), test, np.sort(order[:MAX_QUERIES]))


def judge(judged: Judged, learn_from: Sequence[str], held_out: str) -> dict[str, np.ndarray]:
    """Rank tracks by each kind of relatedness, and score the rankings by a held-out tag set.

    Parameters
    ----------
    judged : Judged
        See :func:`select`.
    learn_from : sequence of str
        Tag sets that make tracks related.
    held_out : str
        Tag set that grades: the gain of a track is the Jaccard index of its tags and the query's.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_queries,)
        nDCG@10 by kind and number of topics, such as ``lsi 16``; the tracks of the query's artist
        are left out. NaN where no track is relevant. LDA takes long, and is tried only if all tag
        sets but one are learned from.
    """
    tags = judged.tags.select(learn_from)
    n_others = len(judged.tags.tagsets) - 1
    truth = judged.tags.tagset(held_out)[judged.test].astype(np.float32)
    rows = torch.as_tensor(judged.test)

    def gains(queries: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(jaccard(truth[queries], truth))

    def excluded(queries: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(judged.groups.same_artist(judged.test[queries], judged.test))

    def distances(queries: np.ndarray, related: Relatedness) -> torch.Tensor:
        return -related(rows[queries], rows)

    measures = {
        name: partial(distances, related=related)
        for name, related in itertools.chain(
            _kinds(tags.matrix, judged.train),
            _lda(tags.matrix, judged.train) if len(learn_from) == n_others else (),
        )
    }
    found = retrieval.ndcg(measures, gains, judged.queries, len(rows), excluded, CUTOFF)
    return {name: scores.double().numpy() for name, scores in found.items()}


def _kinds(matrix: sparse.csr_array, train: np.ndarray) -> Iterator[tuple[str, Relatedness]]:
    """Yield each kind of relatedness with each number of topics up to the rank.

    With as many topics as the rank, LSI is the cosine of the tags themselves.
    """
    yield "overlap", Overlap(matrix)
    weighted = {"lsi": matrix, "tfidf": tf_idf(matrix, train)}
    for (kind, tags), cosine in zip(weighted.items(), ("cosine", "tfidf-cosine"), strict=True):
        model = LSI().fit(tags[train])
        numbers = {f"{kind} {k}": k for k in TOPICS if k < model.rank} | {cosine: model.rank}
        for name, k in numbers.items():
            yield name, Cosine(torch.as_tensor(model.transform(tags, k), dtype=torch.float32))


def _lda(matrix: sparse.csr_array, train: np.ndarray) -> Iterator[tuple[str, Relatedness]]:
    for k in LDA_TOPICS:
        if k <= matrix.shape[1]:
            yield f"lda {k}", relatedness_from_tags(matrix, train[:MAX_LDA], "lda", k)


def evaluate(judged: Judged) -> pd.DataFrame:
    """Hold out each tag set in turn; learn from all others, and from each of these alone.

    Parameters
    ----------
    judged : Judged
        See :func:`select`.

    Returns
    -------
    pandas.DataFrame
        ``learned_from``, a tag set or :data:`OTHERS`, and the columns of :func:`compare_kinds`.
    """
    names = judged.tags.tagsets
    plans = {OTHERS: {held: [name for name in names if name != held] for held in names}}
    if len(names) > 2:
        plans |= {one: {held: [one] for held in names if held != one} for one in names}
    tables = {}
    for learned_from, plan in Progress(plans.items(), desc="held-out tags", unit="part"):
        scores = {held: judge(judged, sets, held) for held, sets in plan.items()}
        tables[learned_from] = compare_kinds(judged, scores)
    return pd.concat(tables, names=["learned_from"]).reset_index("learned_from")


def compare_kinds(judged: Judged, scores: dict[str, dict[str, np.ndarray]]) -> pd.DataFrame:
    """Average scores over queries, and compare each kind with :data:`REFERENCES`.

    Parameters
    ----------
    judged : Judged
        See :func:`select`.
    scores : dict of str to dict
        By held-out tag set; see :func:`judge`.

    Returns
    -------
    pandas.DataFrame
        ``held_out`` (a tag set, or ``mean``), ``against`` (a reference), ``kind``, ``topics`` (0
        for kinds without), ``value`` (nDCG@10), ``difference`` from the reference with the bounds
        ``low`` and ``high`` of a 95 % interval, and ``n_queries``. The bootstrap resamples artists,
        or tracks if artists are unknown.
    """
    bootstrap = ArtistBootstrap(judged.groups.artist[judged.test[judged.queries]], seed=0)
    figures = {held_out: bootstrap.figures(each) for held_out, each in scores.items()}
    common = set.intersection(*(set(each) for each in figures.values()))
    if len(figures) > 1:
        figures["mean"] = {
            name: Figure.mean([each[name] for each in figures.values()])
            for name in next(iter(figures.values()))
            if name in common
        }
    rows = []
    for held_out, each in figures.items():
        for against, (name, figure) in itertools.product(REFERENCES, each.items()):
            if against not in each:  # fewer topics
                continue
            kind, _, topics = name.partition(" ")
            apart = replace(figure, draws=figure.draws - each[against].draws)
            values = figure.value, figure.value - each[against].value, *apart.interval()
            rows.append((held_out, against, kind, int(topics or 0), *values, figure.n_queries))
    return pd.DataFrame(rows, columns=COLUMNS)
