"""Make the explorer of the book: the test tracks of the demo corpus, and how networks place them.

    python book/explorer.py

It trains one network on moods and one on styles, with all defaults, unless their records exist.
It writes ``book/_static/explorer``: the data of the page, six seconds of each track, and the
collection that ``notebooks/search`` opens.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from tagspace.audio.reading import read
from tagspace.audio.spectrogram import SAMPLE_RATE
from tagspace.configuration import Configuration
from tagspace.corpus import load_corpus
from tagspace.datasets import demo
from tagspace.datasets.base import Dataset
from tagspace.datasets.groups import group_codes
from tagspace.runs.experiment import run_experiment
from tagspace.search import collection, explorer
from tagspace.search.collection import Collection, Representation
from tagspace.search.indexing import index
from tagspace.search.query import Filters, nearest
from tagspace.search.seeds import of_row

OUT = Path(__file__).resolve().parent / "_static" / "explorer"
NETWORKS = ("moods", "styles")  # tag sets, and names of the networks trained on them
SHOWN = 4  # neighbours that the landing page shows
POOR = 0.9  # of 1, the smallest mp3


def main() -> None:
    """Write all files anew."""
    corpus = load_corpus(Configuration())
    test = corpus.tags.track_ids[corpus.split.test]
    models = {name: run_experiment(corpus, Configuration(tagsets=name)).folder for name in NETWORKS}
    dataset = demo.load()
    tracks = dataset.tracks.loc[test]
    shutil.rmtree(OUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for track_id, path in tracks["path"].items():
            (Path(folder) / f"{track_id}.flac").symlink_to(path)
        found = index(Path(folder), Path(folder) / "index", models)
        found = collection.save(
            OUT, Path("audio"), describe(found.tracks, dataset), found.failures,
            {name: public(one) for name, one in found.representations.items()},
        )  # fmt: skip
        write_audio(tracks["path"])
        tags = tags_of(dataset, found)
        explorer.write_data(found, OUT, tags, clearest(found, tags))


def describe(tracks: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Give the tracks of an index the names and tags of the data set."""
    track_ids = [Path(path).stem for path in tracks["path"]]
    named = dataset.tracks.loc[track_ids]
    tags = dataset.tags.groupby("track_id")["tag"].agg("|".join).loc[track_ids]
    return tracks.assign(
        path=[f"{track_id}.mp3" for track_id in track_ids],
        artist=named["artist"].to_numpy(),
        album=["".join(album) for album in named["album"]],
        title=named["title"].to_numpy(),
        tags=tags.to_numpy(),
        artist_code=group_codes(list(named["artist"])),
        album_code=group_codes(["".join(album) for album in named["album"]]),
    )


def public(one: Representation) -> Representation:
    """Name the source of vectors without the folders of this machine."""
    return dataclasses.replace(one, source=Path(one.source).name)


def tags_of(dataset: Dataset, found: Collection) -> dict[str, list[list[str]]]:
    """Return the tags of each track, by tag set."""
    track_ids = [Path(path).stem for path in found.tracks["path"]]
    listed = dataset.tags.groupby(["tagset", "track_id"])["tag"].agg(list)
    return {
        tagset: [listed.get((tagset, track_id), []) for track_id in track_ids]
        for tagset in dataset.tagsets
    }


def write_audio(paths: pd.Series) -> None:
    """Write six seconds of each track."""
    (OUT / "audio").mkdir()
    for track_id, path in paths.items():
        file = OUT / "audio" / f"{track_id}.mp3"
        soundfile.write(file, read(path), SAMPLE_RATE, compression_level=POOR)


def clearest(found: Collection, tags: dict[str, list[list[str]]]) -> int:
    """Choose the track that shows the point best.

    Its nearest tracks by mood share moods with it rather than styles, and its nearest tracks by
    style share styles rather than moods.
    """
    scores = []
    for row in range(len(found)):
        seeds, filters = [of_row(found, row)], Filters(other_artists=True)
        near = {
            name: nearest(found, seeds, (), {name: 1.0}, SHOWN, filters).index for name in NETWORKS
        }
        shares = {
            (name, tagset): np.mean(
                [bool(set(tags[tagset][row]) & set(tags[tagset][hit])) for hit in near[name]]
            )
            for name in NETWORKS
            for tagset in NETWORKS
        }
        signs = {pair: 1 if len(set(pair)) == 1 else -1 for pair in shares}
        scores.append(sum(signs[pair] * share for pair, share in shares.items()))
    return int(np.argmax(scores))


if __name__ == "__main__":
    main()
