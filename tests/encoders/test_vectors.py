"""Tables of track vectors, read from files."""

import numpy as np
import pandas as pd
import pytest

from tagspace.encoders.vectors import unit_vectors
from tagspace.errors import TagspaceError

IDS = pd.Index(["a", "b", "c"])


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_vectors_have_unit_length_and_the_order_of_the_tracks(tmp_path, suffix):
    table = pd.DataFrame({"track_id": ["c", "x", "a"], "x": [3, 1, 0], "y": [4, 1, 2]})
    file = tmp_path / f"vectors.{suffix}"
    if suffix == "csv":
        table.to_csv(file, index=False)
    else:
        table.to_parquet(file)
    np.testing.assert_allclose(unit_vectors(file, IDS), [[0, 1], [0, 0], [0.6, 0.8]])


def test_a_zero_vector_stays_zero(tmp_path):
    (tmp_path / "vectors.csv").write_text("track_id,x,y\na,0,0\nb,0,2\n")
    found = unit_vectors(tmp_path / "vectors.csv", IDS)
    assert found.tolist() == [[0, 0], [0, 1], [0, 0]]


def test_track_ids_are_read_as_text(tmp_path):
    (tmp_path / "vectors.csv").write_text("track_id,x\n001,1\nNA,2\n")
    found = unit_vectors(tmp_path / "vectors.csv", pd.Index(["NA", "1", "001"]))
    assert found.tolist() == [[1], [0], [1]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("track,x\na,1\n", "is not a table"),
        ("track_id,x\na,low\n", "is not a table"),
        ("track_id,x\na,1\na,2\n", "repeats track_id 'a'"),
        ("track_id,x\na,\n", "is not a table"),
        (
            "track_id,x\na,nan\n",
            "of track_id 'a' that is missing, not finite, or beyond 1e.15",
        ),
        (
            "track_id,x\na,1e300\n",
            "of track_id 'a' that is missing, not finite, or beyond 1e.15",
        ),
        ("track_id\na\n", "no columns of numbers"),
        ("track_id,x\nz,1\n", "lists none of the tracks of the data set"),
        ("", "is not a table"),
    ],
)
def test_an_unusable_table_is_refused_in_one_line(tmp_path, text, reason):
    file = tmp_path / "vectors.csv"
    file.write_text(text)
    with pytest.raises(TagspaceError, match=f"^relatedness: {file} .*{reason}.*$"):
        unit_vectors(file, IDS)


def test_a_missing_table_is_refused_in_one_line(tmp_path):
    file = tmp_path / "missing.csv"
    with pytest.raises(TagspaceError, match=f"^relatedness: {file} is not a table.*$"):
        unit_vectors(file, IDS)
