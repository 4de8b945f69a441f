"""The one exception for what a user can mend."""

from __future__ import annotations


class TagspaceError(ValueError):
    """A user's mistake, told in one line: what, where, what is accepted."""

    def _render_traceback_(self) -> list[str]:
        """Show IPython, and so papermill, the message alone: the mistake is not in the code."""
        return [f"{type(self).__name__}: {self}"]
