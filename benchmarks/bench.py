"""Measure the speed of tagspace against the obvious alternatives, side by side in one run.

Prints one table and saves it as ``runs/bench.csv``. On the same data, after a warm-up, ours and
the reference take turns (A B A B A); medians are compared. All runs on the processor.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile
import synthetic
import torch
from convolutions import Convolutions
from distributed import Client, LocalCluster
from lockstep import Lockstep
from scipy import sparse
from threadpoolctl import threadpool_limits
from three_towers import ThreeTowers
from timing import Work, processor, seconds
from torch.nn import functional

from tagspace.audio import features, reading, spectrogram
from tagspace.audio.stored import Stored
from tagspace.evaluation import retrieval
from tagspace.model import dpnn, losses, mining, training
from tagspace.runs.grid import joined_tagsets
from tagspace.runs.records import PROJECT
from tagspace.support import memory
from tagspace.tags.lsi import LSI

try:
    import faiss
    from gensim.models import LsiModel
except ImportError as error:
    sys.exit(f"{error}; `make bench` installs it, as does: pip install faiss-cpu gensim")

N_FILES = 60
SONG_MINUTES = 4
TOPICS = np.arange(10, 401, 10)
N_TEST, CUTOFF = 14_358, 100
TOWERS_BATCH, BATCH = 100, 600
MARGIN = 0.2  # of a run
# Nearly all triplets violate this one, so that every step computes all gradients.
ALWAYS = 4.0
# About 1,300 and 12,700 pairs of a batch are then related; 12,700 is more than mining.MAX_PAIRS.
# Real mood tags relate 4,100 pairs at 20 topics and 730 at 40.
TOPICS_MINED = 20, 10

Row = tuple[str, float, float, str, str, bool]


def main() -> None:
    rows: list[Row] = []
    for part in PARTS:
        say(part.__name__.replace("_", " "))
        # Each in a process of its own: what a part loads and starts would slow down the next.
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            rows += process.submit(part).result()
    table = pd.DataFrame(rows, columns=["what", "ours", "reference", "ratio", "target", "met"])
    what = f"{{:<{table['what'].str.len().max()}}}".format
    print(f"{machine()}\n")
    print(table.to_string(index=False, formatters={"what": what}, float_format="{:.4f} s".format))
    file = PROJECT / "runs" / "bench.csv"
    file.parent.mkdir(exist_ok=True)
    table.assign(machine=machine()).to_csv(file, index=False, float_format="%.5g")


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def machine() -> str:
    return (
        f"{os.cpu_count()} cores ({processor()}), load {os.getloadavg()[0]:.1f}, "
        f"torch {torch.__version__}, capability {torch.backends.cpu.get_cpu_capability()}"
    )


def take_turns(ours: Work, reference: Work, rounds: int = 3) -> np.ndarray:
    """Return the median seconds of ours and of the reference; the caller has warmed them up."""
    mine, theirs = [seconds(ours)], []
    for _ in range(rounds):
        theirs.append(seconds(reference))
        mine.append(seconds(ours))
        say(f"  ours {mine[-1]:.3f} s, reference {theirs[-1]:.3f} s")
    return np.array([np.median(mine), np.median(theirs)])


def compared(what: str, times: np.ndarray, target: float) -> Row:
    """Make a row; the target is the smallest acceptable speed-up."""
    ratio = times[1] / times[0]
    return what, *times, f"{ratio:.2f} x", f">= {target:g} x", bool(ratio >= target)


def limited(what: str, times: np.ndarray, most: float) -> Row:
    """Make a row; the reference is a lower bound, and ours may take ``most`` times as long."""
    ratio = times[0] / times[1]
    return what, *times, f"{ratio:.2f} x its limit", f"<= {most:g}", bool(ratio <= most)


def extraction() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        folder = Path(name)
        paths = synthetic.write_mp3(folder, N_FILES)
        dataset = synthetic.mp3_dataset(paths)

        def ours() -> list[np.ndarray]:
            return [reading.log_mel_excerpts(path)[0][0] for path in paths]

        def as_used() -> None:
            features.extract(dataset, Path(tempfile.mkdtemp(dir=folder)))

        def reference() -> list[np.ndarray]:
            return [librosa_log_mel(path) for path in paths]

        assert np.allclose(ours(), reference(), atol=0.02)  # ours is kept in half precision
        one = take_turns(ours, reference) / N_FILES
        used = take_turns(as_used, reference) / N_FILES
        alone = take_turns(ours, lambda: [decode(path, 3, 6) for path in paths]) / N_FILES
    return [
        limited("log-mel of an mp3, one thread; decoding it", alone, 1.3),
        compared("log-mel of an mp3, one thread; librosa, one thread", one, 2),
        compared("log-mel of an mp3, features.extract, all cores; librosa, one thread", used, 2),
    ]


def decode(path: Path, offset: float, seconds: float) -> np.ndarray:
    with soundfile.SoundFile(path) as file:
        file.seek(round(offset * file.samplerate))
        return file.read(round(seconds * file.samplerate), dtype="float32")


def clips() -> list[Row]:
    """Several excerpts of short files, which overlap."""
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        paths = synthetic.write_mp3(Path(name), N_FILES)
        read = partial(reading.read_excerpts, number=5)
        times = take_turns(
            lambda: [read(path) for path in paths],
            lambda: [decode(path, 0, synthetic.CLIP_SECONDS) for path in paths],
        )
    what = f"5 excerpts of an mp3 of {synthetic.CLIP_SECONDS} s; decoding it once"
    return [limited(what, times / N_FILES, 1.3)]


def songs() -> list[Row]:
    """Compare reading excerpts of long files with decoding as many seconds in one piece."""
    rows = []
    sound = synthetic.sound(SONG_MINUTES * 60)
    variable = {"bitrate_mode": "VARIABLE", "compression_level": 0.5}
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        for kind, suffix, options in (
            ("mp3 of variable rate", "mp3", variable),
            ("flac", "flac", {}),
        ):
            path = Path(name) / f"song.{suffix}"
            soundfile.write(path, sound, 44_100, **options)
            read = partial(reading.read_excerpts, path, 5)
            times = take_turns(read, partial(decode, path, 3, 5 * spectrogram.SECONDS))
            what = f"5 excerpts of a song of {SONG_MINUTES} min, {kind}; decoding 30 s at once"
            rows.append(limited(what, times, 1.5))
    return rows


def librosa_log_mel(path: Path) -> np.ndarray:
    sound, _ = librosa.load(path, sr=22_050, offset=3, duration=6)
    mel = librosa.feature.melspectrogram(
        y=sound, sr=22_050, n_fft=2048, hop_length=1024, n_mels=80, fmin=16, fmax=11_000
    )
    return np.log(np.maximum(mel, 1e-10))


def lsi() -> list[Row]:
    """Fit; then project all tracks once at 400 topics, and cut that at each number of topics."""
    tags = synthetic.tag_matrix()
    documents = sparse.csc_matrix(tags.T)  # three times as fast for gensim as a corpus
    names = {number: str(number) for number in range(tags.shape[1])}

    def gensim_fit(documents: sparse.csc_matrix, topics: int) -> LsiModel:
        return LsiModel(documents, id2word=names, num_topics=topics)

    fitted, gensim_fitted = LSI().fit(tags[:5000]), gensim_fit(documents[:, :5000], 10)  # warm-up
    named = synthetic.named(tags)
    joins = joined_tagsets(named.tagsets)
    matrices = [named.select(joined.split("+")).matrix for joined in joins]

    def all_models() -> None:
        for matrix in matrices:
            LSI().fit(matrix)

    def ours() -> None:
        nonlocal fitted
        fitted = LSI().fit(tags)

    def reference() -> None:
        nonlocal gensim_fitted
        gensim_fitted = gensim_fit(documents, TOPICS[-1])

    fit = take_turns(ours, reference, rounds=1)
    assert np.allclose(fitted.singular_values_[:10], gensim_fitted.projection.s[:10], rtol=1e-3)
    project = take_turns(
        lambda: cut(fitted.transform(tags, TOPICS[-1])),
        lambda: tags @ gensim_fitted.projection.u,
        rounds=1,
    )
    every = seconds(all_models)
    ours_is = f"{len(TOPICS)} values of k"
    theirs = f"gensim, k = {TOPICS[-1]} alone"
    return [
        compared(f"LSI fit, {ours_is}; {theirs}", fit, 1),
        compared(f"LSI fit and vectors of all tracks, {ours_is}; {theirs}", fit + project, 1),
        compared(
            f"LSI fit, {len(joins) * len(TOPICS)} models of Table II; as many times {theirs}",
            np.array([every, len(joins) * len(TOPICS) * fit[1]]),
            500,
        ),
        error_of_cosines(),
    ]


def error_of_cosines() -> Row:
    """Compare the cosines of all pairs with those of a dense SVD, for several numbers of topics."""
    tags = synthetic.tag_matrix()[::60]
    left = np.linalg.svd(tags.toarray().T, full_matrices=False)[0]
    model, worst = LSI().fit(tags), 0.0
    for topics in (10, 100, 400):
        ours, theirs = model.transform(tags, topics), tags @ left[:, :topics]
        theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
        worst = max(worst, np.abs(ours @ ours.T - theirs @ theirs.T).max())
    what = f"LSI, largest error of a cosine against a dense SVD, {tags.shape[0]:,} tracks"
    return what, 0.0, 0.0, f"{worst:.0e}", "< 1e-5", bool(worst < 1e-5)


def cut(vectors: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Give for each k the first k coordinates, a view, and the lengths to divide them by."""
    squares = np.add.reduceat(vectors**2, TOPICS - TOPICS[0], axis=1)
    lengths = np.sqrt(squares.cumsum(axis=1))
    return [(vectors[:, :k], lengths[:, [number]]) for number, k in enumerate(TOPICS)]


def neighbours() -> list[Row]:
    vectors, every = unit_vectors(N_TEST), np.arange(N_TEST)
    distances = retrieval.Euclidean(vectors)

    def ours() -> np.ndarray:
        found = []
        for queries in retrieval.query_blocks(every, N_TEST):
            measured = distances(queries)
            measured[np.arange(len(queries)), queries] = torch.inf
            found.append(retrieval.neighbours(measured, CUTOFF))
        return torch.cat(found).numpy()

    def reference() -> np.ndarray:
        index = faiss.IndexFlatL2(vectors.shape[1])
        index.add(vectors.numpy())
        return index.search(vectors.numpy(), CUTOFF + 1)[1][:, 1:]  # each finds itself first

    assert (ours() == reference()).mean() > 0.99  # but for rounding
    what = f"{CUTOFF} neighbours of {N_TEST:,} x {vectors.shape[1]}; FAISS IndexFlatL2"
    product = take_turns(
        ours, lambda: [distances(q) for q in retrieval.query_blocks(every, N_TEST)]
    )
    return [
        compared(what, take_turns(ours, reference), 1),
        limited(f"{CUTOFF} neighbours; the matrix products alone", product, 1.3),
    ]


def unit_vectors(n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return functional.normalize(torch.randn(n, dpnn.N_DIMENSIONS, generator=generator), dim=1)


def training_steps() -> list[Row]:
    warnings.filterwarnings("ignore", message="Using padding='same'")
    tags = synthetic.tag_matrix()
    batch = tags[np.random.default_rng(0).permutation(tags.shape[0])[:BATCH]]
    topics = LSI().fit(tags)
    trainers = [synthetic.trainer(topics.transform(batch, k), ALWAYS) for k in TOPICS_MINED]
    ours, towers = trainers[0], ThreeTowers(ALWAYS)
    noise = torch.as_tensor(ours.examples.excerpts[: 3 * TOWERS_BATCH]).float()
    triplets = noise.unflatten(0, (3, TOWERS_BATCH))
    synthetic.take_step(ours, np.arange(20))
    towers.step(triplets[:, :20])
    tracks, every = np.arange(TOWERS_BATCH), np.arange(BATCH)
    step = partial(synthetic.take_step, ours)
    times = take_turns(lambda: step(tracks), lambda: towers.step(triplets), rounds=2)
    needed = Convolutions(TOWERS_BATCH, ours.schedule.precision)
    needed.step()
    least = take_turns(lambda: step(tracks), needed.step)
    rest = np.array([least[0] - least[1], np.median([seconds(needed.copy_passes) for _ in "abc"])])
    whole = float(np.median([seconds(lambda: step(every)) for _ in range(2)]))
    say(f"  a step of {BATCH} tracks: {whole:.3f} s")
    what = f"training step, {TOWERS_BATCH} tracks; three towers, fp32, {TOWERS_BATCH} triplets"
    shares = [share for each in trainers for share in miners(each, whole)]
    return [
        compared(what, times, 4),
        limited(f"training step, {TOWERS_BATCH} tracks; its convolutions alone", least, 1.2),
        limited(
            "training step without its convolutions; copying as much as it reads and writes",
            rest,
            2,
        ),
        *shares,
    ]


def mapped() -> list[Row]:
    """Compare an epoch from a mapped file with one from memory; both read ahead."""
    vectors = synthetic.topic_vectors(TOWERS_BATCH)
    inside = synthetic.trainer(vectors, ALWAYS)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "excerpts"
        inside.examples.excerpts.tofile(file)
        outside = synthetic.trainer(vectors, ALWAYS)
        values = np.memmap(file, np.float16, "r", shape=inside.examples.excerpts.shape)
        rows = np.arange(len(vectors))
        stored = Stored([values], np.zeros_like(rows), rows)
        outside.examples = replace(outside.examples, excerpts=stored)
        epochs = [partial(epoch, trainer) for trainer in (outside, inside)]
        epoch(outside)
        times = take_turns(*epochs)
    return [limited("training, excerpts in a mapped file; the same in memory", times, 1.05)]


def epoch(trainer: training.Trainer) -> None:
    for _ in range(3):
        for batch in trainer.batches():
            trainer.step(batch)


def lockstep() -> list[Row]:
    """Compare several networks in lockstep with one after another; equal up to rounding."""
    rows = []
    generator = torch.Generator().manual_seed(0)
    excerpts = torch.randn(TOWERS_BATCH, 1, *spectrogram.SHAPE, generator=generator)
    for number in (2, 4):
        models = [dpnn.initial_network(seed).train() for seed in range(number)]
        joined = Lockstep(models)

        def together(joined: Lockstep = joined) -> None:
            back(joined(excerpts))

        def in_turn(models: list[dpnn.DPNN] = models) -> None:
            for model in models:
                back(model(excerpts)[None])

        alone = torch.stack([model(excerpts) for model in models])
        assert torch.allclose(joined(excerpts), alone, atol=1e-5)
        together()
        times = take_turns(together, in_turn, rounds=2)
        rows.append(compared(f"{number} networks in lockstep; one after another", times, 1))
    return rows


def back(embeddings: torch.Tensor) -> None:
    sum(losses.squared_distances(each).mean() for each in embeddings).backward()


def kept_memory() -> list[Row]:
    """Compare training that keeps freed memory with training that does not, in two processes."""
    with (
        ProcessPoolExecutor(1, get_context("spawn")) as keeping,
        ProcessPoolExecutor(1, get_context("spawn"), give_back) as giving,
    ):
        for pool in (keeping, giving):
            pool.submit(piece, 0).result()  # warm-up
        times = take_turns(
            lambda: keeping.submit(piece, 0).result(), lambda: giving.submit(piece, 0).result()
        )
    return [compared("training, freed memory kept; given back", times, 1)]


def give_back() -> None:
    """Keep no memory in this process."""
    memory.keep_freed = give_back


def workers() -> list[Row]:
    """Two Dask workers, each with one thread, on a piece of training each; one of them alone."""
    with (
        LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        names = list(client.scheduler_info()["workers"])

        def work(on: list[str]) -> None:
            client.gather([client.submit(piece, 0, workers=[each], pure=False) for each in on])

        work(names)  # warm-up
        both, one = take_turns(lambda: work(names), lambda: work(names[:1]))
    efficiency = one / both
    what = "efficiency of two workers: a piece of work on each; on one alone"
    return [(what, both, one, f"{efficiency:.2f}", ">= 0.9", bool(efficiency >= 0.9))]


def piece(_: int) -> None:
    """Train for some seconds; runs on a worker."""
    torch.set_num_threads(1)
    vectors = np.random.default_rng(0).dirichlet(np.full(20, 0.1), TOWERS_BATCH)
    trainer = synthetic.trainer(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), ALWAYS)
    for _ in range(4):
        synthetic.take_step(trainer, np.arange(TOWERS_BATCH))


def miners(trainer: training.Trainer, step: float) -> list[Row]:
    """Time candidates and miner, where seven in eight triplets violate the margin."""
    rows = np.arange(BATCH)
    distances = losses.squared_distances(unit_vectors(BATCH))

    def candidates() -> mining.CandidatePairs:
        related = trainer.examples.relatedness(torch.as_tensor(rows))
        return mining.candidate_pairs(
            related, torch.as_tensor(trainer.examples.excluded_pairs(rows, rows))
        )

    n_pairs = int(candidates().positive.sum())
    measured = []
    for strategy in ("all", "semihard", "hard", "literal"):

        def mine(strategy: mining.Strategy = strategy) -> None:
            mining.mine(distances, candidates(), strategy, MARGIN)

        taken = float(np.median([seconds(mine) for _ in range(6)][1:]))
        what = f"mining {strategy}, {n_pairs:,} pairs of {BATCH} tracks; their training step"
        measured.append((what, taken, step, f"{taken / step:.2%}", "< 5 %", taken < 0.05 * step))
    return measured


PARTS = (
    extraction,
    clips,
    songs,
    training_steps,
    mapped,
    kept_memory,
    lockstep,
    workers,
    neighbours,
    lsi,
)

if __name__ == "__main__":
    main()
