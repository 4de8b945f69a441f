"""Every data set, from a tiny invented sample: what all readers promise."""

import shutil
from pathlib import Path

import pytest

from tagspace.datasets.base import TAG_COLUMNS, TRACK_COLUMNS
from tagspace.datasets.registry import NAMES, READERS, load
from tagspace.errors import TagspaceError
from tagspace.tags import tagsets

SAMPLES = Path(__file__).parent / "samples"
# Tracks, tags in each set, and tracks whose audio lies in the sample.
EXPECTED = {
    "fma": (3, {"genres": 3, "styles": 2}, 1),
    "jamendo": (2, {"genres": 1, "instruments": 1, "moods": 1}, 1),
    "magnatagatune": (3, {"tags": 3}, 1),
    "manifest": (2, {"genres": 2, "moods": 1}, 2),
    "merge": (2, {"genres": 2, "styles": 2, "moods": 3, "themes": 1}, 1),
    "msd": (2, {"genres": 4, "styles": 1, "moods": 1, "themes": 1}, 1),
}
each = pytest.mark.parametrize("name", EXPECTED)


def test_every_data_set_has_a_sample():
    assert set(EXPECTED) == set(READERS)
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)
    assert {*NAMES, "manifest"} == {*READERS, "demo"}


@each
def test_it_is_recognised_by_its_files_alone(name):
    assert [other for other, reader in READERS.items() if reader.find(SAMPLES / name)] == [name]


@each
def test_tracks_and_tags_are_as_promised(name):
    dataset = load(str(SAMPLES / name))
    n_tracks, n_tags, n_audio = EXPECTED[name]
    assert dataset.name == name
    tracks, tags = dataset.tracks, dataset.tags
    assert list(tracks.columns) == TRACK_COLUMNS
    assert list(tags.columns) == TAG_COLUMNS
    assert len(tracks) == n_tracks
    assert tags.groupby("tagset").size().to_dict() == n_tags
    assert (tracks["path"] != "").sum() == n_audio
    assert all(Path(path).is_absolute() for path in tracks["path"] if path)
    assert all(isinstance(album, tuple) and all(album) for album in tracks["album"])
    texts = [*tracks.index, *tracks["artist"], *tracks["title"], *tags["tag"]]
    assert all(isinstance(text, str) and text == text.strip() for text in texts)
    assert set(tags["track_id"]) <= set(tracks.index)
    assert set(tags["tagset"]) <= set(dataset.tagsets)
    assert not tags.duplicated().any()
    tagsets.binary_matrix(dataset)


@each
def test_a_release_says_what_its_users_must_know(name):
    if name == "manifest":
        pytest.skip("a manifest is the user's own")
    reader = READERS[name]
    release = reader.RELEASE
    assert set(load(str(SAMPLES / name)).tagsets) <= set(release.tagsets)
    assert release.page.startswith("https://")
    assert release.licence in release.told()
    assert release.citation in release.told()
    assert 0 < (release.albums or 1) <= release.tracks
    assert 0 < (release.artists or 1) <= release.tracks


def test_genres_of_fma_are_told_from_styles_by_their_place_in_the_hierarchy():
    tags = load(str(SAMPLES / "fma")).tags
    of_first = tags[tags["track_id"] == "2"].groupby("tagset")["tag"].agg(list).to_dict()
    assert of_first == {"genres": ["Polka"], "styles": ["Slow Polka", "Very Slow Polka"]}


def test_albums_that_fma_does_not_know_are_none_and_its_genres_are_known(tmp_path):
    sample = SAMPLES / "fma" / "fma_metadata"
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    tracks = tmp_path / "tracks.csv"
    text = tracks.read_text(encoding="utf-8")
    tracks.write_text(text.replace("\n2,7,", "\n2,-1,"), encoding="utf-8")
    albums = load(str(tmp_path)).tracks["album"]
    assert albums["2"] == ()
    assert albums["141"] == ("8",)
    tracks.write_text(text.replace("[1, 11, 12]", "[1, 99]"), encoding="utf-8")
    with pytest.raises(TagspaceError, match=r"track 2 has genre 99, which genres.csv does not"):
        load(str(tmp_path))


def test_clips_of_one_song_share_artist_and_album():
    tracks = load(str(SAMPLES / "magnatagatune")).tracks
    assert tracks.loc["2", "album"] == tracks.loc["6", "album"] == ("Ann Invented: First",)
    assert tracks.loc["10", "artist"] == ""
