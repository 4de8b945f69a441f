"""A collection is whole, or reported as damaged."""

import os
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from tagspace.errors import TagspaceError
from tagspace.search import collection as collections


@pytest.fixture
def copied(made, tmp_path):
    return shutil.copytree(made.folder, tmp_path / "copy")


def test_what_was_saved_is_loaded(made):
    again = collections.load(made.folder)
    assert again.tracks.equals(made.tracks)
    assert again.failures["reason"].tolist() == ["it is empty"]
    for name, one in made.representations.items():
        assert np.array_equal(again.representations[name].vectors, one.vectors)
        assert np.array_equal(again.representations[name].cosines, one.cosines)
        assert np.array_equal(again.representations[name].scale, one.scale)


def test_a_new_index_replaces_the_old_one_and_its_files(made, copied):
    old = collections.load(copied)
    sound = {"sound": old.representations["sound"]}
    new = collections.save(copied, old.music, old.tracks, old.failures, sound)
    assert list(new.representations) == ["sound"]
    assert sorted(file.suffix for file in copied.iterdir()) == [".f32", ".sqlite"]
    # Whoever has opened the old index still has its vectors.
    expected = made.representations["moods"].vectors
    assert np.array_equal(old.representations["moods"].vectors, expected)


def test_the_report_says_what_was_left_out(made):
    report = made.report()
    assert "120 tracks, by sound, moods" in report
    assert "20 are copies of another track" in report
    assert "1 could not be used, such as bad.mp3: it is empty" in report


def test_a_folder_that_is_not_indexed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with pytest.raises(TagspaceError, match=r"is not indexed; run: tagspace index .*music; if you"):
        collections.load(tmp_path / "music")


def test_the_index_of_a_music_folder_is_found_by_that_folder(copied, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    music = tmp_path / "my music"
    shutil.copytree(copied, collections.default_folder(music))
    assert len(collections.load(music)) == 120


@pytest.mark.parametrize("file", ["collection.sqlite", "sound", "moods"])
def test_a_file_that_was_cut(copied, file):
    path = next(copied.glob(f"{file}*"))
    os.truncate(path, path.stat().st_size // 2 + 1)
    with pytest.raises(TagspaceError, match="is damaged .*; remove it and index the music again"):
        collections.load(copied)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE tracks",
        "DELETE FROM about",
        "DELETE FROM tracks",
        "UPDATE about SET version = 0",
    ],
)
def test_tables_that_were_changed(copied, statement):
    with closing(sqlite3.connect(copied / collections.DATABASE)) as base, base:
        base.execute(statement)
    with pytest.raises(TagspaceError, match="is damaged"):
        collections.load(copied)


def test_a_file_of_vectors_that_is_gone(copied):
    next(copied.glob("sound*")).unlink()
    with pytest.raises(TagspaceError, match="is damaged"):
        collections.load(copied)
