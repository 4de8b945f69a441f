"""A small collection in which the mood can be heard, whoever plays."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.audio.features import Features
from tagspace.audio.spectrogram import SHAPE
from tagspace.configuration import Configuration
from tagspace.corpus import assemble
from tagspace.datasets.base import build

TRACKS = [(artist, number) for artist in range(10) for number in range(4)]
# Two epochs take a few seconds; two folds leave 16 tracks to train on, and 20 for test.
SMALL = {
    "tagsets": "moods",
    "topics": 2,
    "excerpts": 2,
    "epochs": 2,
    "batch_size": 16,
    "folds": 2,
    "device": "cpu",
}


def mood(number):
    return ("calm", "wild")[number % 2]


@pytest.fixture(scope="session")
def collection():
    """Ten artists with two albums of two tracks each: one calm, one wild."""
    return build(
        "small",
        [(f"t{a}{n}", f"artist {a}", (f"album {a}{n % 2}",), "", "") for a, n in TRACKS],
        [(f"t{a}{n}", "moods", mood(n)) for a, n in TRACKS]
        + [(f"t{a}{n}", "themes", "rain" if a < 5 else "sun") for a, n in TRACKS],
        ("moods", "themes"),
    )


@pytest.fixture(scope="session")
def store(collection, tmp_path_factory):
    """Two excerpts per track: wild ones pulse, and everything else is noise."""
    generator = np.random.default_rng(0)
    pulse = np.where(np.arange(SHAPE[1]) % 8 < 4, 1.0, -1.0)
    wild = np.array([mood(number) == "wild" for _, number in TRACKS])
    array = generator.normal(size=(len(TRACKS), 2, *SHAPE)) + generator.normal(
        0, 2, size=(len(TRACKS), 1, SHAPE[0], 1)
    )
    array += wild[:, None, None, None] * pulse
    index = pd.DataFrame(
        {"row": np.arange(len(TRACKS)), "notes": ""}, index=collection.tracks.index
    )
    failures = pd.DataFrame(columns=["track_id", "path", "reason"])
    listing = tmp_path_factory.mktemp("store") / "failures.csv"
    return Features(array.astype(np.float16).reshape(-1, *SHAPE), index, failures, listing, 2)


@pytest.fixture(scope="session")
def small(collection, store):
    """Give the corpus and the configuration of a small run, with parameters as asked for."""

    def make(**parameters):
        configuration = Configuration.check({**SMALL, **parameters})
        return assemble(collection, store, configuration), configuration

    return make


@pytest.fixture
def manifest(tmp_path):
    """Forty tones of ten artists; those of one style have one pitch."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(40):
        style = number % 3
        time = np.arange(10 * 22_050) / 22_050
        tone = np.sin(2 * np.pi * 220 * 4**style * time) + 0.1 * rng.standard_normal(len(time))
        soundfile.write(tmp_path / f"{number}.wav", (0.5 * tone).astype("float32"), 22_050)
        tags = f"style {style}", "calm|slow" if style else "loud"
        rows.append((f"t{number}", f"{number}.wav", f"artist {number % 10}", "", "", *tags))
    columns = ["track_id", "path", "artist", "album", "title", "styles", "moods"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "manifest.csv", index=False)
    return tmp_path
