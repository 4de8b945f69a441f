"""The claims of the paper's Section VI, as comparisons of groups of rows of Table II."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from compendium import paper
from tagspace.runs import comparison

Chosen = Callable[[pd.DataFrame], pd.Series]
MANY = 40  # topics


class Claim(NamedTuple):
    """``these`` rows of Table II against ``others``, in the precision of a ``task``."""

    name: str
    these: Chosen
    others: Chosen
    task: str = "mean"


def _one(rows: pd.DataFrame) -> pd.Series:
    return comparison.count_tagsets(rows["tagsets"]) == 1


def _every(rows: pd.DataFrame) -> pd.Series:
    """Choose the combination of all tag sets."""
    number = comparison.count_tagsets(rows["tagsets"])
    return number == max(number.max(), 2)


def _with(tagset: str, *, others: bool = False) -> Chosen:
    """Choose combinations of two or three sets that have this one, or the others."""
    return lambda rows: (
        (rows["tagsets"].str.contains(tagset) != others)
        & comparison.count_tagsets(rows["tagsets"]).isin([2, 3])
    )


def _alone(tagset: str, *, others: bool = False) -> Chosen:
    """Choose the training on one set, or that on another one alone."""
    return lambda rows: _one(rows) & ((rows["tagsets"] == tagset) != others)


def _largest(rows: pd.DataFrame) -> pd.Series:
    """Choose the largest number of topics of each combination."""
    return rows["topics"] == rows.groupby("tagsets")["topics"].transform("max")


def _smallest(rows: pd.DataFrame) -> pd.Series:
    return rows["topics"] == rows.groupby("tagsets")["topics"].transform("min")


def _ceiling(*, others: bool = False) -> Chosen:
    """Choose the largest number of topics, or MANY, of combinations that have more than MANY."""
    return lambda rows: (
        (rows.groupby("tagsets")["topics"].transform("max") > MANY)
        & ((rows["topics"] == MANY) if others else _largest(rows))
    )


CLAIMS = [
    Claim("Moods over styles", _alone("moods"), _alone("styles")),
    Claim(
        "Combinations with moods over those without", _with("moods"), _with("moods", others=True)
    ),
    *(
        Claim(
            f"Genres over another set, for {task}",
            _alone("genres"),
            _alone("genres", others=True),
            task,
        )
        for task in ("genres", "styles", "moods", "themes")
    ),
    Claim("All sets over one set", _every, _one),
    Claim("All sets over moods alone", _every, _alone("moods")),
    Claim("Most topics over fewest", _largest, _smallest),
    Claim(f"Most topics over {MANY}", _ceiling(), _ceiling(others=True)),
]


def claims_table(gathered: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Compare both sides of each claim, over folds and seeds.

    Parameters
    ----------
    gathered : pandas.DataFrame
        Runs of Table II; see :func:`tagspace.runs.sweep.run_sweep`.
    measure, filtered
        See :func:`tagspace.runs.comparison.compare`.

    Returns
    -------
    pandas.DataFrame
        By claim, except those on tag sets that the runs lack: ``paper``, the gain of one side over
        the other in the paper's Table II (of the mean: the mean over the tag sets); ``gain``,
        ``low`` and ``high`` over the runs; see :func:`tagspace.runs.comparison.gains_over`.
    """
    rows = comparison.select(gathered, measure, filtered)
    rows = rows[rows["representation"] == "trained"]
    shared = comparison.shared_tracks(gathered)
    found = {}
    for claim in CLAIMS:
        task = comparison.summary_task(rows["task"]) if claim.task == "mean" else claim.task
        of_task = rows[rows["task"] == task]
        sides = {"these": claim.these(of_task), "others": claim.others(of_task)}
        if not all(chosen.any() for chosen in sides.values()):
            continue
        values = {
            side: of_task[chosen].groupby(["seed", "fold"])["value"].mean()
            for side, chosen in sides.items()
        }
        gains = comparison.gains_over(pd.DataFrame(values), "others", shared).loc["these"]
        found[claim.name] = {"paper": _published_gain(claim), **gains}
    columns = ["paper", "runs", "gain", "low", "high"]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns)


def _published_gain(claim: Claim) -> float:
    """Compare both sides in the paper's Table II; NaN if it has no such rows."""
    table = paper.table_2().reset_index()
    these, others = (table[chosen(table)] for chosen in (claim.these, claim.others))
    tasks = ["genres", "styles", "moods", "themes"] if claim.task == "mean" else [claim.task]
    return float((these[tasks].mean() / others[tasks].mean() - 1).mean())
