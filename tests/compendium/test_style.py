"""Colours and layout of figures."""

import matplotlib as mpl
import matplotlib.pyplot as plt

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
