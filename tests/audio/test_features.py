"""The feature store: complete, resumable, and never wrong after an interruption."""

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.audio import features, identity, reading, spectrogram
from tagspace.audio.features import extract, extract_part
from tagspace.audio.store import LOG_MEL, Store
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


def file_of(folder, ending):
    """Return the only file of a store with this ending."""
    (file,) = folder.glob(f"*/*{ending}")
    return file


def contents(folder):
    return {file: file.read_bytes() for file in folder.rglob("*.*") if file.is_file()}


def n_rows(folder, excerpts):
    sizes = sum(file.stat().st_size for file in folder.glob("*/*.f16"))
    return sizes / (excerpts * 2 * 80 * 130)


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
    found = store.take(ids(backwards))[:]
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
    np.testing.assert_array_equal(again.take(ids(paths))[:], first.take(ids(paths))[:])


# From the index, these numbers of bytes remove the end of its last line, a few lines or all of it.
# From the array, they remove half a number, one and a half tracks or all of it.
@pytest.mark.parametrize("index_cut", [0, 1, 30, 250, 10_000])
@pytest.mark.parametrize("array_cut", [0, 1, 3 * 2 * 80 * 130, 10_000_000])
def test_excerpts_lost_from_the_store_are_computed_again(paths, folder, index_cut, array_cut):
    paths = paths[:4]
    whole = extract(collection(paths), folder, 2).take(ids(paths))[:]
    for ending, cut in ((".tsv", index_cut), (".f16", array_cut)):
        file = file_of(folder, ending)
        os.truncate(file, max(file.stat().st_size - cut, 0))
    for _ in range(2):
        found = extract(collection(paths), folder, 2)
        np.testing.assert_array_equal(found.take(ids(paths))[:], whole)


def remove_line(index, _):
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join(lines[:2] + lines[3:]))


def repeat_line_with_another_row(index, _):
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join([lines[2].replace(b"2", b"1", 1), *lines[:2], *lines[3:]]))


def exchange_contents(index, _):
    lines = [line.split(b"\t") for line in index.read_bytes().splitlines(keepends=True)]
    lines[2][1], lines[3][1] = lines[3][1], lines[2][1]
    index.write_bytes(b"".join(b"\t".join(line) for line in lines))


def zeros_in_index(index, _):
    data = bytearray(index.read_bytes())
    data[10:90] = bytes(80)
    index.write_bytes(data)


def garbage_at_the_end_of_index(index, _):
    with index.open("ab") as file:
        file.write(np.random.default_rng(0).bytes(3000))


def zeros_in_array(_, array):
    with array.open("r+b") as file:
        file.seek(5 * 80 * 130 * 2 // 2)
        file.write(bytes(500))


def garbage_before_array(_, array):
    array.write_bytes(b"x" + array.read_bytes())


@pytest.mark.parametrize(
    ("damage", "most"),
    [
        (remove_line, 1),
        (repeat_line_with_another_row, 1),
        (exchange_contents, 2),
        (zeros_in_index, 2),
        (garbage_at_the_end_of_index, 0),
        (zeros_in_array, 1),
        (garbage_before_array, 7),
    ],
)
def test_damage_costs_the_damaged_rows_and_gives_no_row_to_another_track(
    paths, folder, monkeypatch, damage, most
):
    whole = extract(collection(paths), folder).take(ids(paths))[:]
    damage(file_of(folder, ".tsv"), file_of(folder, ".f16"))
    computed = record_computed(monkeypatch)
    for _ in range(2):
        found = extract(collection(paths), folder)
        np.testing.assert_array_equal(found.take(ids(paths))[:], whole)
    assert len(computed) == most


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_damage_to_the_table_of_known_files_costs_nothing_but_time(
    paths, folder, monkeypatch, keep
):
    whole = extract(collection(paths), folder).take(ids(paths))[:]
    table = folder / "files.tsv"
    lines = table.read_bytes().splitlines(keepends=True)
    changed = lines[5].replace(lines[5].split(b"\t")[2], lines[6].split(b"\t")[2])
    table.write_bytes(b"".join(lines[:keep]) + b"\0\0\xff" + changed + lines[6][:-9])
    monkeypatch.setattr(reading, "log_mel_excerpts", None)  # a call would fail
    found = extract(collection(paths), folder)
    assert found.n_recognised == len(paths) - keep
    np.testing.assert_array_equal(found.take(ids(paths))[:], whole)
    assert extract(collection(paths), folder).n_recognised == 0


@pytest.mark.slow
def test_a_killed_extraction_continues_where_it_stopped(tmp_path, folder):
    paths = [tmp_path / f"{number}.wav" for number in range(60)]
    for seed, path in enumerate(paths):
        write_audio(path, seed, seconds=1)
    whole = extract(collection(paths), tmp_path / "other stores", 20).take(ids(paths))[:]
    code = (
        "import sys; from pathlib import Path; from tagspace.audio import features;"
        "from tagspace.datasets import base;"
        "rows = [(Path(path).stem, '', (), '', path) for path in sys.argv[2:]];"
        "features.extract(base.build('test', rows, [], ()), Path(sys.argv[1]), 20)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, folder, *paths])
    while process.poll() is None:
        indices = list(folder.glob("*/*.tsv"))
        if indices and indices[0].read_bytes().count(b"\n") > 5:
            process.kill()
            process.wait()
        time.sleep(0.001)
    assert process.returncode not in (0, 1)
    done = file_of(folder, ".tsv").read_bytes().count(b"\n")
    assert 5 <= done < 60
    resumed = extract(collection(paths), folder, 20)
    np.testing.assert_array_equal(resumed.take(ids(paths))[:], whole)
    assert n_rows(folder, 20) <= 61  # the row being written at the kill may be lost


def test_parts_equal_an_extraction_at_once(paths, folder, tmp_path, monkeypatch):
    whole = extract(collection(paths), tmp_path / "other stores", 2)
    extract(collection(paths[:2]), folder, 2)
    computed = record_computed(monkeypatch)
    for part in (2, 0, 0, 1):
        extract_part(collection(paths), folder, 2, part, 3)
    assert len(computed) == len(paths) - 2
    store = extract(collection(paths), folder, 2)
    assert len(computed) == len(paths) - 2
    np.testing.assert_array_equal(store.take(ids(paths))[:], whole.take(ids(paths))[:])
    assert n_rows(folder, 2) == len(paths)
    pd.testing.assert_series_equal(
        store.index["notes"].sort_index(), whole.index["notes"].sort_index()
    )


def test_a_file_that_fails_in_a_part_is_listed_by_the_extraction(paths, folder):
    paths[2].write_bytes(b"no audio")
    extract_part(collection(paths), folder, 1, 0, 2)
    store = extract(collection(paths), folder)
    assert store.failures["track_id"].tolist() == [paths[2].stem]
    assert len(store.index) == len(paths) - 1


def test_a_changed_file_is_computed_again(paths, folder):
    before = extract(collection(paths), folder).take(ids(paths))[:]
    write_audio(paths[2], seed=99, seconds=8)
    store = extract(collection(paths), folder)
    after = store.take(ids(paths))[:]
    np.testing.assert_array_equal(after[2], reading.log_mel_excerpts(paths[2])[0])
    assert not np.array_equal(after[2], before[2])
    others = np.arange(len(paths)) != 2
    np.testing.assert_array_equal(after[others], before[others])
    assert len(store.index) == len(paths)
    assert n_rows(folder, 1) == len(paths) + 1


def test_new_files_are_added(paths, folder):
    extract(collection(paths[:3]), folder)
    store = extract(collection(paths), folder)
    assert n_rows(folder, 1) == len(paths)
    expected = [reading.log_mel_excerpts(path)[0] for path in paths]
    np.testing.assert_array_equal(store.take(ids(paths))[:], expected)


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
    np.testing.assert_array_equal(store.take(ids(good))[:], expected)
    for failures in (store.failures, pd.read_csv(store.listing)):
        assert list(failures.columns) == ["track_id", "path", "reason"]
        by_path = failures.set_index("path")["reason"]
        assert set(by_path.index) == {str(paths[1]), str(paths[3])}
        assert by_path[str(paths[1])] == "Format not recognised; convert it, for example to flac"
        assert by_path[str(paths[3])] == "No such file or directory"
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
    with pytest.raises(
        TagspaceError, match=r"^dataset: test has no audio .*Format not recognised.*$"
    ):
        extract(collection(paths), folder)


def test_audio_is_made_before_it_is_read(tmp_path, folder):
    path = tmp_path / "late.wav"
    rows = [("late", "", (), "", str(path))]
    dataset = build("test", rows, [], (), make_audio=lambda: write_audio(path, 0))
    assert list(extract(dataset, folder).index.index) == ["late"]


def test_stores_differ_by_number_of_excerpts(paths, folder):
    for excerpts in (1, 2, 2):
        extract(collection(paths), folder, excerpts)
    assert len([store for store in folder.iterdir() if store.is_dir()]) == 2


def copy_elsewhere(paths, tmp_path):
    """Copy files into another folder, under other names and with new times."""
    (tmp_path / "copies").mkdir()
    return [
        Path(shutil.copyfile(path, tmp_path / "copies" / f"{number}.wav"))
        for number, path in enumerate(paths)
    ]


def test_moved_renamed_and_touched_files_are_known_by_their_content(
    paths, folder, tmp_path, monkeypatch
):
    whole = extract(collection(paths), folder).take(ids(paths))[:]
    monkeypatch.setattr(reading, "log_mel_excerpts", None)  # a call would fail
    paths[0].touch()
    touched = extract(collection(paths), folder)
    assert touched.n_recognised == 1
    assert touched.report().split("\n")[1] == "1 moved or touched files were known by their content"
    copies = copy_elsewhere(paths, tmp_path)
    for path in paths:
        path.unlink()
    moved = extract(collection(copies), folder)
    assert moved.n_recognised == len(paths)
    np.testing.assert_array_equal(moved.take(ids(copies))[:], whole)
    assert extract(collection(copies), folder).n_recognised == 0


def test_exact_copies_are_computed_once(paths, folder, tmp_path, monkeypatch):
    copies = copy_elsewhere(paths, tmp_path)
    computed = record_computed(monkeypatch)
    store = extract(collection([*paths, *copies]), folder)
    assert len(computed) == len(paths)
    np.testing.assert_array_equal(store.take(ids(paths))[:], store.take(ids(copies))[:])


def test_other_audio_of_equal_size_and_time_is_not_taken_for_the_file(paths, folder):
    before = paths[0].stat()
    first = extract(collection(paths), folder)
    write_audio(paths[0], seed=99)
    os.utime(paths[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert paths[0].stat().st_size == before.st_size
    second = extract(collection(paths), folder)
    found = second.take(ids(paths[:1]))[:][0]
    np.testing.assert_array_equal(found, reading.log_mel_excerpts(paths[0])[0])
    changed = first.index["content_id"] != second.index["content_id"]
    assert changed[changed].index.tolist() == ids(paths[:1])


def test_audio_that_a_program_makes_is_known_by_its_recipe(paths, folder, monkeypatch):
    made = dataclasses.replace(collection(paths), recipe="synth-1")
    first = extract(made, folder)
    for path in paths:
        path.write_bytes(b"as another encoder writes it")
    monkeypatch.setattr(reading, "log_mel_excerpts", None)  # a call would fail
    pd.testing.assert_frame_equal(extract(made, folder).index, first.index)
    with pytest.raises(TypeError):
        extract(dataclasses.replace(made, recipe="synth-2"), folder)


@pytest.mark.parametrize("length", [1, 20_800, 20_801, 2 * 20_800 + 100])
def test_rows_after_an_interrupted_one_are_right(paths, folder, length):
    extract(collection(paths[:2]), folder)
    os.truncate(file_of(folder, ".f16"), length)
    file_of(folder, ".tsv").write_bytes(b"")
    found = extract(collection(paths), folder).take(ids(paths))[:]
    expected = [reading.log_mel_excerpts(path)[0] for path in paths]
    np.testing.assert_array_equal(found, expected)


def test_a_file_that_changes_while_it_is_read_is_left_out(paths, folder, monkeypatch):
    read = reading.log_mel_excerpts

    def read_something_else(path, number):
        if path == str(paths[0]):
            write_audio(paths[0], seed=99)
        return read(path, number)

    before = paths[0].read_bytes()
    monkeypatch.setattr(reading, "log_mel_excerpts", read_something_else)
    store = extract(collection(paths), folder)
    assert store.failures["reason"].tolist() == ["changed while it was read"]
    paths[0].write_bytes(before)
    monkeypatch.undo()
    found = extract(collection(paths), folder).take(ids(paths[:1]))[:][0]
    np.testing.assert_array_equal(found, read(paths[0], 1)[0])


def test_a_path_with_a_tab_is_known_again(tmp_path, folder):
    path = tmp_path / "a\tb.wav"
    write_audio(path, 0)
    extract(collection([path]), folder)
    assert extract(collection([path]), folder).n_recognised == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="changes the user")
def test_a_complete_store_can_be_read_only(paths, folder, tmp_path):
    expected = extract(collection(paths), folder).index
    for part in [tmp_path, *tmp_path.parents[:-2]]:
        part.chmod(part.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        found = extract(collection(paths), folder)
        with pytest.raises(PermissionError):
            (folder / "new").touch()
    finally:
        os.seteuid(0)
    pd.testing.assert_frame_equal(found.index, expected)


def test_in_a_store_that_cannot_be_written_new_files_are_lost_and_told(paths, folder):
    expected = extract(collection(paths[:-1]), folder).index
    (index,) = folder.rglob("test-*.tsv")
    lock = index.with_suffix(".lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()  # as good as a read-only folder, and works for root
    found = extract(collection(paths), folder)
    pd.testing.assert_frame_equal(found.index, expected)
    assert found.failures["path"].tolist() == [str(paths[-1])]
    assert "which cannot be written: " in found.failures["reason"].iloc[0]


def test_a_full_disk_is_told_in_one_line_and_costs_only_what_it_had_no_room_for(paths, folder):
    resource = pytest.importorskip("resource")
    row = Store(folder, 1).row_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(1.5 * row), limits[1]))
    try:
        with pytest.raises(TagspaceError, match="cannot be written: File too large"):
            extract(collection(paths), folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    known = Store(folder, 1).find({identity.content_id(path) for path in paths})
    assert len(known) == 1
    assert len(extract(collection(paths), folder).index) == len(paths)


def test_all_copies_of_a_broken_file_are_listed(paths, folder):
    for path in paths[:2]:
        path.write_bytes(b"no audio")
    store = extract(collection(paths), folder)
    assert store.failures["track_id"].tolist() == ids(paths[:2])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_folder_is_listed_and_does_not_block(paths, folder, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    store = extract(collection([*paths, tmp_path / "pipe.wav", tmp_path / "folder.wav"]), folder)
    assert store.failures["track_id"].tolist() == ["pipe", "folder"]
    assert set(store.failures["reason"]) == {"it is not a regular file"}


def test_the_report_counts_what_was_taken_what_is_unusual_and_what_was_left_out(paths, folder):
    write_audio(paths[0], 0, seconds=4)
    write_audio(paths[1], 0, seconds=7)
    for path in paths[2:4]:
        path.write_bytes(b"no audio")
    paths[4].unlink()
    for path in paths[5:]:
        write_audio(path, 0, seconds=9)
    store = extract(collection(paths), folder, 1)
    assert store.lost == 3 / len(paths)
    assert store.report().split("\n") == [
        f"{len(paths) - 3} tracks, 1 excerpts of 6 s each",
        "2 short, such as plain: 4.0 s, repeated",
        f"2 could not be used, such as {paths[2]}: Format not recognised; convert it, for example "
        "to flac",
        f"1 could not be used, such as {paths[4]}: No such file or directory",
        f"all that could not be used are listed in {store.listing}",
    ]


def test_the_report_without_failures_is_one_line(tmp_path, folder):
    write_audio(tmp_path / "long.wav", 0, seconds=9)
    store = extract(collection([tmp_path / "long.wav"]), folder)
    assert store.report() == "1 tracks, 1 excerpts of 6 s each"


def test_what_decoders_write_is_summed_up_and_not_shown(tmp_path, folder, capfd, monkeypatch):
    path = tmp_path / "noisy.wav"
    write_audio(path, 0, seconds=9)
    read = reading.log_mel_excerpts

    def read_noisily(*arguments):
        os.write(2, b"[layer3.c] error: part2_3_length too large\n")  # as mpg123 does
        return read(*arguments)

    monkeypatch.setattr(reading, "log_mel_excerpts", read_noisily)
    store = extract(collection([path]), folder)
    assert "error" not in capfd.readouterr().err
    assert store.report().split("\n")[-1] == (
        "decoders gave 1 warnings, such as: [layer3.c] error: part2_3_length too large"
    )


def test_rows_that_no_file_uses_are_counted_and_freed(paths, folder, monkeypatch):
    for excerpts in (1, 2):
        extract(collection(paths), folder, excerpts)
    (folder / "5x80x130-older").mkdir()
    (folder / "5x80x130-older" / "a.f16").write_bytes(bytes(10**6))
    gone, changed, *kept = paths
    gone.unlink()
    write_audio(changed, seed=99)
    whole = extract(collection(kept), folder).take(ids(kept))[:]
    size = (2 + 4) * 20_800 + 10**6
    expected = "4 of 14 rows of features, and all of older versions, are used by no file: 1 MB"
    assert (
        features.free(folder, [], [LOG_MEL], delete=False)
        == f"{expected} can be deleted with --delete"
    )
    before = sum(file.stat().st_size for file in folder.rglob("*.f16"))
    assert features.free(folder, [], [LOG_MEL], delete=True) == f"{expected} were deleted"
    assert before - sum(file.stat().st_size for file in folder.rglob("*.f16")) == size
    monkeypatch.setattr(reading, "log_mel_excerpts", None)  # a call would fail
    np.testing.assert_array_equal(extract(collection(kept), folder).take(ids(kept))[:], whole)
    extract(collection(kept), folder, 2)
    assert features.free(folder, [], [LOG_MEL], delete=False).startswith("0 of 10 rows")


def test_made_audio_is_kept(paths, folder):
    made = dataclasses.replace(collection(paths), recipe="synth-1")
    contents = extract(made, folder).index["content_id"]
    assert features.free(folder, contents, [LOG_MEL], delete=True).startswith(
        f"0 of {len(paths)} rows"
    )
    assert features.free(folder, [], [LOG_MEL], delete=True).startswith(
        f"{len(paths)} of {len(paths)} rows"
    )
