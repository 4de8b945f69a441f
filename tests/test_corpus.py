import dataclasses

import numpy as np
import pandas as pd
import pytest

from tagspace.audio.features import Features
from tagspace.audio.spectrogram import SHAPE
from tagspace.configuration import Configuration
from tagspace.corpus import assemble
from tagspace.datasets.base import build
from tagspace.errors import TagspaceError

TAGSETS = ("moods", "themes")


def rows_of(n_artists=12, tracks=4):
    return [
        (f"x{a}.{n}", f"artist {a}", (f"album {a}",), "", "")
        for a in range(n_artists)
        for n in range(tracks)
    ]


def tags_of(rows):
    return [
        (row[0], tagset, f"tag {len(row[1]) + i}")
        for row in rows
        for i, tagset in enumerate(TAGSETS)
    ]


def store_of(ids):
    """Give each track a spectrogram that tells its place in the list; the store is in disorder."""
    order = np.random.default_rng(0).permutation(len(ids))
    array = np.empty((len(ids), *SHAPE), np.float16)
    array[order] = np.arange(len(ids), dtype=np.float16)[:, None, None]
    index = pd.DataFrame({"row": order, "notes": ""}, index=pd.Index(ids, name="track_id"))
    return Features(array, index, pd.DataFrame(), None, 1)


def corpus_of(rows, tags, ids=None, **parameters):
    dataset = build("invented", rows, tags, TAGSETS)
    store = store_of([row[0] for row in rows] if ids is None else ids)
    return assemble(dataset, store, Configuration.check({"folds": 2, **parameters}))


def parts(corpus):
    return [getattr(corpus.split, name).tolist() for name in ("train", "validation", "test")]


def test_tracks_without_audio_or_a_tag_set_are_left_out():
    rows = rows_of()
    ids = [row[0] for row in rows]
    tags = [tag for tag in tags_of(rows) if tag[:2] not in {(ids[5], "moods"), (ids[7], "themes")}]
    corpus = corpus_of(rows, tags, ids=ids[:41])
    assert corpus.tags.track_ids.tolist() == [i for i in ids[:41] if i not in (ids[5], ids[7])]
    assert len(corpus) == 39


def test_rows_are_in_one_order():
    rows = rows_of()
    corpus = corpus_of(rows, tags_of(rows))
    for position, track in enumerate(corpus.tags.track_ids):
        place = [row[0] for row in rows].index(track)
        assert (corpus.excerpts[position] == place).all()
        mates = corpus.groups.same_artist(np.array([position]), np.arange(len(rows)))[0]
        assert [rows[mate][1] for mate in np.flatnonzero(mates)] == [rows[place][1]] * 4


def test_tags_that_no_track_carries_any_more_are_dropped():
    rows = rows_of()
    tags = [*tags_of(rows), (rows[0][0], "moods", "lonely")]
    whole, less = corpus_of(rows, tags), corpus_of(rows, tags, ids=[row[0] for row in rows[1:]])
    assert "lonely" in set(whole.tags.vocabulary["tag"])
    assert "lonely" not in set(less.tags.vocabulary["tag"])


def test_tracks_and_split_are_the_same_whatever_the_tag_sets():
    rows = rows_of()
    first, second = (corpus_of(rows, tags_of(rows), tagsets=t) for t in ("moods", "all"))
    assert first.tags.track_ids.equals(second.tags.track_ids)
    assert parts(first) == parts(second)
    assert first.fingerprint == second.fingerprint


def test_seed_and_fold_choose_the_split():
    rows = rows_of()
    first, again, seed, fold = (
        parts(corpus_of(rows, tags_of(rows), **parameters))
        for parameters in ({}, {}, {"seed": 1}, {"fold": 1})
    )
    assert first == again
    assert first[2] != seed[2]
    assert sorted(first[2] + fold[2]) == list(range(len(rows)))


def test_too_few_artists_are_refused():
    rows = rows_of(n_artists=9, tracks=10)
    with pytest.raises(TagspaceError, match="has 90 tracks of 9 artists .* at least 10 artists"):
        corpus_of(rows, tags_of(rows))
    rows = rows_of(n_artists=15, tracks=10)
    with pytest.raises(TagspaceError, match="has 150 tracks of 15 artists .* at least 20 artists"):
        corpus_of(rows, tags_of(rows), folds=20)


def test_nothing_in_common_is_refused():
    rows = rows_of()
    with pytest.raises(TagspaceError, match="has 0 tracks of 0 artists"):
        corpus_of(rows, tags_of(rows), ids=["stranger"])


def test_tracks_without_artist_count_one_by_one():
    rows = [(f"x{n}", "", (), "", "") for n in range(150)]
    with pytest.warns(UserWarning, match="^dataset: invented names no artists"):
        corpus = corpus_of(rows, tags_of(rows), folds=0)
    assert [len(part) for part in parts(corpus)] == [128, 7, 15]


def test_too_few_tracks_for_test_or_validation_are_refused():
    rows = rows_of(n_artists=10, tracks=10)
    with pytest.raises(TagspaceError, match="leaves 10 tracks for validation and 10 for test"):
        corpus_of(rows, tags_of(rows), folds=0)
    rows = [(f"x{n}", f"artist {n}", (), "", "") for n in range(24)]
    assert len(corpus_of(rows, tags_of(rows)).split.test) == 12
    with pytest.raises(TagspaceError, match="and 11 for test; at least 2 and 12 are needed"):
        corpus_of(rows[:22], tags_of(rows[:22]))


def changed(rows, place, column, value):
    row = list(rows[place])
    row[column] = value
    return [*rows[:place], tuple(row), *rows[place + 1 :]]


def test_the_fingerprint_changes_with_artists_albums_tags_and_tracks():
    rows = rows_of()
    tags = tags_of(rows)
    found = [
        corpus_of(rows, tags),
        corpus_of(changed(rows, 3, 1, "artist 11"), tags),
        corpus_of(changed(rows, 3, 2, ("other",)), tags),
        corpus_of(rows, [*tags[:-1], (*tags[-1][:2], "other")]),
        corpus_of(rows, tags, ids=[row[0] for row in rows[1:]]),
    ]
    assert len({corpus.fingerprint for corpus in found}) == 5


def test_the_fingerprint_stays_whatever_else_changes():
    rows = rows_of()
    tags = tags_of(rows)
    found = [
        corpus_of(rows, tags),
        corpus_of(rows, tags[::-1], seed=5),
        corpus_of(changed(changed(rows, 3, 3, "title"), 4, 4, "/music/a.wav"), tags),
        corpus_of([*rows, ("unused", "artist 1", (), "", "")], [*tags, ("unused", "moods", "x")]),
    ]
    assert len({corpus.fingerprint for corpus in found}) == 1


def test_summary_counts_the_parts():
    rows = rows_of()
    corpus = corpus_of(rows, tags_of(rows))
    summary = corpus.summary()
    assert summary["tracks"] == {"train": 20, "validation": 4, "test": 24}
    assert summary["artists"] == {"train": 5, "validation": 1, "test": 6}
    assert summary["name"] == "invented"
    assert summary["excerpts"] == 1
    other = dataclasses.replace(corpus, fingerprint="other").summary()
    assert {**other, "fingerprint": corpus.fingerprint} == summary
