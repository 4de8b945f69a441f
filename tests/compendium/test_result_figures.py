import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from compendium import paper, result_figures
from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.errors import TagspaceError
from tagspace.evaluation import comparison
from tagspace.evaluation.retrieval import COLUMNS

mpl.use("agg")

TASKS = ["genres", "moods", "mean", "artist"]
COMBINATIONS = ["genres+moods", "moods", "genres"]
SCORES = {"trained": 0.4, "untrained": 0.3, "timbre": 0.2, "tags": 0.9}


@pytest.fixture
def gathered():
    """Three folds of each combination and two numbers of topics, in no order."""
    noise = np.random.default_rng(0)
    rows = []
    for tagsets, topics, fold in itertools.product(COMBINATIONS, (20, 3), range(3)):
        known = {**Configuration().model_dump(), "tagsets": tagsets, "topics": topics, "fold": fold}
        known = {name: known[name] for name in EXPERIMENT_PARAMETERS}
        run = {"run": f"{tagsets}-{topics}-{fold}", "commit": "c0ffee", "dataset": "x", **known}
        run["n_train"] = 21
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
    table = result_figures.arrange_table_2(gathered, "exact P@100")
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
    assert published.index.names == result_figures.arrange_table_2(gathered, "exact P@100").index.names
    sizes = published.index.get_level_values("tagsets").str.count(r"\+")
    assert sizes.is_monotonic_increasing


def test_the_best_of_each_block_is_bold():
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
    assert set(bold) == {f"{value:.4f}" for value in best}  # equal values are both the best


def test_curves_have_a_line_per_combination(gathered):
    table = result_figures.arrange_table_2(gathered, "exact P@100")
    figure = result_figures.topics_figure(table, "exact P@100")
    assert [axes.get_title() for axes in figure.axes] == ["genres", "moods", "artist"]
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert len(lines) == 3
    drawn = {tuple(line.get_ydata()) for line in lines}
    assert tuple(table.loc["moods", "genres"]) in drawn


def compared(gathered, **options):
    some = gathered[gathered["topics"] == 3]
    return comparison.compare(some, "graded nDCG@10", "untrained", by="tagsets", **options)


def test_systems_are_in_order_and_their_figures_are_averages(gathered):
    table = compared(gathered)
    assert table.index.tolist() == ["timbre", "untrained", *COMBINATIONS, "tags"]
    assert table.columns.tolist() == ["genres", "moods", "mean", "runs", "gain", "low", "high"]
    wanted = {"topics": 3, "tagsets": "moods", "metric": "ndcg", "representation": "trained"}
    assert table.loc["moods", "genres"] == pytest.approx(value(gathered, **wanted, task="genres"))
    first = {**wanted, "tagsets": COMBINATIONS[0], "representation": "timbre"}
    assert table.loc["timbre", "mean"] == pytest.approx(value(gathered, **first, task="mean"))


def test_gains_are_paired_and_their_interval_is_widened_for_what_runs_share(gathered):
    row = compared(gathered).loc["moods"]
    rows = gathered[(gathered["task"] == "mean") & (gathered["metric"] == "ndcg")]
    rows = rows[rows["topics"] == 3]
    trained = rows[(rows["tagsets"] == "moods") & (rows["representation"] == "trained")]
    first = rows[(rows["tagsets"] == COMBINATIONS[0]) & (rows["representation"] == "untrained")]
    trained, first = (part.set_index("fold")["value"] for part in (trained, first))
    gain = trained.mean() / first.mean() - 1
    assert row["gain"] == pytest.approx(gain)
    # The delta method: the gradient of the ratio, and the covariance of both averages; 7 queries
    # for 21 training tracks.
    gradient = np.array([1, -trained.mean() / first.mean()]) / first.mean()
    variance = gradient @ np.cov(trained, first) @ gradient
    error = np.sqrt((1 / 3 + 7 / 21) * variance)
    interval = scipy.stats.t.interval(0.95, 2, gain, error)
    assert (row["low"], row["high"]) == pytest.approx(interval)


def in_folds(**values):
    """Tabulate variants, each with a value per fold."""
    rows = []
    for (variant, found), fold in itertools.product(values.items(), range(5)):
        known = {**Configuration().model_dump(include=set(EXPERIMENT_PARAMETERS)), "fold": fold}
        key = ("trained", "graded", "none", "moods", "ndcg", 10)
        figures = dict(zip(COLUMNS, (*key, found[fold], 0, 1, 0.1, 0.9, 0), strict=True))
        run = {"run": f"{variant}{fold}", "variant": variant, "n_train": 1}
        rows.append({**run, **known, **figures})
    return pd.DataFrame(rows)


def test_the_interval_of_a_gain_covers_it_in_95_of_100_cases():
    # Folds share nothing here. The reference varies much more between them than what is above it.
    draws = np.random.default_rng(0)
    covered = []
    for _ in range(100):
        first = draws.normal(0.28, 0.02, 5)
        above = draws.normal(0.2 * 0.28, 0.002, 5)
        both = in_folds(one=first + above, other=first)
        row = comparison.compare(both, "graded nDCG@10", "other").loc["one"]
        covered.append(row["low"] <= 0.2 <= row["high"])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.05)


def test_a_verdict_needs_an_interval_without_zero():
    spread = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])
    systems = in_folds(
        reference=0.3 + spread, above=0.4 + spread, below=0.2 + spread, noisy=0.301 + 5 * spread
    )
    compared = comparison.compare(systems, "graded nDCG@10", "reference")
    told = comparison.verdict(compared)
    assert told[["reference", "above", "below", "noisy"]].tolist() == [
        "",
        "better",
        "worse",
        "undecided",
    ]
    assert comparison.systems_by_verdict(compared) == {
        "better": "above",
        "worse": "below",
        "undecided": "noisy",
    }
    one_run = systems[systems["fold"] == 0]
    compared = comparison.compare(one_run, "graded nDCG@10", "reference")
    assert set(comparison.systems_by_verdict(compared).values()) == {"none"}


def test_a_system_is_compared_in_the_runs_that_it_has(gathered):
    lost = (gathered["tagsets"] == "moods") & (gathered["fold"] == 2)
    row, whole = compared(gathered[~lost]).loc["moods"], compared(gathered).loc["moods"]
    assert (row["runs"], whole["runs"]) == (2, 3)
    kept = compared(gathered[gathered["fold"] < 2]).loc["moods"]
    pd.testing.assert_series_equal(row, kept)


def test_runs_that_the_reference_lacks_do_not_count():
    systems = in_folds(reference=np.full(5, 0.2), other=np.array([0.22, 0.22, 0.9, 0.22, 0.22]))
    lost = (systems["variant"] == "reference") & (systems["fold"] == 2)
    row = comparison.compare(systems[~lost], "graded nDCG@10", "reference").loc["other"]
    assert row["runs"] == 4
    assert row[["gain", "low", "high"]].tolist() == pytest.approx([0.1, 0.1, 0.1])


def test_what_is_not_there_cannot_be_compared_with(gathered):
    some = gathered[gathered["topics"] == 3]
    with pytest.raises(TagspaceError, match="^against: 'x' is not there; there are timbre, "):
        comparison.compare(some, "graded nDCG@10", "x", by="tagsets")


def test_only_seeds_and_folds_are_averaged(gathered):
    with pytest.raises(TagspaceError, match="^runs: topics varies, beside tagsets;"):
        comparison.compare(gathered, "graded nDCG@10", "untrained", by="tagsets")
    moods = gathered["tagsets"] == "moods"
    # Neither may runs of one row differ, nor those of different rows.
    for rows in (gathered, gathered[moods]):
        other = pd.concat([gathered[~moods], rows.assign(margin=0.5, run=rows["run"] + "-margin")])
        with pytest.raises(TagspaceError, match="^runs: margin varies, beside tagsets, topics;"):
            result_figures.arrange_table_2(other, "exact P@100")


def test_a_variant_differs_from_others_and_not_from_itself(gathered):
    some = gathered[(gathered["topics"] == 3) & (gathered["tagsets"] == "moods")]
    wide = some.assign(variant="wide", margin=0.5, run=some["run"] + "-wide")
    both = pd.concat([some.assign(variant="default"), wide])
    assert "wide" in comparison.compare(both, "graded nDCG@10", "default").index
    with pytest.raises(TagspaceError, match="^runs: margin varies, beside variant;"):
        comparison.compare(both.assign(variant="x"), "graded nDCG@10", "x")


def test_runs_of_two_versions_are_not_averaged(gathered):
    again = gathered[(gathered["tagsets"] == "moods") & (gathered["fold"] == 1)]
    twice = pd.concat([gathered, again.assign(run=again["run"] + "-again")])
    refused = r"^runs: 2 runs differ in nothing but their version \(tagsets moods\);"
    with pytest.raises(TagspaceError, match=refused):
        result_figures.arrange_table_2(twice, "exact P@100")


def test_a_variant_may_not_take_the_name_of_what_is_not_trained(gathered):
    mine = gathered[gathered["topics"] == 3].assign(variant="tags")
    mine = mine[mine["tagsets"] == "moods"]
    with pytest.raises(TagspaceError, match="^variant: a system of one's own cannot be called "):
        comparison.compare(mine, "graded nDCG@10", "untrained")


def test_of_one_run_there_is_no_interval(gathered):
    table = compared(gathered[gathered["fold"] == 1])
    assert table[["low", "high"]].isna().all(axis=None)
    told = result_figures.comparison_table(table, "untrained")["against untrained"]
    assert told["moods"] == f"{table.loc['moods', 'gain']:+.1%}"


def test_a_comparison_is_written_with_intervals(gathered):
    table = compared(gathered)
    shown = result_figures.comparison_table(table, "untrained")
    low, high = table.loc["tags", ["low", "high"]]
    assert f"[{low:+.1%},\xa0{high:+.1%}]" in shown.loc["tags", "against untrained"]
    assert shown.loc["untrained", "against untrained"] == ""
    assert shown.loc["moods", "genres"] == f"{table.loc['moods', 'genres']:.3f}"


def test_tables_with_neighbours_left_out_stand_one_below_the_other(gathered):
    named = gathered[gathered["topics"] == 3].assign(variant=gathered["tagsets"])
    less = named.assign(filter="artist", value=named["value"] / 2)
    both = pd.concat([named, less])
    table = result_figures.left_out_table(both, "graded nDCG@10", "moods", ["none", "artist"])
    assert list(table.index.unique("left out")) == ["none", "artist"]
    for left_out, rows in (("none", named), ("artist", less.assign(filter="none"))):
        alone = comparison.compare(rows, "graded nDCG@10", "moods")
        pd.testing.assert_frame_equal(
            table.loc[left_out].rename_axis(None), result_figures.comparison_table(alone, "moods")
        )


def test_one_tag_set_is_its_own_mean(gathered):
    table = compared(gathered[gathered["task"] == "moods"])
    assert table.columns.tolist() == ["moods", "runs", "gain", "low", "high"]
    assert table["gain"].notna().all()


def test_each_run_of_a_system_is_a_dot(gathered):
    some = gathered[gathered["topics"] == 3]
    axes = result_figures.systems_figure(some, "graded nDCG@10", by="tagsets").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["timbre", "untrained", *COMBINATIONS, "tags"]
    dots = [line for line in axes.lines if line.get_marker() == "."]
    assert [len(line.get_xdata()) for line in dots] == [3] * len(names)
    table = compared(gathered)
    means = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"]
    np.testing.assert_allclose(means, table["mean"])


def test_provenance_names_data_parameters_seed_and_commit(gathered):
    told = " ".join(result_figures.provenance(gathered).split())
    assert told.startswith("18 runs; commit c0ffee; dataset x; tagsets genres, genres+moods")
    for words in ("topics 3, 20", "fold 0, 1, 2", "seed 0", "margin 0.2"):
        assert words in told
