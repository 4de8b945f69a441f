"""The main job as users call it: papermill on notebooks/train.ipynb."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tagspace.runs.records import Record

TRAIN = Path(__file__).parents[2] / "notebooks" / "train.ipynb"
pytestmark = pytest.mark.slow


def papermill(*arguments, cwd):
    command = [sys.executable, "-m", "papermill", str(TRAIN), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def parameters(**values):
    return [part for name, value in values.items() for part in ("-p", name, value)]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("tagset", "moods", "tagset: unknown parameter; did you mean tagsets?"),
        ("tagsets", "mood", "tagsets: 'mood' is not a tag set of this data set; accepted: genres"),
        ("epochs", "minus", "epochs: 'minus' is not accepted; accepted: a whole number"),
        ("dataset", "/nowhere", "dataset: '/nowhere' is neither a known data set"),
    ],
)
def test_a_mistake_ends_the_run_in_one_clear_line(tmp_path, name, value, says):
    run = papermill("out.ipynb", *parameters(**{name: value}), cwd=tmp_path)
    last = [line for line in run.stderr.splitlines() if line.strip()][-1]
    assert run.returncode == 1
    assert last.startswith(f"TagspaceError: {says}")


def test_a_run_leaves_a_record_and_a_clean_notebook_on_stdout(manifest):
    told = parameters(dataset="manifest.csv", tagsets="styles", epochs=1, folds=3, runs="records")
    run = papermill(*told, cwd=manifest)
    assert run.returncode == 0, run.stderr
    (folder,) = (manifest / "records").glob("[!.]*")
    record = Record(folder)
    assert set(record.metrics["representation"]) >= {
        "trained",
        "untrained",
        "timbre+rhythm",
        "random",
    }
    assert len(record.history) == 1
    cells = nbformat.reads(run.stdout, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.get("name") == "stderr"]
