"""Many runs, wherever there are workers: Table II and other grids (Sections IV and VI)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import torch
from distributed import Client, LocalCluster, as_completed

from tagspace import corpus, datasets, experiment, features, runs
from tagspace.cache import cache_folder
from tagspace.configuration import Configuration, plain_values
from tagspace.corpus import Corpus
from tagspace.errors import TagspaceError
from tagspace.progress import Progress
from tagspace.runs import ELSEWHERE
from tagspace.tagsets import parse

EVERY = "every combination"
SLURM = "slurm"
DATA = ("dataset", "shards", "excerpts", "seed", "folds", "fold")  # what a corpus depends on
PATIENCE = 10  # seconds, for a scheduler to answer
PARTS = 4  # of the audio files per worker, so that no worker waits long for the last one
# Workers share the cores of a machine: one thread each, and no progress bars of their own.
WORKER = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}

Parameters = dict[str, object]
_load = lru_cache(maxsize=1)(corpus.load)


@dataclass(frozen=True)
class Grid:
    """What a sweep varies, and where it runs.

    Attributes
    ----------
    axes : dict of str to list
        Parameters of a run, each with one value or several.
    scheduler : str
        Address of a Dask scheduler; ``slurm``: jobs of one's own; empty: this machine.
    workers : int
        How many to start, here or as jobs; 0: one per core, or one where there is a GPU.
    """

    axes: dict[str, list]
    scheduler: str = ""
    workers: int = 0

    def configurations(self, sizes: Mapping[str, int]) -> list[Configuration]:
        """List the runs: every combination of the values along all axes.

        Parameters
        ----------
        sizes : mapping of str to int
            How many tags each tag set of the corpus has. More topics than there are tags are as
            many topics as there are tags, and of equal runs one is listed.

        Raises
        ------
        TagspaceError
            If the corpus does not have these tag sets.
        """
        axes = dict(self.axes)
        if axes["tagsets"] == [EVERY]:
            axes["tagsets"] = combinations(list(sizes))
        listed = []
        for values in itertools.product(*axes.values()):
            chosen = dict(zip(axes, values, strict=True))
            joined = parse(chosen["tagsets"], tuple(sizes))
            topics = min(chosen["topics"], sum(sizes[tagset] for tagset in joined))
            chosen |= {"tagsets": "+".join(joined), "topics": topics}
            listed.append(Configuration.of(chosen))
        return list(dict.fromkeys(listed))

    def first(self) -> Parameters:
        """Give the parameters of one run, which names the data."""
        return {name: values[0] for name, values in self.axes.items() if name != "tagsets"}


@dataclass(frozen=True)
class Outcome:
    """What a sweep found.

    Attributes
    ----------
    gathered : pandas.DataFrame
        The figures of its runs; see :func:`tagspace.runs.gather`.
    failed : pandas.DataFrame
        What could not be run: the parameters that vary, and the ``reason``.
    """

    gathered: pd.DataFrame
    failed: pd.DataFrame


def combinations(tagsets: Sequence[str]) -> list[str]:
    """Join tag sets in every way, few before many: 15 ways to join the paper's four."""
    sizes = range(1, len(tagsets) + 1)
    return ["+".join(part) for size in sizes for part in itertools.combinations(tagsets, size)]


def configure(namespace: Mapping[str, object]) -> Grid:
    """Collect the parameters that a notebook has defined, and check them.

    Parameters
    ----------
    namespace : mapping of str to object
        Parameters of a run, each of which may also be a list of values to vary; ``tagsets`` may be
        ``every combination``; ``scheduler`` and ``workers``.

    Raises
    ------
    TagspaceError
        In one line, if a parameter is unknown or a value is not accepted.
    """
    given = plain_values(namespace)
    scheduler, workers = given.pop("scheduler", ""), given.pop("workers", 0)
    if not isinstance(scheduler, str):
        raise TagspaceError(f"scheduler: {scheduler!r} is not accepted; accepted: the address of a "
                            "Dask scheduler, slurm, or nothing")  # fmt: skip
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise TagspaceError(f"workers: {workers!r} is not accepted; accepted: a whole number")
    axes = {
        name: value if isinstance(value, list) else [value]
        for name, value in {**Configuration().model_dump(), **given}.items()
    }
    for name, values in axes.items():
        if not values:
            raise TagspaceError(f"{name}: an empty list is not accepted; accepted: some values")
        if name in ELSEWHERE and len(values) > 1:
            raise TagspaceError(f"{name}: {values!r} is not accepted; accepted: one value")
    first = {name: values[0] for name, values in axes.items()} | {"tagsets": "all"}
    for name, values in axes.items():
        for value in values:
            if (name, value) != ("tagsets", EVERY):
                Configuration.of({**first, name: value})
    # Workers may have been started elsewhere, so that paths must be whole ones.
    axes["runs"] = [str(runs.runs_folder(Configuration(runs=axes["runs"][0])).absolute())]
    for name in ("dataset", "relatedness"):
        axes[name] = [str(Path(v).absolute()) if Path(v).exists() else v for v in axes[name]]
    return Grid(axes, scheduler, workers)


def run(grid: Grid) -> Outcome:
    """Run what is not on record yet.

    Each run is found or made by :func:`tagspace.experiment.run`, which leaves a whole record or
    none: a sweep that was interrupted, by whatever, goes on where it stopped. The runs of a worker
    that dies are given to another one.

    Parameters
    ----------
    grid : Grid
        Says which runs, and where.

    Returns
    -------
    Outcome
        The figures of all runs of the grid, those found on record among them.

    Raises
    ------
    TagspaceError
        If there is no scheduler at the address, the data cannot be used, or no run can be made.
    """
    with _client(grid) as client:
        _extract(grid, client)
        configurations = grid.configurations(client.submit(_sizes, grid.first()).result())
        names, failed = _run_all(configurations, client)
    if not names:
        reason = f" ({failed[0][1]})" if failed else ""
        raise TagspaceError(f"sweep: none of its runs could be made{reason}")
    varied = [name for name, values in grid.axes.items() if len(values) > 1 or name == "tagsets"]
    reasons = [{name: getattr(c, name) for name in varied} | {"reason": why} for c, why in failed]
    gathered = runs.gather(grid.axes["runs"][0])
    gathered = gathered[gathered["run"].isin(names)].reset_index(drop=True)
    return Outcome(gathered, pd.DataFrame(reasons, columns=[*varied, "reason"]))


def _run_all(
    configurations: Sequence[Configuration], client: Client
) -> tuple[list[str], list[tuple[Configuration, str]]]:
    """Return the names of the records, and the runs that could not be made with the reasons."""
    given = [configuration.model_dump() for configuration in configurations]
    futures = client.map(_run, given, pure=False)
    of_future = dict(zip(futures, configurations, strict=True))
    names, failed = [], []
    for future in Progress(as_completed(futures), total=len(futures), desc="runs", unit="run"):
        error = future.exception()
        if isinstance(error, TagspaceError):
            failed.append((of_future[future], str(error)))
        else:
            names.append(future.result())  # raises what is no user's mistake
    return names, failed


def _extract(grid: Grid, client: Client) -> None:
    """Compute the features, a part of the tracks at a time."""
    parts = PARTS * max(len(client.scheduler_info()["workers"]), 1)
    first = grid.first()
    futures = [client.submit(_extract_part, first, n, parts, pure=False) for n in range(parts)]
    for future in Progress(as_completed(futures), total=parts, desc="features", unit="part"):
        future.result()


# What workers do


def _extract_part(parameters: Parameters, part: int, parts: int) -> None:
    configuration = Configuration.of(parameters)
    dataset = datasets.load(configuration.dataset, configuration.shards)
    folder = cache_folder() / "features"
    features.extract_part(dataset, folder, configuration.excerpts, part, parts)


def _sizes(parameters: Parameters) -> dict[str, int]:
    vocabulary = _corpus(Configuration.of(parameters)).tags.vocabulary
    return vocabulary["tagset"].value_counts(sort=False).to_dict()


def _run(parameters: Parameters) -> str:
    # The figures do not depend on how many cores a machine has.
    torch.set_num_threads(1)
    configuration = Configuration.of(parameters)
    return experiment.run(_corpus(configuration), configuration).folder.name


def _corpus(configuration: Configuration) -> Corpus:
    """Load a corpus, once for all runs of a worker that are held on it."""
    return _load(configuration.only(*DATA))


# Where they are


@contextmanager
def _client(grid: Grid) -> Iterator[Client]:
    if grid.scheduler and grid.scheduler != SLURM:
        with _connect(grid.scheduler) as client:
            yield client
        return
    with _cluster(grid) as cluster, Client(cluster) as client:
        print(f"to look on: {client.dashboard_link}")
        yield client


def _connect(address: str) -> Client:
    try:
        return Client(address, timeout=PATIENCE)
    except (OSError, ValueError):
        raise TagspaceError(f"scheduler: nobody answers at {address!r}") from None


def _cluster(grid: Grid) -> LocalCluster:
    workers = grid.workers or (1 if torch.cuda.is_available() else os.cpu_count())
    if grid.scheduler == SLURM:
        from dask_jobqueue import SLURMCluster  # where there is Slurm, it is installed with it

        cluster = SLURMCluster()  # cores, memory and queue come from Dask's own configuration
        cluster.scale(workers)
        return cluster
    return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", env=WORKER)
