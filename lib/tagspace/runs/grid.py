"""The grid of a sweep: which runs it makes, from the parameters of a notebook."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tagspace.configuration import (
    ENCODERS,
    LOCATION_PARAMETERS,
    RELATEDNESS_KINDS,
    Configuration,
    plain_values,
    with_preset,
)
from tagspace.datasets import registry
from tagspace.errors import TagspaceError
from tagspace.runs import records

EVERY = "every combination"
SLURM = "slurm"
PATHS_OR_KINDS = ("relatedness", "encoder")

Parameters = dict[str, Any]


class PlannedRun(NamedTuple):
    """One run of a sweep. Two variants may contain the same run."""

    variant: str
    configuration: Configuration


@dataclass(frozen=True)
class Grid:
    """The parameters of a sweep: what it varies, and where it runs.

    Attributes
    ----------
    axes : dict of str to list
        Parameters of a run, each with one value or several.
    variants : dict of str to dict
        Named changes to every run: parameters with one value each.
    scheduler : str
        Address of a Dask scheduler, ``slurm`` to submit Slurm jobs, or empty for this machine.
    workers : int
        Number of workers to start, as processes or Slurm jobs. 0 starts one worker per GPU, or
        one per core on a machine without.
    """

    axes: dict[str, list[Any]]
    variants: dict[str, Parameters]
    scheduler: str = ""
    workers: int = 0

    def plan(self, sizes: Mapping[str, int]) -> tuple[list[PlannedRun], pd.DataFrame]:
        """List the runs: every variant with every combination of the values along all axes.

        Parameters
        ----------
        sizes : mapping of str to int
            Number of tags in each tag set of the corpus. A number of topics above the number of
            tags is reduced to it, and equal runs of a variant are listed once.

        Returns
        -------
        list of PlannedRun
            The runs that can be made.
        pandas.DataFrame
            The runs that cannot be made, for example because the corpus lacks a tag set, in the
            form of :meth:`failures`.
        """
        axes = dict(self.axes)
        if axes["tagsets"] == [EVERY]:
            axes["tagsets"] = joined_tagsets(list(sizes))
        planned, refused = [], []
        for variant, changes in self.variants.items():
            for values in itertools.product(*axes.values()):
                chosen = {**dict(zip(axes, values, strict=True)), **changes}
                try:
                    planned.append(PlannedRun(variant, _reduced(chosen, sizes)))
                except TagspaceError as error:
                    refused.append((variant, chosen, str(error)))
        return list(dict.fromkeys(planned)), self.failures(refused)

    def failures(self, reasons: Iterable[tuple[str, Parameters, str]]) -> pd.DataFrame:
        """Tabulate runs that failed: ``variant``, the parameters that vary, and ``reason``."""
        varied = [name for name, values in self.axes.items() if len(values) > 1]
        names = list(dict.fromkeys([*varied, "tagsets"]))
        rows = [(variant, *(p[name] for name in names), reason) for variant, p, reason in reasons]
        return pd.DataFrame(rows, columns=["variant", *names, "reason"])

    def first(self) -> Parameters:
        """Return the first value of each parameter except the tag sets: enough to load the data."""
        return {name: values[0] for name, values in self.axes.items() if name != "tagsets"}


def _reduced(chosen: Parameters, sizes: Mapping[str, int]) -> Configuration:
    """Check the parameters of a run, with tag sets in order and no more topics than tags."""
    joined = Configuration(tagsets=chosen["tagsets"]).choose_tagsets(tuple(sizes))
    topics = min(chosen["topics"], sum(sizes[tagset] for tagset in joined))
    return Configuration.check({**chosen, "tagsets": "+".join(joined), "topics": topics})


def joined_tagsets(tagsets: Sequence[str]) -> list[str]:
    """List all combinations of tag sets, smallest first; the paper's four sets give 15.

    Examples
    --------
    >>> joined_tagsets(["moods", "themes"])
    ['moods', 'themes', 'moods+themes']
    """
    sizes = range(1, len(tagsets) + 1)
    return ["+".join(part) for size in sizes for part in itertools.combinations(tagsets, size)]


def read_grid(namespace: Mapping[str, object]) -> Grid:
    """Collect the parameters of a sweep that a notebook defines, and check them.

    Parameters
    ----------
    namespace : mapping of str to object
        The parameters of a run, ``preset``, ``variants``, ``scheduler`` and ``workers``. Those of a
        run, except those in :data:`LOCATION_PARAMETERS`, may be lists of values. ``tagsets`` may
        also be ``every combination``.

    Raises
    ------
    TagspaceError
        If a parameter is unknown or a value is not accepted. The message is one line.
    """
    given = with_preset(plain_values(namespace))
    variants = given.pop("variants", {"": {}})
    scheduler = given.pop("scheduler", "")
    workers = given.pop("workers", 0)
    if not (isinstance(variants, dict) and variants and all(map(_is_variant, variants.values()))):
        raise _refused(
            "variants",
            variants,
            "names, each with a dict of changed parameters (with papermill -y)",
        )
    if not isinstance(scheduler, str):
        raise _refused("scheduler", scheduler, "the address of a Dask scheduler, slurm, or nothing")
    if type(workers) is not int or workers < 0:
        raise _refused("workers", workers, "a whole number")
    axes = {
        name: value if isinstance(value, list) else [value]
        for name, value in {**Configuration().model_dump(), **given}.items()
    }
    _check(axes, variants)
    # Workers may have been started in another folder, so paths must be absolute.
    axes["runs"] = [str(records.runs_folder(Configuration(runs=axes["runs"][0])).absolute())]
    axes["dataset"] = [_absolute(axes["dataset"][0])]
    for name in PATHS_OR_KINDS:
        axes[name] = [_absolute(value) for value in axes[name]]
    variants = {
        variant: {name: _absolute(v) if name in PATHS_OR_KINDS else v for name, v in each.items()}
        for variant, each in variants.items()
    }
    return Grid(axes, variants, scheduler, workers)


def _is_variant(changes: object) -> bool:
    return isinstance(changes, dict) and not LOCATION_PARAMETERS & set(changes)


def _absolute(path: str) -> str:
    """Make the path of an existing file absolute; names of data sets and kinds stay."""
    known = path in (*registry.NAMES, *RELATEDNESS_KINDS, *ENCODERS)
    return path if known or not Path(path).exists() else str(Path(path).absolute())


def _refused(name: str, value: object, accepted: str) -> TagspaceError:
    return TagspaceError(f"{name}: {value!r} is not accepted; accepted: {accepted}")


def _check(axes: dict[str, list[Any]], variants: dict[str, Parameters]) -> None:
    for name, values in axes.items():
        if not values:
            raise _refused(name, values, "one value or more")
        if name in LOCATION_PARAMETERS and len(values) > 1:
            raise _refused(name, values, "one value")
    first = {name: values[0] for name, values in axes.items()} | {"tagsets": "all"}
    for name, values in axes.items():
        for value in values:
            if (name, value) != ("tagsets", EVERY):
                Configuration.check({**first, name: value})
    for changes in variants.values():
        Configuration.check({**first, **changes})
