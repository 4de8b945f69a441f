"""Many runs, wherever there are workers: Table II and other grids (Sections IV and VI)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import dask
import pandas as pd
import torch
from distributed import Client, LocalCluster, as_completed

from tagspace import corpus
from tagspace.datasets import registry
from tagspace.runs import experiment, records
from tagspace.audio import features
from tagspace.support.cache import cache_folder
from tagspace.configuration import Configuration, RELATEDNESS, plain_values
from tagspace.corpus import Corpus
from tagspace.errors import TagspaceError
from tagspace.support.progress import Progress
from tagspace.configuration import ELSEWHERE
from tagspace.tags.tagsets import parse

EVERY = "every combination"
SLURM = "slurm"
ENVIRONMENT = "distributed.nanny.pre-spawn-environ"  # of workers, in Dask's configuration
DATA = ("dataset", "shards", "excerpts", "seed", "folds", "fold")  # what a corpus depends on
PATIENCE = 10  # seconds, for a scheduler to answer
PARTS = 4  # of the audio files per worker, so that no worker waits long for the last one

Parameters = dict[str, object]
_load = lru_cache(maxsize=1)(corpus.load)


@dataclass(frozen=True)
class Grid:
    """What a sweep varies, and where it runs.

    Attributes
    ----------
    axes : dict of str to list
        Parameters of a run, each with one value or several.
    variants : dict of str to dict
        By name, what else is to be changed of every run: parameters with one value each.
    scheduler : str
        Address of a Dask scheduler; ``slurm``: jobs of one's own; empty: this machine.
    workers : int
        How many to start, here or as jobs; 0: one per core, or one where there is a GPU.
    """

    axes: dict[str, list]
    variants: dict[str, Parameters]
    scheduler: str = ""
    workers: int = 0

    def runs(self, sizes: Mapping[str, int]) -> tuple[list[Run], pd.DataFrame]:
        """List the runs: every variant with every combination of the values along all axes.

        Parameters
        ----------
        sizes : mapping of str to int
            How many tags each tag set of the corpus has. More topics than there are tags are as
            many topics as there are tags, and of equal runs of a variant one is listed.

        Returns
        -------
        list of Run
            What can be run.
        pandas.DataFrame
            What cannot, such as tag sets that the corpus does not have; see :meth:`failures`.
        """
        axes = dict(self.axes)
        if axes["tagsets"] == [EVERY]:
            axes["tagsets"] = combinations(list(sizes))
        listed, refused = [], []
        for variant, changes in self.variants.items():
            for values in itertools.product(*axes.values()):
                chosen = {**dict(zip(axes, values, strict=True)), **changes}
                try:
                    listed.append(Run(variant, _fitting(chosen, sizes)))
                except TagspaceError as error:
                    refused.append((variant, chosen, str(error)))
        return list(dict.fromkeys(listed)), self.failures(refused)

    def failures(self, reasons: Iterable[tuple[str, Parameters, str]]) -> pd.DataFrame:
        """Tabulate runs that there are not: ``variant``, the parameters that vary, ``reason``."""
        varied = [name for name, values in self.axes.items() if len(values) > 1]
        names = list(dict.fromkeys([*varied, "tagsets"]))
        rows = [(variant, *(p[name] for name in names), reason) for variant, p, reason in reasons]
        return pd.DataFrame(rows, columns=["variant", *names, "reason"])

    def first(self) -> Parameters:
        """Give the parameters of one run, which names the data."""
        return {name: values[0] for name, values in self.axes.items() if name != "tagsets"}


def _fitting(chosen: Parameters, sizes: Mapping[str, int]) -> Configuration:
    joined = parse(chosen["tagsets"], tuple(sizes))
    topics = min(chosen["topics"], sum(sizes[tagset] for tagset in joined))
    return Configuration.of({**chosen, "tagsets": "+".join(joined), "topics": topics})


class Run(NamedTuple):
    """One run of a sweep; those of several variants may be the same one."""

    variant: str
    configuration: Configuration


@dataclass(frozen=True)
class Outcome:
    """What a sweep found.

    Attributes
    ----------
    gathered : pandas.DataFrame
        The figures of its runs, each with its ``variant``; see :func:`tagspace.runs.records.gather`.
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
        ``every combination``; ``variants``, ``scheduler`` and ``workers``.

    Raises
    ------
    TagspaceError
        In one line, if a parameter is unknown or a value is not accepted.
    """
    given = plain_values(namespace)
    own = {name: given.pop(name) for name in OWN if name in given}
    for name, value in own.items():
        if not OWN[name].allows(value):
            raise TagspaceError(
                f"{name}: {value!r} is not accepted; accepted: {OWN[name].accepted}"
            )
    axes = {
        name: value if isinstance(value, list) else [value]
        for name, value in {**Configuration().model_dump(), **given}.items()
    }
    variants = own.pop("variants", {"": {}})
    _check(axes, variants)
    # Workers may have been started elsewhere, so that paths must be whole ones.
    axes["runs"] = [str(records.runs_folder(Configuration(runs=axes["runs"][0])).absolute())]
    axes["dataset"] = [_whole(axes["dataset"][0])]
    axes["relatedness"] = [_whole(value) for value in axes["relatedness"]]
    variants = {
        variant: {name: _whole(v) if name == "relatedness" else v for name, v in changes.items()}
        for variant, changes in variants.items()
    }
    return Grid(axes, variants, **own)


def _whole(path: str) -> str:
    """Make the path of what is here a whole one; names are no paths, whatever lies here."""
    known = path in (*registry.NAMES, *RELATEDNESS)
    return path if known or not Path(path).exists() else str(Path(path).absolute())


class _Own(NamedTuple):
    """A parameter that a sweep has and a run has not."""

    allows: Callable[[object], bool]
    accepted: str


def _is_variant(changes: object) -> bool:
    return isinstance(changes, dict) and not ELSEWHERE & set(changes)


OWN = {
    "variants": _Own(
        lambda value: isinstance(value, dict) and value and all(map(_is_variant, value.values())),
        "names, each with the parameters that it changes, which say what to run and not where",
    ),
    "scheduler": _Own(
        lambda value: isinstance(value, str), "the address of a Dask scheduler, slurm, or nothing"
    ),
    "workers": _Own(lambda value: type(value) is int and value >= 0, "a whole number"),
}


def _check(axes: dict[str, list], variants: dict[str, Parameters]) -> None:
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
    for changes in variants.values():
        Configuration.of({**first, **changes})


def run(grid: Grid) -> Outcome:
    """Run what is not on record yet.

    Each run is found or made by :func:`tagspace.runs.experiment.run`, which leaves a whole record or
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
        wanted, refused = grid.runs(client.submit(_sizes, grid.first()).result())
        names, reasons = _run_all({run.configuration for run in wanted}, client)
    failed = grid.failures(
        (variant, configuration.model_dump(), reasons[configuration])
        for variant, configuration in wanted
        if configuration in reasons
    )
    failed = pd.concat([refused, failed], ignore_index=True)
    if not names:
        reason = failed["reason"].iloc[0]
        raise TagspaceError(f"sweep: none of its runs could be made ({reason})")
    made = [(run.variant, names[run.configuration]) for run in wanted if run.configuration in names]
    gathered = pd.DataFrame(made, columns=["variant", "run"]).merge(
        records.gather(grid.axes["runs"][0]), on="run"
    )
    return Outcome(gathered, failed)


def _run_all(
    configurations: Collection[Configuration], client: Client
) -> tuple[dict[Configuration, str], dict[Configuration, str]]:
    """Return the names of the records, and the reasons why there is none."""
    # A worker loads its corpus anew where the next run is held on another.
    by_data = sorted(configurations, key=lambda configuration: str(configuration.only(*DATA)))
    futures = {client.submit(_run, c.model_dump(), pure=False): c for c in by_data}
    names, reasons = {}, {}
    for future in Progress(as_completed(futures), total=len(futures), desc="runs", unit="run"):
        error, configuration = future.exception(), futures[future]
        if isinstance(error, TagspaceError):
            reasons[configuration] = str(error)
        else:
            names[configuration] = future.result()  # raises what is no user's mistake
    return names, reasons


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
    dataset = registry.load(configuration.dataset, configuration.shards)
    folder = cache_folder() / "features"
    features.extract_part(dataset, folder, configuration.excerpts, part, parts)


def _sizes(parameters: Parameters) -> dict[str, int]:
    vocabulary = _corpus(Configuration.of(parameters)).tags.vocabulary
    return vocabulary["tagset"].value_counts(sort=False).to_dict()


def _run(parameters: Parameters) -> str:
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
    cores = os.cpu_count()
    workers = grid.workers or (1 if torch.cuda.is_available() else cores)
    if grid.scheduler == SLURM:
        from dask_jobqueue import SLURMCluster  # where there is Slurm, it is installed with it

        cluster = SLURMCluster()  # cores, memory and queue come from Dask's own configuration
        cluster.scale(workers)
        return cluster
    # Workers share the cores, and have no progress bars of their own. Their environment is made
    # before they begin, as libraries look at it when they are loaded.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), max(cores // workers, 1))
    environment = {**threads, "TQDM_DISABLE": 1}
    with dask.config.set({f"{ENVIRONMENT}.{name}": value for name, value in environment.items()}):
        return LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
