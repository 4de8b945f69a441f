"""Any table gives the data that it holds, or one clear error."""

import csv
import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fuzz.mutation import MUTATIONS, mutated, or_one_clear_error
from hypothesis import given
from hypothesis import strategies as st

from tagspace.datasets import registry
from tagspace.datasets.manifest import read
from tagspace.datasets.songs import names
from tagspace.datasets.splits import published_parts
from tagspace.encoders.vectors import unit_vectors
from tagspace.runs import archive
from tagspace.tags.tagsets import binary_matrix

SAMPLES = Path(__file__).parents[1] / "datasets" / "samples"
REAL = Path(__file__).parents[3] / "shared" / "data"
SUFFIXES = {".csv", ".tsv", ".txt"}
SOURCES = [
    file
    for folder in (SAMPLES, REAL)
    for file in sorted(folder.rglob("*"))
    if file.suffix in SUFFIXES and not file.stem.startswith("README")
]
SHARED_LINES = 60  # of a real table; the first ones suffice
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TAG = st.text("abcÄß'&/- 19.(", min_size=1, max_size=6)


def check(dataset):
    """Check what every data set must be."""
    assert dataset.tracks.index.is_unique
    assert len(dataset.tracks) > 0
    assert dataset.tags["track_id"].isin(dataset.tracks.index).all()
    assert (dataset.tags["tag"] != "").all()
    assert set(dataset.tags["tagset"]) == set(dataset.tagsets)
    assert not dataset.tags.duplicated().any()
    assert binary_matrix(dataset).matrix.sum() == len(dataset.tags)
    assert dataset.tracks["album"].map(type).eq(tuple).all()


@pytest.mark.parametrize("source", SOURCES, ids=lambda file: f"{file.parent.name}/{file.name}")
@given(mutations=MUTATIONS)
def test_a_damaged_table_gives_a_data_set_or_one_clear_error(source, mutations, tmp_path):
    root = next(folder for folder in (SAMPLES, REAL) if source.is_relative_to(folder))
    name = source.relative_to(root).parts[0]
    folder = tmp_path / name
    shutil.rmtree(folder, ignore_errors=True)
    for other in (root / name).rglob("*"):
        if other.suffix in SUFFIXES:
            copy = folder / other.relative_to(root / name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(b"".join(other.read_bytes().splitlines(keepends=True)[:SHARED_LINES]))
    target = folder / source.relative_to(root / name)
    target.write_bytes(mutated(target.read_bytes(), mutations))
    with or_one_clear_error():
        dataset = registry.load_dataset(str(folder))
        check(dataset)
        for split in dataset.splits:
            if not split.startswith("split-"):  # those of Jamendo are downloaded
                assert set(published_parts(dataset, split)) <= {"train", "validation", "test", ""}


@given(
    rows=st.lists(
        st.tuples(TEXT, TEXT, st.lists(TAG, max_size=3), st.lists(TAG, max_size=3)),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0].strip(),
    )
)
def test_a_written_table_is_read_as_it_was_or_refused(rows, tmp_path):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["track_id", "path", "artist", "moods", "themes"])
    for track, artist, moods, themes in rows:
        writer.writerow([track, "a.wav", artist, "|".join(moods), "|".join(themes)])
    file = tmp_path / "manifest.csv"
    file.write_bytes(text.getvalue().encode())
    expected = {
        (track.strip(), tagset, tag.strip())
        for track, _, *cells in rows
        for tagset, tags in zip(("moods", "themes"), cells, strict=True)
        for tag in tags
        if tag.strip()
    }
    with or_one_clear_error():
        dataset = read(file)
        check(dataset)
        assert set(dataset.tags.itertuples(index=False, name=None)) == expected
        assert dataset.tracks["artist"].tolist() == [artist.strip() for _, artist, *_ in rows]


@given(mutations=MUTATIONS)
def test_a_damaged_database_of_songs_gives_names_or_one_clear_error(mutations, tmp_path):
    file = tmp_path / "track_metadata.db"
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as songs:
        songs.execute("CREATE TABLE songs (track_id, artist_id, artist_name, release, title)")
        rows = [(f"TR{n}", f"AR{n}", f"Artist {n}", f"Album {n}", f"Song {n}") for n in range(200)]
        songs.executemany("INSERT INTO songs VALUES (?, ?, ?, ?, ?)", rows)
        songs.commit()
    file.write_bytes(mutated(file.read_bytes(), mutations))
    with or_one_clear_error():
        found = names(tmp_path)
        assert found.index.is_unique
        assert found.map(lambda cell: isinstance(cell, str)).all(axis=None)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(mutations=MUTATIONS)
def test_a_damaged_table_of_vectors_gives_unit_vectors_or_one_clear_error(
    suffix, mutations, tmp_path
):
    ids = pd.Index([f"t{n}" for n in range(30)])
    values = np.random.default_rng(0).normal(size=(30, 4))
    table = pd.DataFrame(values, columns=list("abcd")).assign(track_id=ids)
    file = tmp_path / f"vectors{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file)
    file.write_bytes(mutated(file.read_bytes(), mutations))
    with or_one_clear_error():
        vectors = unit_vectors(file, ids)
        lengths = np.linalg.norm(vectors, axis=1)
        assert vectors.shape[0] == len(ids)
        assert (np.isclose(lengths, 1) | (lengths == 0)).all()


@pytest.mark.parametrize("name", [archive.RUNS, archive.METRICS])
@given(mutations=MUTATIONS)
def test_damaged_figures_give_figures_or_one_clear_error(name, mutations, gathered, tmp_path):
    archive.save(gathered, tmp_path)
    file = tmp_path / name
    file.write_bytes(mutated(file.read_bytes(), mutations))
    with or_one_clear_error():
        loaded = archive.load(tmp_path)
        assert set(gathered.columns) <= set(loaded.columns)
        assert loaded["value"].dtype == float
