"""Colours and layout of figures."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from compendium import style
from tagspace.runs import comparison

mpl.use("agg")


def test_lay_out_closes_the_figure_so_that_a_notebook_shows_it_once():
    figure, _ = plt.subplots()
    assert style.lay_out(figure) is figure
    assert plt.get_fignums() == []


def test_every_representation_has_its_own_colour():
    assert set(style.REPRESENTATION_COLOURS) == set(comparison.REPRESENTATIONS)
    assert len(set(style.REPRESENTATION_COLOURS.values())) == len(comparison.REPRESENTATIONS)


def test_names_at_the_ends_of_lines_do_not_overlap():
    figure, axes = plt.subplots()
    axes.set_ylim(0, 1)
    ends = [(1, 0.5, "c", "#000000"), (1, 0.5, "b", "#000000"), (1, 0.1, "a", "#000000")]
    style.label_ends(axes, ends)
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    plt.close(figure)
    assert heights["a"] == pytest.approx(0.1)
    assert sorted(heights[name] for name in "bc") == pytest.approx([0.5, 0.5 + style.LABEL_GAP])
