"""Write, find and read records of runs. A record is a folder, complete or absent."""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import json
import platform
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tagspace.configuration import (
    ENCODERS,
    EXPERIMENT_PARAMETERS,
    RELATEDNESS_KINDS,
    Configuration,
)
from tagspace.encoders.heard import what_it_heard
from tagspace.errors import TagspaceError
from tagspace.support.files import checksum, file_name

if TYPE_CHECKING:  # torch takes seconds to import, and most of what reads records needs none
    import torch

    from tagspace.encoders.embedding import Network

CHECKOUT = Path(__file__).resolve().parents[3]
# Without a checkout, records go to runs/ in the current folder.
PROJECT = CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()
# Part of the id of every run. Raise it when a figure changes; tests/runs/test_golden.py notices.
RESULTS_VERSION = 5
WEIGHTS = "weights.safetensors"
FILES = ("history.csv", "metrics.csv", "embeddings.parquet", WEIGHTS)
VERSIONS = ["tagspace", "torch", "numpy", "scipy", "pandas", "librosa", "soundfile", "soxr"]


@dataclass(frozen=True)
class Record:
    """The files that a run leaves on disk.

    Attributes
    ----------
    folder : Path
        Holds ``run.json``, ``history.csv``, ``metrics.csv``, ``embeddings.parquet`` and
        ``weights.safetensors``.

    Examples
    --------
    >>> from tagspace.model.dpnn import DPNN
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pd.DataFrame({"value": [0.5]})
    ...     parts = {"history": table, "metrics": table, "embeddings": table}
    ...     _ = write(Path(folder), "mine", info={"seed": 0}, **parts, weights=DPNN().state_dict())
    ...     record = Record(Path(folder, "mine"))
    ...     record.info["seed"], record.metrics["value"].tolist()
    (0, [0.5])
    """

    folder: Path

    @property
    def info(self) -> dict[str, Any]:
        """Parameters, versions, data and seconds per stage, from ``run.json``."""
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters; parameters newer than the record have their defaults."""
        return {**Configuration().model_dump(), **self.info["parameters"]}

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.read_csv(self.folder / "history.csv")

    @property
    def metrics(self) -> pd.DataFrame:
        """One figure per row; columns as in :data:`tagspace.evaluation.bootstrap.COLUMNS`."""
        return pd.read_csv(self.folder / "metrics.csv")

    @property
    def embeddings(self) -> pd.DataFrame:
        """The embeddings of the queries, usually the test tracks, indexed by track_id."""
        return pd.read_parquet(self.folder / "embeddings.parquet")

    def damage(self, files: Iterable[str] = FILES) -> str:
        """Say what is damaged, such as a file that was cut; empty if nothing is.

        Parameters
        ----------
        files : iterable of str
            The files to check beside ``run.json``.
        """
        try:
            info = self.info
            if info.pop("check") != checksum(json.dumps(info).encode()):
                return "run.json was changed"
        except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
            return f"run.json cannot be read: {error}"
        for name in files:
            try:
                if checksum((self.folder / name).read_bytes()) != info["checksums"][name]:
                    return f"{name} was changed"
            except OSError as error:
                return f"{name} cannot be read: {error.strerror}"
        return ""

    def network(self) -> Network:
        """Load the trained network or head, in evaluation mode."""
        from safetensors.torch import load_file

        from tagspace.model.dpnn import DPNN
        from tagspace.model.head import Head

        parameters, weights = self.parameters, load_file(self.folder / WEIGHTS)
        options = parameters["unit_norm"], parameters["dimensions"]
        network: Network
        if parameters["encoder"] == "dpnn":
            network = DPNN(*options)
        else:
            network = Head(weights["hidden.weight"].shape[1], *options)
        network.load_state_dict(weights)
        return network.eval()

    def describe(self) -> str:
        """Summarise data, training and what the encoder has heard in four lines."""
        info, parameters = self.info, self.parameters
        return (
            f"{len(self.history)} epochs on {info['data']['tracks']['train']} tracks "
            f"(relatedness {parameters['relatedness']}, tag sets {'+'.join(info['tagsets'])}, "
            f"{info['topics']} LSI topics)\n"
            f"{info['stopped']}; the weights of epoch {info['best_epoch']} were kept\n"
            f"data {info['data']['name']}, seed {parameters['seed']}, "
            f"commit {info['commit'][:10] or 'unknown'}\n"
            f"{what_it_heard(parameters['encoder'])}"
        )


def run_id(
    configuration: Configuration, dataset: str, fingerprint: str, tagsets: tuple[str, ...]
) -> str:
    """Return the id of a run: a label, and a hash of its parameters and data and of the version.

    Only parameters that differ from their default count, so that ids stay when a parameter is
    added. The hash does not depend on the name and folder of the data, the folder of the records,
    the device or the version of Python.

    Parameters
    ----------
    configuration : Configuration
        All parameters.
    dataset, fingerprint : str
        Name of the data set, for the label, and a hash of its tracks, tags and audio.
    tagsets : tuple of str
        The tag sets to learn from.
    """
    defaults = Configuration().model_dump()
    parameters = {
        name: value
        for name, value in identifying(configuration, EXPERIMENT_PARAMETERS).items()
        if value != defaults[name]
    }
    parameters["tagsets"] = tagsets
    label = file_name(f"{dataset}-{'+'.join(tagsets)}")
    return f"{label}-{digest(fingerprint, parameters)}"


def identifying(configuration: Configuration, names: Iterable[str]) -> dict[str, Any]:
    """Return parameters for an id: a hash of the content in the place of a path."""
    values = {name: getattr(configuration, name) for name in names}
    for name, known in {"relatedness": RELATEDNESS_KINDS, "encoder": ENCODERS}.items():
        if name in values and values[name] not in known:
            path = Path(values[name]).expanduser()
            file = path / WEIGHTS if path.is_dir() else path
            values[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return values


def digest(*parts: object) -> str:
    """Hash plain values and :data:`RESULTS_VERSION` to ten hexadecimal digits."""
    text = json.dumps([RESULTS_VERSION, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def runs_folder(configuration: Configuration) -> Path:
    """Return the folder of records: the configured one, or else ``runs/`` in the project."""
    return Path(configuration.runs).expanduser() if configuration.runs else PROJECT / "runs"


def find(folder: Path, name: str) -> Record | None:
    """Return the record of a run, whatever its label, or None if there is none.

    A damaged record is moved away, with a warning, so that the run can be made anew.
    """
    others = sorted(folder.glob(f"[!.]*-{name.rpartition('-')[2]}"))
    record = next((Record(path) for path in (folder / name, *others) if path.exists()), None)
    if record is None:
        return None
    damage = record.damage()
    if not damage:
        return record
    aside = next(
        path for number in itertools.count(1)
        if not (path := folder / f".damaged-{number}-{record.folder.name}").exists()
    )  # fmt: skip
    try:
        record.folder.rename(aside)
    except OSError as error:
        raise TagspaceError(
            f"runs: {record.folder} is damaged ({damage}) and cannot be moved away: "
            f"{error.strerror}; remove it"
        ) from error
    warnings.warn(
        f"{record.folder} is damaged ({damage}); it was moved to {aside}, and the run is made anew",
        stacklevel=2,
    )
    return None


def write(
    folder: Path,
    name: str,
    *,
    info: dict[str, Any],
    history: pd.DataFrame,
    metrics: pd.DataFrame,
    embeddings: pd.DataFrame,
    weights: dict[str, torch.Tensor],
) -> Record:
    """Write a record under a temporary name, then rename it.

    Parameters
    ----------
    folder, name : Path, str
        Folder of records, and name of this one.
    info : dict
        Contents of ``run.json``.
    history, metrics, embeddings : pandas.DataFrame
        See :class:`Record`.
    weights : dict of str to torch.Tensor
        The network's state.

    Returns
    -------
    Record
        If another process wrote the same run in the meantime, its record; the runs are equal.
    """
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as temporary:
        draft = Path(temporary)
        history.to_csv(draft / "history.csv", index=False)
        metrics.to_csv(draft / "metrics.csv", index=False)
        embeddings.to_parquet(draft / "embeddings.parquet")
        contiguous = {key: value.cpu().contiguous() for key, value in weights.items()}
        (draft / WEIGHTS).write_bytes(save(contiguous))
        checksums = {name: checksum((draft / name).read_bytes()) for name in FILES}
        info = {**info, "checksums": checksums}
        info["check"] = checksum(json.dumps(info).encode())
        text = json.dumps(info, indent=2) + "\n"
        (draft / "run.json").write_text(text, encoding="utf-8")
        draft.chmod(0o755)
        record = Record(folder / name)
        try:
            draft.rename(record.folder)
        except OSError:
            if record.damage():
                raise
    return record


def gather(
    folder: str | Path, select: Callable[[pd.DataFrame], pd.DataFrame] = pd.DataFrame.copy
) -> pd.DataFrame:
    """Collect the metrics of all records in a folder; each row has the parameters of its run.

    Parameters
    ----------
    folder : str or Path
        The folder of records.
    select : callable
        Selects the metrics of each record that are wanted, so that thousands of records need little
        memory.

    Returns
    -------
    pandas.DataFrame
        ``run``, ``commit``, ``results_version`` (0 for runs from before there was one),
        ``dataset``, ``fingerprint`` and ``n_train`` (the number of training tracks); the parameters
        of the experiment, with the tag sets joined by +; the columns of ``metrics.csv``. Empty if
        there are no records. Damaged records are left out with a warning.
    """
    tables = []
    for file in sorted(Path(folder).glob("[!.]*/run.json")):
        record = Record(file.parent)
        if damage := record.damage(["metrics.csv"]):  # weights are larger by far
            warnings.warn(
                f"{record.folder} is damaged ({damage}) and left out; make the run anew: "
                f"tagspace remake {record.folder}",
                stacklevel=2,
            )
            continue
        info, parameters, metrics = record.info, record.parameters, select(record.metrics)
        about = {
            "run": file.parent.name,
            "commit": info["commit"],
            "results_version": info.get("results_version", 0),
            "dataset": info["data"]["name"],
            "fingerprint": info["data"]["fingerprint"],
            "n_train": info["data"]["tracks"]["train"],
            "tagsets": "+".join(info["tagsets"]),
            **{name: parameters[name] for name in EXPERIMENT_PARAMETERS if name != "tagsets"},
        }
        tables.append(pd.DataFrame(about, index=metrics.index).join(metrics))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def environment() -> dict[str, object]:
    """Describe the versions and the machine that a run used."""
    return {
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "commit": _commit(),
        "results_version": RESULTS_VERSION,
    }


def _commit() -> str:
    """Return the commit of the checkout, with a + if files were changed; empty without git."""
    if PROJECT != CHECKOUT:
        return ""
    command = [
        "git",
        "-C",
        str(PROJECT),
        "describe",
        "--always",
        "--dirty=+",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()
