"""Figures of tags show the right numbers."""

import numpy as np
import pandas as pd
import pytest

from compendium import measured, paper, style, tag_figures, tag_tables
from tagspace.tags.lsi import LSI


def axes_of(panels):
    return [panel.axes[0] for panel in panels]


def bars(axes):
    """Return the lengths of horizontal bars by their labels."""
    labels = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(labels, [bar.get_width() for bar in axes.patches], strict=True))


def test_every_tag_set_has_its_own_colour():
    names = ["genres", "styles", "moods", "themes", "instruments", "tags", "eras", "places"]
    assert len(set(style.tagset_colours(names).values())) == len(names)


def test_frequencies_figure_has_a_panel_for_each_tag_set(tags):
    panels = axes_of(tag_figures.frequencies_figure(tag_tables.frequencies(tags), top=2))
    assert [axes.get_title("left") for axes in panels] == list(tags.tagsets)
    assert bars(panels[1]) == {"calm": 3, "warm": 2}


def test_cooccurrence_figure_shows_each_pair_of_the_most_frequent_tags_once(tags):
    (axes,) = axes_of(tag_figures.cooccurrence_figure(tags, top=2))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Folk", "Rock", "calm", "warm", "flute", "fiddle"]
    values = axes.collections[0].get_array()
    assert values[2, 0] == pytest.approx(1)  # Folk and calm are on the same tracks
    assert values.mask[np.triu_indices(6)].all()


def test_spectrum_figure_draws_the_share_of_the_first_topics(tags):
    model = LSI().fit(tags.matrix)
    (axes,) = axes_of(tag_figures.spectrum_figure(model, 2))
    squares = model.singular_values_**2
    assert axes.lines[0].get_ydata()[-1] == pytest.approx(100)
    assert axes.lines[1].get_ydata() == pytest.approx(100 * squares[:2].sum() / squares.sum())


def test_loadings_figure_draws_each_topic_of_the_table():
    table = measured.loadings()
    panels = axes_of(tag_figures.loadings_figure(table))
    assert [axes.get_title("left") for axes in panels] == ["topic 1", "topic 2", "topic 3"]
    rows = table[table["topic"] == 2]
    assert bars(panels[1]) == pytest.approx(dict(zip(rows["tag"], rows["loading"], strict=True)))


def test_shares_figure_draws_strangers_and_all_pairs():
    shares = pd.DataFrame(
        {"related": [0.2, 0.1], "unrelated": [0.5, 0.6], "strangers": [0.3, 0]}, index=[2, 5]
    )
    strangers, every = axes_of(tag_figures.shares_figure(shares))
    assert [list(line.get_ydata()) for line in strangers.lines] == [[30, 0]]
    assert [list(line.get_ydata()) for line in every.lines] == [[20, 10], [50, 60]]


def test_held_out_figure_draws_the_means_and_bands_around_the_overlap(held_out):
    (axes,) = axes_of(tag_figures.held_out_figure({"x": held_out}))
    dashed, lsi, tfidf = axes.lines
    assert list(dashed.get_ydata()) == [0.4, 0.4]
    assert list(lsi.get_ydata()) == pytest.approx([0.3, 0.35])
    assert list(tfidf.get_ydata()) == pytest.approx([0.5, 0.45])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.4 + 0.2 - 0.4)
    assert corners[:, 1].max() == pytest.approx(0.4 + 0.25)
    assert {text.get_text() for text in axes.texts} == {"overlap", "binary LSI", "tf-idf LSI"}


def test_combinations_figure_counts_per_100_albums():
    (axes,) = axes_of(tag_figures.combinations_figure(paper.table_1("intersection")))
    assert bars(axes)["moods"] == pytest.approx(100 * 14_300 / 19_107)


def test_anchors_figure_draws_anchors_and_dropped_tracks_in_percent():
    anchors = measured.anchors().xs(128, level="batch").droplevel("tracks")
    (axes,) = axes_of(tag_figures.anchors_figure(anchors, {"merge": "MERGE"}))
    found, dropped = (list(line.get_ydata()) for line in axes.lines)
    assert found == pytest.approx(list(100 * anchors.loc["merge", "uniform: anchors"]))
    assert dropped == pytest.approx(list(100 * anchors.loc["merge", "alone"]))


def test_readings_figure_marks_the_readings_below_what_was_reached():
    readings = pd.DataFrame({"moods": [0.5, 0.001]}, index=["any", "same"])
    reached = pd.DataFrame({"moods": [0.01, 0.02]}, index=["min", "max"])
    (axes,) = axes_of(tag_figures.readings_figure(readings, reached))
    assert [line.get_xdata()[0] for line in axes.lines] == [0.5, 0.001]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["any", "same"]
    assert [line.get_color() for line in axes.lines] == [style.ORANGE, style.BLUE]


def test_sizes_figure_sorts_collections_by_size():
    (axes,) = axes_of(tag_figures.sizes_figure({"a": 400, "b": 9000}, {"a": "none", "b": "manual"}))
    assert bars(axes) == {"b": 9000, "a": 400}
