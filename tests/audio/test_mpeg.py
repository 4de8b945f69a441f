"""The frames of mp3 files, against what libsndfile decodes."""

import numpy as np
import pytest
import soundfile

from tagspace.audio import mpeg
from tagspace.audio.mpeg import Frames

RATES = [44_100, 48_000, 32_000, 22_050, 24_000, 16_000, 11_025, 12_000, 8_000]


def write(path, rate, channels=2, seconds=20, mode="VARIABLE"):
    time = np.arange(seconds * rate) / rate
    sound = np.sin(2 * np.pi * (200 + 20 * time) * time) * (time % 2 < 1)
    samples = np.repeat(0.5 * sound[:, None], channels, axis=1)
    soundfile.write(path, samples, rate, format="MP3", bitrate_mode=mode)
    return path


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_frames_have_the_length_and_the_sound_of_the_file(tmp_path, rate, channels, mode):
    path = write(tmp_path / "song.mp3", rate, channels, mode=mode)
    frames = Frames(path)
    assert frames.rate == rate
    assert frames.seconds == pytest.approx(20, abs=3 * 1152 / rate)
    whole = soundfile.read(path, dtype="float32", always_2d=True)[0]
    for offset in (0.0, 7.3, 12.0):
        found = frames.clip(offset, 2.0)
        assert found.shape == (2 * rate, channels)
        # The delay of encoder and decoder, which the header states, is not cut off here.
        start, delay = round(offset * rate), 1728 if rate >= 32_000 else 1152
        np.testing.assert_allclose(
            found[delay : delay + rate], whole[start : start + rate], atol=1e-3
        )


def test_a_part_after_the_end_is_empty_and_one_at_the_end_is_shorter(tmp_path):
    frames = Frames(write(tmp_path / "song.mp3", 44_100))
    assert len(frames.clip(100.0, 6.0)) == 0
    assert 0 < len(frames.clip(18.0, 6.0)) < 3 * 44_100


def test_no_frames_are_found_in_other_data(tmp_path):
    path = tmp_path / "noise.mp3"
    path.write_bytes(np.random.default_rng(0).bytes(2_000_000))
    with pytest.raises(ValueError, match="no mp3 frames"):
        Frames(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="empty"):
        Frames(path)


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_lengths_far_from_the_true_one_are_not_plausible(tmp_path, mode):
    path = write(tmp_path / "song.mp3", 44_100, seconds=60, mode=mode)
    assert mpeg.is_plausible(path, 60.0)
    assert not mpeg.is_plausible(path, 30.0)
    assert not mpeg.is_plausible(path, 120.0)
