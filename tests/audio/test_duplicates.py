"""Copies of recordings are found among real clips, and other clips are not taken for copies."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagspace.audio import duplicates, reading
from tagspace.audio.duplicates import correlation, recordings
from tagspace.audio.spectrogram import SHAPE, log_mel

REAL = Path(__file__).parents[3] / "shared" / "data" / "merge"
N_CLIPS = 60
needs_clips = pytest.mark.skipif(not REAL.is_dir(), reason="needs the clips of MERGE")


def excerpts_of(paths, number):
    return np.stack([reading.log_mel_excerpts(path, number)[0] for path in paths])


@pytest.fixture(scope="module")
def clips():
    return sorted(REAL.rglob("*.mp3"))[::6][:N_CLIPS]


def as_mp3(samples, rate, path):
    soundfile.write(path.with_suffix(".mp3"), samples, rate, format="MP3")
    return path.with_suffix(".mp3")


def as_poor_mp3(samples, rate, path):
    soundfile.write(path.with_suffix(".mp3"), samples, rate, format="MP3", compression_level=0.95)
    return path.with_suffix(".mp3")


def as_ogg(samples, rate, path):
    soundfile.write(path.with_suffix(".ogg"), samples, rate, format="OGG")
    return path.with_suffix(".ogg")


def as_cut_and_louder(samples, rate, path):
    cut = np.clip(samples[round(0.44 * rate) :] * 1.26, -1, 1)
    soundfile.write(path.with_suffix(".wav"), cut, rate)
    return path.with_suffix(".wav")


@needs_clips
@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 5])
def test_copies_of_real_clips_are_found_and_no_other_pair(clips, tmp_path, number):
    kinds = (as_mp3, as_poor_mp3, as_ogg, as_cut_and_louder)
    copied = np.arange(0, N_CLIPS, 3)
    copies = [
        kinds[place % 4](*soundfile.read(clips[clip]), tmp_path / f"copy-{clip}")
        for place, clip in enumerate(copied)
    ]
    paths = [*clips, *copies]
    found = recordings(excerpts_of(paths, number), [str(path) for path in paths])
    assert found.tolist() == [*range(N_CLIPS), *copied]


def test_files_of_equal_content_are_copies():
    noise = np.random.default_rng(0).normal(size=(4, 1, *SHAPE)).astype(np.float16)
    assert recordings(noise, ["a", "b", "a", "b"]).tolist() == [0, 1, 0, 1]


def test_chains_of_copies_have_one_code():
    rng = np.random.default_rng(0)
    first, other = rng.normal(-8, 2, size=(2, 1, *SHAPE))
    tracks = np.stack([first + 0.05 * rng.normal(size=first.shape) for _ in range(9)])
    excerpts = np.concatenate([other[None], tracks]).astype(np.float16)
    assert recordings(excerpts, list("abcdefghij")).tolist() == [0] + [1] * 9


def test_no_tracks_have_no_codes():
    assert len(recordings(np.empty((0, 1, *SHAPE), np.float16), [])) == 0


def test_silent_tracks_are_not_copies_unless_their_files_are_equal():
    silence = np.full((3, 1, *SHAPE), np.log(1e-10), np.float16)
    assert recordings(silence, ["a", "b", "a"]).tolist() == [0, 1, 0]


def test_the_correlation_is_the_best_over_all_lags():
    rng = np.random.default_rng(0)
    level = np.repeat(rng.uniform(0.1, 1, size=64), 2756)
    samples = (rng.normal(size=len(level)) * level).astype(np.float32)
    one = log_mel(samples[: 6 * 22_050])[None]
    for lag in (0, 5, 9.5, 14):
        other = log_mel(samples[round(lag * 1024) :][: 6 * 22_050])[None]
        assert correlation(one, other) == pytest.approx(correlation(other, one), abs=1e-6)
        assert correlation(one, other) > 0.86
    assert correlation(one, one[..., ::-1]) < 0.5


def test_blocks_do_not_change_the_pairs(monkeypatch):
    rng = np.random.default_rng(0)
    summaries = rng.normal(size=(200, 160)).astype(np.float32)
    summaries[150:] = summaries[:50] + rng.normal(0, 0.1, size=(50, 160))
    whole = list(duplicates._alike(summaries))
    assert whole == [(row, row + 150) for row in range(50)]
    monkeypatch.setattr(duplicates, "BLOCK_CELLS", 1000)
    assert list(duplicates._alike(summaries)) == whole
