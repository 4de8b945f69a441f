"""Append to files of lines that an interruption may have cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def open_to_append(file: Path) -> BinaryIO:
    """Open a file to append lines, after ending a last line that was cut."""
    stream = file.open("a+b")
    if stream.tell():
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) != b"\n":
            stream.write(b"\n")
    return stream
