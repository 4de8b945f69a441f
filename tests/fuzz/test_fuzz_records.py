"""A damaged record or checkpoint is named and made anew, and never read as another."""

import shutil
from contextlib import suppress

import pytest
import torch
from fuzz.mutation import MUTATIONS, mutated, or_one_clear_error
from hypothesis import given

from tagspace import cli
from tagspace.runs import experiment, records
from tagspace.runs.checkpoint import FileCheckpoint


@pytest.fixture(scope="module")
def record(small, tmp_path_factory):
    """The record of a run of one epoch."""
    folder = tmp_path_factory.mktemp("runs")
    return experiment.run_experiment(*small(epochs=1, runs=str(folder)))


@pytest.mark.parametrize("name", ["run.json", *records.FILES])
@given(mutations=MUTATIONS)
def test_a_damaged_record_is_never_taken_for_a_good_one(name, mutations, record, tmp_path, capsys):
    folder = tmp_path / "runs"
    shutil.rmtree(folder, ignore_errors=True)
    copy = folder / record.folder.name
    shutil.copytree(record.folder, copy)
    before, info = (copy / name).read_bytes(), record.info
    (copy / name).write_bytes(mutated(before, mutations))
    is_equal = (copy / name).read_bytes() == before or (name == "run.json" and holds(copy, info))
    with or_one_clear_error():
        cli.main(["runs", str(folder)])
    capsys.readouterr()
    assert (records.find(folder, copy.name) is None) == (not is_equal)
    assert bool(list(folder.glob(".damaged-1-*"))) == (not is_equal)


def holds(folder, info):
    """Say whether run.json is read as it was, with other blanks perhaps."""
    with suppress(ValueError):
        return records.Record(folder).info == info
    return False


class Stopping(FileCheckpoint):
    """Ends the training after its first epoch."""

    def keep(self, trainer):
        super().keep(trainer)
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def interrupted(small, tmp_path_factory):
    """A function that trains with a checkpoint, a checkpoint of one epoch, and the right bits."""
    corpus, configuration = small(epochs=2)
    device = torch.device("cpu")
    related = experiment.make_relatedness(corpus, corpus.tags, configuration, device)

    def train(checkpoint=None):
        return experiment.train(corpus, corpus.tags, related, configuration, device, checkpoint)

    file = tmp_path_factory.mktemp("checkpoint") / "kept"
    with pytest.raises(KeyboardInterrupt):
        train(Stopping(file))
    return train, file.read_bytes(), train().network.state_dict()


@given(mutations=MUTATIONS)
def test_a_damaged_checkpoint_changes_no_bit_of_the_result(mutations, interrupted, tmp_path):
    train, kept, right = interrupted
    file = tmp_path / "kept"
    file.write_bytes(mutated(kept, mutations))
    found = train(FileCheckpoint(file)).network.state_dict()
    assert all(torch.equal(found[name], right[name]) for name in right)
