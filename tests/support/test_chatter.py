"""What C libraries write is kept; what Python writes appears."""

import os
import subprocess
import sys

import pytest

from tagspace.support.chatter import captured_chatter


def test_lines_written_to_the_descriptor_are_collected(capfd):
    with captured_chatter() as lines:
        os.write(2, b"error: one\n\nwarning: two")
        print("bar", file=sys.stderr)
    assert lines == ["error: one", "warning: two"]
    os.write(2, b"after\n")
    assert "error" not in (shown := capfd.readouterr().err)
    assert "after" in shown


def test_a_program_keeps_its_own_messages():
    program = (
        "import os, sys; from tagspace.support.chatter import captured_chatter\n"
        "with captured_chatter() as lines:\n"
        "    os.write(2, b'hidden'); print('shown', file=sys.stderr)\n"
        "print('still', lines, file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stderr == "shown\nstill ['hidden']\n"


def collect_until_an_error(found):
    with captured_chatter() as lines:
        os.write(2, b"error")
        try:
            os.write(9999, b"")
        finally:
            found.append(lines)


def test_the_stream_is_restored_after_an_error(capfd):
    before = sys.stderr
    lines = []
    with pytest.raises(OSError, match="Bad file"):
        collect_until_an_error(lines)
    assert sys.stderr is before
    assert lines == [["error"]]
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
