"""Colours and layout of all figures."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# The palette of Okabe and Ito, which readers with colour blindness can distinguish.
BLACK = "#000000"
BLUE = "#0072B2"
GREEN = "#009E73"
ORANGE = "#E69F00"
PINK = "#CC79A7"
SKY_BLUE = "#56B4E9"
VERMILION = "#D55E00"

LIGHT_GREY = "#BBBBBB"
GREY = "#999999"
MEDIUM_GREY = "#777777"
DARK_GREY = "#555555"

LABEL_GAP = 0.05  # between names of lines, as a share of the axis

REPRESENTATION_COLOURS = {
    "trained": VERMILION,
    "untrained": BLUE,
    "timbre+rhythm": ORANGE,
    "timbre": GREEN,
    "rhythm": SKY_BLUE,
    "random": GREY,
    "tags": PINK,
}


def representation_colour(name: str) -> str:
    """Return the colour of a representation; frozen encoders, whose names vary, share one."""
    return REPRESENTATION_COLOURS.get(name, DARK_GREY)


def label_ends(axes: plt.Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write names at the ends of lines, without overlap.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its vertical limits must not change any more.
    ends : sequence of (x, y, name, colour)
        The last point of each line.
    """
    low, high = axes.get_ylim()
    place = low
    for x, y, name, colour in sorted(ends, key=itemgetter(1)):
        place = max(y, place + LABEL_GAP * (high - low))
        axes.annotate(
            name, (x, place), (6, -3), textcoords="offset points", color=colour, fontsize=8
        )


def lay_out(figure: Figure) -> Figure:
    """Lay out a figure and close it, so that a notebook shows it only once.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Is changed in place.

    Returns
    -------
    matplotlib.figure.Figure
        The same figure.
    """
    figure.tight_layout()
    plt.close(figure)
    return figure
