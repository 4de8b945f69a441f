"""Excerpts of audio files of many formats, and broken files."""

import os

import numpy as np
import pytest
import soundfile
from signals import sine

from tagspace.audio import reading
from tagspace.audio.spectrogram import SAMPLE_RATE, log_mel
from tagspace.errors import TagspaceError


def draw_noise(seconds, rate=SAMPLE_RATE, channels=1):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32)


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
        (8.9, 2.9, "short: 8.9 s, the last 6 s taken"),
        (6.0, 0.0, "short: 6.0 s, the last 6 s taken"),
        (5.9, 0.0, "short: 5.9 s, repeated"),
        (1.0, 0.0, "short: 1.0 s, repeated"),
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


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "flac", "wav"])
@pytest.mark.parametrize("seconds", [15.0, 100.0])  # decoded as a whole, and in parts
def test_excerpts_are_the_seconds_at_their_places_however_they_are_decoded(
    tmp_path, suffix, seconds
):
    file = tmp_path / f"a.{suffix}"
    with soundfile.SoundFile(file, "w", 44_100, 2) as out:
        for part in np.split(draw_noise(seconds, 44_100, 2), 20):  # much ogg at once would crash
            out.write(part)
    excerpts = reading.read_excerpts(file, 5)
    for samples, offset in zip(excerpts.samples, excerpts.offsets, strict=True):
        np.testing.assert_allclose(samples, reading.read(file, offset), atol=1e-6)


def test_several_excerpts_of_a_short_file_are_equal():
    assert reading.place(4.0, 3) == [(0.0, "short: 4.0 s, repeated")] * 3


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
    found, notes = reading.log_mel_excerpts(path, number)
    assert found.shape == (number, 80, 130)
    assert found.dtype == np.float16
    assert notes == ()
    offsets = [placement.offset for placement in reading.place(15.0, number)]
    assert reading.read_excerpts(path, number).offsets == tuple(offsets)
    for excerpt, offset in zip(found, offsets, strict=True):
        expected = log_mel(reading.read(path, offset))
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
    "cut.mp3": lambda path: write_truncated(path, 0.015),
    "cut.flac": lambda path: write_truncated(path, 0.015),
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_device_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    for name in ("pipe.wav", "zero.wav"):
        for call in (reading.log_mel_excerpts, reading.read, reading.duration):
            assert message_of(call, tmp_path / name).endswith("it is not a regular file")


def test_a_format_that_is_not_read_comes_with_a_remedy(tmp_path):
    path = tmp_path / "song.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(5000))
    assert message_of(reading.log_mel_excerpts, path).endswith("convert it, for example to flac")


# Damage. All files are 60 s long, and have another tone in each second.


def tones(seconds=60):
    """Make one tone per second, each a semitone above the one before, in two channels."""
    pitch = 110 * 2 ** (np.arange(round(seconds * SAMPLE_RATE)) // SAMPLE_RATE / 12)
    tone = 0.4 * np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE)
    return np.stack([tone, tone], axis=1).astype(np.float32)


def second_of(excerpt):
    """Return the second of the file that an excerpt begins with."""
    spectrum = np.abs(np.fft.rfft(excerpt[: SAMPLE_RATE // 2]))
    return round(12 * np.log2(2 * spectrum.argmax() / 110))


def write_tones(path, **options):
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 2, **options) as file:
        for block in np.array_split(tones(), 60):  # libsndfile's ogg encoder fails on long blocks
            file.write(block)
    return path


def cut(path, kept=0.6):
    os.truncate(path, round(kept * path.stat().st_size))


def damage(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)


def state_frames(path, factor):
    """Change the number of frames that an mp3's header states."""
    data = bytearray(path.read_bytes())
    place = max(data.find(b"Xing"), data.find(b"Info")) + 8
    stated = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = round(stated * factor).to_bytes(4, "big")
    path.write_bytes(data)


def remove_header_frame(path):
    data = path.read_bytes()
    second_frame = data.index(data[:2], 4)
    path.write_bytes(data[second_frame:])


def add_id3_with_false_frames(path):
    picture = (b"\xff\xfb\x90\x00" + bytes(413)) * 2 + np.random.default_rng(0).bytes(300_000)
    size = bytes(len(picture) >> shift & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + picture + path.read_bytes())
    state_frames(path, 0.25)


VARIABLE = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.4}
CONSTANT = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.4}
DAMAGED = {
    "cut.mp3": (CONSTANT, cut, 36),
    "cut, variable.mp3": (VARIABLE, cut, 36),
    "cut.flac": ({}, cut, 36),
    "cut.ogg": ({}, cut, 36),
    "cut.wav": ({}, cut, 36),
    "damaged.mp3": (CONSTANT, damage, 60),
    "damaged, variable.mp3": (VARIABLE, damage, 60),
    "damaged.flac": ({}, damage, 60),
    "header too long.mp3": (VARIABLE, lambda path: state_frames(path, 4), 60),
    "header too short.mp3": (VARIABLE, lambda path: state_frames(path, 0.25), 60),
    "header says half.mp3": (CONSTANT, lambda path: state_frames(path, 0.5), 60),
    "no header.mp3": (VARIABLE, remove_header_frame, 60),
    "picture.mp3": (VARIABLE, add_id3_with_false_frames, 60),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_read_where_it_is_not(tmp_path, name):
    options, spoil, true_seconds = DAMAGED[name]
    path = write_tones(tmp_path / name, **options)
    spoil(path)
    one, five = (reading.read_excerpts(path, number) for number in (1, 5))
    assert one.offsets == (3.0,)
    assert five.offsets[0] == 3.0
    assert five.offsets[-1] == pytest.approx(true_seconds - 6, abs=4)
    for excerpts in (one, five):
        for samples, offset in zip(excerpts.samples, excerpts.offsets, strict=True):
            # What is lost at a damage shifts what follows by up to two seconds.
            assert second_of(samples) == pytest.approx(offset, abs=2)
    values, _ = reading.log_mel_excerpts(path, 5)
    assert np.isfinite(values).all()


@pytest.mark.parametrize("name", ["cut.mp3", "header too short.mp3", "no header.mp3"])
def test_a_wrong_length_is_noted(tmp_path, name):
    options, spoil, _ = DAMAGED[name]
    path = write_tones(tmp_path / name, **options)
    spoil(path)
    assert reading.read_excerpts(path, 5).notes[0].startswith("damaged: ")


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "wav"])
def test_undamaged_files_have_no_notes(tmp_path, ending):
    path = write_tones(tmp_path / f"whole.{ending}")
    assert reading.read_excerpts(path, 5).notes == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e19, 3e38])
@pytest.mark.parametrize("second", [0.5, 3.2, 4.5, 20])
def test_impossible_samples_end_a_file_where_an_excerpt_holds_them(tmp_path, value, second):
    samples = tones(30)
    samples[round(second * SAMPLE_RATE), 1] = value
    path = tmp_path / "float.wav"
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    for number in (1, 5):
        values, notes = reading.log_mel_excerpts(path, number)
        assert np.isfinite(values).all()
        is_held = 3 <= second < (9 if number == 1 else 30)
        assert [note.split(",")[0] for note in notes][:1] == [f"damaged: {second:.1f} s"] * is_held


@pytest.mark.parametrize("scale", [1e-30, 1e8])
def test_extreme_but_possible_levels_give_finite_features(tmp_path, scale):
    path = tmp_path / "level.wav"
    soundfile.write(path, tones(10) * np.float32(scale), SAMPLE_RATE, subtype="FLOAT")
    assert np.isfinite(reading.log_mel_excerpts(path)[0]).all()


def test_silence_is_named(tmp_path):
    silent, partly = tmp_path / "silent.wav", tmp_path / "partly.wav"
    soundfile.write(silent, np.zeros(30 * SAMPLE_RATE), SAMPLE_RATE)
    soundfile.write(
        partly, tones(30) * (np.arange(30 * SAMPLE_RATE) < 9 * SAMPLE_RATE)[:, None], SAMPLE_RATE
    )
    assert reading.log_mel_excerpts(silent, 5)[1] == ("silent",)
    assert reading.log_mel_excerpts(partly, 5)[1] == ("silent in parts",)
    assert reading.log_mel_excerpts(partly, 1)[1] == ()


def test_channels_that_cancel_out_are_named_and_one_is_taken(tmp_path):
    samples = tones(12) * np.array([1, -1], np.float32)
    path = tmp_path / "antiphase.wav"
    soundfile.write(path, samples, SAMPLE_RATE)
    excerpts = reading.read_excerpts(path)
    assert excerpts.notes == ("channels that cancel each other out: one taken",)
    np.testing.assert_allclose(
        excerpts.samples[0], samples[3 * SAMPLE_RATE :][: 6 * SAMPLE_RATE, 0], atol=1e-3
    )


def test_the_message_names_a_missing_file(tmp_path):
    path = tmp_path / "missing.wav"
    for call in (reading.duration, reading.read):
        assert message_of(call, path).startswith(f"{path}: cannot be read: ")
