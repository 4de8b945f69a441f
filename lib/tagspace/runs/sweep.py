"""Sweeps: many runs on one machine or a cluster, as for Table II (Sections IV and VI)."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import torch

from tagspace import corpus
from tagspace.audio import features
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.datasets import registry
from tagspace.errors import TagspaceError
from tagspace.runs import experiment, records
from tagspace.runs.comparison import select_measures
from tagspace.runs.grid import SLURM, Grid, Parameters
from tagspace.support.cache import cache_folder
from tagspace.support.progress import Progress

if TYPE_CHECKING:
    from distributed import Client
    from distributed.deploy.spec import SpecCluster

ENVIRONMENT = "distributed.nanny.pre-spawn-environ"  # of workers, in Dask's configuration
CORPUS_PARAMETERS = (
    "dataset",
    "shards",
    "spellings",
    "max_lost",
    "encoder",
    "precision",
    "excerpts",
    "seed",
    "split",
    "folds",
    "fold",
)
CONNECT_TIMEOUT = 10  # seconds
PARTS_PER_WORKER = 4  # of the audio files, so that no worker waits long for the last one

_load = lru_cache(maxsize=1)(corpus.load_corpus)


@dataclass(frozen=True)
class Outcome:
    """The results of a sweep.

    Attributes
    ----------
    gathered : pandas.DataFrame
        The results of the runs, each with its ``variant``; see
        :func:`tagspace.runs.records.gather`.
    failed : pandas.DataFrame
        The runs that could not be made: the parameters that vary, and the ``reason``.
    """

    gathered: pd.DataFrame
    failed: pd.DataFrame


def run_sweep(grid: Grid) -> Outcome:
    """Run every experiment of a sweep that has no record yet.

    Each run is found or made by :func:`tagspace.runs.experiment.run_experiment`, which leaves a
    whole record or none. An interrupted sweep therefore continues where it stopped. The runs of a
    worker that dies are given to another one.

    Parameters
    ----------
    grid : Grid
        Which runs, and where.

    Returns
    -------
    Outcome
        The results of all runs of the grid, including runs that already had a record.

    Raises
    ------
    TagspaceError
        If the scheduler does not answer, the data cannot be used, or no run can be made.
    """
    if grid.scheduler in ("", SLURM):  # workers of another scheduler may see other files
        first = Configuration.check(grid.first()).only("dataset", "shards", "max_lost", "runs")
        experiment.check_machine(first)
        corpus.check(registry.load_dataset(first.dataset, first.shards), first)
    with _client(grid) as client:
        _extract(grid, client)
        wanted, refused = grid.plan(client.submit(_sizes, grid.first()).result())
        names, reasons = _run_all({run.configuration for run in wanted}, client)
    failed = grid.failures(
        (variant, configuration.model_dump(), reasons[configuration])
        for variant, configuration in wanted
        if configuration in reasons
    )
    failed = pd.concat([refused, failed], ignore_index=True)
    if not names:
        reason = failed["reason"].iloc[0]
        raise TagspaceError(f"sweep: no run could be made ({reason})")
    made = [(run.variant, names[run.configuration]) for run in wanted if run.configuration in names]
    gathered = pd.DataFrame(made, columns=["variant", "run"]).merge(
        records.gather(grid.axes["runs"][0], select_measures), on="run"
    )
    return Outcome(gathered, failed)


def _run_all(
    configurations: Collection[Configuration], client: Client
) -> tuple[dict[Configuration, str], dict[Configuration, str]]:
    """Return the names of the records, and the reasons where there is none."""
    from distributed import as_completed

    # Runs on the same data are consecutive, so that a worker seldom reloads its corpus.
    by_data = sorted(configurations, key=lambda each: str(each.only(*CORPUS_PARAMETERS)))
    futures = {client.submit(_run, each.model_dump(), pure=False): each for each in by_data}
    names, reasons = {}, {}
    for future in Progress(as_completed(futures), total=len(futures), desc="runs", unit="run"):
        error, configuration = future.exception(), futures[future]
        name, reason = ("", _reason(error)) if error else future.result()
        if name:
            names[configuration] = name
        else:
            reasons[configuration] = reason
    return names, reasons


def _reason(error: BaseException) -> str:
    """Say in one line why a run could not be made, whatever happened."""
    if isinstance(error, TagspaceError):
        return str(error)
    if type(error).__name__ == "KilledWorker":
        return "its workers were killed, perhaps for lack of memory; try fewer workers"
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return f"out of memory ({_first_line(error)}); try a smaller batch_size or fewer workers"
    if isinstance(error, OSError):
        return f"{error.strerror or _first_line(error)} ({error.filename or 'no file'})"
    return f"a fault of this package: {type(error).__name__}: {_first_line(error)}"


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _extract(grid: Grid, client: Client) -> None:
    """Compute the features, a part of the tracks at a time."""
    from distributed import as_completed

    parts = PARTS_PER_WORKER * max(len(client.scheduler_info()["workers"]), 1)
    first = grid.first()
    futures = [client.submit(_extract_part, first, n, parts, pure=False) for n in range(parts)]
    for future in Progress(as_completed(futures), total=parts, desc="features", unit="part"):
        if error := future.exception():
            reason = _reason(error)
            if isinstance(error, TagspaceError):
                raise TagspaceError(reason)
            # The first run that needs them tries again.
            warnings.warn(f"features: a part could not be computed: {reason}", stacklevel=2)


# What workers do


def _extract_part(parameters: Parameters, part: int, parts: int) -> None:
    configuration = Configuration.check(parameters)
    dataset = registry.load_dataset(configuration.dataset, configuration.shards)
    folder = cache_folder() / "features"
    for front_end in corpus.front_ends(configuration):
        features.extract_part(dataset, folder, configuration.excerpts, part, parts, front_end)


def _sizes(parameters: Parameters) -> dict[str, int]:
    vocabulary = _corpus(Configuration.check(parameters)).tags.vocabulary
    return vocabulary["tagset"].value_counts(sort=False).to_dict()


def _run(parameters: Parameters) -> tuple[str, str]:
    """Make a run; return the name of its record, or the reason for its failure.

    Errors are returned, because Dask prints a traceback for each that is raised.
    """
    configuration = Configuration.check(parameters)
    _take_card()
    try:
        return experiment.run_experiment(_corpus(configuration), configuration).folder.name, ""
    except (TagspaceError, torch.OutOfMemoryError) as error:
        reason = _reason(error)
    # After the block: until then, the error keeps the tensors.
    torch.cuda.empty_cache()
    return "", reason


def _take_card() -> None:
    """Assign one of the GPUs of the machine to this worker."""
    if torch.cuda.is_available():
        from distributed import get_worker

        name = str(get_worker().name)  # 0, 1, ... for workers of a local cluster
        number = int(name) if name.isdigit() else 0
        torch.cuda.set_device(number % torch.cuda.device_count())


def _corpus(configuration: Configuration) -> Corpus:
    """Load a corpus, once for all runs of a worker that use it."""
    return _load(configuration.only(*CORPUS_PARAMETERS))


# How workers are started


@contextmanager
def _client(grid: Grid) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        raise TagspaceError(
            "sweep: needs Dask; install it with: pip install 'tagspace[sweep]'"
        ) from None
    if grid.scheduler and grid.scheduler != SLURM:
        try:
            connected = Client(grid.scheduler, timeout=CONNECT_TIMEOUT)
        except (OSError, ValueError):
            raise TagspaceError(f"scheduler: no scheduler answers at {grid.scheduler!r}") from None
        with connected as client:
            yield client
        return
    with _cluster(grid) as cluster, Client(cluster) as client:
        print(f"dashboard: {client.dashboard_link}")
        yield client


def _cluster(grid: Grid) -> SpecCluster:
    import dask
    from distributed import LocalCluster

    cores = os.cpu_count() or 1
    workers = grid.workers or torch.cuda.device_count() or cores
    if grid.scheduler == SLURM:
        cluster = _slurm_cluster()
        cluster.scale(workers)
        return cluster
    # Workers share the cores and show no progress bars. Their environment is set before they start,
    # because libraries read it when they are loaded.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), max(cores // workers, 1))
    environment = {**threads, "TQDM_DISABLE": 1}
    before = dict(os.environ)
    with dask.config.set({f"{ENVIRONMENT}.{name}": value for name, value in environment.items()}):
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    # Dask leaves these variables in this process, where they would override the next sweep's.
    os.environ.clear()
    os.environ.update(before)
    return cluster


def _slurm_cluster() -> SpecCluster:
    from dask_jobqueue.slurm import SLURMCluster

    if shutil.which("sbatch") is None:
        raise TagspaceError(
            "scheduler: slurm needs the command sbatch, which this machine does not have; start "
            "the sweep where jobs can be submitted"
        )
    try:
        return SLURMCluster()  # cores, memory and queue come from Dask's own configuration
    except ValueError as error:
        raise TagspaceError(
            f"scheduler: slurm is not configured ({_first_line(error)}); give cores, memory and "
            "queue in the section jobqueue.slurm of Dask's configuration, see the page on sweeps"
        ) from error
