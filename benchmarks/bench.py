"""Measure the speed of tagspace against the obvious alternatives, side by side in one run.

Prints one table and saves it as ``runs/bench.csv``. Ours and the reference take turns on the same
data, after a warm-up; the medians are compared. Everything runs on the processor.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tagspace import training  # before anything makes a tensor: it sets how torch allocates

import librosa
import numpy as np
import pandas as pd
import soundfile
import torch
from scipy import sparse
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional

from tagspace import audio, dpnn, features, losses, mining, retrieval
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.datasets import base
from tagspace.groups import Groups
from tagspace.lsi import LSI
from tagspace.relatedness import Cosine
from tagspace.runs import PROJECT
from tagspace.splits import Split
from tagspace.tagsets import TagMatrix

try:
    import faiss
    from gensim.models import LsiModel
except ImportError as error:
    sys.exit(f"{error}; `make bench` installs it, or: pip install -c constraints.txt -e '.[bench]'")

N_FILES, N_DISTINCT = 60, 10  # mp3 files of 30 s, and how many different ones
N_TRACKS, N_ALBUMS, TAGS_PER_ALBUM = 143_587, 19_107, 14.3  # the paper's intersection
N_TAGS, N_LATENT = 1305, 60
TOPICS = range(10, 401, 10)
N_TEST, CUTOFF = 14_358, 100
TOWER_BATCH, BATCH = 100, 600
MARGIN = 0.2

Timed = Callable[[], object]


class Row(NamedTuple):
    """One line of the table; times in seconds."""

    what: str
    ours: float
    reference: float
    ratio: str
    target: str
    met: bool


def main() -> None:
    """Run everything, print the table and save it."""
    rows: list[Row] = []
    tags = tag_matrix()
    for part in (extraction, topics, neighbours, steps):
        say(f"{part.__doc__.splitlines()[0]}")
        rows += part(tags)
    table = pd.DataFrame(rows)
    print(f"\n{machine()}\n")
    print(table.to_string(index=False, float_format="{:.4g}".format))
    file = PROJECT / "runs" / "bench.csv"
    file.parent.mkdir(exist_ok=True)
    table.assign(machine=machine()).to_csv(file, index=False, float_format="%.4g")
    say(f"saved as {file}")


# --- measuring ---------------------------------------------------------------------------------


def say(text: str) -> None:
    """Tell the progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def seconds(work: Timed) -> float:
    """Time one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(
    what: str, ours: Timed, reference: Timed, target: float, rounds: int, per: int = 1
) -> Row:
    """Time two callables in turn; the caller has warmed them up.

    Parameters
    ----------
    what : str
        Name of the row.
    ours, reference : callable
        The same work, done in two ways.
    target : float
        How many times as fast ours should be, at least.
    rounds : int
        How often each is called.
    per : int
        Number of items in one call: times are given per item.
    """
    times = []
    for number in range(rounds):
        times.append((seconds(ours) / per, seconds(reference) / per))
        say(f"  {what}, {number + 1} of {rounds}: {times[-1][0]:.4f} s, {times[-1][1]:.4f} s")
    mine, theirs = np.median(times, axis=0)
    ratio = theirs / mine
    return Row(what, mine, theirs, f"{ratio:.2f}x", f">= {target:g}x", bool(ratio >= target))


def machine() -> str:
    """Describe where the figures come from."""
    name = torch.cpu.get_capabilities().get("cpu_name", "unknown processor")
    return (
        f"{os.cpu_count()} cores ({name}), load {os.getloadavg()[0]:.1f}, torch "
        f"{torch.__version__}, capability {torch.backends.cpu.get_cpu_capability()}"
    )


# --- data --------------------------------------------------------------------------------------


def tag_matrix() -> sparse.csr_array:
    """Draw tags as the paper's intersection has them: long-tailed, topical, one set per album."""
    generator = np.random.default_rng(0)
    popularity = 1 / (np.arange(N_TAGS) + 5.0)
    topics = popularity * generator.lognormal(0, 2, (N_LATENT, N_TAGS))
    mixtures = generator.dirichlet(np.full(N_LATENT, 0.05), N_ALBUMS)
    chances = mixtures @ (topics / topics.sum(1, keepdims=True)) + 1e-9
    # The largest of log-chance plus Gumbel noise are a draw without replacement.
    ranked = np.argsort(-(np.log(chances) + generator.gumbel(size=chances.shape)), axis=1)
    counts = 1 + generator.negative_binomial(4, 4 / (3 + TAGS_PER_ALBUM), N_ALBUMS)
    album = np.sort(generator.integers(N_ALBUMS, size=N_TRACKS))
    indices = np.concatenate([np.sort(ranked[a, : counts[a]]) for a in album])
    indptr = np.concatenate([[0], np.cumsum(counts[album])])
    return sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=(N_TRACKS, N_TAGS))


def write_files(folder: Path) -> list[Path]:
    """Write mp3 files of 30 s, stereo at 44.1 kHz: chords over noise."""
    generator = np.random.default_rng(0)
    seconds_axis = np.arange(30 * 44_100)[:, None] / 44_100
    paths = [folder / f"{number:02d}.mp3" for number in range(N_FILES)]
    for path in paths[:N_DISTINCT]:
        sound = 0.05 * generator.standard_normal((len(seconds_axis), 2))
        for pitch in generator.uniform(80, 4000, 4):
            sound += 0.1 * np.sin(2 * np.pi * pitch * seconds_axis + [0.0, 1.0])
        soundfile.write(path, sound, 44_100)
    for number, path in enumerate(paths[N_DISTINCT:]):
        shutil.copy(paths[number % N_DISTINCT], path)
    return paths


# --- extraction --------------------------------------------------------------------------------


def extraction(_: sparse.csr_array) -> list[Row]:
    """Features of mp3 files, against librosa's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_files(folder)
        tracks = [(path.stem, "", (), "", str(path)) for path in paths]
        dataset = base.build("bench", tracks, [], ())

        def whole() -> None:
            features.extract(dataset, Path(tempfile.mkdtemp(dir=folder)))

        def ours() -> None:
            for path in paths:
                audio.excerpts(path)

        def reference() -> None:
            for path in paths:
                librosa_log_mel(path)

        whole()
        same = np.allclose(audio.excerpts(paths[0])[0][0], librosa_log_mel(paths[0]), atol=0.02)
        say(f"  equal features: {same}")
        with threadpool_limits(1):
            one = compare("log-mel of a file, one thread", ours, reference, 2, 3, N_FILES)
        plain = "log-mel of a file, features.extract against a loop"
        return [one, compare(plain, whole, reference, 2, 3, N_FILES)]


def librosa_log_mel(path: Path) -> np.ndarray:
    """Compute the features as librosa's users do."""
    sound, _ = librosa.load(path, sr=22_050, offset=3, duration=6)
    mel = librosa.feature.melspectrogram(
        y=sound, sr=22_050, n_fft=2048, hop_length=1024, n_mels=80, fmin=16, fmax=11_000
    )
    return np.log(np.maximum(mel, 1e-10))


# --- topics ------------------------------------------------------------------------------------


def topics(tags: sparse.csr_array) -> list[Row]:
    """LSI at every number of topics, against gensim's at one."""
    terms = sparse.csc_matrix(tags.T)
    names = {number: str(number) for number in range(N_TAGS)}
    fitted = {}

    def ours() -> None:
        fitted["ours"] = LSI().fit(tags)

    def reference() -> None:
        fitted["gensim"] = LsiModel(terms, id2word=names, num_topics=max(TOPICS))

    def ours_projected() -> None:
        ours()
        cuts(fitted["ours"].transform(tags, max(TOPICS)))

    def reference_projected() -> None:
        reference()
        tags @ fitted["gensim"].projection.u

    LSI().fit(tags[:2000])
    LsiModel(terms[:, :2000], id2word=names, num_topics=10)
    one = f"k = {max(TOPICS)}"
    every = f"{len(TOPICS)} k"
    rows = [
        compare(f"LSI fit, {every} against gensim's {one}", ours, reference, 1, 2),
        compare(
            f"LSI fit, all tracks projected once at {max(TOPICS)}, cut at {every}",
            ours_projected, reference_projected, 1, 1,
        ),
    ]  # fmt: skip
    ratios = fitted["ours"].singular_values_[: max(TOPICS)] / fitted["gensim"].projection.s
    say(f"  singular values, ours by gensim's: {ratios.min():.4f} to {ratios.max():.4f}")
    return rows


def cuts(vectors: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Cut the widest projection at every k: a view, and the lengths to divide it by."""
    step = TOPICS.step
    parts = [np.einsum("ij,ij->i", *[vectors[:, k - step : k]] * 2) for k in TOPICS]
    lengths = np.sqrt(np.cumsum(parts, axis=0))
    return {k: (vectors[:, :k], lengths[number]) for number, k in enumerate(TOPICS)}


# --- neighbours --------------------------------------------------------------------------------


def neighbours(_: sparse.csr_array) -> list[Row]:
    """The 100 nearest of the paper's test tracks, against FAISS."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(N_TEST, dpnn.N_DIMENSIONS, generator=generator)
    vectors = functional.normalize(vectors, dim=1)

    def ours() -> np.ndarray:
        found = []
        for rows in retrieval._blocks(np.arange(N_TEST), N_TEST):
            allowed = torch.ones(len(rows), N_TEST, dtype=torch.bool)
            allowed[torch.arange(len(rows)), rows] = False
            found.append(retrieval.neighbours(vectors, rows, CUTOFF, allowed)[0])
        return torch.cat(found).numpy()

    def reference() -> np.ndarray:
        index = faiss.IndexFlatL2(dpnn.N_DIMENSIONS)
        index.add(vectors.numpy())
        # Each track finds itself first.
        return index.search(vectors.numpy(), CUTOFF + 1)[1][:, 1:]

    equal = (np.sort(ours()) == np.sort(reference())).mean()
    say(f"  equal neighbours: {equal:.4%}")
    return [compare(f"{CUTOFF} neighbours of {N_TEST} tracks, against FAISS", ours, reference,
                    0.5, 5)]  # fmt: skip


# --- training ----------------------------------------------------------------------------------


class PlainNetwork(nn.Module):
    """The network as the figure draws it: affine input normalisation, ELU before the pool."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(1)
        self.left, self.right = plain_stack(dpnn.LEFT), plain_stack(dpnn.RIGHT)
        self.dense = nn.Linear(dpnn.N_CONCATENATED, dpnn.N_DIMENSIONS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed spectrograms, shape (n, 1, 80, 130)."""
        x = self.normalise(x)
        x = torch.cat([self.left(x).flatten(1), self.right(x).flatten(1)], dim=1)
        return functional.normalize(functional.elu(self.dense(x)), dim=1)


def plain_stack(layers: tuple[dpnn.Layer, ...]) -> nn.Sequential:
    """Build one stack."""
    parts, channels = [], 1
    for layer in layers:
        parts += [nn.Conv2d(channels, layer.filters, layer.kernel, padding="same"),
                  nn.BatchNorm2d(layer.filters), nn.ELU(), nn.MaxPool2d(layer.pool)]  # fmt: skip
        channels = layer.filters
    return nn.Sequential(*parts)


def plain_step(
    network: PlainNetwork, optimiser: torch.optim.Optimizer, towers: torch.Tensor
) -> None:
    """Take a step on B triplets given as three batches of spectrograms."""
    anchor, positive, negative = (network(batch.float()) for batch in towers)
    near, far = (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)
    loss = (near - far + MARGIN).clamp_min(0).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def steps(tags: sparse.csr_array) -> list[Row]:
    """Training steps against a three-tower network, and the miners' share of them."""
    rows = np.sort(np.random.default_rng(0).permutation(N_TRACKS)[:BATCH])
    lsi = LSI().fit(tags)
    trainers = {k: trainer(tags[rows], lsi.transform(tags[rows], k)) for k in (40, 3)}
    ours, everything = trainers[40], np.arange(BATCH)
    network = PlainNetwork()
    optimiser = torch.optim.Adam(network.parameters())
    towers = ours.excerpts[: 3 * TOWER_BATCH].unflatten(0, (3, TOWER_BATCH))
    ours.step(everything[:20])
    plain_step(network, optimiser, towers[:, :20])
    batch = compare(
        f"training step of {TOWER_BATCH} tracks, against three towers in fp32",
        lambda: ours.step(everything[:TOWER_BATCH]),
        lambda: plain_step(network, optimiser, towers),
        4, 3,
    )  # fmt: skip
    whole = float(np.median([seconds(lambda: ours.step(everything)) for _ in range(2)]))
    say(f"  training step of {BATCH} tracks: {whole:.2f} s")
    distances = losses.squared_distances(training.embed(ours.model, ours.excerpts))
    shares = [share(one, distances, whole) for one in trainers.values()]
    return [batch, *(row for part in shares for row in part)]


def trainer(tags: sparse.csr_array, vectors: np.ndarray) -> training.Trainer:
    """Set up training on tracks with these tags, two to an album, and noise for sound."""
    n_tracks = tags.shape[0]
    albums = np.arange(n_tracks) // 2
    in_album = sparse.csr_array((np.ones(n_tracks), albums, np.arange(n_tracks + 1)))
    noise = np.random.default_rng(0).normal(-8, 3, (n_tracks, 1, *features.SHAPE))
    everything = np.arange(n_tracks)
    vocabulary = pd.DataFrame({"tagset": "all", "tag": np.arange(tags.shape[1]).astype(str)})
    corpus = Corpus(
        "bench", TagMatrix(tags, pd.RangeIndex(n_tracks), vocabulary), Groups(albums, in_album),
        noise.astype(np.float16), Split(everything, everything[:0], everything[:0]), ("all",), "",
    )  # fmt: skip
    relatedness = Cosine(torch.as_tensor(vectors, dtype=torch.float32))
    settings = Configuration(batch_size=n_tracks, margin=MARGIN, device="cpu")
    made = training.Trainer(corpus, relatedness, settings, torch.device("cpu"))
    made.model.train()
    return made


def share(one: training.Trainer, distances: torch.Tensor, step: float) -> list[Row]:
    """Time all four miners, candidates included, as a share of a training step."""
    everything = np.arange(BATCH)
    n_pairs = int(one.candidates(everything).positive.sum())
    load = f"{n_pairs:,} pairs" + (f" cut to {mining.MAX_PAIRS:,}" * (n_pairs > mining.MAX_PAIRS))
    rows = []
    for strategy in ("all", "semihard", "hard", "literal"):

        def mine(strategy: mining.Strategy = strategy) -> None:
            mining.mine(distances, one.candidates(everything), strategy, MARGIN)

        mine()
        taken = float(np.median([seconds(mine) for _ in range(5)]))
        what = f"mining {strategy}, {load}, of a step of {BATCH} tracks"
        rows.append(Row(what, taken, step, f"{taken / step:.2%}", "< 5 %", taken < 0.05 * step))
    return rows


if __name__ == "__main__":
    main()
