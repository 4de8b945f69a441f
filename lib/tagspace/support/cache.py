"""The cache folder for downloaded and computed files."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the cache folder, for files that can be downloaded or computed again.

    Returns
    -------
    pathlib.Path
        The value of the environment variable ``TAGSPACE_CACHE`` or, if it is not set, the user's
        cache folder on this platform. The folder may not exist yet.
    """
    if named := os.environ.get("TAGSPACE_CACHE"):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("tagspace"))
