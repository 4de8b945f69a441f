"""Copies of recordings are found among real clips, and other clips are not taken for copies."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagspace.audio import duplicates, reading
from tagspace.audio.duplicates import correlation, kept_recordings, recordings
from tagspace.audio.spectrogram import SHAPE, log_mel
from tagspace.datasets.demo import audio_path, render
from tagspace.datasets.demo.plan import catalogue

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
    cut = np.clip(samples[round(0.9 * rate) : -rate] * 1.26, -1, 1)
    soundfile.write(path.with_suffix(".wav"), cut, rate)
    return path.with_suffix(".wav")


@needs_clips
@pytest.mark.slow
def test_copies_of_real_clips_are_found_and_no_other_pair(clips, tmp_path):
    kinds = (as_mp3, as_poor_mp3, as_ogg, as_cut_and_louder)
    copied = np.arange(0, N_CLIPS, 3)
    copies = [
        kinds[place % 4](*soundfile.read(clips[clip]), tmp_path / f"copy-{clip}")
        for place, clip in enumerate(copied)
    ]
    paths = [*clips, *copies]
    found = recordings(excerpts_of(paths, 5), [str(path) for path in paths])
    assert found.tolist() == [*range(N_CLIPS), *copied]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """All pieces of four albums of the demo corpus, two by one artist, as files."""
    folder = tmp_path_factory.mktemp("pieces")
    chosen = [piece for album in catalogue()[:4] for piece in album.pieces]
    render(chosen, folder)
    return [audio_path(piece, folder) for piece in chosen]


@pytest.mark.parametrize("number", [1, 5])
def test_copies_of_pieces_are_found_and_pieces_of_one_album_are_not_copies(
    pieces, tmp_path, number
):
    kinds = (as_mp3, as_poor_mp3, as_ogg)
    copies = [
        kinds[place % 3](*soundfile.read(piece), tmp_path / piece.stem)
        for place, piece in enumerate(pieces)
    ]
    paths = [*pieces, *copies]
    found = recordings(excerpts_of(paths, number), [str(path) for path in paths])
    assert found.tolist() == [*range(len(pieces)), *range(len(pieces))]


def test_a_copy_that_lost_a_second_at_either_end_is_found(pieces, tmp_path):
    for place, piece in enumerate(pieces[:6]):
        samples, rate = soundfile.read(piece)
        cut = samples[rate:] if place % 2 else samples[:-rate]
        soundfile.write(tmp_path / "cut.wav", cut, rate)
        one, other = excerpts_of([piece, tmp_path / "cut.wav"], 5)
        assert correlation(one, other) > duplicates.CORRELATED


def with_silence(excerpts, first):
    """Make all frames of some excerpts silent from the first one given."""
    quiet = excerpts.copy()
    quiet[first:] = np.log(1e-10)
    return quiet


def test_excerpts_that_are_silent_in_both_hide_no_copy(pieces):
    original, copy = (with_silence(excerpts_of([pieces[0]], 5)[0], 3) for _ in range(2))
    assert correlation(original, copy + 0.5) > 0.99


def test_equal_silence_does_not_make_copies():
    bursts = np.random.default_rng(0).normal(-8, 2, size=(2, 1, *SHAPE))
    bursts[..., 45:] = np.log(1e-10)
    assert recordings(bursts.astype(np.float16), ["a", "b"]).tolist() == [0, 1]


def test_exact_copies_do_not_hide_another_copy():
    rng = np.random.default_rng(0)
    original = rng.normal(-8, 2, size=(1, 1, *SHAPE))
    poorer = original + rng.normal(0, 0.3, size=original.shape)
    excerpts = np.concatenate([original] * 7 + [poorer] * 7).astype(np.float16)
    assert recordings(excerpts, ["a"] * 7 + ["b"] * 7).tolist() == [0] * 14


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


def test_codes_are_kept_for_the_same_files(tmp_path, monkeypatch):
    noise = np.random.default_rng(0).normal(size=(3, 1, *SHAPE)).astype(np.float16)
    first = kept_recordings(noise, ["a", "b", "a"], tmp_path)
    assert first.tolist() == [0, 1, 0]
    with monkeypatch.context() as patch:
        patch.setattr(duplicates, "recordings", None)  # a call would fail
        assert kept_recordings(noise, ["a", "b", "a"], tmp_path).tolist() == [0, 1, 0]
    assert kept_recordings(noise, ["a", "b", "c"], tmp_path).tolist() == [0, 1, 2]
    for file in tmp_path.iterdir():
        file.write_bytes(b"damaged")
    assert kept_recordings(noise, ["a", "b", "a"], tmp_path).tolist() == [0, 1, 0]
    assert kept_recordings(noise, ["a", "b", "b"], tmp_path / "nowhere").tolist() == [0, 1, 1]


def test_steady_tones_of_one_pitch_are_not_copies():
    seconds = np.arange(6 * 22_050) / 22_050
    rng = np.random.default_rng(0)
    tones = [
        log_mel((np.sin(3000 * seconds) + 0.1 * rng.normal(size=len(seconds))).astype(np.float32))
        for _ in range(2)
    ]
    assert recordings(np.stack(tones)[:, None].astype(np.float16), ["a", "b"]).tolist() == [0, 1]
