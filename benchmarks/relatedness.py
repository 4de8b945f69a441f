"""Judge relatedness by held-out tag sets: writes the table that the book shows.

    python benchmarks/relatedness.py PATH...

Each path is that of a data set; no audio is needed. The table replaces
``lib/compendium/measured/relatedness.csv``, which names the data sets and no tracks.
"""

from __future__ import annotations

import sys
import time

import pandas as pd

from compendium import measured
from tagspace.datasets import registry
from tagspace.runs import held_out_tags

if __name__ == "__main__":
    tables = {}
    for path in sys.argv[1:]:
        started, dataset = time.perf_counter(), registry.load_dataset(path)
        judged = held_out_tags.select(dataset)
        tables[dataset.name] = held_out_tags.evaluate(judged).assign(
            n_train=len(judged.train), n_test=len(judged.test)
        )
        print(f"{dataset.name}: {time.perf_counter() - started:.0f} s")
    table = pd.concat(tables, names=["data"]).reset_index("data")
    table.to_csv(measured.FOLDER / "relatedness.csv", index=False, float_format="%.4g")
