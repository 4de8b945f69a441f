"""An interrupted training goes on, and ends with the bits of an undisturbed one."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tagspace.errors import TagspaceError
from tagspace.model import training
from tagspace.runs import experiment
from tagspace.runs.checkpoint import FileCheckpoint
from tagspace.runs.records import Record


class Interrupted(BaseException):
    """Stands for a kill after an epoch was kept."""


class Interrupting(FileCheckpoint):
    """Kills the training after each epoch that it keeps."""

    def keep(self, trainer):
        super().keep(trainer)
        if not trainer.stopped:
            raise Interrupted


def state_of(record):
    network = record.network().state_dict()
    return (
        network,
        (record.folder / "metrics.csv").read_bytes(),
        record.history.drop(columns="seconds"),
    )


@pytest.mark.parametrize(
    "chosen",
    [
        {"loss": "triplet", "augment": "always"},
        {"loss": "tags", "batch_size": 4},
        {"batches": "related", "batch_size": 6, "patience": 1},
    ],
)
def test_a_run_interrupted_after_every_epoch_equals_an_undisturbed_one(
    small, tmp_path, monkeypatch, chosen
):
    chosen = {"epochs": 4, **chosen}
    expected = state_of(experiment.run_experiment(*small(**chosen, runs=str(tmp_path / "whole"))))
    monkeypatch.setattr(experiment, "FileCheckpoint", Interrupting)
    corpus, configuration = small(**chosen, runs=str(tmp_path / "broken"))
    n_interruptions = 0
    record = None
    while record is None:
        try:
            record = experiment.run_experiment(corpus, configuration)
        except Interrupted:
            n_interruptions += 1
            assert len(list((tmp_path / "broken" / ".checkpoints").iterdir())) == 1
    network, metrics, history = state_of(record)
    assert n_interruptions == len(history) - 1 > 0
    assert metrics == expected[1]
    assert history.equals(expected[2])
    assert all(torch.equal(network[name], value) for name, value in expected[0].items())
    assert list((tmp_path / "broken" / ".checkpoints").iterdir()) == []


def test_weights_are_on_disk_before_the_evaluation(small, tmp_path, monkeypatch):
    corpus, configuration = small(epochs=2, runs=str(tmp_path))

    def run_out_of_memory(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(experiment, "evaluate_pool", run_out_of_memory)
        with pytest.raises(MemoryError):
            experiment.run_experiment(corpus, configuration)
    monkeypatch.setattr(training.Trainer, "epoch", None)  # no epoch is trained again
    assert len(experiment.run_experiment(corpus, configuration).history) == 2


@pytest.mark.parametrize("damage", ["cut", "zeros", "garbage", "empty"])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(small, tmp_path, monkeypatch, damage):
    corpus, configuration = small(epochs=2, runs=str(tmp_path / "broken"))
    with monkeypatch.context() as patch:
        patch.setattr(experiment, "FileCheckpoint", Interrupting)
        with pytest.raises(Interrupted):
            experiment.run_experiment(corpus, configuration)
    (file,) = (tmp_path / "broken" / ".checkpoints").iterdir()
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes({
        "cut": data[:middle],
        "zeros": data[:middle] + bytes(5000) + data[middle + 5000 :],
        "garbage": os.urandom(1000),
        "empty": b"",
    }[damage])  # fmt: skip
    with pytest.warns(UserWarning, match="is damaged; training starts anew"):
        record = experiment.run_experiment(corpus, configuration)
    whole = experiment.run_experiment(
        corpus, configuration.model_copy(update={"runs": str(tmp_path / "whole")})
    )
    assert state_of(record)[1] == state_of(whole)[1]


PROGRAM = """
import sys
import numpy as np, pandas as pd
from scipy import sparse
from tagspace import Configuration, Corpus, TagMatrix, run_experiment
from tagspace.datasets.groups import Groups
from tagspace.datasets.splits import split
vocabulary = pd.DataFrame({"tagset": "moods", "tag": ["calm", "wild"]})
tags = TagMatrix(sparse.csr_array(np.eye(2)[np.arange(120) % 2]), pd.RangeIndex(120), vocabulary)
groups = Groups(np.arange(120) // 3, sparse.csr_array((120, 1)))
noise = np.random.default_rng(0).normal(size=(120, 1, 80, 130)).astype(np.float16)
corpus = Corpus("noise", tags, groups, noise, split(groups.artist), "")
print(run_experiment(corpus, Configuration(epochs=6, runs=sys.argv[1], device="cpu")).folder)
"""


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bits(tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def start(folder):
        command = [sys.executable, "-c", PROGRAM, folder]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def finish(process):
        return Record(Path(process.communicate()[0].strip()))

    whole = finish(start(tmp_path / "whole"))
    checkpoints = tmp_path / "killed" / ".checkpoints"
    for pause in (0.0, 0.1, 0.3):  # after a checkpoint appeared or changed
        process = start(tmp_path / "killed")
        before = [file.stat().st_mtime_ns for file in checkpoints.glob("*.safetensors")]
        while process.poll() is None:
            now = [file.stat().st_mtime_ns for file in checkpoints.glob("*.safetensors")]
            if now != before:
                time.sleep(pause)
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        process.communicate()
    record = finish(start(tmp_path / "killed"))
    network, expected = record.network().state_dict(), whole.network().state_dict()
    assert all(torch.equal(network[name], value) for name, value in expected.items())
    metrics = [(each.folder / "metrics.csv").read_bytes() for each in (whole, record)]
    assert metrics[0] == metrics[1]


def test_a_checkpoint_that_cannot_be_written_is_an_error_in_one_line(small, tmp_path):
    (tmp_path / ".checkpoints").touch()
    with pytest.raises(TagspaceError, match="cannot be written: "):
        experiment.run_experiment(*small(epochs=1, runs=str(tmp_path)))


def test_a_full_disk_is_an_error_in_one_line(small, tmp_path, monkeypatch):
    def fill_the_disk(path, _):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(TagspaceError, match=r"safetensors: cannot be written: No space left"):
        experiment.run_experiment(*small(epochs=1, runs=str(tmp_path)))
    assert list((tmp_path / ".checkpoints").iterdir()) == []
