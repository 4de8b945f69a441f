"""What the paper itself reports, to hold our own figures against.

Table I is from the paper (Schindler and Knees 2019, arXiv:1909.07730); Figure 2 and Table II are
from the authors' talk of the same paper. Figure 2 was read off its bars, to within 400 tracks.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

_FOLDER = Path(__file__).parent


def table_1(half: str) -> pd.DataFrame:
    """Return Table I: tags, combinations, albums and tracks of each tag set.

    Parameters
    ----------
    half : {"all", "intersection"}
        All labelled tracks, or those that have a tag in every set.
    """
    table = pd.read_csv(_FOLDER / "table_1.csv")
    return table[table["half"] == half].drop(columns="half").set_index("tagset")


def figure_2() -> pd.DataFrame:
    """Return Figure 2: ``tagset``, ``tag`` and ``tracks`` of the ten most frequent tags a set."""
    table = pd.read_csv(_FOLDER / "figure_2.csv")
    return table.assign(tracks=(table.pop("thousands") * 1000).astype(int))


def table_2() -> pd.DataFrame:
    """Return Table II: precision at 100 by task, for combinations of tag sets and topics.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``tagsets``, joined by +, and number of ``topics``. A column per tag set, then
        artist and album. In the order of the paper but for the topics, which ascend.
    """
    table = pd.read_csv(_FOLDER / "table_2.csv").rename(
        columns={"tagset": "tagsets", "lsi_topics": "topics", "p100_artists": "p100_artist"}
    )
    table["tagsets"] = table["tagsets"].str.replace("-", "+")
    table["order"] = table["tagsets"].factorize()[0]
    table = table.sort_values(["order", "topics"]).drop(columns="order")
    return table.set_index(["tagsets", "topics"]).rename(
        columns=lambda name: name.removeprefix("p100_")
    )
