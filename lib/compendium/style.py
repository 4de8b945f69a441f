"""Colours and layout of all figures.

A figure is one or more panels that are about as wide as a phone. The book puts them side by side
where there is room, so that text stays readable at any width.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from operator import itemgetter

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

WIDTH, HEIGHT = 3.7, 2.6  # of a panel, in inches of 96 CSS pixels

# The hues of Okabe and Ito, which readers with colour blindness can distinguish, dark enough for
# text on white. ``book/_static/book.css`` has lighter ones for the dark mode.
INK = "#000000"
BLUE = "#0072b2"
ORANGE = "#c24a00"
GREEN = "#00795a"
AMBER = "#946200"
PINK = "#a8467f"
PURPLE = "#7a45ae"
MUTED = "#6b6b6b"
FAINT = "#c8c8c8"
VARIABLES = {
    INK: "currentColor",
    BLUE: "var(--blue, #0072b2)",
    ORANGE: "var(--orange, #c24a00)",
    GREEN: "var(--green, #00795a)",
    AMBER: "var(--amber, #946200)",
    PINK: "var(--pink, #a8467f)",
    PURPLE: "var(--purple, #7a45ae)",
    MUTED: "var(--muted, #6b6b6b)",
    FAINT: "var(--faint, #c8c8c8)",
}
COLOUR_MAP = "cividis"
# What matplotlib writes into an SVG, and what a page needs.
REWRITES = {
    r"^.*?<svg.*?(viewBox=\"[^\"]*\").*?>": r'<svg \1 aria-hidden="true" fill="currentColor">',
    r"<metadata>.*?</metadata>|<style.*?</style>": "",
    r' id="[\w.]*_\d+"': "",  # ids of groups repeat; those of clip paths and markers are hashes
    r" font-family: [^;\"]*;?": "",
    r"\s*\n\s*": "\n",
}
DECIMALS = re.compile(r"(\d\.\d\d)\d+")  # of a coordinate; more are not seen
LABEL_GAP = 0.085  # between names of lines, as a share of the axis

# Near the paper's hues: its styles are red, its moods orange, its themes purple, its genres black.
PAPER_COLOURS = {"genres": INK, "styles": ORANGE, "moods": AMBER, "themes": PURPLE}
FURTHER_COLOURS = (GREEN, PINK, BLUE, MUTED)  # of other tag sets
SYSTEM_COLOURS = {
    "trained": ORANGE,
    "untrained": BLUE,
    "timbre+rhythm": AMBER,
    "timbre": GREEN,
    "rhythm": PURPLE,
    "random": MUTED,
    "tags": PINK,
}

plt.rcParams.update(
    {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "tagspace",  # the same figure gives the same file
        "font.size": 9,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "lines.linewidth": 1.8,
        "lines.markersize": 5,
        "image.cmap": COLOUR_MAP,
        "legend.frameon": False,
    }
)


def system_colour(name: str) -> str:
    """Return the colour of a representation; frozen encoders, whose names vary, are black."""
    return SYSTEM_COLOURS.get(name, INK)


def tagset_colours(names: Sequence[str]) -> dict[str, str]:
    """Assign a colour to each tag set; those of the paper have about the paper's hues.

    Parameters
    ----------
    names : sequence of str
        The tag sets.

    Returns
    -------
    dict of str to str
        Colours as ``#rrggbb``, by tag set.
    """
    further = iter(FURTHER_COLOURS * len(names))
    return {name: PAPER_COLOURS.get(name) or next(further) for name in names}


def panel(title: str = "", height: float = HEIGHT, width: float = WIDTH) -> tuple[Figure, plt.Axes]:
    """Start a panel, with an optional title."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    if title:
        axes.set_title(title)
    return figure, axes


def bars(values: pd.Series, texts: Iterable[str], label: str) -> tuple[Figure, plt.Axes]:
    """Draw a bar for each value, the first one at the top, with a text at its end.

    Parameters
    ----------
    values : pandas.Series
        By name of the bar.
    texts : iterable of str
        One per bar.
    label : str
        Label of the horizontal axis.
    """
    figure, axes = panel(height=0.6 + 0.3 * len(values), width=5)
    axes.barh(values.index, values, color=BLUE, height=0.6)
    for height, (value, text) in enumerate(zip(values, texts, strict=True)):
        axes.annotate(text, (value, height), (4, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.tick_params(left=False)
    axes.set(xlabel=label, xlim=(0, 1.15 * values.max()))
    return figure, axes


def named_line(
    axes: plt.Axes, values: pd.Series, name: str, colour: str
) -> tuple[float, float, str, str]:
    """Draw values against their index, and return the end of the line for :func:`label_ends`."""
    axes.plot(values.index, values, ".-", color=colour)
    return values.index[-1], values.iloc[-1], name, colour


def label_ends(axes: plt.Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write names at the ends of lines, without overlap.

    If a line ends before the others, its name stands above the end of the line, because the other
    lines continue to the right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its vertical limits must not change any more.
    ends : sequence of (x, y, name, colour)
        The last point of each line.
    """
    axes.set_ylim(axes.get_ylim())  # matplotlib fits limits only when they are asked for
    to_axes = axes.transData + axes.transAxes.inverted()
    heights = [float(to_axes.transform((x, y))[1]) for x, y, *_ in ends]
    right = max(x for x, *_ in ends)
    place = 0.0
    for height, (x, _, name, colour) in sorted(zip(heights, ends, strict=True), key=itemgetter(0)):
        is_last = x == right
        if is_last:
            place = max(height, place + LABEL_GAP)
        axes.annotate(
            name,
            (x, place if is_last else height),
            (6, 0) if is_last else (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=colour,
            ha="left" if is_last else "center",
            va="center" if is_last else "bottom",
            annotation_clip=False,
        )


def log_ticks(axes: plt.Axes, values: Sequence[int]) -> None:
    """Make the horizontal axis logarithmic, and write some of its values as they are."""
    axes.set_xscale("log")
    axes.set_xticks(values, map(str, values))
    axes.set_xticks([], minor=True)


def svg(figure: Figure) -> str:
    """Draw a figure as SVG that takes font and colours from the page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    for pattern, replacement in REWRITES.items():
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    text = re.sub("<[^>]*>", lambda tag: DECIMALS.sub(r"\1", tag.group()), text)
    text = re.sub("|".join(VARIABLES), lambda found: VARIABLES[found.group()], text)
    return text.replace("<svg", f'<svg width="{round(96 * figure.get_figwidth())}"', 1)
