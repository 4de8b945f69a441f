"""Other spellings of artists and copies of files do not change the figures of real music."""

import itertools
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace import corpus
from tagspace.configuration import Configuration
from tagspace.datasets import merge
from tagspace.datasets.artists import Artists
from tagspace.runs.experiment import run_experiment

REAL = Path(__file__).parents[2] / "shared" / "data" / "merge"
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda name: f"{name} feat. Somebody Else",
    lambda name: f" {name}  (with Y)",
    lambda name: unicodedata.normalize("NFD", name.removeprefix("The ")),
)
PARAMETERS = {"folds": 3, "epochs": 2, "excerpts": 2, "device": "cpu", "precision": "float32"}


def clean_table():
    """Describe MERGE's clips as the table of a manifest."""
    dataset = merge.read(REAL)
    tags = dataset.tags.groupby(["track_id", "tagset"])["tag"].agg("|".join).unstack().dropna()
    table = dataset.tracks.loc[tags.index, ["path", "artist"]].join(tags)
    return table[table["path"] != ""].reset_index()


def respelled(artists):
    """Spell every second track of each artist otherwise."""
    number = artists.groupby(artists).cumcount()
    spelling = itertools.cycle(SPELLINGS)
    return [next(spelling)(a) if n % 2 else a for a, n in zip(artists, number, strict=True)]


def with_copies(table, folder):
    """Add poorer encodings of a fifth of the files, by unknown artists."""
    chosen = np.random.default_rng(0).permutation(len(table))[: len(table) // 5]
    copies = table.iloc[chosen].assign(artist="")
    paths = []
    for place, path in enumerate(copies["path"]):
        samples, rate = soundfile.read(path)
        kind = ("MP3", "OGG")[place % 2]
        paths.append(str(folder / f"other {place}.{kind.lower()}"))
        soundfile.write(paths[-1], samples[rate // 5 :], rate, format=kind)
    copies = copies.assign(path=paths, track_id="copy of " + copies["track_id"])
    return pd.concat([table, copies], ignore_index=True)


def figures(table, folder):
    """Train on a table, and return nDCG@10 of the mean over tag sets with intervals."""
    folder.mkdir()
    table.to_csv(folder / "manifest.csv", index=False)
    chosen = {**PARAMETERS, "dataset": str(folder), "runs": str(folder / "runs")}
    configuration = Configuration.check(chosen)
    tracks = corpus.load_corpus(configuration)
    metrics = run_experiment(tracks, configuration).metrics
    rows = metrics.query("metric == 'ndcg' and cutoff == 10 and relevance == 'graded'")
    rows = rows[(rows["task"] == "mean") & (rows["filter"] == "none")]
    return rows.set_index("representation")[["value", "low", "high"]], tracks


def n_divided(tracks, table, messy):
    """Count copies that are in another part of the split than their original."""
    part = np.empty(len(messy), dtype=int)
    for number, rows in enumerate((tracks.split.train, tracks.split.validation, tracks.split.test)):
        part[rows] = number
    part_of = dict(zip(tracks.tags.track_ids, part, strict=True))
    copies = messy["track_id"][len(table) :]
    return sum(part_of[copy] != part_of[copy.removeprefix("copy of ")] for copy in copies)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="needs the clips of MERGE")
def test_spellings_and_copies_do_not_change_figures(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    table = clean_table()
    clean, tracks = figures(table, tmp_path / "clean")
    messy = with_copies(table.assign(artist=respelled(table["artist"])), tmp_path)
    mended, corpus_of_messy = figures(messy, tmp_path / "messy")
    n_copies = len(messy) - len(table)
    assert any(
        note.startswith(f"{len(messy)} tracks are of {len(table)} recordings (at most 2")
        for note in corpus_of_messy.notes
    )
    np.testing.assert_array_equal(
        corpus_of_messy.groups.inseparable()[: len(table)], tracks.groups.inseparable()
    )
    heard = ["trained", "untrained", "timbre", "rhythm", "timbre+rhythm"]
    inside = mended["value"].between(clean["low"], clean["high"])
    assert inside[heard].all()

    assert n_divided(corpus_of_messy, table, messy) == 0

    # Without the two remedies, many copies and their originals are in different parts.
    monkeypatch.setattr(corpus, "normalise_artists", lambda names: Artists(list(names), []))
    monkeypatch.setattr(corpus, "kept_recordings", lambda excerpts, *_: np.arange(len(excerpts)))
    leaking = corpus.load_corpus(
        Configuration.check({**PARAMETERS, "dataset": str(tmp_path / "messy")})
    )
    assert n_divided(leaking, table, messy) > n_copies / 3
