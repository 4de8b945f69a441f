"""Players contain the sounds, and tables of players list the right tracks."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from signals import sine

from compendium import listening
from compendium.listening import Sound
from tagspace.audio import spectrogram
from tagspace.datasets.base import build

RATE = spectrogram.SAMPLE_RATE


def test_a_player_contains_the_sound_and_is_loaded_on_demand():
    samples = sine(440, 2)
    page = listening.players([Sound("a <tone>", samples, "440 Hz\nloud")]).data
    encoded = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', page)[1]
    decoded, rate = soundfile.read(io.BytesIO(base64.b64decode(encoded)))
    assert rate == RATE
    assert len(decoded) == pytest.approx(len(samples), abs=3000)
    assert np.corrcoef(decoded[: len(samples)], samples[: len(decoded)])[0, 1] > 0.99
    assert 'aria-label="a &lt;tone&gt;"' in page
    assert 'preload="none"' in page
    assert "440 Hz<br>loud" in page
    assert "http" not in page


def test_a_row_without_a_sound_has_no_player():
    assert "<audio" not in listening.players([Sound("tags", None, "calm")]).data


@pytest.fixture
def artists():
    return {"a": "Ada", "b": "Ada", "c": "Bo", "d": "Cy", "e": "", "f": "Di"}


@pytest.fixture
def dataset(artists, tmp_path):
    """Six tracks, each with a mood of its own."""
    for track in artists:
        soundfile.write(tmp_path / f"{track}.wav", sine(440, 12), RATE)
    tags = [(track, "moods", f"<{track}>") for track in artists] + [("c", "moods", "wild")]
    tracks = [(t, artist, (), "", str(tmp_path / f"{t}.wav")) for t, artist in artists.items()]
    return build("x", tracks, tags, ("moods",))


def test_the_nearest_tracks_are_of_other_artists(dataset):
    positions = {"b": 0.1, "a": 0.0, "c": 3.0, "d": -1.0, "e": 2.0, "f": 9.0}
    embeddings = pd.DataFrame({"d000": positions, "d001": 1.0})
    found = listening.nearest_and_farthest(dataset, embeddings, query=1, nearest=2)
    assert found == {"query": "a", "nearest 1": "d", "nearest 2": "e", "farthest": "f"}
    few = listening.nearest_and_farthest(dataset, embeddings.loc[["a", "b", "c"]])
    assert few == {"query": "a", "nearest 1": "c"}


def test_a_table_of_tracks_has_players_and_tags(dataset):
    page = listening.tracks(dataset, {"query": "a", "nearest": "c"}).data
    rows = re.findall(r'<th scope="row">([^<]*)<audio.*?</th><td>(.*?)</td>', page)
    assert rows == [
        ("query", "&lt;a&gt;"),
        ("nearest", "&lt;c&gt;, wild<br>in common with the query: no tag"),
    ]


def test_tags_in_common_are_of_the_same_set():
    tags = [("a", "moods", "calm"), ("a", "themes", "sea"), ("b", "moods", "sea")]
    tracks = [(track, track, (), "", "") for track in "ab"]
    dataset = build("x", tracks, [*tags, ("b", "moods", "calm")], ("moods", "themes"))
    assert listening.common_tags(dataset, "a", "b") == ["calm"]


def test_files_shorter_than_an_excerpt_are_played(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(440, 2), RATE)
    assert len(listening.read_excerpt(tmp_path / "a.wav")) == 6 * RATE


def test_levels_are_relative_to_the_mean_power_of_the_file(tmp_path):
    samples = sine(440, 4)
    samples[: 2 * RATE] *= 0.1
    files = [str(tmp_path / name) for name in ("soft.wav", "loud.wav")]
    for file, gain in zip(files, (0.1, 1.0), strict=True):
        soundfile.write(file, gain * samples, RATE, "FLOAT")
    levels = listening.levels(files, 4)
    np.testing.assert_allclose(levels[0], levels[1], atol=1e-4)
    assert levels[0, 2] - levels[0, 1] == pytest.approx(20, abs=1e-3)
    assert np.mean(10 ** (levels[0] / 10)) == pytest.approx(1)


def test_a_sound_from_its_spectrogram_has_the_same_spectrogram_or_a_shuffled_one():
    sweep = np.concatenate([sine(440, 3), 0.2 * np.sign(sine(440, 3))]).astype(np.float32)
    original = spectrogram.log_mel(sweep)
    same = spectrogram.log_mel(listening.shuffled(sweep, "nothing"))
    frames = spectrogram.log_mel(listening.shuffled(sweep, "frames"))
    bands = spectrogram.log_mel(listening.shuffled(sweep, "bands"))

    def correlation(values, axis):
        return np.corrcoef(values.mean(axis), original.mean(axis))[0, 1]

    assert correlation(same, 0) > 0.8
    assert correlation(same, 1) > 0.8
    assert correlation(frames, 0) < 0.5 < correlation(frames, 1)
    assert correlation(bands, 1) < 0.5
