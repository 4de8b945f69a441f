"""Reading manifests."""

from pathlib import Path

import pytest

from tagspace.datasets import manifest
from tagspace.errors import TagspaceError

TEXT = (
    "track_id,path,artist,album,title,moods,themes\n"
    'x1,sub/x1.wav, Ann ,"One, Two","Say ""Air""",calm| sunny |,rain\n'
    "x2,,,,,,\n"
)


def write(folder, text=TEXT, name="manifest.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_tracks_and_tags_are_read(tmp_path):
    dataset = manifest.read(write(tmp_path).parent)
    assert dataset.tagsets == ("moods", "themes")
    assert set(dataset.tags.itertuples(index=False, name=None)) == {
        ("x1", "moods", "calm"),
        ("x1", "moods", "sunny"),
        ("x1", "themes", "rain"),
    }
    expected = ["Ann", ("ann: One, Two",), 'Say "Air"', str(tmp_path / "sub" / "x1.wav")]
    assert list(dataset.tracks.loc["x1"]) == expected
    assert list(dataset.tracks.loc["x2"]) == ["", (), "", ""]


def test_a_manifest_may_have_any_file_name(tmp_path):
    path = write(tmp_path, name="mine.csv")
    assert list(manifest.read(path).tracks.index) == ["x1", "x2"]


def test_paths_are_relative_to_the_manifest_or_absolute(tmp_path, monkeypatch):
    (tmp_path / "collection").mkdir()
    write(tmp_path / "collection", "track_id,path,tags\na,a.wav,calm\nb,/b.wav,calm\n")
    monkeypatch.chdir(tmp_path)
    paths = manifest.read(Path("collection")).tracks["path"]
    assert list(paths) == [str(tmp_path / "collection" / "a.wav"), "/b.wav"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_accepted(tmp_path, encoding):
    path = write(tmp_path, "track_id,path,tags\nx1,é.wav,naïve\n", encoding=encoding)
    dataset = manifest.read(path)
    assert list(dataset.tags["tag"]) == ["naïve"]
    assert dataset.tracks.loc["x1", "path"].endswith("é.wav")


def test_names_that_look_like_numbers_or_missing_values_stay_strings(tmp_path):
    path = write(tmp_path, "track_id,path,artist,title,tags\n007,a.wav,NA,null,1999|calm\n")
    dataset = manifest.read(path)
    assert list(dataset.tracks.loc["007", ["artist", "title"]]) == ["NA", "null"]
    assert list(dataset.tags["tag"]) == ["1999", "calm"]


def test_a_missing_value_written_as_a_name_raises(tmp_path):
    path = write(tmp_path, "track_id,path,artist,tags\na,a.wav,Ann,calm\nb,b.wav,nan,calm\n")
    with pytest.raises(TagspaceError, match="line 3, column artist: 'nan' is a missing value"):
        manifest.read(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "track_id,artist,tags\nx1,Ann,calm\n",
            "no column path; its first line contains track_id, a",
        ),
        ("track_id;path;tags\n", "no column track_id, path; .* separate its fields by commas"),
        ("track_id\tpath\ttags\n", "no column track_id, path; .* separate its fields by commas"),
        ("t\0r\0a\0c\0k\0", "line 1 is not UTF-8 text"),
        ("track_id,path,tags\rx1,a.wav,a\r", "line 1: new-line character .* line ends"),
        ("", "no column track_id, path; its first line contains nothing"),
        ("track_id,path,artist\nx1,a.wav,Ann\n", "no column of tags"),
        ("track_id,path,moods,moods\nx1,a.wav,a,b\n", "column moods more than once"),
        ("track_id,path,moods,\nx1,a.wav,a,b\n", "line 1: column 4 of 4 has no name"),
        ("track_id,path,tags\nx1,a.wav,a\n,b.wav,a\n", "line 3: track_id is empty"),
        (
            "track_id,path,tags\n\nx1,a,a\n x1,b,a\n",
            "line 4: track_id 'x1' is already used in line 3",
        ),
        ("track_id,path,tags\nx1,a.wav,a,b\n", "line 2: expected 3 fields, found 4"),
        ('track_id,path,tags\nx1,a.wav,"calm\nx2,b.wav,a\n', "line 2: unexpected end"),
        ('track_id,path,tags\nx1,a.wav,"a|\nb"\nx2\n', "line 4: expected 3 fields, found 1"),
        ("track_id,path,tags\n", "no tracks"),
    ],
)
def test_invalid_manifests_raise(tmp_path, text, expected):
    with pytest.raises(TagspaceError, match=expected):
        manifest.read(write(tmp_path, text))


def test_another_encoding_raises_and_names_the_line(tmp_path):
    path = write(tmp_path, "track_id,path,tags\nx1,a.wav,a\nx2,é.wav,a\n", encoding="latin-1")
    with pytest.raises(TagspaceError, match=r"manifest\.csv, line 3 is not UTF-8"):
        manifest.read(path)


def test_a_folder_without_manifest_raises(tmp_path):
    with pytest.raises(TagspaceError, match=r"contains no manifest\.csv"):
        manifest.read(tmp_path)


def test_equal_album_titles_of_two_artists_are_two_albums(tmp_path):
    rows = "a,a.wav,Ann,Hits,calm\nb,b.wav,Ann,Hits,calm\nc,c.wav,Bob,Hits,calm\n"
    path = write(tmp_path, "track_id,path,artist,album,tags\n" + rows)
    a, b, c = manifest.read(path).tracks["album"]
    assert a == b != c


def test_a_column_split_is_a_split_and_no_tag_set(tmp_path):
    text = "track_id,path,split,moods\na,a.wav,train,calm\nb,b.wav,test,wild\n"
    dataset = manifest.read(write(tmp_path, text))
    assert dataset.tagsets == ("moods",)
    assert dataset.splits["column"]().to_dict() == {"a": "train", "b": "test"}
    assert not manifest.read(write(tmp_path)).splits


def test_a_tag_set_without_tags_is_left_out_and_told(tmp_path):
    path = write(tmp_path, "track_id,path,genres,moods\na,a.wav,,calm\nb,b.wav, |,wild\n")
    with pytest.warns(UserWarning, match="has no tags in genres"):
        assert manifest.read(path).tagsets == ("moods",)


def test_a_manifest_that_cannot_be_opened_raises(tmp_path, monkeypatch):
    path = write(tmp_path)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may open any file
    with pytest.raises(TagspaceError, match=r"manifest\.csv: cannot be read: Permission denied"):
        manifest.read(path)
