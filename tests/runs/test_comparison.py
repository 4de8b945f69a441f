"""Comparisons of systems with intervals, and their refusal of runs that cannot be averaged."""

import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs import comparison

COMBINATIONS = ["genres+moods", "moods", "genres"]
NDCG = "graded nDCG@10"


def mean_value(figures, **conditions):
    matches = (figures[list(conditions)] == pd.Series(conditions)).all(axis=1)
    return figures.loc[matches, "value"].mean()


def compare_with_untrained(gathered):
    runs = gathered[gathered["topics"] == 3]
    return comparison.compare(runs, NDCG, "untrained", by="tagsets")


def runs_in_five_folds(**values):
    """Tabulate runs of several variants, each with one value per fold."""
    rows = []
    for (variant, by_fold), fold in itertools.product(values.items(), range(5)):
        parameters = Configuration(fold=fold).model_dump(include=set(EXPERIMENT_PARAMETERS))
        key = ("trained", "graded", "none", "moods", "ndcg", 10)
        figures = dict(zip(COLUMNS, (*key, by_fold[fold], 0, 1, 0.1, 0.9, 0), strict=True))
        run = {"run": f"{variant}{fold}", "variant": variant, "n_train": 1}
        rows.append({**run, **parameters, **figures})
    return pd.DataFrame(rows)


def test_select_measures_keeps_every_named_measure_and_nothing_else(metrics):
    selected = comparison.select_measures(metrics)
    assert len(metrics) > len(selected) > 0
    for measure, filtered in itertools.product([NDCG, "exact P@10"], ["none", "album"]):
        expected = comparison.select(metrics, measure, filtered)
        found = comparison.select(selected, measure, filtered)
        pd.testing.assert_frame_equal(found, expected)
    assert set(selected["cutoff"]) == {10}


def test_mean_table_contains_the_mean_over_tag_sets(metrics):
    means = comparison.mean_table(metrics, NDCG, "album")["mean"]
    assert list(means.index) == ["trained", "random", "tags"]
    conditions = {"relevance": "graded", "cutoff": 10, "filter": "album", "task": "mean"}
    assert means["tags"] == mean_value(metrics, representation="tags", **conditions)


def test_mean_table_averages_runs(metrics):
    other_run = metrics.assign(value=metrics["value"] + 0.2)
    table = comparison.mean_table(pd.concat([metrics, other_run]), NDCG)
    assert table.index.tolist() == ["trained", "random", "tags"]
    assert table.columns.tolist() == ["styles", "moods", "mean"]
    conditions = {"relevance": "graded", "cutoff": 10, "filter": "none"}
    expected = [
        mean_value(metrics, representation="random", task=task, **conditions) + 0.1
        for task in table.columns
    ]
    assert table.loc["random"].tolist() == pytest.approx(expected)


def test_compare_lists_baselines_then_networks_and_averages_their_runs(gathered):
    table = compare_with_untrained(gathered)
    assert table.index.tolist() == ["timbre", "untrained", *COMBINATIONS, "tags"]
    assert table.columns.tolist() == ["genres", "moods", "mean", "runs", "gain", "low", "high"]
    conditions = {"topics": 3, "metric": "ndcg"}
    moods = mean_value(
        gathered, tagsets="moods", representation="trained", task="genres", **conditions
    )
    assert table.loc["moods", "genres"] == pytest.approx(moods)
    # The figures of a baseline are those in the runs of the first network.
    timbre = mean_value(
        gathered, tagsets=COMBINATIONS[0], representation="timbre", task="mean", **conditions
    )
    assert table.loc["timbre", "mean"] == pytest.approx(timbre)


def test_gain_is_paired_and_its_interval_accounts_for_shared_training_tracks(gathered):
    row = compare_with_untrained(gathered).loc["moods"]
    rows = gathered[(gathered["task"] == "mean") & (gathered["metric"] == "ndcg")]
    rows = rows[rows["topics"] == 3].set_index("fold")
    trained = rows[(rows["tagsets"] == "moods") & (rows["representation"] == "trained")]["value"]
    is_reference = (rows["tagsets"] == COMBINATIONS[0]) & (rows["representation"] == "untrained")
    reference = rows[is_reference]["value"]
    gain = trained.mean() / reference.mean() - 1
    assert row["gain"] == pytest.approx(gain)
    # The delta method: the gradient of the ratio, and the covariance of both averages. A run has
    # 7 queries and 21 training tracks.
    gradient = np.array([1, -trained.mean() / reference.mean()]) / reference.mean()
    variance = gradient @ np.cov(trained, reference) @ gradient
    error = np.sqrt((1 / 3 + 7 / 21) * variance)
    interval = scipy.stats.t.interval(0.95, 2, gain, error)
    assert (row["low"], row["high"]) == pytest.approx(interval)


def test_interval_covers_the_true_gain_in_95_percent_of_simulations():
    # The folds share nothing here. The reference varies much more than the gain over it.
    generator = np.random.default_rng(0)
    covered = []
    for _ in range(100):
        reference = generator.normal(0.28, 0.02, 5)
        difference = generator.normal(0.2 * 0.28, 0.002, 5)
        runs = runs_in_five_folds(better=reference + difference, reference=reference)
        row = comparison.compare(runs, NDCG, "reference").loc["better"]
        covered.append(row["low"] <= 0.2 <= row["high"])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.05)


def test_verdict_depends_on_whether_the_interval_contains_zero():
    spread = np.array([-0.01, 0.0, 0.01, 0.005, -0.005])
    runs = runs_in_five_folds(
        reference=0.3 + spread, above=0.4 + spread, below=0.2 + spread, noisy=0.301 + 5 * spread
    )
    compared = comparison.compare(runs, NDCG, "reference")
    verdicts = comparison.verdict(compared).to_dict()
    assert verdicts == {
        "reference": "",
        "above": "better",
        "below": "worse",
        "noisy": "undecided",
    }


def test_verdict_on_a_gain_of_exactly_zero_is_undecided():
    reference = np.array([0.25, 0.5, 0.25, 0.5, 0.5])
    runs = runs_in_five_folds(reference=reference, other=reference[[1, 0, 2, 3, 4]])
    compared = comparison.compare(runs, NDCG, "reference")
    assert compared.loc["other", "gain"] == 0
    assert comparison.verdict(compared).to_dict() == {"reference": "", "other": "undecided"}


def test_verdict_is_empty_after_a_single_run():
    runs = runs_in_five_folds(reference=np.full(5, 0.3), above=np.full(5, 0.4))
    compared = comparison.compare(runs[runs["fold"] == 0], NDCG, "reference")
    assert set(comparison.verdict(compared)) == {""}


def test_interval_is_missing_after_a_single_run(gathered):
    table = compare_with_untrained(gathered[gathered["fold"] == 1])
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["gain"].notna().all()


def test_system_is_compared_only_in_its_own_runs(gathered):
    is_missing = (gathered["tagsets"] == "moods") & (gathered["fold"] == 2)
    row = compare_with_untrained(gathered[~is_missing]).loc["moods"]
    assert row["runs"] == 2
    assert compare_with_untrained(gathered).loc["moods", "runs"] == 3
    two_folds = compare_with_untrained(gathered[gathered["fold"] < 2]).loc["moods"]
    pd.testing.assert_series_equal(row, two_folds)


def test_runs_without_the_reference_do_not_count():
    other = np.array([0.22, 0.22, 0.9, 0.22, 0.22])
    runs = runs_in_five_folds(reference=np.full(5, 0.2), other=other)
    is_missing = (runs["variant"] == "reference") & (runs["fold"] == 2)
    row = comparison.compare(runs[~is_missing], NDCG, "reference").loc["other"]
    assert row["runs"] == 4
    assert row[["gain", "low", "high"]].tolist() == pytest.approx([0.1, 0.1, 0.1])


def test_single_tag_set_replaces_the_mean(gathered):
    table = compare_with_untrained(gathered[gathered["task"] == "moods"])
    assert table.columns.tolist() == ["moods", "runs", "gain", "low", "high"]
    assert table["gain"].notna().all()


def test_unknown_reference_is_refused(gathered):
    runs = gathered[gathered["topics"] == 3]
    message = "^against: 'x' is not among the systems; accepted: timbre, "
    with pytest.raises(TagspaceError, match=message):
        comparison.compare(runs, NDCG, "x", by="tagsets")


def test_runs_that_differ_in_another_parameter_are_refused(gathered):
    message = "^runs: they differ in topics, not only in tagsets;"
    with pytest.raises(TagspaceError, match=message):
        comparison.compare(gathered, NDCG, "untrained", by="tagsets")


def test_variants_may_differ_in_a_parameter_but_runs_of_one_variant_may_not(gathered):
    runs = gathered[(gathered["topics"] == 3) & (gathered["tagsets"] == "moods")]
    wide = runs.assign(variant="wide", margin=0.5, run=runs["run"] + "-wide")
    both = pd.concat([runs.assign(variant="default"), wide])
    assert "wide" in comparison.compare(both, NDCG, "default").index
    with pytest.raises(TagspaceError, match="^runs: they differ in margin, not only in variant;"):
        comparison.compare(both.assign(variant="x"), NDCG, "x")


def test_variant_named_after_a_baseline_is_refused(gathered):
    runs = gathered[(gathered["topics"] == 3) & (gathered["tagsets"] == "moods")]
    message = "^variant: a system must not be named after a representation: trained, untrained, "
    with pytest.raises(TagspaceError, match=message):
        comparison.compare(runs.assign(variant="tags"), NDCG, "untrained")
