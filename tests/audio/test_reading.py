"""Excerpts of audio files of many formats, and broken files."""

import numpy as np
import pytest
import soundfile

from tagspace.audio import reading
from tagspace.audio.spectrogram import SAMPLE_RATE, log_mel
from tagspace.errors import TagspaceError


def draw_noise(seconds, rate=SAMPLE_RATE, channels=1):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32)


def sine(frequency, seconds, rate=SAMPLE_RATE):
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def message_of(call, *arguments):
    with pytest.raises(TagspaceError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("duration", "offset", "note"),
    [
        (30.0, 3.0, ""),
        (9.0, 3.0, ""),
        (8.9, 2.9, "8.9 s, the last 6 s taken"),
        (6.0, 0.0, "6.0 s, the last 6 s taken"),
        (5.9, 0.0, "5.9 s, repeated"),
        (1.0, 0.0, "1.0 s, repeated"),
    ],
)
def test_one_excerpt_starts_at_three_seconds_in_a_long_enough_file(duration, offset, note):
    (placement,) = reading.place(duration, 1)
    assert placement.offset == pytest.approx(offset)
    assert placement.note == note


@pytest.mark.parametrize(
    ("duration", "first"), [(6.0, 0), (8.9, 0), (9.0, 3), (12.0, 3), (30.0, 3), (240.0, 3)]
)
@pytest.mark.parametrize("number", [2, 3, 5])
def test_several_excerpts_are_spread_evenly_without_the_first_seconds(duration, first, number):
    placements = reading.place(duration, number)
    expected = [first + step * (duration - 6 - first) / (number - 1) for step in range(number)]
    assert [placement.offset for placement in placements] == pytest.approx(expected)
    assert all(placement.note == "" for placement in placements)


def test_several_excerpts_of_a_short_file_are_equal():
    assert reading.place(4.0, 3) == [(0.0, "4.0 s, repeated")] * 3


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("offset", [0.0, 3.0, 4.4321])
def test_an_excerpt_is_a_slice_of_the_whole_file(tmp_path, ending, offset):
    path = tmp_path / f"noise.{ending}"
    soundfile.write(path, draw_noise(12), SAMPLE_RATE)
    whole = soundfile.read(path, dtype="float32")[0]
    start = round(offset * SAMPLE_RATE)
    expected = whole[start : start + 6 * SAMPLE_RATE]
    # An mp3 decoder that starts inside a file lacks the frame before, which overlaps a little.
    tolerance = 5e-3 if ending == "mp3" else 1e-6
    np.testing.assert_allclose(reading.read(path, offset), expected, atol=tolerance)


def test_channels_are_averaged(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, draw_noise(10, channels=2), SAMPLE_RATE, subtype="FLOAT")
    expected = draw_noise(10, channels=2).mean(axis=1)[3 * SAMPLE_RATE : 9 * SAMPLE_RATE]
    np.testing.assert_allclose(reading.read(path), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [44_100, 16_000, 48_000, 8_000])
def test_any_sampling_rate_is_converted(tmp_path, rate):
    path = tmp_path / "sine.wav"
    soundfile.write(path, sine(1000, 10, rate), rate, subtype="FLOAT")
    found = reading.read(path)
    assert found.shape == (6 * SAMPLE_RATE,)
    assert found.dtype == np.float32
    inner = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)  # the filter rings at both ends
    np.testing.assert_allclose(found[inner], sine(1000, 6)[inner], atol=1e-3)


def test_frequencies_above_half_the_sampling_rate_are_filtered_out(tmp_path):
    path = tmp_path / "high.wav"
    soundfile.write(path, sine(15_000, 10, 44_100), 44_100, subtype="FLOAT")
    inner = slice(SAMPLE_RATE // 10, -SAMPLE_RATE // 10)
    assert np.abs(reading.read(path)[inner]).max() < 1e-3


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.99])
def test_a_short_file_is_repeated(tmp_path, seconds):
    path = tmp_path / "short.wav"
    soundfile.write(path, draw_noise(seconds), SAMPLE_RATE, subtype="FLOAT")
    once = draw_noise(seconds)[:, 0]
    expected = np.concatenate([once] * 7)[: 6 * SAMPLE_RATE]
    np.testing.assert_allclose(reading.read(path, 0.0), expected, atol=1e-6)


@pytest.mark.parametrize("number", [1, 3])
def test_excerpts_are_log_mel_spectrograms_in_half_precision(tmp_path, number):
    path = tmp_path / "noise.wav"
    soundfile.write(path, draw_noise(15), SAMPLE_RATE, subtype="FLOAT")
    found, placements = reading.log_mel_excerpts(path, number)
    assert found.shape == (number, 80, 130)
    assert found.dtype == np.float16
    assert placements == reading.place(15.0, number)
    for excerpt, placement in zip(found, placements, strict=True):
        expected = log_mel(reading.read(path, placement.offset))
        np.testing.assert_array_equal(excerpt, expected.astype(np.float16))


def write_garbage(path):
    path.write_bytes(np.random.default_rng(0).bytes(50_000))


def write_truncated(path, kept):
    """Write a file of 60 s and keep only the first part of its bytes."""
    soundfile.write(path, draw_noise(60), SAMPLE_RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: round(len(whole) * kept)])


BROKEN = {
    "missing.wav": lambda path: path,
    "folder.wav": lambda path: path.mkdir(),
    "empty.wav": lambda path: path.touch(),
    "empty.mp3": lambda path: path.touch(),
    "garbage.wav": write_garbage,
    "garbage.flac": write_garbage,
    "silent.wav": lambda path: soundfile.write(path, draw_noise(0), SAMPLE_RATE),
    "instant.wav": lambda path: soundfile.write(path, draw_noise(0.99), SAMPLE_RATE),
    "headless.raw": write_garbage,
    "cut.mp3": lambda path: write_truncated(path, 0.04),
    "cut.flac": lambda path: write_truncated(path, 0.04),
    "head.mp3": lambda path: write_truncated(path, 0.001),
    "nan.wav": lambda path: soundfile.write(
        path, draw_noise(9) * np.nan, SAMPLE_RATE, subtype="FLOAT"
    ),
    "inf.wav": lambda path: soundfile.write(
        path, draw_noise(9) * np.inf, SAMPLE_RATE, subtype="FLOAT"
    ),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("number", [1, 3])
def test_a_broken_file_is_refused_in_one_line(tmp_path, name, number):
    path = tmp_path / name
    BROKEN[name](path)
    assert message_of(reading.log_mel_excerpts, path, number).startswith(f"{path}: ")


def test_a_truncated_mp3_is_read_up_to_its_end_and_refused_after_it(tmp_path):
    path = tmp_path / "cut.mp3"
    write_truncated(path, 0.5)
    assert reading.duration(path) == pytest.approx(60, abs=0.2)
    assert reading.log_mel_excerpts(path, 1)[0].shape == (1, 80, 130)
    assert "0.00 s of audio at 54.0 s; at least 1 s is needed" in message_of(
        reading.log_mel_excerpts, path, 2
    )


def test_the_message_names_a_missing_file(tmp_path):
    path = tmp_path / "missing.wav"
    for call in (reading.duration, reading.read):
        assert message_of(call, path).startswith(f"{path}: cannot be read: ")
