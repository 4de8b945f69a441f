"""Audio players contain the sound, and figures of audio show the right numbers."""

import base64
import io
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import soundfile

from compendium import audio_figures
from tagspace.audio import spectrogram
from tagspace.datasets.base import build

mpl.use("agg")


def tone(seconds=12):
    time = np.arange(seconds * spectrogram.SAMPLE_RATE) / spectrogram.SAMPLE_RATE
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def test_player_contains_the_sound_and_needs_no_network():
    samples = tone(2)
    page = audio_figures.player(samples, "a tone").data
    encoded = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', page)[1]
    decoded, rate = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert rate == spectrogram.SAMPLE_RATE
    assert len(decoded) == pytest.approx(len(samples), abs=3000)
    assert np.corrcoef(decoded[: len(samples)], samples[: len(decoded)])[0, 1] > 0.99
    assert 'aria-label="a tone"' in page
    assert "http" not in page


def test_excerpt_figure_shows_the_input_of_the_network():
    samples = tone() * np.linspace(0, 1, 12 * spectrogram.SAMPLE_RATE, dtype=np.float32)
    lower = audio_figures.excerpt_figure(samples).axes[1]
    start = 3 * spectrogram.SAMPLE_RATE
    expected = spectrogram.log_mel(samples[start : start + spectrogram.N_SAMPLES])
    np.testing.assert_array_equal(lower.images[0].get_array(), expected)


def test_filter_bank_figure_draws_every_fourth_filter():
    assert len(audio_figures.filter_bank_figure().axes[0].lines) == spectrogram.N_MELS / 4


def test_levels_are_relative_to_the_mean_power_of_the_file(tmp_path):
    samples = tone(4)
    samples[: 2 * spectrogram.SAMPLE_RATE] *= 0.1
    files = [str(tmp_path / name) for name in ("soft.wav", "loud.wav")]
    for file, gain in zip(files, (0.1, 1.0), strict=True):
        soundfile.write(file, gain * samples, spectrogram.SAMPLE_RATE, "FLOAT")
    levels = audio_figures.levels(files, 4)
    np.testing.assert_allclose(levels[0], levels[1], atol=1e-4)
    assert levels[0, 2] - levels[0, 1] == pytest.approx(20, abs=1e-3)
    assert np.mean(10 ** (levels[0] / 10)) == pytest.approx(1)
    median = audio_figures.levels_figure(levels).axes[0].lines[0]
    np.testing.assert_allclose(median.get_ydata(), levels[0], atol=1e-4)


def test_search_table_lists_the_nearest_tracks_of_other_artists_and_the_farthest(tmp_path):
    artists = {"a": "Ada", "b": "Ada", "c": "Bo", "d": "Cy", "e": "", "f": "Di"}
    for track in artists:
        soundfile.write(tmp_path / f"{track}.wav", tone(), spectrogram.SAMPLE_RATE)
    tags = [(track, "moods", f"<{track}>") for track in artists] + [("c", "moods", "wild")]
    tracks = [(t, artist, (), "", str(tmp_path / f"{t}.wav")) for t, artist in artists.items()]
    dataset = build("x", tracks, tags, ("moods",))
    positions = {"b": 0.1, "a": 0.0, "c": 3.0, "d": -1.0, "e": 2.0, "f": 9.0}
    embeddings = pd.DataFrame({"d000": positions, "d001": 1.0})
    page = audio_figures.search_table(dataset, embeddings, query=1, nearest=2).data
    rows = re.findall(r'<th scope="row">([^<]*)<br>.*?</th><td>(.*?)</td>', page)
    assert rows == [
        ("query", "&lt;a&gt;"),
        ("nearest 1", "&lt;d&gt;"),
        ("nearest 2", "&lt;e&gt;"),
        ("farthest", "&lt;f&gt;"),
    ]
    assert page.count("data:audio/mpeg;base64,") == 4
    assert 'aria-label="nearest 2"' in page
    few = audio_figures.search_table(dataset, embeddings.loc[["a", "b", "c"]]).data
    assert re.findall(r'<th scope="row">([^<]*)<br>', few) == ["query", "nearest 1"]


def test_search_table_plays_files_shorter_than_an_excerpt(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(2), spectrogram.SAMPLE_RATE)
    dataset = build("x", [("a", "", (), "", str(tmp_path / "a.wav"))], [], ("moods",))
    page = audio_figures.search_table(dataset, pd.DataFrame({"d000": [1.0]}, index=["a"])).data
    assert page.count("data:audio/mpeg;base64,") == 1
