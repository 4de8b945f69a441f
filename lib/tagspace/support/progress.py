"""Progress bars for notebook and terminal that leave no trace in a saved notebook."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm


class Progress(tqdm):  # type: ignore[misc]  # tqdm has no types
    """A tqdm bar for notebooks that may also run from a terminal.

    In a Jupyter kernel, stderr is the output of the cell. The bar is shown there and erased at the
    end, so a saved notebook stays clean. It is also shown in the terminal from which papermill
    started the kernel, if there is one.
    """

    def __init__(self, iterable: Iterable[Any] | None = None, **options: Any) -> None:
        self._in_kernel = "ipykernel" in type(sys.stderr).__module__
        self._screens = _Screens()
        if options.get("total") == 0:  # nothing to wait for
            options["disable"] = True
        super().__init__(iterable, file=self._screens, leave=False, **options)

    def close(self) -> None:
        """Erase the bar."""
        shown = not self.disable
        super().close()
        self._screens.close()
        if shown and self._in_kernel:
            # IPython adds get_ipython to the builtins of a kernel, so it needs no import.
            builtins.get_ipython().display_pub.clear_output()  # type: ignore[attr-defined]


class _Screens:
    """Writes to stderr and, inside a kernel, to the terminal that started it."""

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
        """Close the copy of the terminal, but not stderr."""
        for stream in self.streams[1:]:
            stream.close()


def _terminal() -> list[TextIO]:
    # Where ipykernel redirects stderr, it keeps the original file descriptor under this name.
    original = getattr(sys.stderr, "_original_stdstream_copy", None)
    if original is None or not os.isatty(original):
        return []
    return [os.fdopen(os.dup(original), "w")]
