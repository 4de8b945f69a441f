"""Figures and tables of results show the right numbers in the right places."""

import itertools

import numpy as np
import pandas as pd
import pytest

from compendium import measured, paper, result_figures, style
from tagspace.errors import TagspaceError
from tagspace.runs import comparison

COMBINATIONS = ["genres+moods", "moods", "genres"]
NDCG = "graded nDCG@10"
REPRESENTATIONS = ["trained", "random", "tags"]
TASKS = ["styles", "moods", "mean", "artist"]


def mean_value(figures, **conditions):
    matches = (figures[list(conditions)] == pd.Series(conditions)).all(axis=1)
    return figures.loc[matches, "value"].mean()


def axes_of(panels):
    return [panel.axes[0] for panel in panels]


def titles(panels):
    return [axes.get_title("left") for axes in axes_of(panels)]


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


def test_the_best_values_of_each_block_are_marked():
    table = paper.table_2()
    is_best = result_figures.best_of_blocks(table)
    blocks = table.groupby(table.index.get_level_values("tagsets").str.count(r"\+"))
    for _, block in blocks:
        for name in table:
            marked = block[name][is_best.loc[block.index, name]]
            assert set(marked) == {block[name].max()}  # ties are all marked


def test_topics_figure_draws_a_line_for_each_combination(gathered):
    table = result_figures.arrange_table_2(gathered, "exact P@100")
    panels = result_figures.topics_figure(table, "exact P@100")
    assert titles(panels) == ["genres", "moods", "artist"]
    first = axes_of(panels)[0]
    assert first.get_ylabel() == "exact P@100"
    drawn = {tuple(line.get_ydata()) for line in first.lines}
    assert len(drawn) == 3
    assert tuple(table.loc["moods", "genres"]) in drawn
    assert {text.get_text() for text in first.texts} == {"genres", "moods", "all"}


# Comparisons of systems


def test_comparison_table_prints_gains_with_their_intervals(gathered):
    compared = compare_with_untrained(gathered)
    table = result_figures.comparison_table(compared, "untrained")
    gains = table["gain over untrained"]
    assert gains["tags"] == result_figures.say_gain(compared.loc["tags"])
    assert gains["untrained"] == ""
    assert table.loc["moods", "genres"] == f"{compared.loc['moods', 'genres']:.3f}"


def test_comparison_table_prints_no_interval_after_a_single_run(gathered):
    compared = compare_with_untrained(gathered[gathered["fold"] == 1])
    gains = result_figures.comparison_table(compared, "untrained")["gain over untrained"]
    assert gains["moods"] == f"{100 * compared.loc['moods', 'gain']:+.1f} %"


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
        expected = f"{value:.3f} [{value - 0.05:.3f}, {value + 0.05:.3f}]"
        assert table.loc[name, task] == expected
    assert table.loc["chance"].tolist() == ["0.010", "0.020", "0.030", "0.040"]
    assert table.loc["ceiling"].tolist() == ["0.900"] * 4


def test_results_figure_has_a_panel_for_each_task_with_values_and_chance(metrics):
    panels = result_figures.results_figure(metrics, NDCG, TASKS)
    assert titles(panels) == TASKS
    for axes, chance in zip(axes_of(panels), [0.01, 0.02, 0.03, 0.04], strict=True):
        *lines, dotted = axes.lines
        assert list(dotted.get_xdata()) == [chance] * 2
        assert dotted.get_linestyle() == ":"
        labels = [label.get_text() for label in axes.get_yticklabels()]
        drawn = [line.get_xdata() for line in lines]
        assert sorted(labels) == sorted(REPRESENTATIONS)
        for name, interval, point in zip(labels, drawn[::2], drawn[1::2], strict=True):
            value = value_at_10(metrics, name, axes.get_title("left"), "graded", "none")
            assert list(point) == pytest.approx([value])
            assert list(interval) == pytest.approx([value - 0.05, value + 0.05])
        values = [point[0] for point in drawn[1::2]]
        assert values == sorted(values, reverse=True)


def test_results_figure_and_table_show_a_frozen_encoder(metrics):
    frozen = metrics[metrics["representation"] == "random"].assign(representation="musicnn")
    rows = pd.concat([metrics, frozen])
    (axes,) = axes_of(result_figures.results_figure(rows, NDCG, ["mean"]))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert set(labels) == {"trained", "musicnn", "random", "tags"}
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
    panels = axes_of(result_figures.history_figure(history, best_epoch=2))
    for axes, column in zip(panels, ["loss", "triplets", "validation"], strict=True):
        curve, mark = axes.lines
        assert list(curve.get_xdata()) == [1, 2, 3]
        assert list(curve.get_ydata()) == history[column].tolist()
        assert list(mark.get_xdata()) == [2]


@pytest.fixture
def compared():
    """Two systems and a baseline, compared with a reference."""
    return pd.DataFrame(
        {"moods": [0.3, 0.4, 0.5], "runs": 3, "gain": [-0.1, 0.0, 0.25],
         "low": [-0.2, -0.1, 0.15], "high": [0.0, 0.1, 0.35]},
        index=["untrained", "LSI", "tf-idf"],
    )  # fmt: skip


def test_gains_figure_draws_a_dot_and_an_interval_for_each_system(compared):
    panels = result_figures.gains_figure({"one": compared, "two": compared.iloc[::-1]}, "x")
    for axes in axes_of(panels):
        lines, dots = axes.lines[1::3], axes.lines[2::3]
        assert [line.get_xdata().tolist() for line in lines] == [[-20, 0], [-10, 10], [15, 35]]
        assert [float(dot.get_xdata()[0]) for dot in dots] == [-10, 0, 25]
        colours = [dot.get_color() for dot in dots]
        assert colours == [style.MUTED, style.MUTED, style.BLUE]
        assert [text.get_text() for text in axes.texts] == list(compared.index)
    assert titles(panels) == ["one", "two"]


def test_gains_of_a_single_run_are_drawn_without_intervals(compared):
    single = compared.assign(low=np.nan, high=np.nan)
    (axes,) = axes_of(result_figures.gains_figure({"one": single}, "x"))
    assert axes.get_xlim()[1] == pytest.approx(1.08 * 25)
    none = compared.assign(gain=np.nan, low=np.nan, high=np.nan)
    (axes,) = axes_of(result_figures.gains_figure({"one": none}, "x"))
    assert axes.get_xlim()[1] == 1


def test_a_gain_far_beyond_the_others_is_an_arrow_with_its_value(compared):
    far = pd.DataFrame({"runs": 3, "gain": -0.9, "low": -0.95, "high": -0.85}, index=["far"])
    many = pd.concat([compared, compared.rename("{} again".format), far])
    (axes,) = axes_of(result_figures.gains_figure({"one": many}, "x"))
    assert axes.get_xlim()[1] == pytest.approx(1.08 * 35)
    assert "\N{MINUS SIGN}90 %" in [text.get_text() for text in axes.texts]


def test_say_gain_has_the_sign_and_the_interval(compared):
    assert result_figures.say_gain(compared.loc["tf-idf"]) == "+25.0 % [+15.0, +35.0]"
    assert result_figures.say_gain(compared.loc["untrained"]) == "−10.0 % [−20.0, 0.0]"


def test_losses_figure_draws_a_line_for_each_loss_and_weighting():
    systems = itertools.product(["triplet", "listwise"], ["LSI", "tf-idf"], (16, 40, 100, 1000))
    names = [f"{loss}, {weights} {topics}" for loss, weights, topics in systems]
    table = pd.DataFrame({"mean": np.arange(17.0)}, index=[*names, "margin: 0.1"])
    (axes,) = axes_of(result_figures.losses_figure({"x": table}))
    assert [line.get_ydata().tolist() for line in axes.lines] == [
        list(range(start, start + 4)) for start in (0, 4, 8, 12)
    ]
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels == ["16", "40", "100", "all"]
    assert [line.get_linestyle() for line in axes.lines] == ["--", "-", "--", "-"]


def test_own_album_figure_draws_a_bar_for_each_system_and_chance():
    shares = pd.Series({"network": 0.12, "untrained": 0.08, "chance": 0.04})
    (axes,) = axes_of(result_figures.own_album_figure(shares))
    assert [bar.get_width() for bar in axes.patches] == [12, 8]
    assert list(axes.lines[0].get_xdata()) == [4, 4]


def test_means_figure_draws_the_mean_over_the_tag_sets_against_topics(gathered):
    table = result_figures.arrange_table_2(gathered, NDCG)
    (axes,) = axes_of(result_figures.means_figure({"x": table}, NDCG))
    expected = table[["genres", "moods"]].mean(axis=1)
    for line, name in zip(axes.lines, ["genres", "moods", "genres+moods"], strict=True):
        assert line.get_ydata().tolist() == expected[name].tolist()
        assert line.get_xdata().tolist() == [3, 20]
    assert {text.get_text() for text in axes.texts} == {"genres", "moods", "all"}


def test_hours_figure_draws_a_bar_for_each_stage():
    hours = pd.Series({"features": 0.2, "training": 400.0})
    (axes,) = axes_of(result_figures.hours_figure(hours))
    assert [bar.get_width() for bar in axes.patches] == hours.tolist()


def test_differences_figure_draws_the_trained_network_under_each_condition():
    differences = measured.differences()
    (axes,) = axes_of(result_figures.differences_figure(differences))
    assert [line.get_xdata()[0] for line in axes.lines] == differences["trained"].tolist()
