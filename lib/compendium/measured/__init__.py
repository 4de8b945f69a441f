"""The archived measurements that the book shows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tagspace.runs import archive

FOLDER = Path(__file__).parent


def cost() -> pd.DataFrame:
    """Read the cost of each stage of Table II, as ``benchmarks/cost.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``what``, ``value``, ``unit``, and the ``cores`` and ``machine`` of all rows.
    """
    return pd.read_csv(FOLDER / "cost.csv")


def hits() -> pd.DataFrame:
    """Read how often two random tracks match, for a part of the paper's labels.

    Returns
    -------
    pandas.DataFrame
        See :func:`compendium.tag_figures.hits_table`.
    """
    return pd.read_csv(FOLDER / "hits.csv", index_col="tagset")


def pairs() -> pd.DataFrame:
    """Read the shares of related and unrelated pairs in each system, for real music.

    Returns
    -------
    pandas.DataFrame
        See :func:`compendium.tag_figures.pairs_table`.
    """
    return pd.read_csv(FOLDER / "pairs.csv", index_col=0)


def anchors() -> pd.DataFrame:
    """Read what batches hold on genuine tags, as ``benchmarks/anchors.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``data``, ``tracks``, ``batch`` (its size) and ``topics``; the columns are those
        of :func:`compendium.tag_tables.anchors_table`.
    """
    table = pd.read_csv(FOLDER / "anchors.csv")
    return table.set_index(["data", "tracks", "batch", "topics"])


def survived() -> pd.DataFrame:
    """Read what runs and readers survived, as ``benchmarks/survive.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``kind``, ``what``, ``cases`` and ``lost``, the number that went wrong.
    """
    return pd.read_csv(FOLDER / "survived.csv")


def differences() -> pd.DataFrame:
    """Read how figures differ between conditions, as ``benchmarks/survive.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``precision``, ``what`` was different, and graded nDCG@10 of each representation.
    """
    return pd.read_csv(FOLDER / "differences.csv")


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the figures of runs from an archive of the book, or from any other folder.

    Parameters
    ----------
    folder : str or Path
        Name of an archive in this package, such as ``systems``, or the path of another folder.
    dataset : str
        Name or path of the data set, if the folder has runs on several.

    Returns
    -------
    pandas.DataFrame
        See :func:`tagspace.runs.archive.load`.

    Raises
    ------
    TagspaceError
        See :func:`tagspace.runs.archive.load`.
    """
    archived = FOLDER / folder
    return archive.load(archived if archived.exists() else folder, dataset)
