"""Figures of many runs in two small files, kept when the runs themselves are gone.

The folders beside this file hold those that the book shows.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from tagspace.errors import TagspaceError
from tagspace.retrieval import COLUMNS
from tagspace.runs import gather

HERE = Path(__file__).parent
FIGURES, COMMON = "metrics.csv", "common.json"


def save(gathered: pd.DataFrame, folder: Path) -> None:
    """Write what is common to all runs to ``common.json``, and what differs to ``metrics.csv``.

    Neither names a track, so both can be published whatever the data.

    Parameters
    ----------
    gathered : pandas.DataFrame
        See :func:`tagspace.runs.gather`.
    folder : Path
        Is made where it does not exist.
    """
    about = gathered.columns.difference(COLUMNS, sort=False)
    common = [name for name in about.drop("run") if len(gathered[name].unique()) == 1]
    folder.mkdir(parents=True, exist_ok=True)
    values = json.loads(gathered[common].head(1).to_json(orient="records"))[0]
    (folder / COMMON).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    figures = gathered.drop(columns=common)
    figures.to_csv(folder / FIGURES, index=False, float_format="%.4g", lineterminator="\n")


def cost() -> pd.DataFrame:
    """Read what the stages of Table II cost, as ``benchmarks/cost.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``what``, ``value``, ``unit``, and the ``cores`` and ``machine`` of all.
    """
    return pd.read_csv(HERE / "cost.csv")


def load(folder: str | Path) -> pd.DataFrame:
    """Read the figures of runs, in the form of :func:`tagspace.runs.gather`.

    Parameters
    ----------
    folder : str or Path
        Of records, or of what :func:`save` wrote; ``real`` and ``real_first`` are kept here.

    Raises
    ------
    TagspaceError
        If the folder has neither.
    """
    own = HERE / folder
    folder = own if own.exists() else Path(folder).expanduser()
    if (folder / COMMON).exists():
        common = json.loads((folder / COMMON).read_text(encoding="utf-8"))
        return pd.read_csv(folder / FIGURES).assign(**common)
    gathered = gather(folder)
    if gathered.empty:
        raise TagspaceError(
            f"runs: {folder} is not accepted; accepted: a folder of records, or one made by "
            "python -m tagspace keep"
        )
    return gathered
