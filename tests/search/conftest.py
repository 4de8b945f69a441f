"""Fixtures: a collection of random vectors, and one of real files."""

import shutil

import numpy as np
import pandas as pd
import pytest
from mutagen.flac import FLAC

from tagspace.datasets.demo import audio_path, render
from tagspace.datasets.demo.plan import catalogue
from tagspace.search import collection as collections
from tagspace.search.collection import Representation
from tagspace.search.indexing import index
from tagspace.support.cache import cache_folder

N_TRACKS = 120


def representation(vectors, scale=()):
    """Make a representation as the index does."""
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    first, second = collections.random_pairs(len(vectors)).T
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    return Representation(vectors, "made", "hash", cosines, np.array(scale, np.float32))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """120 tracks with random vectors; every sixth one is a copy of the one before."""
    generator = np.random.default_rng(0)
    rows = np.arange(N_TRACKS)
    tracks = pd.DataFrame("", rows, collections.TEXTS).assign(
        path=[f"folder {row % 7}/track {row:03d}.mp3" for row in rows],
        content=[f"hash {row}" for row in rows],
        seconds=generator.integers(60, 600, N_TRACKS).astype(float),
        artist_code=rows % 30,
        album_code=rows % 60,
        recording=np.where(rows % 6 == 5, rows - 1, rows),
        tags=[("calm|low", "calm", "loud")[row % 3] for row in rows],
        heard=[("rock|jazz", "jazz|pop", "House")[row % 3] for row in rows],
    )
    made = {
        "sound": representation(generator.normal(size=(N_TRACKS, 200)) + 0.5, np.ones((2, 200))),
        "moods": representation(generator.normal(size=(N_TRACKS, 5))),
    }
    folder = tmp_path_factory.mktemp("collection")
    failures = pd.DataFrame({"path": ["bad.mp3"], "reason": ["it is empty"]})
    return collections.save(folder, folder / "music", tracks, failures, made)


@pytest.fixture(scope="session")
def music(tmp_path_factory):
    """Twelve pieces of three artists, with names and genres in the files, and a broken file."""
    folder = tmp_path_factory.mktemp("music")
    for number, album in enumerate(catalogue()[:6]):
        pieces = album.pieces[:2]
        render(pieces, folder / f"album {number}")
        for piece in pieces:
            file = FLAC(audio_path(piece, folder / f"album {number}"))
            file.update(artist=album.artist, album=album.title, title=piece.title)
            file.update(genre=["Rock", "Jazz"][number % 2])
            file.save()
    (folder / "broken.mp3").write_bytes(b"ID3 and no audio" * 100)
    return folder


@pytest.fixture
def own_cache(musicnn_network, tmp_path, monkeypatch):  # noqa: ARG001  (loads the weights)
    """An empty cache, but for the weights."""
    shutil.copytree(cache_folder() / "encoders", tmp_path / "cache" / "encoders")
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def indexed(music, musicnn_network, tmp_path_factory):  # noqa: ARG001  (loads them)
    """The index of the music."""
    return index(music, tmp_path_factory.mktemp("indexed") / "index")
