"""The measurements that the book shows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tagspace.runs import archive

HERE = Path(__file__).parent


def cost() -> pd.DataFrame:
    """Read what the stages of Table II cost, as ``benchmarks/cost.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``what``, ``value``, ``unit``, and the ``cores`` and ``machine`` of all.
    """
    return pd.read_csv(HERE / "cost.csv")


def hits() -> pd.DataFrame:
    """Read how often tracks match by chance, of the paper's labels that were at hand.

    Returns
    -------
    pandas.DataFrame
        See :func:`compendium.tag_figures.hits_table`.
    """
    return pd.read_csv(HERE / "hits.csv", index_col="tagset")


def pairs() -> pd.DataFrame:
    """Read how many pairs of the real music each system takes for related and unrelated.

    Returns
    -------
    pandas.DataFrame
        See :func:`compendium.tag_figures.pairs_table`.
    """
    return pd.read_csv(HERE / "pairs.csv", index_col=0)


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the figures of runs on one data set; those kept here go by their names.

    Parameters
    ----------
    folder, dataset
        See :func:`tagspace.runs.archive.load`.
    """
    kept = HERE / folder
    return archive.load(kept if kept.exists() else folder, dataset)
