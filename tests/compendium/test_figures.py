import itertools

import matplotlib as mpl
import pandas as pd
import pytest

from compendium import result_figures
from tagspace.evaluation import comparison
from tagspace.evaluation.retrieval import COLUMNS

mpl.use("agg")

TASKS = ["styles", "moods", "mean", "artist"]


@pytest.fixture
def metrics():
    """Every figure differs from every other."""
    kinds = [("graded", "ndcg", 10), ("graded", "ndcg", 100), ("exact", "precision", 10)]
    rows = []
    order = itertools.product(["none", "album"], kinds, TASKS, ["trained", "random", "tags"])
    for number, (filtered, (relevance, metric, cutoff), task, name) in enumerate(order):
        value = 0.1 + number / 1000
        bounds = value - 0.05, value + 0.05, 0.01 + TASKS.index(task) / 100, 0.9
        rows.append((name, relevance, filtered, task, metric, cutoff, value, *bounds, 50))
    return pd.DataFrame(rows, columns=COLUMNS)


def value_of(metrics, name, task, relevance, filtered):
    wanted = {"representation": name, "task": task, "relevance": relevance, "filter": filtered}
    chosen = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return chosen.loc[chosen["cutoff"] == 10, "value"].item()


@pytest.mark.parametrize("filtered", ["none", "album"])
@pytest.mark.parametrize(
    ("measure", "relevance"), [("graded nDCG@10", "graded"), ("exact P@10", "exact")]
)
def test_results_table_has_each_figure_in_its_place(metrics, measure, relevance, filtered):
    table = result_figures.results_table(metrics, measure, filtered)
    assert table.index.tolist() == ["trained", "random", "tags", "chance", "ceiling"]
    assert table.columns.tolist() == TASKS
    for name, task in itertools.product(["trained", "random", "tags"], TASKS):
        value = value_of(metrics, name, task, relevance, filtered)
        expected = f"{value:.3f} [{value - 0.05:.3f},\N{NO-BREAK SPACE}{value + 0.05:.3f}]"
        assert table.loc[name, task] == expected
    assert table.loc["chance"].tolist() == ["0.010", "0.020", "0.030", "0.040"]
    assert table.loc["ceiling"].tolist() == ["0.900"] * 4


def test_shown_are_the_measures_that_have_a_name(metrics):
    rows = comparison.select_measures(metrics)
    assert len(metrics) > len(rows) > 0
    for measure in ("graded nDCG@10", "exact P@10"):
        for filtered in ("none", "album"):
            expected = comparison.select(metrics, measure, filtered)
            pd.testing.assert_frame_equal(comparison.select(rows, measure, filtered), expected)
    assert set(rows["cutoff"]) == {10}


def test_means_are_those_over_the_tag_sets(metrics):
    found = comparison.mean_table(metrics, "graded nDCG@10", "album")["mean"]
    assert list(found.index) == ["trained", "random", "tags"]
    assert found["tags"] == value_of(metrics, "tags", "mean", "graded", "album")


def test_folds_table_averages_folds(metrics):
    other = metrics.assign(value=metrics["value"] + 0.2)
    table = comparison.mean_table(pd.concat([metrics, other]), "graded nDCG@10")
    assert table.index.tolist() == ["trained", "random", "tags"]
    assert table.columns.tolist() == ["styles", "moods", "mean"]
    expected = [value_of(metrics, "random", t, "graded", "none") + 0.1 for t in table.columns]
    assert table.loc["random"].tolist() == pytest.approx(expected)


def test_results_figure_has_a_panel_per_task_with_chance_and_values(metrics):
    figure = result_figures.results_figure(metrics, "graded nDCG@10")
    assert [axes.get_title() for axes in figure.axes] == TASKS
    for axes, chance in zip(figure.axes, [0.01, 0.02, 0.03, 0.04], strict=True):
        task = axes.get_title()
        *intervals, dotted = axes.lines
        assert list(dotted.get_xdata()) == [chance] * 2
        assert dotted.get_linestyle() == ":"
        drawn = [line.get_xdata() for line in intervals]
        for name, interval, point in zip(
            ["trained", "random", "tags"], drawn[::2], drawn[1::2], strict=True
        ):
            value = value_of(metrics, name, task, "graded", "none")
            assert list(point) == pytest.approx([value])
            assert list(interval) == pytest.approx([value - 0.05, value + 0.05])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["trained", "random", "tags"]


def test_history_figure_marks_the_best_epoch():
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "loss": [0.3, 0.2, 0.1],
            "triplets": [90, 80, 70],
            "validation": [0.4, 0.6, 0.5],
        }
    )
    figure = result_figures.history_figure(history, best_epoch=2)
    for axes, column in zip(figure.axes, ["loss", "triplets", "validation"], strict=True):
        curve, mark = axes.lines
        assert list(curve.get_xdata()) == [1, 2, 3]
        assert list(curve.get_ydata()) == history[column].tolist()
        assert list(mark.get_xdata()) == [2, 2]


def test_figures_are_closed_so_that_a_notebook_shows_them_once(metrics):
    result_figures.results_figure(metrics, "exact P@10")
    assert mpl.pyplot.get_fignums() == []
