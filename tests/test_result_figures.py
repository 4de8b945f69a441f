import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tagspace import paper, result_figures
from tagspace.configuration import Configuration
from tagspace.retrieval import COLUMNS
from tagspace.runs import EXPERIMENT

mpl.use("agg")

TASKS = ["genres", "moods", "mean", "artist"]
COMBINATIONS = ["genres+moods", "moods", "genres"]
SCORES = {"trained": 0.4, "untrained": 0.3, "mfcc": 0.2, "tags": 0.9}


@pytest.fixture
def gathered():
    """Three folds of each combination and two numbers of topics, in no order."""
    noise = np.random.default_rng(0)
    rows = []
    for tagsets, topics, fold in itertools.product(COMBINATIONS, (20, 3), range(3)):
        known = {**Configuration().model_dump(), "tagsets": tagsets, "topics": topics, "fold": fold}
        known = {name: known[name] for name in EXPERIMENT}
        run = {"run": f"{tagsets}-{topics}-{fold}", "commit": "c0ffee", "dataset": "x", **known}
        for (name, score), task in itertools.product(SCORES.items(), TASKS):
            for metric, cutoff, relevance in (("ndcg", 10, "graded"), ("precision", 100, "exact")):
                value = score + 0.01 * noise.normal()
                key = (name, relevance, "none", task, metric, cutoff)
                figures = dict(zip(COLUMNS, (*key, value, 0, 1, 0.1, 0.9, 7), strict=True))
                rows.append({**run, **figures})
    return pd.DataFrame(rows)


def value(gathered, **wanted):
    return gathered[(gathered[list(wanted)] == pd.Series(wanted)).all(axis=1)]["value"].mean()


def test_table_2_has_few_sets_before_many_and_topics_ascending(gathered):
    table = result_figures.table_2(gathered, "exact P@100")
    assert table.columns.tolist() == ["genres", "moods", "artist"]
    order = ["genres", "moods", "genres+moods"]
    assert table.index.tolist() == list(itertools.product(order, (3, 20)))
    expected = value(
        gathered,
        representation="trained",
        tagsets="moods",
        topics=20,
        task="artist",
        metric="precision",
    )
    assert table.loc[("moods", 20), "artist"] == pytest.approx(expected)


def test_the_papers_table_is_in_the_same_order(gathered):
    published = paper.table_2()
    assert published.index.names == result_figures.table_2(gathered, "exact P@100").index.names
    sizes = published.index.get_level_values("tagsets").str.count(r"\+")
    assert sizes.is_monotonic_increasing


def test_the_best_of_each_block_is_bold():
    table = paper.table_2()
    page = result_figures.blocks(table).data
    cells = [float(cell) for cell in re.findall(r"<td>(?:<b>)?(\d\.\d+)(?:</b>)?</td>", page)]
    np.testing.assert_array_equal(np.reshape(cells, table.shape), table.round(4).to_numpy())
    assert re.findall(r'<th rowspan="(\d+)" valign="top">([1-4])</th>', page) == [
        ("8", "1"),
        ("12", "2"),
        ("8", "3"),
        ("2", "4"),
    ]
    bold = re.findall(r"<td><b>(\d\.\d+)</b></td>", page)
    blocks = table.groupby(table.index.get_level_values("tagsets").str.count(r"\+"))
    best = [block[name].max() for _, block in blocks for name in table]
    assert set(bold) == {f"{value:.4f}" for value in best}  # equal values are both the best


def test_curves_have_a_line_per_combination(gathered):
    table = result_figures.table_2(gathered, "exact P@100")
    figure = result_figures.curves_figure(table, "exact P@100")
    assert [axes.get_title() for axes in figure.axes] == ["genres", "moods", "artist"]
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert len(lines) == 3
    drawn = {tuple(line.get_ydata()) for line in lines}
    assert tuple(table.loc["moods", "genres"]) in drawn


def test_the_gain_is_over_the_better_baseline_with_its_interval(gathered):
    table = result_figures.gains(gathered, "graded nDCG@10")
    assert table.index.tolist() == sorted(COMBINATIONS)
    rows = gathered[(gathered["task"] == "mean") & (gathered["metric"] == "ndcg")]
    rows = rows[rows["tagsets"] == "moods"]
    folds = rows.groupby(["representation", "fold"])["value"].mean().unstack(0)
    row = table.loc["moods"]
    assert row["untrained"] == pytest.approx(folds["untrained"].mean())
    assert row["gain"] == pytest.approx(folds["trained"].mean() / folds["untrained"].mean() - 1)
    difference = (folds["trained"] - folds["untrained"]) / folds["untrained"].mean()
    interval = scipy.stats.t.interval(0.95, 2, difference.mean(), difference.sem())
    assert (row["low"], row["high"]) == pytest.approx(interval)


def test_provenance_names_data_parameters_seed_and_commit(gathered):
    told = " ".join(result_figures.provenance(gathered).split())
    assert told.startswith("18 runs; commit c0ffee; dataset x; tagsets genres, genres+moods")
    for words in ("topics 3, 20", "fold 0, 1, 2", "seed 0", "margin 0.2"):
        assert words in told
