import librosa
import numpy as np
import pytest
import soundfile

from tagspace.audio import reading, spectrogram
from tagspace.errors import TagspaceError

RATE = spectrogram.SAMPLE_RATE


def noise(seconds, rate=RATE, channels=1):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (round(seconds * rate), channels))
    return samples.astype(np.float32)


def sine(frequency, seconds, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def error_of(call, *arguments):
    with pytest.raises(TagspaceError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "samples",
    [
        noise(6)[:, 0],
        noise(1.5)[:, 0] * 1e-6,
        sine(440, 6),
        sine(10_900, 2) + sine(20, 2),
        np.zeros(RATE * 6, np.float32),
    ],
)
def test_log_mel_equals_that_of_librosa(samples):
    power = librosa.feature.melspectrogram(
        y=samples, sr=22_050, n_fft=2048, hop_length=1024, n_mels=80, fmin=16, fmax=11_000
    )
    expected = np.log(np.maximum(power, 1e-10))
    found = spectrogram.log_mel(samples)
    assert found.dtype == np.float32
    assert found.shape == (80, 1 + len(samples) // 1024)
    # Where a sine leaves a band all but empty, both hold the rounding errors of louder ones.
    heard = power >= 1e-9 * power.max()
    np.testing.assert_allclose(found[heard], expected[heard], atol=1e-3)
    tolerance = 1e-8 * power.max() + 1e-13
    np.testing.assert_allclose(np.exp(found), np.exp(expected), rtol=1e-3, atol=tolerance)


def test_silence_is_at_the_floor():
    assert (spectrogram.log_mel(np.zeros(RATE, np.float32)) == np.log(np.float32(1e-10))).all()


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
def test_one_excerpt_begins_at_three_seconds_if_it_can(duration, offset, note):
    ((found, why),) = reading.place(duration, 1)
    assert found == pytest.approx(offset)
    assert why == note


@pytest.mark.parametrize("duration", [6.0, 7.5, 30.0, 240.0])
@pytest.mark.parametrize("number", [2, 3, 5])
def test_several_excerpts_are_spread_evenly_from_begin_to_end(duration, number):
    placements = reading.place(duration, number)
    expected = [step * (duration - 6) / (number - 1) for step in range(number)]
    assert [placement.offset for placement in placements] == pytest.approx(expected)
    assert all(placement.note == "" for placement in placements)


def test_several_excerpts_of_a_short_file_are_the_same():
    assert reading.place(4.0, 3) == [(0.0, "4.0 s, repeated")] * 3


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("offset", [0.0, 3.0, 4.4321])
def test_an_excerpt_is_a_slice_of_the_whole_file(tmp_path, ending, offset):
    path = tmp_path / f"noise.{ending}"
    soundfile.write(path, noise(12), RATE)
    whole = soundfile.read(path, dtype="float32")[0]
    start = round(offset * RATE)
    expected = whole[start : start + 6 * RATE]
    # The frame of an mp3 file before the first one is not decoded, and overlaps with it a little.
    tolerance = 5e-3 if ending == "mp3" else 1e-6
    np.testing.assert_allclose(reading.read(path, offset), expected, atol=tolerance)


def test_channels_are_averaged(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, noise(10, channels=2), RATE, subtype="FLOAT")
    expected = noise(10, channels=2).mean(axis=1)[3 * RATE : 9 * RATE]
    np.testing.assert_allclose(reading.read(path), expected, atol=1e-6)


@pytest.mark.parametrize("rate", [44_100, 16_000, 48_000, 8_000])
def test_any_sampling_rate_is_converted(tmp_path, rate):
    path = tmp_path / "sine.wav"
    soundfile.write(path, sine(1000, 10, rate), rate, subtype="FLOAT")
    found = reading.read(path)
    assert found.shape == (6 * RATE,)
    assert found.dtype == np.float32
    inner = slice(RATE // 10, -RATE // 10)  # the filter rings at both ends
    np.testing.assert_allclose(found[inner], sine(1000, 6)[inner], atol=1e-3)


def test_what_is_above_half_the_sampling_rate_is_filtered_out(tmp_path):
    path = tmp_path / "high.wav"
    soundfile.write(path, sine(15_000, 10, 44_100), 44_100, subtype="FLOAT")
    inner = slice(RATE // 10, -RATE // 10)
    assert np.abs(reading.read(path)[inner]).max() < 1e-3


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.99])
def test_a_short_file_is_repeated(tmp_path, seconds):
    path = tmp_path / "short.wav"
    soundfile.write(path, noise(seconds), RATE, subtype="FLOAT")
    once = noise(seconds)[:, 0]
    expected = np.concatenate([once] * 7)[: 6 * RATE]
    np.testing.assert_allclose(reading.read(path, 0.0), expected, atol=1e-6)


@pytest.mark.parametrize("number", [1, 3])
def test_excerpts_are_log_mel_in_half_precision(tmp_path, number):
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise(15), RATE, subtype="FLOAT")
    found, placements = reading.log_mel_excerpts(path, number)
    assert found.shape == (number, 80, 130)
    assert found.dtype == np.float16
    assert placements == reading.place(15.0, number)
    for excerpt, placement in zip(found, placements, strict=True):
        expected = spectrogram.log_mel(reading.read(path, placement.offset))
        np.testing.assert_array_equal(excerpt, expected.astype(np.float16))


def write_garbage(path):
    path.write_bytes(np.random.default_rng(0).bytes(50_000))


def write_truncated(path, kept):
    """Write 60 s whose header tells so, and keep a part of the bytes."""
    soundfile.write(path, noise(60), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: round(len(whole) * kept)])


BROKEN = {
    "missing.wav": lambda path: path,
    "folder.wav": lambda path: path.mkdir(),
    "empty.wav": lambda path: path.touch(),
    "empty.mp3": lambda path: path.touch(),
    "garbage.wav": write_garbage,
    "garbage.flac": write_garbage,
    "silent.wav": lambda path: soundfile.write(path, noise(0), RATE),
    "instant.wav": lambda path: soundfile.write(path, noise(0.99), RATE),
    "headless.raw": write_garbage,
    "cut.mp3": lambda path: write_truncated(path, 0.04),
    "cut.flac": lambda path: write_truncated(path, 0.04),
    "head.mp3": lambda path: write_truncated(path, 0.001),
    "nan.wav": lambda path: soundfile.write(path, noise(9) * np.nan, RATE, subtype="FLOAT"),
    "inf.wav": lambda path: soundfile.write(path, noise(9) * np.inf, RATE, subtype="FLOAT"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("number", [1, 3])
def test_a_broken_file_is_refused_in_one_line(tmp_path, name, number):
    path = tmp_path / name
    BROKEN[name](path)
    assert error_of(reading.log_mel_excerpts, path, number).startswith(f"{path}: ")


def test_a_truncated_mp3_is_refused_where_nothing_is_left(tmp_path):
    path = tmp_path / "cut.mp3"
    write_truncated(path, 0.5)
    assert reading.duration(path) == pytest.approx(60, abs=0.2)
    assert reading.log_mel_excerpts(path, 1)[0].shape == (1, 80, 130)
    assert "0.00 s of audio at 54.0 s; at least 1 s is needed" in error_of(
        reading.log_mel_excerpts, path, 2
    )


def test_the_message_of_a_missing_file_names_it(tmp_path):
    path = tmp_path / "missing.wav"
    for call in (reading.duration, reading.read):
        assert error_of(call, path).startswith(f"{path}: cannot be read: ")
