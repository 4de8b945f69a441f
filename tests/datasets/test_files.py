"""Audio files of a folder are found once each, in a fixed order."""

import os
import warnings
from pathlib import Path

import pytest

from tagspace.datasets.files import audio_by_stem, audio_paths


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names_in(folder):
    return [str(path.relative_to(folder)) for path in audio_paths(folder)]


def test_files_come_before_subfolders_in_alphabetical_order(tmp_path):
    make(tmp_path, "b.mp3", "a.WAV", "z/c.flac", "m/d.ogg", "notes.txt", "mp3")
    assert names_in(tmp_path) == ["a.WAV", "b.mp3", "m/d.ogg", "z/c.flac"]


def test_links_are_followed_and_no_folder_is_visited_twice(tmp_path):
    music, other = tmp_path / "music", tmp_path / "other"
    make(music, "a.mp3", "deep/b.mp3")
    make(other, "c.mp3")
    (music / "deep" / "up").symlink_to(music)
    (music / "elsewhere").symlink_to(other)
    (other / "back").symlink_to(music)
    (music / "again").symlink_to(other)
    assert names_in(music) == ["a.mp3", "again/c.mp3", "deep/b.mp3"]


def test_of_equal_names_one_that_libsndfile_reads_is_taken(tmp_path):
    make(tmp_path, "a.m4a", "b.m4a", "m/a.mp3", "z/a.ogg", "z/b.WMA")
    assert audio_by_stem(tmp_path) == {
        "a": str(tmp_path / "m" / "a.mp3"),
        "b": str(tmp_path / "b.m4a"),
    }


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_names_that_are_not_utf_8_are_left_out_with_a_warning(tmp_path):
    folder = os.fsencode(tmp_path)
    for name in (b"caf\xe9.mp3", "caf\u00e9.mp3".encode()):
        Path(os.fsdecode(folder + b"/" + name)).touch()
    with pytest.warns(UserWarning, match=r"^1 audio files are left out .*xe9.mp3'; rename them$"):
        found = list(audio_paths(tmp_path))
    assert [path.name for path in found] == ["caf\u00e9.mp3"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(audio_by_stem(tmp_path)) == ["caf\u00e9"]
