"""Count how often the tags that musicnn predicts are right: writes ``heard_right.csv``.

    python benchmarks/heard_tags.py DATASET...

A tag is counted on the tracks for which it is among the five most likely. It is right if the track
carries a tag of the same name in any tag set. Tags that no track of a data set carries are not
counted there.
"""

from __future__ import annotations

import sys

import pandas as pd

from tagspace.audio import features
from tagspace.datasets.registry import load_dataset
from tagspace.encoders import musicnn
from tagspace.search.explanation import HEARD_RIGHT
from tagspace.search.indexing import EXCERPTS, heard_tags
from tagspace.support.cache import cache_folder


def count(name: str) -> pd.DataFrame:
    """Count on one data set: ``right`` and ``times`` by tag."""
    dataset = load_dataset(name)
    found = features.extract(dataset, cache_folder() / "features", EXCERPTS, musicnn.front_end())
    tracks = found.index.index
    carried = dataset.tags[dataset.tags["track_id"].isin(tracks)]
    pairs = set(zip(carried["track_id"], carried["tag"].str.lower(), strict=True))
    known = {tag for _, tag in pairs}
    rows = [
        (tag, (track, tag.lower()) in pairs)
        for track, cell in zip(tracks, heard_tags(found.take(tracks)), strict=True)
        for tag in cell.split("|")
        if tag.lower() in known
    ]
    counts = pd.DataFrame(rows, columns=["tag", "right"]).groupby("tag")["right"]
    return counts.agg(right="sum", times="size")


if __name__ == "__main__":
    table = pd.concat([count(name) for name in sys.argv[1:]]).groupby("tag").sum()
    table.to_csv(HEARD_RIGHT)
    print(table.assign(share=(table["right"] / table["times"]).round(2)).to_string())
