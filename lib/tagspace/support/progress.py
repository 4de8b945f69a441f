"""Progress bars that are seen in the notebook and in the terminal, and leave no trace in either."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from tqdm import tqdm


class Progress(tqdm):
    """A tqdm bar for notebooks that may also be run from a terminal.

    In a Jupyter kernel, stderr is the cell's output. The bar shows there, and is wiped when it is
    done, so that a saved notebook stays clean; and it shows in the terminal from which papermill
    started the kernel, if there is one.
    """

    def __init__(self, iterable: Iterable | None = None, **options: object) -> None:
        self._in_kernel = "ipykernel" in type(sys.stderr).__module__
        self._screens = _Screens()
        if options.get("total") == 0:  # nothing to wait for
            options["disable"] = True
        super().__init__(iterable, file=self._screens, leave=False, **options)

    def close(self) -> None:
        """Wipe the bar."""
        shown = not self.disable
        super().close()
        self._screens.close()
        if shown and self._in_kernel:
            from IPython.display import clear_output

            clear_output()


class _Screens:
    """Writes to stderr, and from within a kernel to the terminal behind it."""

    def __init__(self) -> None:
        self.streams = [sys.stderr, *_terminal()]

    encoding = "utf-8"

    def write(self, text: str) -> None:
        for stream in self.streams:
            stream.write(text)

    def flush(self) -> None:
        for stream in self.streams:
            stream.flush()

    def close(self) -> None:
        """Leave stderr open."""
        for stream in self.streams[1:]:
            stream.close()


def _terminal() -> list[TextIO]:
    # ipykernel keeps the process's own stderr under this name when it takes stderr over.
    behind = getattr(sys.stderr, "_original_stdstream_copy", None)
    if behind is None or not os.isatty(behind):
        return []
    return [os.fdopen(os.dup(behind), "w")]
