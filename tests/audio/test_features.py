"""The feature store: complete, resumable, and never wrong after an interruption."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.audio import features, reading, spectrogram
from tagspace.audio.features import extract, extract_part
from tagspace.datasets.base import build
from tagspace.errors import TagspaceError

NAMES = ["plain", "007", "NA", 'with "quotes"', "comma, and more", "naïve", " spaces ", ""]


def write_audio(path, seed, seconds=3):
    samples = np.random.default_rng(seed).uniform(
        -0.5, 0.5, round(seconds * spectrogram.SAMPLE_RATE)
    )
    soundfile.write(path, samples.astype(np.float32), spectrogram.SAMPLE_RATE, subtype="FLOAT")


def collection(paths):
    """Make a data set with one track per path, whose id is the file's name."""
    rows = [(path.stem if path else "silent", "", (), "", str(path or "")) for path in paths]
    return build("test", rows, [], ())


@pytest.fixture
def paths(tmp_path):
    (tmp_path / 'odd, "folder"').mkdir()
    found = [tmp_path / 'odd, "folder"' / f"{name}.wav" for name in NAMES if name]
    for seed, path in enumerate(found):
        write_audio(path, seed)
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "stores"


def store_of(folder):
    (store,) = folder.iterdir()
    return store


def contents(folder):
    return {file.name: file.read_bytes() for file in store_of(folder).iterdir()}


def ids(paths):
    return [path.stem for path in paths]


def record_computed(monkeypatch):
    """Return a list that grows by the path of each file whose excerpts are computed."""
    computed, log_mel_excerpts = [], reading.log_mel_excerpts

    def compute(path, number):
        computed.append(path)
        return log_mel_excerpts(path, number)

    monkeypatch.setattr(reading, "log_mel_excerpts", compute)
    return computed


@pytest.mark.parametrize("excerpts", [1, 3])
def test_each_track_has_the_excerpts_of_its_file(paths, folder, excerpts):
    store = extract(collection(paths), folder, excerpts)
    assert sorted(store.index.index) == sorted(ids(paths))
    backwards = paths[::-1]
    found = store.take(ids(backwards))
    assert found.shape == (len(paths), excerpts, 80, 130)
    assert found.dtype == np.float16
    for values, path in zip(found, backwards, strict=True):
        np.testing.assert_array_equal(values, reading.log_mel_excerpts(path, excerpts)[0])


def test_tracks_without_a_path_are_skipped(paths, folder):
    store = extract(collection([*paths, None]), folder)
    assert sorted(store.index.index) == sorted(ids(paths))
    assert store.failures.empty


def test_a_second_extraction_computes_nothing(paths, folder, monkeypatch):
    first = extract(collection(paths), folder, 2)
    before = contents(folder)
    monkeypatch.setattr(reading, "log_mel_excerpts", None)  # a call would fail
    again = extract(collection(paths), folder, 2)
    assert contents(folder) == before
    np.testing.assert_array_equal(again.take(ids(paths)), first.take(ids(paths)))


# From the index, these numbers of bytes remove the end of its last line, a few lines or all of it.
# From the array, they remove half a number, one and a half tracks or all of it.
@pytest.mark.parametrize("index_cut", [0, 1, 30, 250, 10_000])
@pytest.mark.parametrize("array_cut", [0, 1, 3 * 2 * 80 * 130, 10_000_000])
def test_excerpts_lost_from_the_store_are_computed_again(paths, folder, index_cut, array_cut):
    paths = paths[:4]
    whole = extract(collection(paths), folder, 2).take(ids(paths))
    for name, cut in (("index.csv", index_cut), ("features.f16", array_cut)):
        file = store_of(folder) / name
        os.truncate(file, max(file.stat().st_size - cut, 0))
    resumed = extract(collection(paths), folder, 2)
    assert sorted(resumed.index["row"]) == list(range(len(paths)))
    assert len(resumed.array) == 2 * len(paths)
    np.testing.assert_array_equal(resumed.take(ids(paths)), whole)


def test_an_incomplete_header_is_written_again(paths, folder):
    extract(collection(paths[:1]), folder)
    os.truncate(store_of(folder) / "index.csv", 7)
    assert list(extract(collection(paths[:1]), folder).index.index) == ids(paths[:1])


def test_only_lost_excerpts_are_computed_again(paths, folder, monkeypatch):
    extract(collection(paths), folder)
    lines = (store_of(folder) / "index.csv").read_bytes().splitlines(keepends=True)
    (store_of(folder) / "index.csv").write_bytes(b"".join(lines[:-2]) + lines[-2][:-7])
    computed = record_computed(monkeypatch)
    extract(collection(paths), folder)
    assert len(computed) == 2


@pytest.mark.slow
def test_a_killed_extraction_continues_where_it_stopped(tmp_path, folder):
    paths = [tmp_path / f"{number}.wav" for number in range(60)]
    for seed, path in enumerate(paths):
        write_audio(path, seed, seconds=1)
    whole = extract(collection(paths), tmp_path / "other stores", 20).take(ids(paths))
    code = (
        "import sys; from pathlib import Path; from tagspace.audio import features;"
        "from tagspace.datasets import base;"
        "rows = [(Path(path).stem, '', (), '', path) for path in sys.argv[2:]];"
        "features.extract(base.build('test', rows, [], ()), Path(sys.argv[1]), 20)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, folder, *paths])
    while process.poll() is None:
        indices = list(folder.glob("*/index.csv"))
        if indices and indices[0].read_bytes().count(b"\n") > 5:
            process.kill()
            process.wait()
        time.sleep(0.001)
    assert process.returncode not in (0, 1)
    done = (store_of(folder) / "index.csv").read_bytes().count(b"\n") - 1
    assert 5 <= done < 60
    resumed = extract(collection(paths), folder, 20)
    np.testing.assert_array_equal(resumed.take(ids(paths)), whole)
    assert len(resumed.array) == 20 * 60


def test_merged_parts_equal_an_extraction_at_once(paths, folder, tmp_path, monkeypatch):
    whole = extract(collection(paths), tmp_path / "other stores", 2)
    extract(collection(paths[:2]), folder, 2)
    computed = record_computed(monkeypatch)
    for part in (2, 0, 0, 1):
        extract_part(collection(paths), folder, 2, part, 3)
    assert len(computed) == len(paths) - 2
    store = extract(collection(paths), folder, 2)
    assert len(computed) == len(paths) - 2
    np.testing.assert_array_equal(store.take(ids(paths)), whole.take(ids(paths)))
    assert len(store.array) == 2 * len(paths)
    pd.testing.assert_series_equal(
        store.index["notes"].sort_index(), whole.index["notes"].sort_index()
    )
    assert not list(store_of(folder).glob("parts/*"))


def test_a_half_merged_part_is_not_appended_twice(paths, folder, tmp_path):
    extract_part(collection(paths), folder, 1, 0, 1)
    shutil.copytree(store_of(folder) / "parts", tmp_path / "kept")
    extract(collection(paths), folder)
    # This is the state after a kill when the third track had been appended.
    index = store_of(folder) / "index.csv"
    index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[:4]))
    shutil.copytree(tmp_path / "kept", store_of(folder) / "parts", dirs_exist_ok=True)
    store = extract(collection(paths), folder)
    assert len(store.array) == len(paths)
    whole = extract(collection(paths), tmp_path / "other stores")
    np.testing.assert_array_equal(store.take(ids(paths)), whole.take(ids(paths)))


def test_a_file_that_fails_in_a_part_is_listed_by_the_extraction(paths, folder):
    paths[2].write_bytes(b"no audio")
    extract_part(collection(paths), folder, 1, 0, 2)
    store = extract(collection(paths), folder)
    assert store.failures["track_id"].tolist() == [paths[2].stem]
    assert len(store.index) == len(paths) - 1


def test_a_changed_file_is_computed_again(paths, folder):
    before = extract(collection(paths), folder).take(ids(paths))
    write_audio(paths[2], seed=99, seconds=8)
    store = extract(collection(paths), folder)
    after = store.take(ids(paths))
    np.testing.assert_array_equal(after[2], reading.log_mel_excerpts(paths[2])[0])
    assert not np.array_equal(after[2], before[2])
    others = np.arange(len(paths)) != 2
    np.testing.assert_array_equal(after[others], before[others])
    assert len(store.index) == len(paths)
    assert len(store.array) == len(paths) + 1


def test_new_files_are_added(paths, folder):
    extract(collection(paths[:3]), folder)
    store = extract(collection(paths), folder)
    assert len(list(folder.iterdir())) == 1
    assert len(store.array) == len(paths)
    expected = [reading.log_mel_excerpts(path)[0] for path in paths]
    np.testing.assert_array_equal(store.take(ids(paths)), expected)


def test_only_the_tracks_of_the_data_set_are_returned(paths, folder):
    extract(collection(paths), folder)
    store = extract(collection(paths[1:4]), folder)
    assert sorted(store.index.index) == sorted(ids(paths[1:4]))


def test_broken_files_are_listed_with_their_reason_and_others_are_computed(paths, folder):
    paths[1].write_bytes(b"no audio")
    paths[3].unlink()
    store = extract(collection(paths), folder)
    good = [path for path in paths if path not in (paths[1], paths[3])]
    assert sorted(store.index.index) == sorted(ids(good))
    expected = [reading.log_mel_excerpts(path)[0] for path in good]
    np.testing.assert_array_equal(store.take(ids(good)), expected)
    for failures in (store.failures, pd.read_csv(store.listing)):
        assert list(failures.columns) == ["track_id", "path", "reason"]
        by_path = failures.set_index("path")["reason"]
        assert set(by_path.index) == {str(paths[1]), str(paths[3])}
        assert all(reason.startswith(f"{path}: cannot be read") for path, reason in by_path.items())
        assert not by_path.str.contains("\n").any()


def test_a_file_that_breaks_later_is_left_out_until_it_is_repaired(paths, folder):
    whole = paths[0].read_bytes()
    extract(collection(paths), folder)
    paths[0].write_bytes(b"no audio")
    store = extract(collection(paths), folder)
    assert sorted(store.index.index) == sorted(ids(paths[1:]))
    assert store.failures["track_id"].tolist() == [paths[0].stem]
    paths[0].write_bytes(whole)
    store = extract(collection(paths), folder)
    assert sorted(store.index.index) == sorted(ids(paths))
    assert store.failures.empty
    assert len(pd.read_csv(store.listing)) == 0


def test_a_data_set_without_audio_is_refused_in_one_line_with_a_reason(paths, folder):
    with pytest.raises(TagspaceError, match=r"^dataset: test has no audio .*no track has a pa"):
        extract(collection([None]), folder)
    for path in paths:
        path.write_bytes(b"no audio")
    with pytest.raises(TagspaceError, match=r"^dataset: test has no audio .*cannot be read.*$"):
        extract(collection(paths), folder)


def test_audio_is_made_before_it_is_read(tmp_path, folder):
    path = tmp_path / "late.wav"
    rows = [("late", "", (), "", str(path))]
    dataset = build("test", rows, [], (), make_audio=lambda: write_audio(path, 0))
    assert list(extract(dataset, folder).index.index) == ["late"]


def test_stores_differ_by_number_of_excerpts_and_folder_of_audio(paths, folder, tmp_path):
    extract(collection(paths), folder, 1)
    extract(collection(paths), folder, 2)
    shutil.copytree(paths[0].parent, tmp_path / "copies")
    extract(collection([tmp_path / "copies" / path.name for path in paths]), folder, 1)
    assert len(list(folder.iterdir())) == 3


def test_the_report_counts_tracks_and_names_failures(paths, folder, monkeypatch):
    monkeypatch.setattr(features, "MAX_LISTED", 1)
    write_audio(paths[0], 0, seconds=4)
    for path in paths[1:3]:
        path.write_bytes(b"no audio")
    for path in paths[3:]:
        write_audio(path, 0, seconds=9)
    lines = extract(collection(paths), folder, 2).report().split("\n")
    listing = store_of(folder) / "failures.csv"
    assert lines[0] == f"{len(paths) - 2} tracks, 2 excerpts of 6 s each"
    assert lines[1] == "1 files are short, such as plain: 4.0 s, repeated"
    assert lines[2] == "2 files could not be used:"
    assert "cannot be read" in lines[3]
    assert lines[4:] == [f"... and 1 more, in {listing}"]


def test_the_report_without_failures_is_one_line(tmp_path, folder):
    write_audio(tmp_path / "long.wav", 0, seconds=9)
    store = extract(collection([tmp_path / "long.wav"]), folder)
    assert store.report() == "1 tracks, 1 excerpts of 6 s each"
