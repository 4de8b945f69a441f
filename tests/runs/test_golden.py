"""Figures do not change unless the version of results does, which is part of each run's id.

``golden.json`` holds small figures from all parts whose code determines results. ``python
tests/runs/test_golden.py`` computes them anew and writes them, but not if figures changed while
``RESULTS_VERSION`` did not.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from scipy import sparse

from tagspace.audio import handcrafted, identity, reading, store
from tagspace.audio.augmentation import augment
from tagspace.audio.duplicates import correlation, recordings
from tagspace.audio.spectrogram import SHAPE, log_mel
from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.datasets.artists import normalise_artists
from tagspace.datasets.groups import Groups, group_codes
from tagspace.datasets.splits import split
from tagspace.encoders.embedding import embed
from tagspace.evaluation.retrieval import evaluate
from tagspace.model import losses, mining
from tagspace.model.batches import RelatedBatches, UniformBatches
from tagspace.model.dpnn import initial_network
from tagspace.model.training import update_average
from tagspace.runs import experiment, records
from tagspace.tags.relatedness import relatedness_from_tags
from tagspace.tags.tagsets import TagMatrix

FILE = Path(__file__).with_name("golden.json")
N_TRACKS = 120
ROWS = np.arange(N_TRACKS)
NAMES = ["Ann", "ANN feat. Bo", "The Ann", "Bo & Cy", "Bo", "Various Artists", "", "Di & Ed"]
RELATIVE, ABSOLUTE = 1e-3, 1e-4  # tolerances: processors round differently
AUDIO = ("log-mel", "decoded", "offsets of 1", "offsets of 5")  # what the store of features holds
CHANGED = "raise RESULTS_VERSION in runs/records.py, then run python tests/runs/test_golden.py"
ABSOLUTE_RUN = 0.002  # of histories of training, where differences grow
ABSOLUTE_ORDER = 0.01  # of nDCG after training: a few neighbours may change places


def figures() -> dict[str, list[float]]:
    """Compute all golden figures, by name."""
    return {name: np.ravel(values).astype(float).tolist() for name, values in _figures()}


def run_identity() -> dict[str, Any]:
    """Return the id of a run that never happened, and the defaults of all parameters."""
    chosen = Configuration(tagsets="moods", topics=7, margin=0.5)
    return {
        "id": records.run_id(chosen, "golden", "ab", ("moods",)),
        "store": store.VERSION,
        "defaults": Configuration().model_dump(),
    }


def differences(
    found: dict[str, list[float]], kept: dict[str, list[float]], among: Sequence[str] | None = None
) -> list[str]:
    """Return the names of figures that differ, are new or are gone."""
    names = list(dict.fromkeys([*found, *kept])) if among is None else among
    return [name for name in names if not _is_equal(name, found.get(name), kept.get(name))]


def changed_defaults(found: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    """Return the parameters whose default changed; new parameters do not count."""
    return [name for name, value in kept.items() if name in found and found[name] != value]


def _is_equal(name: str, found: list[float] | None, kept: list[float] | None) -> bool:
    if found is None or kept is None or len(found) != len(kept):
        return False
    absolute = {"history": ABSOLUTE_RUN, "nDCG": ABSOLUTE_ORDER}.get(name.split()[-1], ABSOLUTE)
    return np.allclose(found, kept, RELATIVE, absolute, equal_nan=True)


def _figures() -> Iterator[tuple[str, Any]]:
    rng = np.random.default_rng(0)
    seconds = np.arange(6 * 22_050, dtype=np.float32) / 22_050
    yield "log-mel", log_mel(np.sin(2000 * seconds**2)).reshape(8, 10, -1).mean((1, 2))
    for excerpts in (1, 5):
        offsets = [[at.offset for at in reading.place(length, excerpts)] for length in (60, 10, 8)]
        yield f"offsets of {excerpts}", offsets
    yield from _audio(rng)
    excerpts_of = _excerpts(rng)
    few = torch.as_tensor(excerpts_of[:4, 0])
    yield "augmentation", augment(few, np.random.default_rng(1)).float().mean((1, 2))
    yield "timbre", handcrafted.Timbre(excerpts_of[:6])(np.arange(2))
    yield "rhythm", handcrafted.rhythm(excerpts_of[:6])[:, :3]
    codes = group_codes(normalise_artists(NAMES).keys)
    yield "artists", codes
    groups = _groups()
    copies = replace(groups, recording=ROWS // 2 * 2 % 50)
    yield "inseparable", copies.inseparable()
    for folds in (0, 5):
        parts = split(groups.artist, 3, folds)
        yield f"split of {folds}", np.concatenate([parts.validation, parts.test])
    yield (
        "excluded pairs",
        [groups.excluded_pairs(ROWS, ROWS, kind).sum() for kind in ("album", "artist", "none")],
    )
    tags = _tags(rng)
    relateds = {
        kind: relatedness_from_tags(tags.matrix, ROWS[:80], kind, topics=5)
        for kind in ("lsi", "tfidf", "lda", "overlap")
    }
    for kind, related in relateds.items():
        yield f"relatedness {kind}", related(torch.arange(3), torch.arange(80, 84))
    yield from _training_parts(groups, relateds["lsi"], excerpts_of)
    vectors = torch.as_tensor(rng.normal(size=(N_TRACKS, 3)), dtype=torch.float32)
    metrics = evaluate({"vectors": vectors}, tags, groups)
    yield "evaluation", metrics[["value", "low", "high", "chance", "ceiling"]]
    yield from _run(Corpus("golden", tags, groups, excerpts_of, split(groups.artist), "ab"))


def _audio(rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    """Decode, mix and resample; identify; compare recordings."""
    level = np.repeat(rng.uniform(0.1, 1, 100), 4410)
    sound = (level[:, None] * rng.normal(0, 0.2, (len(level), 2))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "noise.wav")
        soundfile.write(path, sound, 44_100, subtype="FLOAT")
        excerpts, _ = reading.log_mel_excerpts(path, 2)
        yield "decoded", excerpts.reshape(2, 8, 10, -1).astype(np.float32).mean((2, 3))
        soundfile.write(path, sound[8820:], 44_100)
        copy, _ = reading.log_mel_excerpts(path, 2)
        path.write_bytes(bytes(range(256)) * 9000)
        yield "content", int(identity.content_id(path)[:12], 16)
    yield "correlation", correlation(excerpts, copy)
    yield "recordings", recordings(np.stack([excerpts, excerpts[::-1], copy]), list("abc"))


def _training_parts(
    groups: Groups, related: Any, excerpts: np.ndarray
) -> Iterator[tuple[str, Any]]:
    def same_album(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
        return groups.excluded_pairs(rows, others, "album")

    generator = np.random.default_rng(2)
    yield "uniform batches", np.concatenate(UniformBatches(ROWS, 50)(generator))[:9]
    yield "related batches", RelatedBatches(ROWS, 50, related, same_album)(generator)[0][:9]
    network = initial_network(0)
    embedded = embed(network, excerpts[:30])
    yield "network", embedded[:3, :4]
    labels, hidden = related(torch.arange(30)), torch.as_tensor(same_album(ROWS[:30], ROWS[:30]))
    pairs = mining.candidate_pairs(labels, hidden)
    distances = losses.squared_distances(embedded)
    strategies: tuple[mining.Strategy, ...] = ("all", "semihard", "hard", "literal")
    yield "triplets", [len(mining.mine(distances, pairs, way).anchor) for way in strategies]
    yield "triplet loss", losses.TripletLoss()(embedded, labels, hidden).item()
    average, network = (initial_network(seed) for seed in (0, 1))
    update_average(average, network, 5)
    yield "averaged weights", average.dense.weight[:2, :2].detach()
    yield "contrastive loss", losses.ContrastiveLoss()(embedded, labels, hidden).item()


def _run(corpus: Corpus) -> Iterator[tuple[str, Any]]:
    for loss in ("triplet", "tags"):
        with tempfile.TemporaryDirectory() as folder:
            chosen = {"epochs": 2, "loss": loss, "precision": "float32", "augment": "always"}
            record = experiment.run_experiment(
                corpus,
                Configuration.check({**chosen, "runs": folder, "device": "cpu", "batch_size": 32}),
            )
            history, metrics = record.history, record.metrics
        yield f"run, {loss}: history", history[["pairs", "anchors", "loss", "validation"]]
        graded = metrics.query("relevance == 'graded' and metric == 'ndcg' and task == 'mean'")
        yield f"run, {loss}: nDCG", graded.set_index("representation")["value"].sort_index()


def _excerpts(rng: np.random.Generator) -> np.ndarray:
    """Draw two excerpts per track: noise whose spectrum follows from the first mood."""
    tilt = np.where(ROWS % 3 == 0, 1.0, -1.0)[:, None, None, None]
    slope = np.linspace(-1, 1, SHAPE[0])[:, None]
    return (rng.normal(-8, 2, (N_TRACKS, 2, *SHAPE)) + tilt * slope).astype(np.float16)


def _tags(rng: np.random.Generator) -> TagMatrix:
    """Draw four moods, one of which sets the spectrum, and five themes."""
    moods = np.c_[ROWS % 3 == 0, rng.random((N_TRACKS, 3)) < 0.4]
    moods[~moods.any(axis=1), 3] = True
    themes = rng.random((N_TRACKS, 5)) < 0.3
    themes[~themes.any(axis=1), 0] = True
    tagsets = ["moods"] * 4 + ["themes"] * 5
    vocabulary = pd.DataFrame({"tagset": tagsets, "tag": list("abcdefghi")})
    matrix = sparse.csr_array(np.c_[moods, themes].astype(float))
    return TagMatrix(matrix, pd.RangeIndex(N_TRACKS), vocabulary)


def _groups() -> Groups:
    """Three tracks per album, two albums per artist; every ninth track has no album."""
    rows = ROWS[ROWS % 9 > 0]
    albums = sparse.csr_array((np.ones(len(rows)), (rows, rows // 3)), shape=(N_TRACKS, 40))
    return Groups(ROWS // 6, albums)


def write() -> None:
    """Write the golden figures, unless they changed under the same version."""
    found, kept = figures(), json.loads(FILE.read_text()) if FILE.exists() else None
    made = {"results_version": records.RESULTS_VERSION, **run_identity(), "figures": found}
    if kept and kept["results_version"] == records.RESULTS_VERSION:
        changed = differences(found, kept["figures"])
        changed += changed_defaults(made["defaults"], kept["defaults"])
        if changed:
            sys.exit(f"{', '.join(changed)}: figures changed; {CHANGED}")
    audio = [name for name in AUDIO if name in found]
    if kept and kept["store"] == store.VERSION and differences(found, kept["figures"], audio):
        sys.exit("excerpts changed; raise VERSION in audio/store.py, too")
    FILE.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def test_figures_are_those_of_this_version(kept):
    changed = differences(figures(), kept["figures"])
    assert not changed, f"changed: {', '.join(changed)}; {CHANGED}"
    assert kept["results_version"] == records.RESULTS_VERSION, CHANGED


def test_defaults_and_the_id_of_a_run_are_those_of_this_version(kept):
    found = run_identity()
    changed = changed_defaults(found["defaults"], kept["defaults"])
    assert not changed, f"changed defaults: {', '.join(changed)}; {CHANGED}"
    assert found["id"] == kept["id"]
    assert found["store"] == kept["store"], CHANGED


def test_a_change_is_noticed(tmp_path, monkeypatch):
    assert differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.0001]}) == []
    assert differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.01]}) == ["a"]
    assert differences({"a": [1.0], "b": [1.0]}, {"a": [1.0, 2.0]}) == ["a", "b"]
    assert differences({"log-mel": [1.0]}, {"log-mel": [2.0]}, ["log-mel"]) == ["log-mel"]
    assert changed_defaults({"old": 1, "new": 2}, {"old": 2, "gone": 3}) == ["old"]
    monkeypatch.setitem(globals(), "FILE", tmp_path / "golden.json")
    monkeypatch.setitem(globals(), "figures", lambda: {"a": [1.0]})
    write()
    monkeypatch.setitem(globals(), "figures", lambda: {"a": [2.0]})
    with pytest.raises(SystemExit, match="^a: figures changed; raise RESULTS_VERSION"):
        write()
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    write()
    assert json.loads(FILE.read_text())["figures"] == {"a": [2.0]}


if __name__ == "__main__":
    write()
