"""Colours and layout of all figures."""

from __future__ import annotations

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

REPRESENTATION_COLOURS = {
    "trained": VERMILION,
    "untrained": BLUE,
    "timbre+rhythm": ORANGE,
    "timbre": GREEN,
    "rhythm": SKY_BLUE,
    "random": GREY,
    "tags": PINK,
}


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
