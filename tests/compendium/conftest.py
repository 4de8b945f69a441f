"""Fixtures of the tests of figures and tables."""

import pandas as pd
import pytest

from tagspace.datasets.base import build
from tagspace.runs import held_out_tags
from tagspace.tags import tagsets

SETS = ("genres", "moods", "instruments")


@pytest.fixture
def tagged():
    """Tags of four tracks in three sets."""
    return {
        "a": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["flute"]},
        "b": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["fiddle"]},
        "c": {"genres": ["Folk", "Rock"], "moods": ["calm"], "instruments": ["flute"]},
        "d": {"genres": ["Rock"], "moods": ["loud"], "instruments": ["guitar"]},
    }


@pytest.fixture
def tags(tagged):
    rows = [
        (track, tagset, tag)
        for track, sets in tagged.items()
        for tagset, tags_of_set in sets.items()
        for tag in tags_of_set
    ]
    tracks = [(track, "", (), "", "") for track in tagged]
    return tagsets.binary_matrix(build("x", tracks, rows, SETS))


@pytest.fixture(scope="module")
def held_out():
    """Two kinds of relatedness with two numbers of topics, of two sets, against two references."""
    values = {("overlap", 0): 0.3, ("lsi", 2): 0.2, ("lsi", 4): 0.25, ("tfidf", 2): 0.4,
              ("tfidf", 4): 0.35}  # fmt: skip
    rows = [
        (learned, held, against, kind, topics, value + shift, value - 0.3, value - 0.4, value, 9)
        for learned, held, shift in [
            (held_out_tags.OTHERS, "moods", 0),
            (held_out_tags.OTHERS, "themes", 0.2),
            (held_out_tags.OTHERS, "mean", 0.1),
            ("moods", "themes", 0.3),
        ]
        for against in ("overlap", "lsi 16")
        for (kind, topics), value in values.items()
    ]
    return pd.DataFrame(rows, columns=["learned_from", *held_out_tags.COLUMNS])
