"""Loading a data set by name or path, and building one from rows."""

import re

import pandas as pd
import pytest

from tagspace.datasets.base import build
from tagspace.datasets.registry import load_dataset
from tagspace.errors import TagspaceError

MANIFEST = "track_id,path,mood\nx1,x1.wav,calm\n"
JAMENDO = (
    "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
    "track_1\tartist_1\talbum_1\t01/1.mp3\t10.0\tgenre---polka\n"
)
MSD = "TRAAAAA00000000001;Polka;Ska;calm;Rain\n"
MERGE = "Song,Artist,MoodsAll,Genres,Themes,Styles\nA001,Invented,calm,Polka,Rain,Ska\n"


@pytest.fixture
def write(tmp_path):
    def write_text(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("my music/manifest.csv", MANIFEST, "my music"),
        ("mine.csv", MANIFEST, "mine"),
        ("data/autotagging.tsv", JAMENDO, "jamendo"),
        ("assignments/sets/msd_amglabels_all.csv", MSD, "msd"),
        ("MERGE/merge_audio_balanced_metadata.csv", MERGE, "merge"),
    ],
)
def test_load_recognises_a_folder_by_its_files(write, name, text, expected):
    path = write(name, text)
    assert load_dataset(str(path if path.stem == "mine" else path.parent)).name == expected


def test_load_accepts_relative_paths_and_the_home_folder(write, tmp_path, monkeypatch):
    write("release/manifest.csv", MANIFEST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = str(tmp_path / "release" / "x1.wav")
    for path in ("release", "release/manifest.csv", "~/release"):
        assert load_dataset(path).tracks.loc["x1", "path"] == expected


def test_load_rejects_shards_of_data_sets_without_shards(write, tmp_path):
    write("manifest.csv", MANIFEST)
    for dataset in ("demo", "merge", str(tmp_path)):
        with pytest.raises(
            TagspaceError,
            match=rf"^shards: '0-4' is not accepted with dataset {dataset}; .* jamendo or fma",
        ):
            load_dataset(dataset, "0-4")


def test_load_rejects_a_data_set_without_tags(write, tmp_path):
    write("manifest.csv", "track_id,path,moods\nx1,x1.wav,\n")
    with pytest.raises(TagspaceError, match="^dataset: .* contains no tags; training"):
        load_dataset(str(tmp_path))


def test_load_finds_a_local_copy_by_name(write, tmp_path, monkeypatch):
    write("datasets/msd/msd_amglabels_all.csv", MSD)
    write("elsewhere/jamendo/autotagging.tsv", JAMENDO)
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path))
    assert load_dataset("msd").name == "msd"
    assert load_dataset("jamendo", data_home=tmp_path / "elsewhere").name == "jamendo"


def test_load_asks_for_the_path_of_a_data_set_that_it_cannot_download(tmp_path):
    (tmp_path / "msd").mkdir()
    with pytest.raises(TagspaceError, match=r"'msd' is not in .*give the path of its folder"):
        load_dataset("msd", data_home=tmp_path)


def test_load_lists_the_known_data_sets_after_an_unknown_name():
    with pytest.raises(TagspaceError) as error:
        load_dataset("/nowhere")
    assert str(error.value) == (
        "dataset: '/nowhere' is neither a known data set "
        "(demo, emotify, fma, jamendo, magnatagatune, merge, msd) "
        "nor an existing folder or manifest.csv"
    )


def test_load_lists_the_files_that_a_folder_needs(tmp_path):
    with pytest.raises(TagspaceError) as error:
        load_dataset(str(tmp_path))
    message = str(error.value)
    for name in ("manifest.csv", "autotagging.tsv", "msd_amglabels_all.csv", "merge_audio_"):
        assert name in message
    assert "\n" not in message


def test_load_rejects_a_folder_with_two_data_sets(write, tmp_path):
    write("one/merge_audio_complete_metadata.csv", MERGE)
    write("two/msd_amglabels_all.csv", MSD)
    with pytest.raises(TagspaceError, match=r"several data sets \(merge, msd\)"):
        load_dataset(str(tmp_path))


@pytest.mark.parametrize("tagset", ["all", "mean", "artist", "album", "moods+themes"])
def test_build_rejects_reserved_names_of_tag_sets(tagset):
    with pytest.raises(
        TagspaceError, match=re.escape(f"dataset: invented has a tag set named {tagset!r}")
    ):
        build("invented", [("x1", "", (), "", "")], [("x1", tagset, "calm")], (tagset,))


@pytest.mark.parametrize(("track_id", "path"), [("x\n1", "/x.wav"), ("x1", "/x\r.wav")])
def test_build_rejects_line_breaks(track_id, path):
    with pytest.raises(TagspaceError, match="dataset: invented has a line break in"):
        build("invented", [(track_id, "", (), "", path)], [], ())


def test_build_removes_repeated_tags_and_has_the_documented_columns():
    tracks = [("x1", "Ann", ("One", "Two"), "Air", ""), ("x2", "", (), "", "/x2.wav")]
    tags = [("x1", "moods", "calm"), ("x1", "moods", "calm"), ("x1", "themes", "calm")]
    dataset = build("invented", tracks, tags, ("moods", "themes"))
    assert dataset.tracks.loc["x1", "album"] == ("One", "Two")
    assert list(dataset.tracks.columns) == ["artist", "album", "title", "path"]
    expected = pd.DataFrame(
        {"track_id": "x1", "tagset": ["moods", "themes"], "tag": "calm"},
        columns=dataset.tags.columns,
    )
    pd.testing.assert_frame_equal(dataset.tags, expected)


def test_build_rejects_repeated_tracks_and_an_empty_collection():
    track = ("x1", "", (), "", "")
    with pytest.raises(TagspaceError, match="'x1' more than once"):
        build("invented", [track, track], [], ("moods",))
    with pytest.raises(TagspaceError, match="no tracks"):
        build("invented", [], [], ("moods",))
