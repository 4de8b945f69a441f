"""Figures and tables of tags show the right numbers, compared with slow and simple versions."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from compendium import tag_figures, tag_tables
from tagspace.datasets.base import build
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI

mpl.use("agg")

SETS = ("genres", "moods", "instruments")
TRACKS = {
    "a": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["flute"]},
    "b": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["fiddle"]},
    "c": {"genres": ["Folk", "Rock"], "moods": ["calm"], "instruments": ["flute"]},
    "d": {"genres": ["Rock"], "moods": ["loud"], "instruments": ["guitar"]},
}


@pytest.fixture
def tags():
    rows = [
        (track, tagset, tag)
        for track, sets in TRACKS.items()
        for tagset, tags_of_set in sets.items()
        for tag in tags_of_set
    ]
    return tagsets.binary_matrix(build("x", [(t, "", (), "", "") for t in TRACKS], rows, SETS))


@pytest.fixture
def model(tags):
    return LSI().fit(tags.matrix)


# Tags


def test_every_tag_set_has_its_own_colour():
    names = ["genres", "styles", "moods", "themes", "instruments", "tags", "eras", "places"]
    assert len(set(tag_figures.tagset_colours(names).values())) == len(names)


def test_frequencies_figure_has_a_panel_for_each_tag_set(tags):
    figure = tag_figures.frequencies_figure(tag_tables.frequencies(tags), top=2)
    assert [axes.get_title() for axes in figure.axes] == list(SETS)
    widths = [bar.get_width() for bar in figure.axes[1].patches]
    assert widths == [3, 2]


def test_cooccurrence_is_the_jaccard_index_of_the_tracks(tags):
    table = tag_figures.cooccurrence_table(tags)
    assert len(table) == len(tags.vocabulary)
    carriers = [
        {track for track, sets in TRACKS.items() if tag in sets[tagset]}
        for tagset, tag in table.index
    ]
    expected = [[len(a & b) / len(a | b) for b in carriers] for a in carriers]
    np.testing.assert_allclose(table, expected)
    assert table.columns.equals(table.index)


def test_cooccurrence_figure_shows_the_most_frequent_tags_of_each_set(tags):
    axes = tag_figures.cooccurrence_figure(tags, top=2).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Folk", "Rock", "calm", "warm", "flute", "fiddle"]
    values = axes.collections[0].get_array()
    assert values[0, 2] == pytest.approx(1)  # Folk and calm are on the same tracks
    assert values.mask.diagonal().all()


# Topics


def test_spectrum_figure_draws_singular_values_and_their_cumulative_share(model):
    left, right = tag_figures.spectrum_figure(model, 2).axes
    assert list(left.lines[0].get_ydata()) == model.singular_values_.tolist()
    assert right.lines[0].get_ydata()[-1] == pytest.approx(1)


def test_loadings_figure_draws_the_loadings_of_the_topic(tags, model):
    axes = tag_figures.loadings_figure(model, tags.vocabulary, [2]).axes[0]
    drawn = {
        label.get_text(): bar.get_width()
        for label, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)
    }
    expected = dict(zip(tags.vocabulary["tag"], model.components_[1], strict=True))
    assert drawn == pytest.approx(expected)


def test_nearest_tags_are_those_with_the_largest_cosines(tags, model):
    found = tag_figures.nearest_tags(model, tags.vocabulary, "genres", "Folk", model.rank)
    # At full rank the cosines are those of the columns of the matrix itself.
    columns = tags.matrix.toarray().T
    unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    row = tags.vocabulary.index[tags.vocabulary["tag"] == "Folk"].item()
    cosines = pd.Series(unit @ unit[row], tags.vocabulary["tag"]).drop("Folk")
    assert found["tag"].iloc[0] == "calm"
    assert found.set_index("tag")["cosine"].to_dict() == pytest.approx(
        cosines.nlargest(8).round(3).to_dict()
    )


# Pairs of tracks


def test_cosines_figure_states_the_shares_beyond_both_thresholds():
    cosines = np.array([-0.5, 0.1, 0.2, 0.5, 0.8, 0.9])
    figure = tag_figures.cosines_figure(cosines, positive_threshold=0.8, negative_threshold=0.2)
    axes = figure.axes[0]
    assert axes.get_title() == "unrelated: 33.3% of pairs; related: 33.3% of pairs"
    assert [line.get_xdata()[0] for line in axes.lines] == [0.2, 0.8]


def test_sample_cosines_has_each_pair_once():
    vectors = np.eye(4)[[0, 0, 1, 2, 3]]
    cosines = tag_figures.sample_cosines(vectors)
    assert sorted(cosines) == [0.0] * 9 + [1.0]
    assert len(tag_figures.sample_cosines(vectors, size=3)) == 3


def test_shares_figure_draws_a_line_for_each_kind_of_pair():
    shares = pd.DataFrame({"related": [0.2, 0.1], "unrelated": [0.5, 0.6]}, index=[2, 5])
    lines = tag_figures.shares_figure(shares).axes[0].lines
    assert [list(line.get_ydata()) for line in lines] == [[0.2, 0.1], [0.5, 0.6]]


def test_held_out_figure_draws_the_means_and_bands_around_the_overlap(held_out):
    (panel,) = tag_figures.held_out_figure({"x": held_out}).axes
    dashed, lsi, tfidf = panel.lines
    assert list(dashed.get_ydata()) == [0.4, 0.4]
    assert list(lsi.get_ydata()) == pytest.approx([0.3, 0.35])
    assert list(tfidf.get_ydata()) == pytest.approx([0.5, 0.45])
    corners = panel.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.4 + 0.2 - 0.4)
    assert corners[:, 1].max() == pytest.approx(0.4 + 0.25)
    assert {text.get_text() for text in panel.texts} == {"overlap", "LSI", "tf-idf LSI"}


def test_hits_table_averages_each_definition_over_all_pairs():
    letters = np.random.default_rng(0).choice(("a", "ab", "abc", "bcd", "e"), 40)
    rows = [(str(track), "x", tag) for track, tags in enumerate(letters) for tag in tags]
    tracks = [(str(track), "", (), "", "") for track in range(len(letters))]
    tags = tagsets.binary_matrix(build("x", tracks, rows, ("x",)))
    hits = []
    for query, other in itertools.permutations(map(set, letters), 2):
        share = len(query & other) / len(query | other)
        is_subset = query <= other
        hits.append((share > 0, share, share >= 1 / 2, is_subset, share >= 2 / 3, share == 1))
    table = tag_figures.hits_table(tags)
    assert table["tracks"].tolist() == [len(letters)]
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), np.mean(hits, axis=0), rtol=1e-12)
    assert table.iloc[0].nunique() == table.shape[1]
