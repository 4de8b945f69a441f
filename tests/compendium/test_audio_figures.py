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


def test_the_player_holds_the_sound_itself():
    samples = tone(2)
    page = audio_figures.player(samples, "a tone").data
    encoded = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', page)[1]
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert rate == spectrogram.SAMPLE_RATE
    assert len(heard) == pytest.approx(len(samples), abs=3000)
    assert np.corrcoef(heard[: len(samples)], samples[: len(heard)])[0, 1] > 0.99
    assert 'aria-label="a tone"' in page
    assert "http" not in page


def test_the_excerpt_is_what_the_network_hears():
    samples = tone() * np.linspace(0, 1, 12 * spectrogram.SAMPLE_RATE, dtype=np.float32)
    lower = audio_figures.excerpt_figure(samples).axes[1]
    begin = 3 * spectrogram.SAMPLE_RATE
    expected = spectrogram.log_mel(samples[begin : begin + spectrogram.N_SAMPLES])
    np.testing.assert_array_equal(lower.images[0].get_array(), expected)


def test_every_fourth_filter_is_drawn():
    assert len(audio_figures.filter_bank_figure().axes[0].lines) == spectrogram.N_MELS / 4


def test_levels_are_relative_to_the_file(tmp_path):
    samples = tone(4)
    samples[: 2 * spectrogram.SAMPLE_RATE] *= 0.1
    for name, gain in {"soft.wav": 0.1, "loud.wav": 1.0}.items():
        soundfile.write(tmp_path / name, gain * samples, spectrogram.SAMPLE_RATE, "FLOAT")
    found = audio_figures.levels([str(tmp_path / name) for name in ("soft.wav", "loud.wav")], 4)
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    assert found[0, 2] - found[0, 1] == pytest.approx(20, abs=1e-3)
    assert np.mean(10 ** (found[0] / 10)) == pytest.approx(1)
    curve = audio_figures.levels_figure(found).axes[0].lines[0]
    np.testing.assert_allclose(curve.get_ydata(), found[0], atol=1e-4)


def test_a_search_is_heard_from_the_nearest_to_the_farthest(tmp_path):
    artists = {"a": "Ada", "b": "Ada", "c": "Bo", "d": "Cy", "e": "", "f": "Di"}
    for track in artists:
        soundfile.write(tmp_path / f"{track}.wav", tone(), spectrogram.SAMPLE_RATE)
    tags = [(track, "moods", f"<{track}>") for track in artists] + [("c", "moods", "wild")]
    tracks = [(t, artist, (), "", str(tmp_path / f"{t}.wav")) for t, artist in artists.items()]
    dataset = build("x", tracks, tags, ("moods",))
    places = {"b": 0.1, "a": 0.0, "c": 3.0, "d": -1.0, "e": 2.0, "f": 9.0}
    embeddings = pd.DataFrame({"d000": places, "d001": 1.0})
    page = audio_figures.search_table(dataset, embeddings, query=1, nearest=2).data
    rows = re.findall(r'<th scope="row">([^<]*)<br>.*?</th><td>(.*?)</td>', page)
    assert rows == [
        ("the query", "&lt;a&gt;"),
        ("nearest 1", "&lt;d&gt;"),
        ("nearest 2", "&lt;e&gt;"),
        ("the farthest", "&lt;f&gt;"),
    ]
    assert page.count("data:audio/mpeg;base64,") == 4
    assert 'aria-label="nearest 2"' in page
    few = audio_figures.search_table(dataset, embeddings.loc[["a", "b", "c"]]).data
    assert re.findall(r'<th scope="row">([^<]*)<br>', few) == ["the query", "nearest 1"]


def test_a_short_file_is_heard_too(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(2), spectrogram.SAMPLE_RATE)
    dataset = build("x", [("a", "", (), "", str(tmp_path / "a.wav"))], [], ("moods",))
    page = audio_figures.search_table(dataset, pd.DataFrame({"d000": [1.0]}, index=["a"])).data
    assert page.count("data:audio/mpeg;base64,") == 1
