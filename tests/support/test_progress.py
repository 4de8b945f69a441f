"""Progress bars in a terminal and in a Jupyter kernel."""

import builtins
import io
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tagspace.support.progress import Progress


class KernelStream(io.StringIO):
    """Stand in for the stream that ipykernel puts in the place of stderr."""


KernelStream.__module__ = "ipykernel.iostream"


@pytest.fixture
def count_in_kernel(monkeypatch):
    """Count to three in a kernel; return what its stderr receives and how often it is cleared."""

    def count(terminal=None, **options):
        stream, cleared = KernelStream(), []
        stream._original_stdstream_copy = terminal
        publisher = SimpleNamespace(clear_output=lambda: cleared.append(True))
        shell = SimpleNamespace(display_pub=publisher)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", stream)
            patch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
            assert list(Progress(range(3), desc="counting", **options)) == [0, 1, 2]
        return stream.getvalue(), len(cleared)

    return count


def test_a_bar_is_shown_and_erased_at_the_end(capsys):
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


def test_a_bar_of_zero_steps_is_silent(capsys):
    assert list(Progress([], total=0, mininterval=0)) == []
    assert capsys.readouterr() == ("", "")


def test_bars_are_silent_with_the_environment_variable_of_tqdm():
    code = (
        "from tagspace.support.progress import Progress; [*Progress([1], total=1, mininterval=0)]"
    )
    silent = {**os.environ, "TQDM_DISABLE": "1"}
    ran = subprocess.run([sys.executable, "-c", code], env=silent, capture_output=True, check=True)
    assert ran.stderr == b""


def test_a_kernel_shows_a_bar_and_clears_it_once(count_in_kernel):
    shown, n_cleared = count_in_kernel()
    assert "counting" in shown
    assert n_cleared == 1


def test_a_kernel_neither_shows_nor_clears_a_disabled_bar(count_in_kernel):
    assert count_in_kernel(disable=True) == ("", 0)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")
def test_the_terminal_that_started_a_kernel_shows_the_bar_too(count_in_kernel):
    ours, terminal = os.openpty()
    shown, _ = count_in_kernel(terminal)
    assert "counting" in shown
    os.close(terminal)
    assert b"counting" in os.read(ours, 10_000)
    os.close(ours)


def test_a_log_file_behind_a_kernel_receives_no_bar(count_in_kernel, tmp_path):
    with (tmp_path / "log").open("w+b") as log:
        shown, _ = count_in_kernel(log.fileno())
        assert "counting" in shown
        log.seek(0)
        assert log.read() == b""


@pytest.mark.slow
def test_a_saved_notebook_contains_no_bar():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    code = "from tagspace.support.progress import Progress\nfor _ in Progress(range(3)): pass"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[0]["outputs"] == []
