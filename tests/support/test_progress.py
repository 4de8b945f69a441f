import io
import os
import subprocess
import sys

import pytest

from tagspace.support.progress import Progress


class KernelStream(io.StringIO):
    """What ipykernel puts in the place of stderr."""


KernelStream.__module__ = "ipykernel.iostream"


def count_in_kernel(monkeypatch, terminal=None, **options):
    """Count to three with a bar; return what the notebook shows of it."""
    stream = KernelStream()
    stream._original_stdstream_copy = terminal
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        assert list(Progress(range(3), desc="counting", **options)) == [0, 1, 2]
    return stream.getvalue()


def test_a_bar_is_seen_and_leaves_no_trace(capsys):
    assert list(Progress(range(3), desc="counting", mininterval=0)) == [0, 1, 2]
    printed, shown = capsys.readouterr()
    assert "counting" in shown
    assert "3/3" in shown
    *_, last, end = shown.split("\r")
    assert last.strip() == end == printed == ""
    assert len(last) >= len(shown.split("\r")[-3])


def test_a_disabled_bar_is_silent(capsys):
    assert list(Progress(range(3), disable=True)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_a_bar_with_nothing_to_wait_for_is_silent(capsys):
    assert list(Progress([], total=0, mininterval=0)) == []
    assert capsys.readouterr() == ("", "")


def test_bars_are_silent_where_the_environment_asks_for_it():
    code = (
        "from tagspace.support.progress import Progress; [*Progress([1], total=1, mininterval=0)]"
    )
    silent = {**os.environ, "TQDM_DISABLE": "1"}
    told = subprocess.run([sys.executable, "-c", code], env=silent, capture_output=True, check=True)
    assert told.stderr == b""


def test_in_a_kernel_the_output_is_cleared(monkeypatch):
    cleared = []
    monkeypatch.setattr("IPython.display.clear_output", lambda: cleared.append(True))
    assert "counting" in count_in_kernel(monkeypatch)
    assert cleared == [True]
    assert count_in_kernel(monkeypatch, disable=True) == ""
    assert cleared == [True]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="has no terminals of this kind")
def test_in_a_kernel_the_terminal_behind_shows_the_bar_too(monkeypatch):
    ours, behind = os.openpty()
    assert "counting" in count_in_kernel(monkeypatch, behind)
    os.close(behind)
    assert b"counting" in os.read(ours, 10_000)
    os.close(ours)


def test_in_a_kernel_without_a_terminal_only_the_notebook_shows_the_bar(monkeypatch, tmp_path):
    with (tmp_path / "log").open("w+b") as log:
        assert "counting" in count_in_kernel(monkeypatch, log.fileno())
        log.seek(0)
        assert log.read() == b""


@pytest.mark.slow
def test_a_notebook_stays_clean():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    code = "from tagspace.support.progress import Progress\nfor _ in Progress(range(3)): pass"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[0]["outputs"] == []
