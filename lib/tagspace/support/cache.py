"""Where the package keeps what it makes or downloads."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder for everything that can be made again: audio, features, data sets.

    Returns
    -------
    pathlib.Path
        The environment variable ``TAGSPACE_CACHE``, or else the platform's cache folder of the
        user. It may not exist yet.
    """
    if named := os.environ.get("TAGSPACE_CACHE"):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("tagspace"))
