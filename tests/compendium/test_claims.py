"""The claims of Section VI compare the right rows of Table II."""

import itertools

import numpy as np
import pandas as pd
import pytest

from compendium import claims, paper
from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs.grid import joined_tagsets

SETS = ["genres", "styles", "moods", "themes"]
NDCG = "graded nDCG@10"


@pytest.fixture(scope="module")
def runs():
    """All combinations with four numbers of topics in three folds; each value is of its own."""
    generator = np.random.default_rng(0)
    rows = []
    for tagsets, topics, fold in itertools.product(
        joined_tagsets(SETS), (10, 40, 80, 160), range(3)
    ):
        if tagsets == "genres" and topics > 40:
            continue
        parameters = Configuration(tagsets=tagsets, topics=topics, fold=fold).model_dump()
        run = {"run": f"{tagsets}{topics}{fold}", "n_train": 40}
        run |= {name: parameters[name] for name in EXPERIMENT_PARAMETERS}
        for task in [*SETS, "mean", "artist"]:
            key = ("trained", "graded", "none", task, "ndcg", 10, generator.uniform(0.2, 0.4))
            rows.append({**run, **dict(zip(COLUMNS, (*key, 0, 1, 0, 1, 10), strict=True))})
    return pd.DataFrame(rows)


def mean_over(runs, task, chosen):
    """Average over the rows that a condition on tag sets and topics chooses, by plain loops."""
    values = {}
    for row in runs.itertuples():
        if row.task == task and chosen(row.tagsets.split("+"), row.topics):
            values.setdefault(row.fold, []).append(row.value)
    return np.mean([np.mean(values[fold]) for fold in sorted(values)])


def is_largest(sets, topics):
    return topics == (40 if sets == ["genres"] else 160)


EXPECTED = {
    "Moods over styles": (
        "mean", lambda sets, _k: sets == ["moods"], lambda sets, _k: sets == ["styles"]),
    "Combinations with moods over those without": (
        "mean", lambda sets, _k: "moods" in sets and len(sets) in (2, 3),
        lambda sets, _k: "moods" not in sets and len(sets) in (2, 3)),
    "Genres over another set, for genres": (
        "genres", lambda sets, _k: sets == ["genres"],
        lambda sets, _k: len(sets) == 1 and sets != ["genres"]),
    "Genres over another set, for themes": (
        "themes", lambda sets, _k: sets == ["genres"],
        lambda sets, _k: len(sets) == 1 and sets != ["genres"]),
    "All sets over one set": (
        "mean", lambda sets, _k: len(sets) == 4, lambda sets, _k: len(sets) == 1),
    "All sets over moods alone": (
        "mean", lambda sets, _k: len(sets) == 4, lambda sets, _k: sets == ["moods"]),
    "Most topics over fewest": (
        "mean", is_largest, lambda _sets, k: k == 10),
    "Most topics over 40": (
        "mean", lambda _sets, k: k == 160, lambda sets, k: k == 40 and sets != ["genres"]),
}  # fmt: skip


@pytest.mark.parametrize("sentence", EXPECTED)
def test_a_claim_compares_the_rows_that_it_names(runs, sentence):
    task, these, others = EXPECTED[sentence]
    gain = mean_over(runs, task, these) / mean_over(runs, task, others) - 1
    row = claims.claims_table(runs, NDCG).loc[sentence]
    assert row["gain"] == pytest.approx(gain)
    assert row["low"] < row["gain"] < row["high"]
    assert row["runs"] == 3


def test_every_claim_is_tested_or_of_the_same_kind():
    same = {"Genres over another set, for styles", "Genres over another set, for moods"}
    assert {claim.name for claim in claims.CLAIMS} == {*EXPECTED, *same}


def test_the_gain_of_the_paper_is_that_of_its_table(runs):
    table, published = claims.claims_table(runs, NDCG), paper.table_2()
    moods, styles = (published.loc[name].mean() for name in ("moods", "styles"))
    expected = (moods / styles - 1)[SETS].mean()
    assert table.loc["Moods over styles", "paper"] == pytest.approx(expected)
    genres = published.loc["genres", "genres"].mean()
    alone = published.loc[["styles", "moods", "themes"], "genres"].mean()
    assert table.loc["Genres over another set, for genres", "paper"] == pytest.approx(
        genres / alone - 1
    )
    assert np.isnan(table.loc["Most topics over 40", "paper"])


def test_claims_on_tag_sets_that_the_runs_lack_are_left_out(runs):
    part = runs[runs["tagsets"].isin(["moods", "themes", "moods+themes"])]
    assert claims.claims_table(part, NDCG).index.tolist() == [
        "All sets over one set",
        "All sets over moods alone",
        "Most topics over fewest",
        "Most topics over 40",
    ]
