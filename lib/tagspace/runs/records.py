"""The record of a run: a folder that appears whole or not at all."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import platform
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from tagspace.configuration import ELSEWHERE, EXPERIMENT, RELATEDNESS, Configuration
from tagspace.corpus import Corpus
from tagspace.model.dpnn import DPNN
from tagspace.tags.tagsets import parse

CHECKOUT = Path(__file__).resolve().parents[3]
# Where the package was installed without its checkout, records go where it is used.
PROJECT = CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()
# The modules whose code decides what a run finds: after a change to one, a run is another run.
DECIDING = (
    *("audio/reading", "audio/spectrogram", "audio/augmentation", "tags/tagsets", "tags/lsi"),
    *("tags/relatedness", "datasets/groups", "datasets/splits", "corpus", "model/dpnn"),
    *("model/mining", "model/losses", "model/training", "evaluation/retrieval"),
    *("evaluation/baselines", "runs/experiment"),
)
VERSIONS = ["tagspace", "torch", "numpy", "scipy", "pandas", "librosa", "soundfile", "soxr"]


@dataclass(frozen=True)
class Record:
    """What a run left on disk.

    Attributes
    ----------
    folder : Path
        Holds ``run.json``, ``history.csv``, ``metrics.csv``, ``embeddings.parquet`` and
        ``weights.safetensors``.
    """

    folder: Path

    @property
    def run(self) -> dict:
        """Parameters, versions, data and stages."""
        return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))

    @property
    def parameters(self) -> dict:
        """All parameters; those that the run's version did not have, as they are by default."""
        return {**Configuration().model_dump(), **self.run["parameters"]}

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.read_csv(self.folder / "history.csv")

    @property
    def metrics(self) -> pd.DataFrame:
        """One figure per row; columns as in :data:`tagspace.evaluation.retrieval.COLUMNS`."""
        return pd.read_csv(self.folder / "metrics.csv")

    @property
    def embeddings(self) -> pd.DataFrame:
        """The embeddings of the queries, the test tracks as a rule, indexed by track_id."""
        return pd.read_parquet(self.folder / "embeddings.parquet")

    def model(self) -> DPNN:
        """Load the trained network, in evaluation mode."""
        parameters = self.parameters
        model = DPNN(parameters["unit_norm"], parameters["dimensions"])
        model.load_state_dict(load_file(self.folder / "weights.safetensors"))
        return model.eval()

    def describe(self) -> str:
        """Say on what and how the run was trained."""
        run = self.run
        return (
            f"{len(self.history)} epochs on {run['data']['tracks']['train']} tracks "
            f"({self.parameters['relatedness']} of {'+'.join(run['tagsets'])}, "
            f"{run['topics']} topics)\n"
            f"{run['stopped']}; "
            f"the weights of epoch {run['best_epoch']} were kept\n"
            f"data {run['data']['name']}, seed {run['parameters']['seed']}, "
            f"commit {run['commit'][:10] or 'unknown'}"
        )


@cache
def code_fingerprint() -> str:
    """Hash the code that decides what a run finds, without its comments and docstrings."""
    digest = hashlib.sha256()
    for name in DECIDING:
        tree = ast.parse((Path(__file__).parents[1] / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
                node, clean=False
            ):
                node.body = node.body[1:] or [ast.Pass()]
        digest.update(ast.unparse(tree).encode())
    return digest.hexdigest()


def run_id(configuration: Configuration, corpus: Corpus) -> str:
    """Name a run after its parameters, data and code; equal ones have the same name anywhere.

    Where the data lie, where records go and which device computes does not count.
    """
    parameters = configuration.model_dump(exclude=ELSEWHERE)
    if configuration.relatedness not in RELATEDNESS:
        table = Path(configuration.relatedness).expanduser()
        parameters["relatedness"] = hashlib.sha256(table.read_bytes()).hexdigest()
    parameters["tagsets"] = parse(configuration.tagsets, corpus.tags.tagsets)
    counts = [corpus.name, corpus.fingerprint, parameters, code_fingerprint()]
    digest = hashlib.sha256(json.dumps(counts, sort_keys=True).encode()).hexdigest()
    label = f"{corpus.name}-{'+'.join(parameters['tagsets'])}"
    file_name = re.sub(r"[^\w+-]", "_", label)[:80]  # a user's tag set may be called mood/theme
    return f"{file_name}-{digest[:10]}"


def runs_folder(configuration: Configuration) -> Path:
    """Find the folder of records: the one asked for, else ``runs/`` in the project."""
    return Path(configuration.runs).expanduser() if configuration.runs else PROJECT / "runs"


def find(folder: Path, name: str) -> Record | None:
    """Return the record of a run, or None where it is not there."""
    return Record(folder / name) if (folder / name / "run.json").exists() else None


def write(
    folder: Path,
    name: str,
    *,
    run: dict,
    history: pd.DataFrame,
    metrics: pd.DataFrame,
    embeddings: pd.DataFrame,
    weights: dict[str, torch.Tensor],
) -> Record:
    """Write a record under a temporary name, then rename it.

    Parameters
    ----------
    folder, name : Path, str
        Where it goes.
    run : dict
        Everything to know about the run that no other file says.
    history, metrics, embeddings : pandas.DataFrame
        See :class:`Record`.
    weights : dict of str to torch.Tensor
        The network's state.

    Returns
    -------
    Record
        If another process has written the same run meanwhile, its record: the runs are equal.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder) as temporary:
        draft = Path(temporary)
        history.to_csv(draft / "history.csv", index=False)
        metrics.to_csv(draft / "metrics.csv", index=False)
        embeddings.to_parquet(draft / "embeddings.parquet")
        contiguous = {key: value.contiguous() for key, value in weights.items()}
        save_file(contiguous, draft / "weights.safetensors")
        (draft / "run.json").write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")
        draft.chmod(0o755)
        try:
            draft.rename(folder / name)
        except OSError:
            if find(folder, name) is None:
                raise
    return Record(folder / name)


def gather(folder: str | Path) -> pd.DataFrame:
    """Join the metrics of all records of a folder, each row with what is known of its run.

    Parameters
    ----------
    folder : str or Path
        The folder of records.

    Returns
    -------
    pandas.DataFrame
        ``run``, ``commit`` and ``n_train``, the number of training tracks; the parameters that make
        a difference, with the data set's name and the tag sets joined by +; the columns of
        ``metrics.csv``. Empty where there are no records.
    """
    tables = []
    for file in sorted(Path(folder).glob("[!.]*/run.json")):
        record = Record(file.parent)
        run, parameters, metrics = record.run, record.parameters, record.metrics
        about = {
            "run": file.parent.name,
            "commit": run["commit"],
            "dataset": run["data"]["name"],
            "fingerprint": run["data"]["fingerprint"],
            "n_train": run["data"]["tracks"]["train"],
            "tagsets": "+".join(run["tagsets"]),
            **{name: parameters[name] for name in EXPERIMENT if name != "tagsets"},
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
    }


def _commit() -> str:
    """Name the project's commit, with a + where files differ from it; empty outside a checkout."""
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
