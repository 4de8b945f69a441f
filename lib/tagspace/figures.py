"""What the notebooks draw and tabulate."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
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
MEASURES = {
    "graded nDCG@10": ("graded", "ndcg", 10),
    "exact P@10": ("exact", "precision", 10),
    "exact P@100": ("exact", "precision", 100),
    "exact R-precision": ("exact", "rprecision", 0),
    "any P@10": ("any", "precision", 10),
    "graded P@10": ("graded", "precision", 10),
}


def select(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Pick the rows of one measure of :data:`MEASURES`, with one filter of neighbours."""
    relevance, metric, cutoff = MEASURES[measure]
    wanted = {"relevance": relevance, "metric": metric, "cutoff": cutoff, "filter": filtered}
    chosen = metrics[(metrics[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return chosen.assign(representation=pd.Categorical(chosen["representation"], list(COLOURS)))


def shown(metrics: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of all of :data:`MEASURES`, with any filter."""
    kinds = pd.MultiIndex.from_frame(metrics[["relevance", "metric", "cutoff"]])
    return metrics[kinds.isin(list(MEASURES.values()))]


def results_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Tabulate one measure: representations x tasks, each with its interval; chance, ceiling."""
    rows = select(metrics, measure, filtered)
    cells = rows.assign(cell=rows.apply(_with_interval, axis=1))
    table = cells.set_index(["representation", "task"])["cell"].unstack()
    bounds = rows.groupby("task", sort=False)[["chance", "ceiling"]].first().map("{:.3f}".format).T
    tasks = list(rows["task"].unique())
    return pd.concat([table, bounds])[tasks].rename_axis(index=measure, columns=None)


def folds_table(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> pd.DataFrame:
    """Tabulate one measure over folds: representations x tag sets, and the mean of these.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Of one fold or several, as :func:`tagspace.runs.gather` joins them.
    """
    rows = select(metrics, measure, filtered)
    rows = rows[~rows["task"].isin(["artist", "album"])]
    tasks = list(rows["task"].unique())
    table = rows.groupby(["representation", "task"], observed=True)["value"].mean().unstack()[tasks]
    return table.rename_axis(index=measure, columns=None)


def results_figure(metrics: pd.DataFrame, measure: str, filtered: str = "none") -> Figure:
    """Draw one measure per task: each representation with its interval, and the chance level."""
    rows = select(metrics, measure, filtered)
    grid = sns.FacetGrid(rows, col="task", height=2.6, aspect=0.75, sharex=True)
    for task, axes in grid.axes_dict.items():
        part = rows[rows["task"] == task].sort_values("representation")
        for height, row in enumerate(part.itertuples()):
            colour = COLOURS[row.representation]
            axes.plot([row.low, row.high], [height, height], color=colour, linewidth=3)
            axes.plot(row.value, height, "o", color=colour)
        axes.axvline(part["chance"].iloc[0], color="black", linestyle=":", linewidth=1)
        axes.set(title=task, yticks=range(len(part)), yticklabels=part["representation"])
        axes.set_ylim(len(part) - 0.5, -0.5)  # the first on top
    grid.figure.supxlabel(f"{measure} with 95 % interval; dotted: chance", fontsize=9)
    return finished(grid.figure)


def history_figure(history: pd.DataFrame, best_epoch: int) -> Figure:
    """Draw loss, violating triplets and validation score by epoch; a line marks the best epoch."""
    panels = {
        "loss": "loss",
        "triplets": "violating triplets",
        "validation": "validation nDCG@10",
    }
    figure, axes = plt.subplots(1, len(panels), figsize=(9, 2.6))
    for panel, (column, label) in zip(axes, panels.items(), strict=True):
        panel.plot(history["epoch"], history[column], ".-", color=COLOURS["trained"])
        panel.axvline(best_epoch, color="black", linestyle=":", linewidth=1)
        panel.set(xlabel="epoch", title=label)
    return finished(figure)


def finished(figure: Figure) -> Figure:
    """Lay a figure out, and close it, so that a notebook shows it once."""
    figure.tight_layout()
    plt.close(figure)
    return figure


def _with_interval(row: pd.Series) -> str:
    # The space within the brackets does not break.
    return f"{row['value']:.3f} [{row['low']:.3f},\N{NO-BREAK SPACE}{row['high']:.3f}]"
