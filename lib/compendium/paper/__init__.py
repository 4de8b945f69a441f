"""The paper's published results, for comparison.

Table I is from the paper (Schindler and Knees 2019, arXiv:1909.07730). Figure 2 and Table II are
from the authors' talk on the paper. Figure 2 was read off its bars, to within 400 tracks.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent


def table_1(half: str) -> pd.DataFrame:
    """Return one half of Table I: the size of each tag set.

    Parameters
    ----------
    half : {"all", "intersection"}
        All labelled tracks, or those that have a tag in every set.

    Returns
    -------
    pandas.DataFrame
        One row per tag set: numbers of ``tags``, ``combinations``, ``albums`` and ``tracks``.
    """
    table = pd.read_csv(FOLDER / "table_1.csv")
    return table[table["half"] == half].drop(columns="half").set_index("tagset")


def figure_2() -> pd.DataFrame:
    """Return Figure 2: the ten most frequent tags of each tag set.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag`` and the number of ``tracks``, to within 400 tracks.
    """
    table = pd.read_csv(FOLDER / "figure_2.csv")
    return table.assign(tracks=(table.pop("thousands") * 1000).astype(int))


def table_2() -> pd.DataFrame:
    """Return Table II: precision at 100, for combinations of tag sets and numbers of topics.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``tagsets``, joined by +, and number of ``topics``. A column per tag set, then
        artist and album. The combinations are in the order of the paper, with ascending topics.
    """
    table = pd.read_csv(FOLDER / "table_2.csv").rename(
        columns={"tagset": "tagsets", "lsi_topics": "topics", "p100_artists": "p100_artist"}
    )
    table["tagsets"] = table["tagsets"].str.replace("-", "+")
    table["order"] = table["tagsets"].factorize()[0]
    table = table.sort_values(["order", "topics"]).drop(columns="order")
    table = table.set_index(["tagsets", "topics"])
    return table.rename(columns=lambda name: name.removeprefix("p100_"))
