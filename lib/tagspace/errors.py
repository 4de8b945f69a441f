"""The one exception for what a user can mend."""


class TagspaceError(ValueError):
    """A user's mistake, told in one line: what, where, what is accepted."""
