"""Where the package keeps what it made or fetched."""

from __future__ import annotations

import os
from pathlib import Path

import pooch


def cache_folder() -> Path:
    """Give the folder of all that can be made again: audio, features, local copies of data sets.

    Returns
    -------
    pathlib.Path
        The environment variable ``TAGSPACE_CACHE``, else the user's cache folder of the platform.
        It need not exist yet.
    """
    return Path(os.environ.get("TAGSPACE_CACHE") or pooch.os_cache("tagspace")).expanduser()
