"""What batches hold on genuine tags: writes the table that the book shows.

    python benchmarks/anchors.py PATH...

Each path is that of a data set; no audio is needed. The table replaces
``lib/compendium/measured/anchors.csv``, which names the data sets and no tracks.
"""

from __future__ import annotations

import sys

import pandas as pd

from compendium import measured
from compendium.tag_tables import anchors_table
from tagspace.datasets import groups, registry
from tagspace.datasets.artists import normalise_artists
from tagspace.datasets.splits import split
from tagspace.tags import tagsets

TOPICS = (16, 40, 100, 340)
BATCH_SIZES = (128, 600)


def table_of(path: str) -> pd.DataFrame:
    """Tabulate the batches of a data set, with all of its tag sets."""
    dataset = registry.load_dataset(path)
    tags = tagsets.binary_matrix(dataset)
    tags = tagsets.restrict(tags, tagsets.intersection(tags))
    tracks = dataset.tracks.loc[tags.track_ids]
    artists = normalise_artists(list(tracks["artist"]))
    grouped = groups.from_tracks(tracks.assign(artist=artists.keys))
    train = split(grouped.artist).train
    parts = {
        size: anchors_table(tags, grouped, train, TOPICS, size).assign(tracks=len(train))
        for size in BATCH_SIZES
    }
    return pd.concat(parts, names=["batch"]).assign(data=dataset.name).reset_index()


if __name__ == "__main__":
    found = pd.concat([table_of(path) for path in sys.argv[1:]], ignore_index=True)
    first = ["data", "tracks", "batch", "topics"]
    found = found[[*first, *found.columns.difference(first, sort=False)]]
    found.to_csv(measured.FOLDER / "anchors.csv", index=False, float_format="%.4g")
    print(found.round(3).to_string(index=False))
