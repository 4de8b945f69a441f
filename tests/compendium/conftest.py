"""Fixtures of the tests of figures and tables."""

import pandas as pd
import pytest

from tagspace.runs import held_out_tags


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
