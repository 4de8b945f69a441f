"""What the notebooks draw and tabulate."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart; what was trained stands out.
COLOURS = {
    "trained": "#D55E00",
    "untrained": "#0072B2",
    "timbre+rhythm": "#E69F00",
    "timbre": "#009E73",
    "rhythm": "#56B4E9",
    "random": "#999999",
    "tags": "#CC79A7",
}


def lay_out(figure: Figure) -> Figure:
    """Lay out a figure and close it, so that a notebook shows it once."""
    figure.tight_layout()
    plt.close(figure)
    return figure
