"""Packages that are installed on request only."""

from __future__ import annotations

from types import ModuleType

from tagspace.errors import TagspaceError


def import_pyav() -> ModuleType:
    """Import PyAV, which reads the audio that libsndfile does not read.

    Raises
    ------
    TagspaceError
        If it is not installed.
    """
    try:
        import av
    except ImportError:
        raise TagspaceError(
            "libsndfile does not know its format; m4a, wma and others need PyAV; install it with: "
            "pip install 'tagspace[formats]'"
        ) from None
    return av
