"""Figures and tables of results show the right numbers in the right places."""

import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from compendium import paper, result_figures
from tagspace.errors import TagspaceError
from tagspace.runs import comparison
from tagspace.runs.records import RESULTS_VERSION

mpl.use("agg")

COMBINATIONS = ["genres+moods", "moods", "genres"]
NDCG = "graded nDCG@10"
REPRESENTATIONS = ["trained", "random", "tags"]
TASKS = ["styles", "moods", "mean", "artist"]


def mean_value(figures, **conditions):
    matches = (figures[list(conditions)] == pd.Series(conditions)).all(axis=1)
    return figures.loc[matches, "value"].mean()


def compare_with_untrained(gathered):
    runs = gathered[gathered["topics"] == 3]
    return comparison.compare(runs, NDCG, "untrained", by="tagsets")


# Table II


def test_table_2_lists_few_tag_sets_before_many_and_topics_in_ascending_order(gathered):
    table = result_figures.arrange_table_2(gathered, "exact P@100")
    assert table.columns.tolist() == ["genres", "moods", "artist"]
    order = ["genres", "moods", "genres+moods"]
    assert table.index.tolist() == list(itertools.product(order, (3, 20)))
    conditions = {"representation": "trained", "task": "artist", "metric": "precision"}
    expected = mean_value(gathered, tagsets="moods", topics=20, **conditions)
    assert table.loc[("moods", 20), "artist"] == pytest.approx(expected)


def test_table_2_of_the_paper_has_the_same_form(gathered):
    published = paper.table_2()
    table = result_figures.arrange_table_2(gathered, "exact P@100")
    assert published.index.names == table.index.names
    n_sets = published.index.get_level_values("tagsets").str.count(r"\+")
    assert n_sets.is_monotonic_increasing


@pytest.mark.parametrize("which", ["all runs", "some runs"])
def test_table_2_refuses_runs_that_differ_in_another_parameter(gathered, which):
    # Other runs may have the same tag sets and topics, or different ones.
    is_moods = gathered["tagsets"] == "moods"
    rows = gathered if which == "all runs" else gathered[is_moods]
    other = rows.assign(margin=0.5, run=rows["run"] + "-margin")
    message = "^runs: they differ in margin, not only in tagsets, topics;"
    with pytest.raises(TagspaceError, match=message):
        result_figures.arrange_table_2(pd.concat([gathered[~is_moods], other]), "exact P@100")


def test_table_2_refuses_two_runs_that_differ_only_in_their_version(gathered):
    again = gathered[(gathered["tagsets"] == "moods") & (gathered["fold"] == 1)]
    runs = pd.concat([gathered, again.assign(run=again["run"] + "-again")])
    message = (
        r"^runs: 2 runs differ only in the version that made them \(tagsets moods\); "
        r"keep one of them$"
    )
    with pytest.raises(TagspaceError, match=message):
        result_figures.arrange_table_2(runs, "exact P@100")


def test_table_2_html_prints_the_best_values_of_each_block_in_bold():
    table = paper.table_2()
    page = result_figures.table_2_html(table).data
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
    assert set(bold) == {f"{value:.4f}" for value in best}  # ties are all bold


def test_topics_figure_draws_a_line_for_each_combination(gathered):
    table = result_figures.arrange_table_2(gathered, "exact P@100")
    figure = result_figures.topics_figure(table, "exact P@100")
    assert [axes.get_title() for axes in figure.axes] == ["genres", "moods", "artist"]
    assert figure.axes[0].get_ylabel() == "exact P@100"
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert len(lines) == 3
    drawn = {tuple(line.get_ydata()) for line in lines}
    assert tuple(table.loc["moods", "genres"]) in drawn


# Comparisons of systems


def test_comparison_table_prints_gains_with_their_intervals(gathered):
    compared = compare_with_untrained(gathered)
    table = result_figures.comparison_table(compared, "untrained")
    gains = table["gain over untrained"]
    gain, low, high = compared.loc["tags", ["gain", "low", "high"]]
    assert gains["tags"] == f"{gain:+.1%} [{low:+.1%},\xa0{high:+.1%}]"
    assert gains["untrained"] == ""
    assert table.loc["moods", "genres"] == f"{compared.loc['moods', 'genres']:.3f}"


def test_comparison_table_prints_no_interval_after_a_single_run(gathered):
    compared = compare_with_untrained(gathered[gathered["fold"] == 1])
    gains = result_figures.comparison_table(compared, "untrained")["gain over untrained"]
    assert gains["moods"] == f"{compared.loc['moods', 'gain']:+.1%}"


def test_filters_table_stacks_the_comparisons_of_all_filters(gathered):
    unfiltered = gathered[gathered["topics"] == 3].assign(variant=gathered["tagsets"])
    filtered = unfiltered.assign(filter="artist", value=unfiltered["value"] / 2)
    both = pd.concat([unfiltered, filtered])
    table = result_figures.filters_table(both, NDCG, "moods", ["none", "artist"])
    assert list(table.index.unique("filter")) == ["unfiltered", "artist filter"]
    parts = {"unfiltered": unfiltered, "artist filter": filtered.assign(filter="none")}
    for name, rows in parts.items():
        compared = comparison.compare(rows, NDCG, "moods")
        expected = result_figures.comparison_table(compared, "moods")
        pd.testing.assert_frame_equal(table.loc[name].rename_axis(None), expected)


def test_provenance_names_commit_data_and_parameters(gathered):
    text = " ".join(result_figures.provenance(gathered).split())
    assert text.startswith("18 runs; commit c0ffee; dataset x; tagsets genres, genres+moods")
    for part in ("topics 3, 20", "fold 0, 1, 2", "seed 0", "margin 0.2"):
        assert part in text


def test_provenance_names_an_older_version_of_the_code(gathered):
    text = result_figures.provenance(gathered.assign(results_version=0))
    assert text.startswith(f"18 runs with version 0 of the code, now {RESULTS_VERSION}; commit")


# Single runs


def value_at_10(metrics, name, task, relevance, filtered):
    conditions = {"representation": name, "task": task, "relevance": relevance}
    return mean_value(metrics, filter=filtered, cutoff=10, **conditions)


@pytest.mark.parametrize("filtered", ["none", "album"])
@pytest.mark.parametrize(("measure", "relevance"), [(NDCG, "graded"), ("exact P@10", "exact")])
def test_results_table_has_each_figure_in_its_place(metrics, measure, relevance, filtered):
    table = result_figures.results_table(metrics, measure, filtered)
    assert table.index.tolist() == [*REPRESENTATIONS, "chance", "ceiling"]
    assert table.columns.tolist() == TASKS
    for name, task in itertools.product(REPRESENTATIONS, TASKS):
        value = value_at_10(metrics, name, task, relevance, filtered)
        expected = f"{value:.3f} [{value - 0.05:.3f},\N{NO-BREAK SPACE}{value + 0.05:.3f}]"
        assert table.loc[name, task] == expected
    assert table.loc["chance"].tolist() == ["0.010", "0.020", "0.030", "0.040"]
    assert table.loc["ceiling"].tolist() == ["0.900"] * 4


def test_results_figure_has_a_panel_for_each_task_with_values_and_chance(metrics):
    figure = result_figures.results_figure(metrics, NDCG)
    assert [axes.get_title() for axes in figure.axes] == TASKS
    for axes, chance in zip(figure.axes, [0.01, 0.02, 0.03, 0.04], strict=True):
        *lines, dotted = axes.lines
        assert list(dotted.get_xdata()) == [chance] * 2
        assert dotted.get_linestyle() == ":"
        drawn = [line.get_xdata() for line in lines]
        for name, interval, point in zip(REPRESENTATIONS, drawn[::2], drawn[1::2], strict=True):
            value = value_at_10(metrics, name, axes.get_title(), "graded", "none")
            assert list(point) == pytest.approx([value])
            assert list(interval) == pytest.approx([value - 0.05, value + 0.05])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == REPRESENTATIONS
    assert mpl.pyplot.get_fignums() == []  # a notebook shows the figure once


def test_results_figure_and_table_show_a_frozen_encoder(metrics):
    frozen = metrics[metrics["representation"] == "random"].assign(representation="musicnn")
    rows = pd.concat([metrics, frozen])
    figure = result_figures.results_figure(rows, NDCG)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["trained", "musicnn", "random", "tags"]
    assert set(result_figures.results_table(rows, NDCG).index) == {*labels, "chance", "ceiling"}


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


@pytest.fixture
def compared():
    """Two systems and a baseline, compared with a reference."""
    return pd.DataFrame(
        {"moods": [0.3, 0.4, 0.5], "runs": 3, "gain": [-0.1, 0.0, 0.25],
         "low": [-0.2, -0.1, 0.15], "high": [0.0, 0.1, 0.35]},
        index=["untrained", "LSI", "tf-idf"],
    )  # fmt: skip


def test_gains_figure_draws_a_dot_and_an_interval_for_each_system(compared):
    figure = result_figures.gains_figure({"one": compared, "two": compared.iloc[::-1]}, "x")
    for panel in figure.axes:
        lines, dots = panel.lines[0:6:2], panel.lines[1:6:2]
        assert [line.get_xdata().tolist() for line in lines] == [[-20, 0], [-10, 10], [15, 35]]
        assert [float(dot.get_xdata()[0]) for dot in dots] == [-10, 0, 25]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(compared.index)
    assert [panel.get_title() for panel in figure.axes] == ["one", "two"]


def test_say_gain_has_the_sign_and_the_interval(compared):
    assert result_figures.say_gain(compared.loc["tf-idf"]) == "+25.0 % (+15.0 % to +35.0 %)"
    assert result_figures.say_gain(compared.loc["untrained"]) == "-10.0 % (-20.0 % to +0.0 %)"


def test_losses_figure_draws_a_line_for_each_loss_and_weighting():
    systems = itertools.product(["triplet", "listwise"], ["LSI", "tf-idf"], (16, 40, 100, 1000))
    names = [f"{loss}, {weights} {topics}" for loss, weights, topics in systems]
    table = pd.DataFrame({"mean": np.arange(17.0)}, index=[*names, "margin: 0.1"])
    (panel,) = result_figures.losses_figure({"x": table}).axes
    assert [line.get_ydata().tolist() for line in panel.lines] == [
        list(range(start, start + 4)) for start in (0, 4, 8, 12)
    ]
    labels = [text.get_text() for text in panel.get_xticklabels()]
    assert labels == ["16", "40", "100", "all"]
    assert [line.get_linestyle() for line in panel.lines] == ["--", "-", "--", "-"]


def test_filters_figure_draws_the_mean_of_each_system_under_each_filter(gathered):
    rows = gathered[(gathered["tagsets"] == "moods") & (gathered["topics"] == 3)]
    parts = [
        rows.assign(filter=name, value=rows["value"] - fall, variant="network")
        for name, fall in [("none", 0), ("album", 0.1), ("artist", 0.2)]
    ]
    figure = result_figures.filters_figure(pd.concat(parts), NDCG, ["network", "untrained"])
    for line, name in zip(figure.axes[0].lines, ["trained", "untrained"], strict=True):
        mean = mean_value(rows, representation=name, task="mean", metric="ndcg")
        assert line.get_ydata() == pytest.approx([mean, mean - 0.1, mean - 0.2])


def test_means_figure_draws_the_mean_over_the_tag_sets_against_topics(gathered):
    table = result_figures.arrange_table_2(gathered, NDCG)
    (panel,) = result_figures.means_figure({"x": table}).axes
    expected = table[["genres", "moods"]].mean(axis=1)
    for line, name in zip(panel.lines, ["genres", "moods", "genres+moods"], strict=True):
        assert line.get_ydata().tolist() == expected[name].tolist()
        assert line.get_xdata().tolist() == [3, 20]
    assert [text.get_text() for text in panel.texts] == ["genres", "moods", "all"]
