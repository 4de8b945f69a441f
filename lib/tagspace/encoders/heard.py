"""What encoders have heard in their own training; a figure should not be read without it."""

from __future__ import annotations

from pathlib import Path

HEARD = {
    "dpnn": "the training tracks, and no others",
    "musicnn": "200,000 tracks of the Million Song Dataset, perhaps of artists of this collection",
}


def what_it_heard(encoder: str) -> str:
    """Say what an encoder was trained on, as far as this package knows.

    Parameters
    ----------
    encoder : str
        A value of the parameter ``encoder``.

    Examples
    --------
    >>> what_it_heard("vectors.parquet")
    'what made vectors.parquet has heard: unknown'
    """
    name = Path(encoder).name
    if encoder in HEARD:
        return f"{name} has heard: {HEARD[encoder]}"
    if Path(encoder).expanduser().is_dir():
        return f"the network of {name} has heard: the training tracks of that run"
    return f"what made {name} has heard: unknown"
