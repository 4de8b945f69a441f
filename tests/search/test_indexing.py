"""An index follows its folder; whatever happened in between, it is that of a new one."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.audio import reading
from tagspace.errors import TagspaceError
from tagspace.model.dpnn import DPNN
from tagspace.model.head import Head
from tagspace.runs import records
from tagspace.search.collection import SOUND
from tagspace.search.indexing import index
from tagspace.search.query import nearest
from tagspace.search.seeds import of_row


def assert_same(one, other):
    """Two indexes have the same tracks, near each other in the same way."""
    assert one.tracks.equals(other.tracks)
    assert list(one.representations) == list(other.representations)
    for name, vectors in one.representations.items():
        expected = other.representations[name].vectors
        assert np.abs(vectors.vectors - expected).max() < 1e-5
    for row in range(0, len(one), 3):
        found, expected = (nearest(each, [of_row(each, row)], number=3) for each in (one, other))
        assert found.index.tolist() == expected.index.tolist()


@pytest.fixture
def copied(music, tmp_path):
    return shutil.copytree(music, tmp_path / "music")


@pytest.fixture
def decoded(monkeypatch):
    """Paths of the files that are decoded."""
    paths, read = [], reading.read_excerpts

    def counting(path, *arguments, **options):
        paths.append(os.path.basename(path))  # noqa: PTH119
        return read(path, *arguments, **options)

    monkeypatch.setattr(reading, "read_excerpts", counting)
    return paths


def head(folder, seed=0):
    """Write the record of a head with random weights, as a run does."""
    network = Head(200)
    for number, parameter in enumerate(network.parameters()):
        parameter.data = parameter.data + 0.01 * (seed + number)
    return write(folder, network, "musicnn")


def write(folder, network, encoder):
    frame = pd.DataFrame({"value": [0.5]})
    records.write(
        folder.parent,
        folder.name,
        info={"parameters": {"encoder": encoder}},
        history=frame,
        metrics=frame,
        embeddings=frame,
        weights=network.state_dict(),
    )
    return folder


def test_an_index_says_what_is_in_the_files(indexed, music):
    assert len(indexed) == 12
    assert indexed.failures["path"].tolist() == ["broken.mp3"]
    track = indexed.tracks.iloc[0]
    assert (music / track["path"]).is_file()
    assert track["artist"]
    assert track["album"]
    assert track["title"]
    assert track["tags"] in ("Rock", "Jazz")
    assert len(track["heard"].split("|")) == 5
    assert track["seconds"] == pytest.approx(12, abs=0.1)
    assert indexed.tracks["artist_code"].nunique() == 3
    assert indexed.tracks["album_code"].nunique() == 6
    assert indexed.tracks["recording"].nunique() == 12
    assert np.linalg.norm(indexed.representations[SOUND].vectors, axis=1) == pytest.approx(1)


@pytest.mark.usefixtures("own_cache")
def test_files_that_moved_changed_and_went(copied, tmp_path, decoded):
    before = sorted(copied.rglob("*"))
    first = index(copied, tmp_path / "index")
    assert sorted(copied.rglob("*")) == before
    decoded.clear()
    files = sorted(copied.rglob("*.flac"))
    files[0].rename(copied / "moved.flac")
    files[1].touch()
    shutil.copyfile(files[2], files[3])  # replaced by a copy of another one
    files[4].unlink()
    samples, rate = soundfile.read(files[5])
    soundfile.write(copied / "new.flac", samples[::-1], rate)
    second = index(copied, tmp_path / "index")
    assert sorted(decoded) == ["broken.mp3", "new.flac"]  # what failed is tried again
    assert len(second) == len(first)  # one less, one more
    one, other = (
        second.tracks.set_index("path")["recording"][str(file.relative_to(copied))]
        for file in files[2:4]
    )
    assert one == other
    assert_same(second, index(copied, tmp_path / "anew"))


def test_an_index_that_is_killed_goes_on(copied, own_cache, tmp_path):
    command = [sys.executable, "-m", "tagspace", "index", str(copied), "--out"]
    for file in sorted(copied.rglob("*.flac"))[:5]:
        file.unlink()
    rows = []
    for _ in range(2):
        process = subprocess.Popen([*command, str(tmp_path / "index")], stderr=subprocess.DEVNULL)
        before = sum(rows)
        while process.poll() is None:
            tables = list(own_cache.rglob("5x200*/*.tsv"))
            if sum(len(table.read_bytes().splitlines()) for table in tables) >= before + 2:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.02)
        rows.append(sum(len(t.read_bytes().splitlines()) for t in tables) - before)
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "index").exists()
    assert 4 <= sum(rows) < 7
    killed = index(copied, tmp_path / "index")
    shutil.rmtree(own_cache / "features")
    assert_same(killed, index(copied, tmp_path / "anew"))


def test_models_add_representations_and_are_kept(music, tmp_path):
    record = head(tmp_path / "runs" / "head")
    network = write(tmp_path / "runs" / "network", DPNN(), "dpnn")
    found = index(music, tmp_path / "index", {"mood": record, "style": network})
    assert list(found.representations) == [SOUND, "mood", "style"]
    assert found.representations["mood"].vectors.shape == (12, 256)
    again = index(music, tmp_path / "index")
    assert_same(again, found)


def test_a_model_that_changed_is_used_anew(music, tmp_path):
    record = head(tmp_path / "runs" / "head")
    before = index(music, tmp_path / "index", {"mood": record})
    shutil.rmtree(record)
    head(record, seed=1)
    after = index(music, tmp_path / "index")
    assert not np.allclose(
        before.representations["mood"].vectors, after.representations["mood"].vectors
    )
    assert_same(after, index(music, tmp_path / "anew", {"mood": record}))


def test_models_that_are_not_accepted(music, tmp_path):
    record = head(tmp_path / "runs" / "head")
    other = write(tmp_path / "runs" / "other", Head(7), "vectors.parquet")
    for name, path, message in (
        (
            "sound",
            record,
            "model: 'sound' is not accepted; accepted: a name of .* and is not sound",
        ),
        ("a/b", record, "model: 'a/b' is not accepted"),
        ("mood", tmp_path, "is not the record of a run .*; give one with --model mood=RUN"),
        ("mood", other, "was trained on vectors.parquet; accepted are runs with -p encoder"),
    ):
        with pytest.raises(TagspaceError, match=message):
            index(music, tmp_path / "index", {name: path})
    assert not (tmp_path / "index").exists()


def test_folders_that_cannot_be_indexed(tmp_path):
    with pytest.raises(TagspaceError, match="collection: .* is not a folder"):
        index(tmp_path / "none")
    with pytest.raises(TagspaceError, match="collection: .* contains no audio files"):
        index(tmp_path)
    (tmp_path / "bad.mp3").write_bytes(b"nothing")
    with pytest.raises(TagspaceError, match="has no audio that can be read"):
        index(tmp_path)


def test_a_folder_of_one_track(music, tmp_path):
    shutil.copyfile(next(music.rglob("*.flac")), tmp_path / "one.flac")
    found = index(tmp_path, tmp_path / "index")
    assert nearest(found, [of_row(found, 0)]).empty
