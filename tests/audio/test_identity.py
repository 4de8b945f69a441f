"""A file is known by its content, wherever it is."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tagspace.audio import identity
from tagspace.audio.identity import content_id, identify
from tagspace.errors import TagspaceError

SIZES = [0, 1, 100_000, 1 << 20, (1 << 20) + 1, 5_000_000]


def write(path, size, seed=0):
    path.write_bytes(np.random.default_rng(seed).bytes(size))
    return path


def n_descriptors():
    """Count open files, on Linux."""
    return len(list(Path("/proc/self/fd").glob("*")))


@pytest.mark.parametrize("size", SIZES)
def test_copies_have_one_id_and_other_content_another(tmp_path, size):
    first, copy = write(tmp_path / "first", size), write(tmp_path / "copy", size)
    os.utime(copy, (0, 0))
    assert content_id(first) == content_id(copy)
    assert len(content_id(first)) == 32
    longer = write(tmp_path / "longer", size + 1)
    assert content_id(longer) != content_id(first)
    if size:
        assert content_id(write(tmp_path / "other", size, seed=1)) != content_id(first)


@pytest.mark.parametrize("place", [0, 400_000, 799_999])
def test_any_byte_of_a_small_file_counts(tmp_path, place):
    path = write(tmp_path / "small", 800_000)
    before = content_id(path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert content_id(path) != before


def test_silence_at_start_middle_and_end_does_not_make_large_files_equal(tmp_path):
    silence = bytes(200_000)
    for name, seed in (("one", 0), ("two", 1)):
        sound = np.random.default_rng(seed).bytes(1_000_000)
        (tmp_path / name).write_bytes(silence + sound + silence + sound + silence)
    assert content_id(tmp_path / "one") != content_id(tmp_path / "two")


def test_an_id_is_the_same_on_every_machine(tmp_path):
    (tmp_path / "file").write_bytes(b"sound" * 300_000)
    assert content_id(tmp_path / "file") == "48df90e55c17a6424949559ddd977f9f"
    assert identity.made_id("demo-1", "x") == "23d41098b525401975073419682a73df"


@pytest.mark.parametrize("name", ["missing", ".", "nul\0"])
def test_what_cannot_be_identified_is_refused_in_one_line(tmp_path, name):
    n_open = n_descriptors()
    with pytest.raises(TagspaceError, match="cannot be read: ") as caught:
        content_id(f"{tmp_path}/{name}")
    assert "\n" not in str(caught.value)
    assert n_descriptors() == n_open


def test_only_new_and_changed_files_are_read(tmp_path):
    paths = [str(write(tmp_path / f"file {n}", 1000, n)) for n in range(5)]
    table = tmp_path / "table"
    first = identify([*paths, str(tmp_path / "missing")], table)
    assert first.read == {*paths, str(tmp_path / "missing")}
    assert first.ids == {path: content_id(path) for path in paths}
    assert first.reasons == {str(tmp_path / "missing"): "No such file or directory"}
    write(tmp_path / "file 3", 1000, 9)
    time.sleep(0.01)
    os.utime(tmp_path / "file 4")
    second = identify(paths, table)
    assert second.read == {paths[3], paths[4]}
    assert second.ids[paths[4]] == first.ids[paths[4]]
    assert second.ids[paths[3]] != first.ids[paths[3]]
    assert identify(paths, table).read == set()


def test_ids_found_before_an_interruption_are_kept(tmp_path, monkeypatch):
    paths = [str(write(tmp_path / f"file {n}", 10, n)) for n in range(9)]
    monkeypatch.setattr(identity, "AT_ONCE", 3)
    calls = []

    def stop_at_the_seventh(path):
        calls.append(path)
        if path == paths[6]:
            raise KeyboardInterrupt
        return content_id(path)

    with monkeypatch.context() as patch:
        patch.setattr(identity, "content_id", stop_at_the_seventh)
        with pytest.raises(KeyboardInterrupt):
            identify(paths, tmp_path / "table")
    assert identify(paths, tmp_path / "table").read == set(paths[6:])
