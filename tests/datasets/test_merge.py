"""Reading MERGE and 4QAED."""

from pathlib import Path

import pytest

from tagspace.datasets import merge
from tagspace.errors import TagspaceError

REAL = Path(__file__).parents[3] / "shared" / "data" / "merge"
COMPLETE = "merge_audio_complete_metadata.csv"
HEADER = (
    "Song,Quadrant,Artist,Title,Moods,MoodsAll,MoodsAllWeights,Genres,GenreWeights,Themes,"
    "ThemeWeights,Styles,StylesWeights,AppearancesAlbumIDs\n"
)
ROWS = (
    'A001,Q1,Ann Nobody,"Air, and Earth",Calm,"Calm,Sunny","5, 7",Polka,9,"Rain,Calm",7,'
    '"Ska,Waltz","5,6,7","mw0000000001, MW0000000002,MW0000000001"\n'
    'MT0000000001,Q2,"Bob, The Band",,,"",,"Polka, Jazz",,,,,,\n'
)


def write(folder, name=COMPLETE, text=HEADER + ROWS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def rows(dataset):
    return set(dataset.tags.itertuples(index=False, name=None))


def test_all_tags_are_read_and_their_weights_ignored(tmp_path):
    write(tmp_path)
    dataset = merge.read(tmp_path)
    assert dataset.tagsets == ("genres", "styles", "moods", "themes")
    assert rows(dataset) == {
        ("A001", "genres", "Polka"),
        ("A001", "styles", "Ska"),
        ("A001", "styles", "Waltz"),
        ("A001", "moods", "Calm"),
        ("A001", "moods", "Sunny"),
        ("A001", "themes", "Rain"),
        ("A001", "themes", "Calm"),
        ("MT0000000001", "genres", "Polka"),
        ("MT0000000001", "genres", "Jazz"),
    }


def test_tracks_have_all_albums_on_which_they_appear(tmp_path):
    write(tmp_path)
    tracks = merge.read(tmp_path).tracks
    assert tracks.loc["A001", "album"] == ("MW0000000001", "MW0000000002")
    assert tracks.loc["MT0000000001", "album"] == ()
    assert tracks.loc["A001", "title"] == "Air, and Earth"
    assert tracks.loc["MT0000000001", "artist"] == "Bob, The Band"


@pytest.mark.parametrize("subfolder", ["Q1", "audio/Q1", "MERGE_Audio/audio/Q1"])
@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac", "ogg", "MP3"])
def test_audio_is_found_at_any_depth(tmp_path, subfolder, suffix):
    write(tmp_path / "info" / "csv")
    audio = tmp_path / subfolder / f"A001.{suffix}"
    audio.parent.mkdir(parents=True)
    audio.touch()
    (tmp_path / "MT0000000001.txt").touch()
    paths = merge.read(tmp_path).tracks["path"]
    assert paths["A001"] == str(audio)
    assert paths["MT0000000001"] == ""


def test_audio_in_a_linked_folder_is_found(tmp_path):
    write(tmp_path / "release")
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "A001.mp3").touch()
    (tmp_path / "release" / "audio").symlink_to(tmp_path / "disk", target_is_directory=True)
    path = merge.read(tmp_path / "release").tracks.loc["A001", "path"]
    assert path == str(tmp_path / "release" / "audio" / "A001.mp3")


def test_the_complete_release_is_preferred_to_the_balanced_one(tmp_path):
    write(tmp_path, "merge_audio_balanced_metadata.csv", HEADER + ROWS.splitlines()[0] + "\n")
    assert len(merge.read(tmp_path).tracks) == 1
    write(tmp_path / "complete")
    assert len(merge.read(tmp_path).tracks) == 2


def test_optional_columns_may_be_missing(tmp_path):
    write(
        tmp_path, text="Styles,Themes,Genres,MoodsAll,Artist,Song\nSka,Rain,Polka,Calm,Ann,A001\n"
    )
    track = merge.read(tmp_path).tracks.loc["A001"]
    assert (track["artist"], track["album"], track["title"], track["path"]) == ("Ann", (), "", "")


def test_a_missing_column_is_named_with_those_found(tmp_path):
    write(tmp_path, text="Song,Artist,Moods,Genres,Styles\nA001,Ann,Calm,Polka,Ska\n")
    expected = (
        rf"{COMPLETE} has no column MoodsAll, Themes; its first line contains Song, Artist, Moods, "
        "Genres, Styles"
    )
    with pytest.raises(TagspaceError, match=expected):
        merge.read(tmp_path)


def test_a_row_of_another_length_raises_and_names_the_line(tmp_path):
    write(tmp_path, text=HEADER + ROWS + "A002,Q1,Ann\n")
    with pytest.raises(TagspaceError, match=rf"{COMPLETE}, line 4: expected 14 fields, found 3"):
        merge.read(tmp_path)


def test_4qaed_has_only_moods_and_genres(tmp_path):
    write(
        tmp_path,
        "panda_dataset_taffc_metadata.csv",
        '"Song","Artist","Title","Quadrant","Moods","MoodsStr","Genres","GenresStr"\n'
        '"A001","Ann","Air","Q1",2,"Calm; Sunny",2,"Polka, Jazz"\n',
    )
    dataset = merge.read(tmp_path)
    assert dataset.tagsets == ("genres", "moods")
    assert rows(dataset) == {
        ("A001", "genres", "Polka"),
        ("A001", "genres", "Jazz"),
        ("A001", "moods", "Calm"),
        ("A001", "moods", "Sunny"),
    }


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the clips")
def test_real_clips():
    dataset = merge.read(REAL)
    assert len(dataset.tracks) == 396
    assert dataset.tracks["artist"].nunique() == 288
    assert dataset.tags.groupby("track_id")["tagset"].nunique().eq(4).sum() == 396
    assert all(Path(path).is_file() for path in dataset.tracks["path"])
    assert not dataset.tracks["album"].map(len).any()
