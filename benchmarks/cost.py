"""Measure what the whole of Table II costs, per stage, at its own size; print and save the figures.

The tags, spectrograms and embeddings are synthetic, as many as the paper's; an epoch is
extrapolated from some of its steps. ``python benchmarks/cost.py FOLDER`` writes ``cost.csv``, which
the book's pages on cost and on data sets read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic
import torch
from timing import Work, machine, seconds

from tagspace.audio import features, handcrafted, spectrogram
from tagspace.audio.stored import Stored
from tagspace.datasets.groups import Groups
from tagspace.encoders.embedding import embed
from tagspace.evaluation import retrieval
from tagspace.model import dpnn
from tagspace.model.batches import UniformBatches
from tagspace.model.training import Examples
from tagspace.runs.grid import joined_tagsets
from tagspace.tags.lsi import LSI
from tagspace.tags.relatedness import Cosine
from tagspace.tags.tagsets import TagMatrix

TRACKS, TRAIN, VALIDATION, TEST = synthetic.N_TRACKS, 122_766, 6_461, 14_358
N_FILES, N_STEPS, N_QUERIES, N_EXCERPTS = 60, 5, 400, 5
N_REPRESENTATIONS = 7  # in the record of a run
MEMORY = {"evaluate": (TEST, TRACKS), "neighbours": (TRACKS, 1_000_000)}
Row = tuple[str, str, float, str]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for stage in (extraction, relatedness, steps, embedding, evaluation, memory):
        for row in stage():
            rows.append((stage.__name__, *row))
            print("{}: {}: {:.4g} {}".format(*rows[-1]), flush=True)
    table = pd.DataFrame(rows, columns=["stage", "what", "value", "unit"])
    table = table.assign(cores=os.cpu_count(), machine=machine())
    table.to_csv(folder / "cost.csv", index=False, float_format="%.4g")


def extraction() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = synthetic.mp3_dataset(synthetic.write_mp3(folder, N_FILES))
        for what, excerpts in (("one excerpt", 1), ("5 excerpts", 5)):
            stores = [Path(tempfile.mkdtemp(dir=folder)) for _ in range(4)]
            extract = partial(features.extract, dataset, excerpts=excerpts)
            taken = [seconds(partial(extract, store)) for store in stores][1:]
            yield f"{what} of a track", np.median(taken) / N_FILES, "s"
    yield "disk for an excerpt", 2 * np.prod(spectrogram.SHAPE), "bytes"


def relatedness() -> Iterator[Row]:
    tags = synthetic.named(synthetic.tag_matrix())
    train = tags.take(np.arange(TRAIN))
    joins = joined_tagsets(tags.tagsets)
    matrices = [train.select(joined.split("+")).matrix for joined in joins]
    yield "Gram matrix of all tags", seconds(lambda: train.matrix.T @ train.matrix), "s"
    yield "15 decompositions", seconds(lambda: [LSI().fit(matrix) for matrix in matrices]), "s"
    model = LSI().fit(train.matrix)
    yield (
        "vectors of all tracks, 200 topics",
        seconds(lambda: model.transform(tags.matrix, 200)),
        "s",
    )


def steps() -> Iterator[Row]:
    for batch in (128, 600):
        # A margin that most triplets violate: a batch without any takes no step.
        trainer = synthetic.trainer(synthetic.topic_vectors(batch), margin=4.0)
        rows = np.arange(batch)
        synthetic.take_step(trainer, rows)
        step = partial(synthetic.take_step, trainer, rows)
        taken = [seconds(step) for _ in range(N_STEPS)]
        yield f"a track in training, batches of {batch}", np.median(taken) / batch, "s"


def embedding() -> Iterator[Row]:
    network = dpnn.initial_network(seed=0)
    excerpts = torch.randn(256, 1, *spectrogram.SHAPE).half()
    embed(network, excerpts)
    taken = [seconds(lambda: embed(network, excerpts)) for _ in range(3)]
    yield "a track embedded", np.median(taken) / len(excerpts), "s"
    related = Cosine(torch.as_tensor(synthetic.topic_vectors(VALIDATION), dtype=torch.float32))
    rows, vectors = torch.arange(VALIDATION), torch.randn(VALIDATION, dpnn.N_DIMENSIONS)
    taken = seconds(
        lambda: retrieval.ndcg(
            {"": retrieval.Euclidean(vectors)},
            lambda queries: related(rows[queries], rows),
            np.arange(len(rows)),
            len(rows),
        )
    )
    yield "nDCG of the validation tracks", taken, "s"


def evaluation() -> Iterator[Row]:
    """Time the evaluation of one and of two representations; the difference is one more."""
    queries = np.random.default_rng(0).permutation(TEST)[:N_QUERIES]
    tags, groups, vectors = searched(TEST)
    one = seconds(lambda: retrieval.evaluate({"a": vectors}, tags, groups, queries))
    two = seconds(lambda: retrieval.evaluate({"a": vectors, "b": vectors}, tags, groups, queries))
    yield "a query, tags and the first representation", one / N_QUERIES, "s"
    yield "a query, each further representation", (two - one) / N_QUERIES, "s"


def searched(n_tracks: int) -> tuple[TagMatrix, Groups, torch.Tensor]:
    return *synthetic.test_tracks(n_tracks), torch.randn(n_tracks, dpnn.N_DIMENSIONS)


def memory() -> Iterator[Row]:
    """Measure the peak of each case in a process of its own."""
    for work, sizes in MEMORY.items():
        for n_tracks in sizes:
            told = in_a_process(work, str(n_tracks))
            yield f"{work}, {n_tracks:,} tracks, beyond the data", float(told) / 2**20, "MiB"
    with tempfile.TemporaryDirectory() as name:
        file = write_excerpts(Path(name) / "excerpts")
        size = file.stat().st_size / 2**30
        for line in in_a_process("run", str(file)).splitlines():
            stage, told = line.split("\t")
            what = f"{stage}, {TRACKS:,} tracks of {N_EXCERPTS} excerpts, {size:.0f} GiB on disk"
            yield f"{what}: private memory", float(told) / 2**10, "MiB"


def in_a_process(*arguments: str) -> str:
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def write_excerpts(file: Path) -> Path:
    """Write as many excerpts as the paper's tracks have; they repeat."""
    block = np.random.default_rng(0).normal(-8, 3, (1000, N_EXCERPTS, *spectrogram.SHAPE))
    content = block.astype(np.float16).tobytes()
    with file.open("wb") as stream:
        for _ in range(-(-TRACKS // len(block))):
            stream.write(content)
    return file


def run(file: Path) -> None:
    """Print the most private memory of each stage of a run on mapped excerpts (Linux)."""
    shape = -1, N_EXCERPTS, *spectrogram.SHAPE
    values = np.memmap(file, np.float16, "r").reshape(shape)
    rows = np.arange(TRACKS)
    stored = Stored(
        [values], np.zeros(TRACKS, dtype=int), np.random.default_rng(0).permutation(rows)
    )
    trainer = synthetic.trainer(synthetic.topic_vectors(1000), margin=4.0)
    related = Cosine(torch.as_tensor(synthetic.topic_vectors(TRACKS), dtype=torch.float32))
    groups = synthetic.test_tracks(TRACKS)[1]
    order = np.random.default_rng(1).permutation(rows)
    train, validation, test = np.split(order, np.cumsum([TRAIN, VALIDATION]))
    trainer.examples = Examples(
        stored,
        lambda _: UniformBatches(train)(trainer.generator)[:50],
        validation,
        related,
        partial(groups.excluded_pairs, batch_filter="album"),
        related,
    )
    network = trainer.average
    for stage, work in {
        "50 steps and validation": trainer.epoch,
        "embedding of the test tracks": lambda: embed(network, stored, test),
        "baselines of the test tracks": lambda: handcrafted.Timbre(stored[row] for row in test),
    }.items():
        print(stage, most_private(work), sep="\t", flush=True)


def most_private(work: Work) -> int:
    """Return the peak of the private memory in kB during work."""
    seen = [kilobytes("RssAnon")]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            seen.append(kilobytes("RssAnon"))

    thread = threading.Thread(target=watch)
    thread.start()
    work()
    done.set()
    thread.join()
    return max(seen)


def peak(work: str, n_tracks: int) -> None:
    """Print the peak memory in bytes that two blocks of queries add (Linux)."""
    queries = np.arange(2 * (retrieval.BLOCK_CELLS // n_tracks))  # two blocks of the full size
    if work == "evaluate":
        tags, groups, vectors = searched(n_tracks)
        representations = {f"{n}": vectors for n in range(N_REPRESENTATIONS)}
        answer = partial(retrieval.evaluate, representations, tags, groups, queries)
    else:
        answer = partial(nearest, torch.randn(n_tracks, dpnn.N_DIMENSIONS), queries)
    Path("/proc/self/clear_refs").write_text("5")  # resets the recorded peak
    before = kilobytes("VmRSS")
    answer()
    print((kilobytes("VmHWM") - before) * 1024)


def nearest(vectors: torch.Tensor, queries: np.ndarray) -> None:
    distances = retrieval.Euclidean(vectors)
    for rows in retrieval.query_blocks(queries, len(vectors)):
        retrieval.neighbours(distances(rows), 100)


def kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(Path(sys.argv[2]))
    elif len(sys.argv) == 3:
        peak(sys.argv[1], int(sys.argv[2]))
    else:
        main(Path(sys.argv[1]))
