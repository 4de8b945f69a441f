"""The one exception for errors that a user can correct."""

from __future__ import annotations


class TagspaceError(ValueError):
    """A user error, reported in one line: what, where, what is accepted, what to do.

    Examples
    --------
    >>> raise TagspaceError("topics: 0 is not accepted; accepted: a whole number, 1 or more")
    Traceback (most recent call last):
    tagspace.errors.TagspaceError: topics: 0 is not accepted; accepted: a whole number, 1 or more
    """

    def __init__(self, message: str) -> None:
        # What was read may hold control characters, which could hide the message.
        escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
        super().__init__("".join(escaped))

    def _render_traceback_(self) -> list[str]:
        """Return only the message, so that IPython prints no traceback; papermill uses IPython."""
        return [f"{type(self).__name__}: {self}"]
