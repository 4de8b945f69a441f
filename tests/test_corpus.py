"""A corpus keeps usable tracks, aligns all rows, and splits artists."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tagspace.audio.features import Features
from tagspace.audio.spectrogram import SHAPE
from tagspace.configuration import Configuration
from tagspace.corpus import assemble, check
from tagspace.datasets import registry
from tagspace.datasets.base import build
from tagspace.errors import TagspaceError

TAGSETS = ("moods", "themes")
NOWHERE = Path("/dev/null/failures.csv")  # no folder can be made there


def make_tracks(n_artists=12, per_artist=4):
    return [
        (f"x{artist}.{number}", f"artist {artist}", (f"album {artist}",), "", "")
        for artist in range(n_artists)
        for number in range(per_artist)
    ]


def make_tags(tracks):
    return [
        (track[0], tagset, f"tag {len(track[1]) + i}")
        for track in tracks
        for i, tagset in enumerate(TAGSETS)
    ]


def make_store(ids):
    """Store one excerpt per track, filled with the track's position in ``ids``, in random order."""
    order = np.random.default_rng(0).permutation(len(ids))
    array = np.empty((len(ids), 1, *SHAPE), np.float16)
    array[order] = np.arange(len(ids), dtype=np.float16)[:, None, None, None]
    index = pd.DataFrame({"row": order, "notes": ""}, index=pd.Index(ids, name="track_id"))
    contents = [f"{position:032x}" for position in range(len(ids))]
    index = index.assign(segment="one", content_id=contents)
    return Features({"one": array}, index, pd.DataFrame(), NOWHERE, 1)


def make_corpus(tracks, tags, ids=None, **parameters):
    """Assemble a corpus with two folds; only the tracks ``ids`` have audio."""
    dataset = build("invented", tracks, tags, TAGSETS)
    store = make_store([track[0] for track in tracks] if ids is None else ids)
    return assemble(dataset, store, Configuration.check({"folds": 2, **parameters}))


def parts(corpus):
    return [getattr(corpus.split, name).tolist() for name in ("train", "validation", "test")]


def with_value(tracks, row, column, value):
    """Replace one value in a list of tracks."""
    track = list(tracks[row])
    track[column] = value
    return [*tracks[:row], tuple(track), *tracks[row + 1 :]]


def test_tracks_without_audio_or_without_a_tag_in_every_set_are_left_out():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    missing = {(ids[5], "moods"), (ids[7], "themes")}
    tags = [tag for tag in make_tags(tracks) if tag[:2] not in missing]
    corpus = make_corpus(tracks, tags, ids=ids[:41])
    assert corpus.tags.track_ids.tolist() == [i for i in ids[:41] if i not in (ids[5], ids[7])]
    assert len(corpus) == 39


def test_all_parts_of_a_corpus_have_the_same_row_order():
    tracks = make_tracks()
    corpus = make_corpus(tracks, make_tags(tracks))
    ids = [track[0] for track in tracks]
    for row, track_id in enumerate(corpus.tags.track_ids):
        position = ids.index(track_id)
        assert (corpus.excerpts[row] == position).all()
        same_artist = corpus.groups.same_artist(np.array([row]), np.arange(len(tracks)))[0]
        artists = [tracks[other][1] for other in np.flatnonzero(same_artist)]
        assert artists == [tracks[position][1]] * 4


def test_tags_of_no_remaining_track_are_dropped():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    tags = [*make_tags(tracks), (ids[0], "moods", "lonely")]
    complete, reduced = make_corpus(tracks, tags), make_corpus(tracks, tags, ids=ids[1:])
    assert "lonely" in set(complete.tags.vocabulary["tag"])
    assert "lonely" not in set(reduced.tags.vocabulary["tag"])


def test_tracks_and_split_do_not_depend_on_the_tag_sets():
    tracks = make_tracks()
    one, all_sets = (make_corpus(tracks, make_tags(tracks), tagsets=t) for t in ("moods", "all"))
    assert one.tags.track_ids.equals(all_sets.tags.track_ids)
    assert parts(one) == parts(all_sets)
    assert one.fingerprint == all_sets.fingerprint


def test_split_depends_on_seed_and_fold():
    tracks = make_tracks()
    first, again, other_seed, other_fold = (
        parts(make_corpus(tracks, make_tags(tracks), **parameters))
        for parameters in ({}, {}, {"seed": 1}, {"fold": 1})
    )
    assert first == again
    assert first[2] != other_seed[2]
    assert sorted(first[2] + other_fold[2]) == list(range(len(tracks)))


def test_too_few_artists_are_refused():
    tracks = make_tracks(n_artists=9, per_artist=10)
    with pytest.raises(TagspaceError, match="has 90 tracks .* of 9 artists .* at least 10 artists"):
        make_corpus(tracks, make_tags(tracks))
    tracks = make_tracks(n_artists=15, per_artist=10)
    with pytest.raises(TagspaceError, match="has 150 tracks .* of 15 artists .* at least 20"):
        make_corpus(tracks, make_tags(tracks), folds=20)


def test_features_of_other_tracks_are_refused():
    tracks = make_tracks()
    with pytest.raises(TagspaceError, match="has 0 tracks .* of 0 artists"):
        make_corpus(tracks, make_tags(tracks), ids=["stranger"])


def test_tracks_without_artists_are_split_individually_with_a_warning():
    tracks = [(f"x{n}", "", (), "", "") for n in range(150)]
    with pytest.warns(UserWarning, match="^dataset: invented names no artists"):
        corpus = make_corpus(tracks, make_tags(tracks), folds=0)
    assert [len(part) for part in parts(corpus)] == [128, 7, 15]


def test_too_few_tracks_for_test_or_validation_are_refused():
    tracks = make_tracks(n_artists=10, per_artist=10)
    with pytest.raises(TagspaceError, match="training, 20 for validation and 10 for test"):
        make_corpus(tracks, make_tags(tracks), folds=0)
    tracks = [(f"x{n}", f"artist {n}", (), "", "") for n in range(24)]
    assert len(make_corpus(tracks, make_tags(tracks)).split.test) == 12
    with pytest.raises(TagspaceError, match="leave 11 tracks for test; .* add tracks"):
        make_corpus(tracks[:22], make_tags(tracks[:22]))


def test_fingerprint_changes_with_artists_albums_tags_and_tracks():
    tracks = make_tracks()
    tags = make_tags(tracks)
    corpora = [
        make_corpus(tracks, tags),
        make_corpus(with_value(tracks, 3, 1, "artist 11"), tags),
        make_corpus(with_value(tracks, 3, 2, ("other",)), tags),
        make_corpus(tracks, [*tags[:-1], (*tags[-1][:2], "other")]),
        make_corpus(tracks, tags, ids=[track[0] for track in tracks[1:]]),
    ]
    assert len({corpus.fingerprint for corpus in corpora}) == 5


def test_fingerprint_does_not_change_with_titles_paths_order_or_unused_tracks():
    tracks = make_tracks()
    tags = make_tags(tracks)
    renamed = with_value(with_value(tracks, 3, 3, "title"), 4, 4, "/music/a.wav")
    unused = ("unused", "artist 1", (), "", "")
    corpora = [
        make_corpus(tracks, tags),
        make_corpus(tracks, tags[::-1], seed=5),
        make_corpus(renamed, tags),
        make_corpus([*tracks, unused], [*tags, ("unused", "moods", "x")]),
    ]
    assert len({corpus.fingerprint for corpus in corpora}) == 1


def test_summary_counts_tracks_and_artists_of_each_part():
    tracks = make_tracks()
    corpus = make_corpus(tracks, make_tags(tracks))
    summary = corpus.summary()
    assert summary["tracks"] == {"train": 16, "validation": 8, "test": 24}
    assert summary["artists"] == {"train": 4, "validation": 2, "test": 6}
    assert summary["name"] == "invented"
    assert summary["excerpts"] == 1
    other = dataclasses.replace(corpus, fingerprint="other").summary()
    assert {**other, "fingerprint": corpus.fingerprint} == summary


def test_spellings_of_an_artist_change_neither_groups_nor_split(collection, store):
    configuration = Configuration(tagsets="moods", folds=2)
    clean = assemble(collection, store, configuration)
    spellings = ("{}", "  {}", "The {}", "{} feat. Somebody")
    artists = [
        spellings[number % 4].format(artist.upper() if number % 3 else artist)
        for number, artist in enumerate(collection.tracks["artist"])
    ]
    tracks = collection.tracks.assign(artist=artists)
    spelled = assemble(dataclasses.replace(collection, tracks=tracks), store, configuration)
    np.testing.assert_array_equal(spelled.groups.artist, clean.groups.artist)
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(spelled.split, part), getattr(clean.split, part))
    assert clean.summary()["notes"] == []
    assert len(spelled.summary()["notes"]) == 1


def test_copies_stay_in_one_part_and_are_noted():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    store = make_store(ids)
    contents = store.index["content_id"].where(store.index.index != "x7.1", f"{0:032x}")
    copied = dataclasses.replace(store, index=store.index.assign(content_id=contents))
    dataset = build("invented", tracks, make_tags(tracks), TAGSETS)
    corpus = assemble(dataset, copied, Configuration(folds=2))
    assert corpus.notes == [
        "for common recordings, 1 more artists stay together",
        "48 tracks are of 47 recordings (at most 2 of one); copies are neither neighbours nor "
        "pairs",
    ]
    first, copy = ids.index("x0.0"), ids.index("x7.1")
    assert corpus.groups.same_recording(np.array([first]), np.array([copy])).all()
    for rows in parts(corpus):
        assert (set(range(4)) <= set(rows)) == (set(range(28, 32)) <= set(rows))


def test_a_published_split_is_taken_as_it_is():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    part_of = dict.fromkeys(ids[:20], "train") | dict.fromkeys(ids[20:30], "val")
    part_of |= dict.fromkeys(ids[32:], "test")
    dataset = build("invented", tracks, make_tags(tracks), TAGSETS)
    dataset = dataclasses.replace(dataset, splits={"mine": lambda: pd.Series(part_of)})
    corpus = assemble(dataset, make_store(ids), Configuration(split="mine"))
    assert corpus.tags.track_ids.tolist() == [name for name in ids if name in part_of]
    assert parts(corpus) == [list(range(20)), list(range(20, 30)), list(range(30, 46))]
    assert corpus.notes == []
    moved = dataclasses.replace(
        dataset, splits={"mine": lambda: pd.Series({**part_of, ids[0]: "val", ids[30]: "test"})}
    )
    changed = assemble(moved, make_store(ids), Configuration(split="mine"))
    assert changed.notes == ["2 artists are in several parts of the published split"]
    assert changed.fingerprint != corpus.fingerprint


def test_a_run_stops_if_too_many_files_are_lost():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    failures = pd.DataFrame({"track_id": ids[:6], "path": ids[:6], "reason": "damaged"})
    store = dataclasses.replace(make_store(ids[6:]), failures=failures)
    dataset = build("invented", tracks, make_tags(tracks), TAGSETS)
    with pytest.raises(
        TagspaceError,
        match=r"^max_lost: 12% of the audio .* more than 10%; see .*failures.csv, and",
    ):
        assemble(dataset, store, Configuration(folds=2))
    assert len(assemble(dataset, store, Configuration(folds=2, max_lost=0.125))) == 42


def test_too_few_groups_without_common_recordings_are_refused():
    tracks = make_tracks()
    store = make_store([track[0] for track in tracks])
    store = dataclasses.replace(store, index=store.index.assign(content_id="0" * 32))
    dataset = build("invented", tracks, make_tags(tracks), TAGSETS)
    with pytest.raises(TagspaceError, match="of 1 artists without common recordings; at least 10"):
        assemble(dataset, store, Configuration())


def test_a_published_split_without_training_tracks_is_refused():
    tracks = make_tracks()
    ids = [track[0] for track in tracks]
    parts_of_tracks = pd.Series(["val"] * 20 + ["test"] * 28, index=ids)
    dataset = build("invented", tracks, make_tags(tracks), TAGSETS)
    dataset = dataclasses.replace(dataset, splits={"mine": lambda: parts_of_tracks})
    with pytest.raises(TagspaceError, match="leaves 0 tracks for training, 20 for .*another split"):
        assemble(dataset, make_store(ids), Configuration(split="mine"))


def test_spellings_of_tags_are_noted_and_merged_when_asked():
    tracks = make_tracks()
    tags = [
        (track, tagset, tag.title() if track.endswith(".0") and tagset == "moods" else tag)
        for track, tagset, tag in make_tags(tracks)
    ]
    kept = make_corpus(tracks, tags)
    merged = make_corpus(tracks, tags, spellings="merge")
    assert kept.notes == [
        "2 tags differ only in case or punctuation, such as 'Tag 8' and 'tag 8'; spellings merge "
        "would join them"
    ]
    assert merged.notes[0].endswith("'tag 8'; they were joined")
    assert len(kept.tags.vocabulary) == len(merged.tags.vocabulary) + 2
    assert kept.fingerprint != merged.fingerprint


# What is known before the audio is read


def described(tmp_path, n_artists=12, artist="Artist {}", tags="calm|{}", n_missing=0):
    """Write a manifest of four empty files per artist, and read it."""
    rows = ["track_id,path,artist,split,moods"]
    for number in range(4 * n_artists):
        (tmp_path / f"{number}.wav").touch()
        name, mood = artist.format(number // 4), tags.format(("wild", "soft")[number % 2])
        rows.append(f"t{number},{number}.wav,{name},train,{mood}")
    for number in range(n_missing):
        (tmp_path / f"{number}.wav").unlink()
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    return registry.load_dataset(str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "parameters", "message"),
    [
        ({"n_artists": 9}, {}, "dataset: .* has 36 tracks .* of 9 artists .* at least 10"),
        ({"artist": "Ann"}, {}, "dataset: .* of 1 artists .* at least 10"),
        ({}, {"folds": 20}, "dataset: .* of 12 artists .* at least 20"),
        ({"tags": "calm"}, {}, "tagsets: all tracks of .* have the same tags in moods"),
        ({"n_missing": 5}, {}, r"max_lost: 5 of 48 audio files .* do not exist, such as .*wav"),
        ({}, {"tagsets": "themes"}, "tagsets: 'themes' is not a tag set"),
        (
            {},
            {"split": "official"},
            "split: .* has no split 'official'; accepted for it: artist",
        ),
        ({}, {"split": "column"}, "dataset: .* leaves 48 tracks for training, 0 .* another split"),
    ],
)
def test_what_is_wrong_is_said_before_the_audio_is_read(tmp_path, changes, parameters, message):
    dataset = described(tmp_path, **changes)
    with pytest.raises(TagspaceError, match=message):
        check(dataset, Configuration.check(parameters))


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({"artist": ""}, {}),
        ({"n_missing": 4}, {}),
        ({"n_missing": 40}, {"max_lost": 1.0}),
        ({"tags": "calm"}, {"relatedness": "artist"}),
    ],
)
def test_what_may_be_right_passes(tmp_path, changes, parameters):
    check(described(tmp_path, **changes), Configuration.check(parameters))


@pytest.mark.parametrize("parameter", ["relatedness", "encoder"])
def test_a_table_of_vectors_is_checked_before_the_audio_is_read(tmp_path, parameter):
    dataset, file = described(tmp_path), tmp_path / "vectors.csv"
    for text, message in (("track_id,d\nx,1\n", "lists none of"), ("a,b\n1,2\n", "is not a table")):
        file.write_text(text)
        with pytest.raises(TagspaceError, match=f"^{parameter}: {file} {message}"):
            check(dataset, Configuration.check({parameter: str(file)}))
    file.write_text("track_id,d\nt0,1\n")
    check(dataset, Configuration.check({parameter: str(file)}))
