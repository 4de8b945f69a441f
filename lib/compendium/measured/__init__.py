"""The archived measurements that the book shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tagspace.configuration import LOCATION_PARAMETERS, Configuration
from tagspace.errors import TagspaceError
from tagspace.runs import archive
from tagspace.runs.grid import Grid, read_grid

FOLDER = Path(__file__).parent
GRID = "grid.json"  # parameters of kept runs
TITLES = {
    "msd": "Million Song subset",
    "jamendo": "MTG-Jamendo",
    "merge": "MERGE",
    "emotify": "Emotify",
}


def title(dataset: str) -> str:
    """Return the name of a data set for figures and tables; unknown names stay as they are."""
    return TITLES.get(dataset, dataset)


def cost() -> pd.DataFrame:
    """Read the cost of each stage of Table II, as ``benchmarks/cost.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``stage``, ``what``, ``value``, ``unit``, and the ``cores`` and ``machine`` of all rows.
    """
    return pd.read_csv(FOLDER / "cost.csv")


def card() -> pd.DataFrame:
    """Read what ``benchmarks/gpu.py`` measured on a GPU; empty if none was at hand.

    Returns
    -------
    pandas.DataFrame
        ``what``, ``value`` and ``unit``, and the ``device`` and version of ``torch`` of all rows.
    """
    file = FOLDER / "gpu.csv"
    return pd.read_csv(file) if file.exists() else pd.DataFrame()


def bench() -> pd.DataFrame:
    """Read the ratios of speed that ``make bench`` measured.

    Returns
    -------
    pandas.DataFrame
        ``what``, seconds of ``ours`` and of the ``reference``, their ``ratio``, its ``target``,
        whether it is ``met``, and the ``machine`` of all rows.
    """
    return pd.read_csv(FOLDER / "bench.csv")


def hits() -> pd.DataFrame:
    """Read how often two random tracks match, for a part of the paper's labels.

    Returns
    -------
    pandas.DataFrame
        See :func:`compendium.tag_tables.hits_table`.
    """
    return pd.read_csv(FOLDER / "hits.csv", index_col="tagset")


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


def relatedness() -> pd.DataFrame:
    """Read how well relatedness ranks tracks by a held-out tag set.

    Returns
    -------
    pandas.DataFrame
        ``data`` and the columns of :func:`tagspace.runs.held_out_tags.evaluate`, as
        ``benchmarks/relatedness.py`` wrote them.
    """
    return pd.read_csv(FOLDER / "relatedness.csv")


def loadings() -> pd.DataFrame:
    """Read the topics of a part of the paper's tags, as ``benchmarks/loadings.py`` computed them.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`compendium.tag_tables.loadings_table`, and the number of ``tracks``.
    """
    return pd.read_csv(FOLDER / "loadings.csv")


def encoder_speed() -> pd.DataFrame:
    """Read how long encoders take, as ``benchmarks/encoders.py`` measured it.

    Returns
    -------
    pandas.DataFrame
        ``encoder``, ``what`` it computes, ``milliseconds`` per track, ``cores`` and ``machine``.
    """
    return pd.read_csv(FOLDER / "encoder_speed.csv")


def hours() -> pd.DataFrame:
    """Read how long the kept runs took, each on one core of two.

    Returns
    -------
    pandas.DataFrame
        ``name`` of the kept runs, ``data``, number of ``runs`` and ``hours`` of all together.
    """
    return pd.read_csv(FOLDER / "hours.csv")


def kept_runs() -> pd.DataFrame:
    """List the runs that are kept: their number, hours and commit.

    Returns
    -------
    pandas.DataFrame
        ``page``, ``data``, ``runs``, ``hours`` and the first digits of the ``commit``.
    """
    table = hours().rename(columns={"name": "page"})
    commits = [load(f"{row.page}/{row.data}")["commit"].iloc[0][:8] for row in table.itertuples()]
    return table.assign(commit=commits)


def load_or_run(name: str, namespace: Mapping[str, object]) -> dict[str, pd.DataFrame]:
    """Make the runs of a page, or read those that are kept for the book.

    Parameters
    ----------
    name : str
        Folder of kept runs, with a subfolder for each data set.
    namespace : mapping of str to object
        The notebook's names; see :func:`tagspace.runs.grid.read_grid`. If ``dataset`` is empty,
        the kept runs are read.

    Returns
    -------
    dict of str to pandas.DataFrame
        By name of the data set; see :func:`tagspace.runs.archive.load`.

    Raises
    ------
    TagspaceError
        See :func:`tagspace.runs.sweep.run_sweep`; or if kept runs are wanted, but with other
        parameters than they have.
    """
    if namespace.get("dataset"):
        from tagspace.runs import sweep  # torch takes seconds to import

        outcome = sweep.run_sweep(read_grid(namespace))
        for reason in outcome.failed["reason"].unique():
            print(f"failed: {reason}")
        return {outcome.gathered["dataset"].iloc[0]: outcome.gathered}
    if namespace.get("runs"):
        raise TagspaceError("runs: the book keeps its own; to make or read others, name a data set")
    grid = read_grid({**namespace, "dataset": "demo"})
    kept = json.loads((FOLDER / name / GRID).read_text(encoding="utf-8"))
    asked = json.loads(describe(grid))
    changed = [part for part in {**asked, **kept} if asked.get(part) != kept.get(part)]
    if changed:
        raise TagspaceError(
            f"dataset: the book keeps no runs with this {', '.join(changed)}; name a data set to "
            "make them on, such as merge"
        )
    files = sorted((FOLDER / name).glob(f"*/{archive.RUNS}"))
    return {file.parent.name: archive.load(file.parent) for file in files}


def describe(grid: Grid) -> str:
    """Write the parameters of a sweep as JSON: those that differ from the defaults."""
    defaults = Configuration().model_dump()
    asked = {
        name: values
        for name, values in grid.axes.items()
        if name not in LOCATION_PARAMETERS and values != [defaults[name]]
    }
    return json.dumps({**asked, "variants": grid.variants}, indent=1)


def load(folder: str | Path, dataset: str = "") -> pd.DataFrame:
    """Read the figures of runs from an archive of the book, or from any other folder.

    Parameters
    ----------
    folder : str or Path
        Name of an archive in this package, such as ``encoders/merge``, or the path of a folder.
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
