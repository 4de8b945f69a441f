"""Fixtures for all tests: a small collection of tracks, and the figures of many runs."""

import itertools

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.audio.features import Features
from tagspace.audio.spectrogram import SHAPE
from tagspace.configuration import EXPERIMENT_PARAMETERS, Configuration
from tagspace.corpus import assemble
from tagspace.datasets.base import build
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.evaluation.bootstrap import COLUMNS
from tagspace.runs.records import RESULTS_VERSION

TRACKS = [(artist, number) for artist in range(10) for number in range(4)]
# Two epochs take a few seconds. Two folds leave 12 tracks for training and 20 for the test.
SMALL = {
    "tagsets": "moods",
    "topics": 2,
    "excerpts": 2,
    "epochs": 2,
    "batch_size": 16,
    "folds": 2,
    "device": "cpu",
}
TAGGED_TRACKS = [
    ("x1", "Ann", ("one",), "", ""),
    ("x2", "Ann", ("one", "two"), "", ""),
    ("x3", "Bo", ("three",), "", ""),
    ("x4", "Bo", (), "", ""),
]
TRACK_TAGS = [
    ("x1", "styles", "ska"),
    ("x1", "moods", "playful"),
    ("x1", "moods", "calm"),
    ("x2", "styles", "ska"),
    ("x2", "styles", "polka"),
    ("x2", "moods", "calm"),
    ("x2", "moods", "playful"),
    ("x3", "styles", "playful"),
    ("x3", "styles", "playful"),
]
COMBINATIONS = ["genres+moods", "moods", "genres"]
SCORES = {"trained": 0.4, "untrained": 0.3, "timbre": 0.2, "tags": 0.9}


def mood(number):
    return ("calm", "wild")[number % 2]


@pytest.fixture
def make_tagged():
    """Return a function that makes a data set of four tracks from names of tag sets."""

    def make(*tagsets, further=()):
        return build("small", TAGGED_TRACKS, [*TRACK_TAGS, *further], tagsets)

    return make


@pytest.fixture(scope="session")
def collection():
    """Ten artists with two albums each; an album has a calm and a wild track."""
    return build(
        "small",
        [(f"t{a}{n}", f"artist {a}", (f"album {a}{n // 2}",), "", "") for a, n in TRACKS],
        [(f"t{a}{n}", "moods", mood(n)) for a, n in TRACKS]
        + [(f"t{a}{n}", "themes", "rain" if a < 5 else "sun") for a, n in TRACKS],
        ("moods", "themes"),
    )


@pytest.fixture(scope="session")
def store(collection, tmp_path_factory):
    """Two excerpts per track: noise, with a pulse in the wild tracks of all artists."""
    generator = np.random.default_rng(0)
    pulse = np.where(np.arange(SHAPE[1]) % 8 < 4, 1.0, -1.0)
    wild = np.array([mood(number) == "wild" for _, number in TRACKS])
    array = generator.normal(size=(len(TRACKS), 2, *SHAPE)) + generator.normal(
        0, 2, size=(len(TRACKS), 1, SHAPE[0], 1)
    )
    array += wild[:, None, None, None] * pulse
    ids = collection.tracks.index
    index = pd.DataFrame({"segment": "one", "row": np.arange(len(ids)), "notes": ""}, index=ids)
    index["content_id"] = [f"{row:032x}" for row in index["row"]]
    failures = pd.DataFrame(columns=["track_id", "path", "reason"])
    listing = tmp_path_factory.mktemp("store") / "failures.csv"
    return Features({"one": array.astype(np.float16)}, index, failures, listing, 2)


@pytest.fixture(scope="session")
def small(collection, store):
    """Return a function that makes a small corpus and its configuration from parameters."""

    def make(**parameters):
        configuration = Configuration.check({**SMALL, **parameters})
        return assemble(collection, store, configuration), configuration

    return make


@pytest.fixture(scope="session")
def musicnn_network():
    """musicnn with the authors' weights, if their package can be had."""
    try:
        return musicnn.load()
    except TagspaceError as error:
        if "pip cannot download" in str(error):
            pytest.skip("needs the package index")
        raise


@pytest.fixture
def manifest(tmp_path):
    """Forty tones of ten artists in a folder with a manifest; each style has its own pitch."""
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


@pytest.fixture
def metrics():
    """The metrics of one run; every figure differs from every other."""
    measures = [("graded", "ndcg", 10), ("graded", "ndcg", 100), ("exact", "precision", 10)]
    tasks, names = ["styles", "moods", "mean", "artist"], ["trained", "random", "tags"]
    rows = []
    order = itertools.product(["none", "album"], measures, tasks, names)
    for number, (filtered, (relevance, metric, cutoff), task, name) in enumerate(order):
        value = 0.1 + number / 1000
        bounds = value - 0.05, value + 0.05, 0.01 + tasks.index(task) / 100, 0.9
        rows.append((name, relevance, filtered, task, metric, cutoff, value, *bounds, 50))
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def gathered():
    """The figures of 18 unsorted runs: three combinations, two numbers of topics, three folds."""
    noise = np.random.default_rng(0)
    measures = [("ndcg", 10, "graded"), ("precision", 100, "exact")]
    tasks = ["genres", "moods", "mean", "artist"]
    rows = []
    for tagsets, topics, fold in itertools.product(COMBINATIONS, (20, 3), range(3)):
        parameters = Configuration(tagsets=tagsets, topics=topics, fold=fold).model_dump()
        run = {"run": f"{tagsets}-{topics}-{fold}", "commit": "c0ffee", "dataset": "x"}
        run["results_version"] = RESULTS_VERSION
        run |= {name: parameters[name] for name in EXPERIMENT_PARAMETERS}
        run["n_train"] = 21
        for (name, score), task in itertools.product(SCORES.items(), tasks):
            for metric, cutoff, relevance in measures:
                value = score + 0.01 * noise.normal()
                key = (name, relevance, "none", task, metric, cutoff)
                figures = dict(zip(COLUMNS, (*key, value, 0, 1, 0.1, 0.9, 7), strict=True))
                rows.append({**run, **figures})
    return pd.DataFrame(rows)
