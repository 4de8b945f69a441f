"""Data to measure on, drawn from a fixed seed: sound, tags, and training on noise."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import sparse

from tagspace.audio.spectrogram import SHAPE
from tagspace.datasets.base import Dataset, build
from tagspace.datasets.groups import Groups
from tagspace.model.batches import UniformBatches
from tagspace.model.dpnn import initial_network
from tagspace.model.losses import TripletLoss
from tagspace.model.training import Examples, Schedule, Trainer
from tagspace.support.device import choose_precision
from tagspace.tags.relatedness import Cosine
from tagspace.tags.tagsets import TagMatrix

N_TRACKS, N_ALBUMS, N_TAGS, TAGS_PER_ALBUM = 143_587, 19_107, 1305, 14.3  # as in the paper
SIZES = {"genres": 21, "styles": 833, "moods": 285, "themes": 166}
CLIP_SECONDS = 30
N_DISTINCT = 10  # mp3 files take long to write: the others are copies


def write_mp3(folder: Path, n_files: int) -> list[Path]:
    """Write files with tones and noise, stereo at 44.1 kHz."""
    import soundfile  # the GPU benchmark runs where it is missing

    generator = np.random.default_rng(0)
    paths = [folder / f"{number:02d}.mp3" for number in range(n_files)]
    for path in paths[:N_DISTINCT]:
        soundfile.write(path, sound(CLIP_SECONDS, generator), 44_100)
    for number in range(N_DISTINCT, n_files):
        # A tag at the end, which decoders skip: files of equal content would be computed once.
        tag = b"TAG" + f"{number:125d}".encode()
        paths[number].write_bytes(paths[number % N_DISTINCT].read_bytes() + tag)
    return paths


def sound(seconds: int, generator: np.random.Generator | None = None) -> np.ndarray:
    """Draw tones and noise at 44.1 kHz, shape (n_samples, 2)."""
    generator = generator or np.random.default_rng(0)
    time = np.arange(seconds * 44_100)[:, None] / 44_100
    tones = np.sin(2 * np.pi * generator.uniform(80, 4000, 2) * time)
    return 0.2 * tones + 0.05 * generator.standard_normal((len(time), 2))


def mp3_dataset(paths: list[Path]) -> Dataset:
    """Describe files as tracks without tags."""
    return build("bench", [(path.stem, "", (), "", str(path)) for path in paths], [], ())


def tag_matrix(n_tracks: int = N_TRACKS) -> sparse.csr_array:
    """Draw the tags of albums, and so of tracks: topical, with a long tail, 14.3 per track."""
    n_albums = max(n_tracks * N_ALBUMS // N_TRACKS, 1)
    generator = np.random.default_rng(0)
    topics = generator.lognormal(0, 2, (60, N_TAGS)) / (np.arange(N_TAGS) + 5)
    mixtures = generator.dirichlet(np.full(60, 0.05), n_albums)
    chances = mixtures @ (topics / topics.sum(axis=1, keepdims=True)) + 1e-9
    # Sorting by log-chance plus Gumbel noise draws without replacement.
    order = np.argsort(-np.log(chances) - generator.gumbel(size=chances.shape), axis=1)
    counts = 1 + generator.negative_binomial(4, 4 / (3 + TAGS_PER_ALBUM), n_albums)
    album = np.sort(generator.integers(n_albums, size=n_tracks))
    indices = np.concatenate([np.sort(order[a, : counts[a]]) for a in album])
    indptr = np.concatenate([[0], counts[album].cumsum()])
    return sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(n_tracks, N_TAGS))


def named(matrix: sparse.csr_array) -> TagMatrix:
    """Divide the tags into sets as large as those of the paper's intersection."""
    names = [name for name, size in SIZES.items() for _ in range(size)]
    vocabulary = pd.DataFrame({"tagset": names, "tag": np.arange(len(names)).astype(str)})
    return TagMatrix(matrix, pd.RangeIndex(matrix.shape[0]), vocabulary)


def test_tracks(n_tracks: int) -> tuple[TagMatrix, Groups]:
    """Draw tags of test tracks in four sets, seven tracks per album and two albums per artist."""
    album = np.arange(n_tracks) // 7
    albums = sparse.csr_array((np.ones(n_tracks), album, np.arange(n_tracks + 1)))
    return named(tag_matrix(n_tracks)), Groups(album // 2, albums)


def topic_vectors(n_tracks: int, topics: int = 20) -> np.ndarray:
    """Draw vectors of unit length with few topics each, so that some tracks are related."""
    vectors = np.random.default_rng(0).dirichlet(np.full(topics, 0.05), n_tracks)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def trainer(vectors: np.ndarray, margin: float, device: torch.device | str = "cpu") -> Trainer:
    """Prepare training on tracks with these LSI vectors, two per album, with noise as audio."""
    rows = np.arange(len(vectors))
    albums = sparse.csr_array((np.ones(len(rows)), (rows, rows // 2)))
    groups = Groups(rows // 2, albums)
    noise = np.random.default_rng(0).normal(-8, 3, (len(rows), 1, *SHAPE)).astype(np.float16)
    related = Cosine(torch.as_tensor(vectors, dtype=torch.float32, device=device))
    same_album = partial(groups.excluded_pairs, batch_filter="album")
    examples = Examples(noise, UniformBatches(rows), rows, related, same_album, related)
    network = initial_network(seed=0).to(device)
    precision = choose_precision("auto", torch.device(device))
    made = Trainer(network, TripletLoss(margin), examples, Schedule(1, precision=precision))
    made.network.train()
    return made


def take_step(trainer: Trainer, rows: np.ndarray) -> None:
    """Take a step on tracks, as an epoch does."""
    trainer.step(trainer.read(rows, np.zeros_like(rows)))
