"""What all readers have in common, tested on a tiny invented sample of each data set."""

import shutil
from pathlib import Path

import pytest

from tagspace.datasets.base import TAG_COLUMNS, TRACK_COLUMNS
from tagspace.datasets.registry import NAMES, READERS, load_dataset
from tagspace.errors import TagspaceError
from tagspace.tags import tagsets

SAMPLES = Path(__file__).parent / "samples"
# Numbers of tracks, of tags per tag set, and of tracks with audio in the sample.
EXPECTED = {
    "emotify": (3, {"genres": 4, "moods": 3}, 1),
    "fma": (3, {"genres": 3, "styles": 2}, 1),
    "jamendo": (2, {"genres": 1, "instruments": 1, "moods": 1}, 1),
    "magnatagatune": (3, {"tags": 3}, 1),
    "manifest": (2, {"genres": 2, "moods": 1}, 2),
    "merge": (2, {"genres": 2, "styles": 2, "moods": 3, "themes": 1}, 1),
    "msd": (2, {"genres": 4, "styles": 1, "moods": 1, "themes": 1}, 1),
}
each_data_set = pytest.mark.parametrize("name", EXPECTED)


def test_every_data_set_has_a_sample():
    assert set(EXPECTED) == set(READERS)
    assert {path.name for path in SAMPLES.iterdir()} == set(EXPECTED)
    assert {*NAMES, "manifest"} == {*READERS, "demo"}


@each_data_set
def test_exactly_one_reader_recognises_a_sample(name):
    assert [other for other, reader in READERS.items() if reader.find(SAMPLES / name)] == [name]


@each_data_set
def test_tracks_and_tags_have_the_documented_form(name):
    dataset = load_dataset(str(SAMPLES / name))
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


@pytest.mark.parametrize("name", [name for name in NAMES if name != "demo"])
def test_a_release_states_its_licence_citation_and_size(name):
    reader = READERS[name]
    release = reader.RELEASE
    assert set(load_dataset(str(SAMPLES / name)).tagsets) <= set(release.tagsets)
    assert release.page.startswith("https://")
    assert release.licence in release.notice()
    assert release.citation in release.notice()
    assert 0 < (release.albums or 1) <= release.tracks
    assert 0 < (release.artists or 1) <= release.tracks


def test_fma_genres_are_the_top_of_the_hierarchy_and_styles_the_rest():
    tags = load_dataset(str(SAMPLES / "fma")).tags
    first_track = tags[tags["track_id"] == "2"].groupby("tagset")["tag"].agg(list).to_dict()
    assert first_track == {"genres": ["Polka"], "styles": ["Slow Polka", "Very Slow Polka"]}


def test_the_published_split_of_fma_is_read():
    parts = load_dataset(str(SAMPLES / "fma")).splits["official"]()
    assert parts.to_dict() == {"2": "training", "141": "test", "5151": "training"}


def test_fma_albums_may_be_unknown_but_genres_may_not(tmp_path):
    sample = SAMPLES / "fma" / "fma_metadata"
    shutil.copytree(sample, tmp_path, dirs_exist_ok=True)
    tracks = tmp_path / "tracks.csv"
    text = tracks.read_text(encoding="utf-8")
    tracks.write_text(text.replace("\n2,7,", "\n2,-1,"), encoding="utf-8")
    albums = load_dataset(str(tmp_path)).tracks["album"]
    assert albums["2"] == ()
    assert albums["141"] == ("8",)
    tracks.write_text(text.replace("[1, 11, 12]", "[1, 99]"), encoding="utf-8")
    with pytest.raises(TagspaceError, match=r"track 2 has genre 99, which is not in genres.csv"):
        load_dataset(str(tmp_path))


def test_clips_of_one_song_have_the_same_artist_and_album():
    tracks = load_dataset(str(SAMPLES / "magnatagatune")).tracks
    assert tracks.loc["2", "album"] == tracks.loc["6", "album"] == ("ann invented: First",)
    assert tracks.loc["10", "artist"] == ""
