"""Keep what C libraries write to the terminal out of it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def captured_chatter() -> Iterator[list[str]]:
    """Collect the lines that C libraries write to stderr inside the block.

    What Python writes to stderr, such as a progress bar, still appears.

    Yields
    ------
    list of str
        Filled at the end of the block.
    """
    lines: list[str] = []
    python_stderr = sys.stderr
    python_stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        if _writes_to(python_stderr, 2):
            sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, errors="backslashreplace")
        try:
            yield lines
        finally:
            if sys.stderr is not python_stderr:
                sys.stderr.close()
                sys.stderr = python_stderr
            os.dup2(kept, 2)
            os.close(kept)
            sink.seek(0)
            text = sink.read().decode(errors="replace")
            lines += [line.strip() for line in text.splitlines() if line.strip()]


def _writes_to(stream: object, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return False
