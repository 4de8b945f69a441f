"""Measure what encoders cost per track, from the file on: writes the table that the book shows.

    python benchmarks/encoders.py

The table replaces ``lib/compendium/measured/encoder_speed.csv``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic
from threadpoolctl import threadpool_limits
from timing import machine, seconds

from compendium import measured
from tagspace.audio import handcrafted
from tagspace.audio.reading import log_mel_excerpts
from tagspace.encoders import musicnn
from tagspace.encoders.embedding import embed
from tagspace.model.dpnn import initial_network

N_FILES, EXCERPTS, ROUNDS = 40, 5, 3


def by_file(
    compute: Callable[[str, int], tuple[np.ndarray, object]], paths: list[Path]
) -> np.ndarray:
    """Compute the excerpts of all files, one thread per core."""
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as threads:
        parts = threads.map(lambda path: compute(str(path), EXCERPTS)[0], paths)
        return np.stack(list(parts))


def handmade(excerpts: np.ndarray) -> None:
    handcrafted.Timbre(excerpts)
    handcrafted.rhythm(excerpts)


if __name__ == "__main__":
    network = initial_network(seed=0)
    musicnn.load()  # the weights are downloaded before the clock starts
    with tempfile.TemporaryDirectory() as folder:
        paths = synthetic.write_mp3(Path(folder), N_FILES)
        excerpts = by_file(log_mel_excerpts, paths)
        works = {
            ("all but musicnn", "reading and log-mel spectrograms"): partial(
                by_file, log_mel_excerpts, paths
            ),
            ("network", "embedding"): partial(embed, network, excerpts),
            ("timbre+rhythm", "features"): partial(handmade, excerpts),
            ("musicnn", "reading and vectors"): partial(by_file, musicnn.excerpt_vectors, paths),
        }
        rows = [
            (*name, 1000 * min(seconds(work) for _ in range(ROUNDS)) / N_FILES)
            for name, work in works.items()
        ]
    table = pd.DataFrame(rows, columns=["encoder", "what", "milliseconds"])
    table = table.assign(cores=os.cpu_count(), machine=machine())
    table.to_csv(measured.FOLDER / "encoder_speed.csv", index=False, float_format="%.4g")
    print(table.to_string(index=False))
