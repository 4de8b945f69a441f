"""What encoders have heard in their own training, and the tags that musicnn predicts."""

from __future__ import annotations

from pathlib import Path

# A figure should not be read without it.
HEARD = {
    "dpnn": "the training tracks, and no others",
    "musicnn": "200,000 tracks of the Million Song Dataset, perhaps of artists of this collection",
}

# What musicnn predicts: tags of Last.fm, in the order of its outputs.
TAGS = (
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill"),
    *("instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock"),
    *("60s", "rnb", "indie pop", "sad", "House", "happy"),
)


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
