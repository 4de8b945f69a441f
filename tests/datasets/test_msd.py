"""Reading the Million Song Dataset with the AllMusic tag sets."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tagspace.datasets import msd
from tagspace.errors import TagspaceError

REAL = Path(__file__).parents[3] / "shared" / "data" / "msd"
ONE, TWO, THREE = (f"TRABCDE0123456789{digit}" for digit in "ABC")
ALL = "msd_amglabels_all.csv"
ROWS = (
    f'{ONE};"[""Kitchens"", Polka/Ska";"Waltz, ""Drumn/Spoon"", House";Calm, Sunny;Rain\n'
    f'{TWO};"[""Kitchens""";;;\n'
    f"{THREE};Polka/Ska;;;Calm\n"
)
EXPECTED = {
    (ONE, "genres", "Kitchens"),
    (ONE, "genres", "Polka/Ska"),
    (ONE, "styles", "Waltz"),
    (ONE, "styles", "Drumn/Spoon"),
    (ONE, "styles", "House"),
    (ONE, "moods", "Calm"),
    (ONE, "moods", "Sunny"),
    (ONE, "themes", "Rain"),
    (TWO, "genres", "Kitchens"),
    (THREE, "genres", "Polka/Ska"),
    (THREE, "themes", "Calm"),
}


def write(folder, name=ALL, text=ROWS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def rows(dataset):
    return set(dataset.tags.itertuples(index=False, name=None))


def write_database(folder, table="songs"):
    with closing(sqlite3.connect(folder / "track_metadata.db")) as songs:
        songs.execute(
            f"CREATE TABLE {table} (track_id TEXT PRIMARY KEY, title TEXT, song_id TEXT, "
            "release TEXT, artist_id TEXT, artist_name TEXT, year INT)"
        )
        songs.executemany(
            f"INSERT INTO {table} VALUES (?, ?, 'S', ?, ?, 'Ann', 0)",
            [
                (THREE, None, None, "AR2"),
                ("TRZZZZZ00000000000", "Not tagged", "One", "AR1"),
                (ONE, "Air", "One", "AR1"),
            ],
        )
        songs.commit()


@pytest.mark.parametrize(
    "header", ["", "track_id;genres;styles;moods;themes\n", ";AMG_Genre;Style;Mood;Theme\n"]
)
def test_stray_characters_are_removed_with_and_without_header(tmp_path, header):
    write(tmp_path, text=header + ROWS)
    dataset = msd.read(tmp_path)
    assert dataset.tagsets == ("genres", "styles", "moods", "themes")
    assert list(dataset.tracks.index) == [ONE, TWO, THREE]
    assert rows(dataset) == EXPECTED


def test_a_header_without_tag_sets_warns(tmp_path):
    write(tmp_path, text="id;0;1;2;3\n" + ROWS)
    with pytest.warns(UserWarning, match="line 1 looks like a header .* genres, styles"):
        dataset = msd.read(tmp_path)
    assert rows(dataset) == EXPECTED


def test_a_header_sets_the_order_of_the_tag_sets(tmp_path):
    write(tmp_path, text=f"track_id;themes;moods;styles;genres\n{ONE};Rain;Calm;Ska;Polka\n")
    tags = msd.read(tmp_path).tags.set_index("tagset")["tag"]
    assert tags.to_dict() == {"themes": "Rain", "moods": "Calm", "styles": "Ska", "genres": "Polka"}


@pytest.mark.parametrize("header", ["", "track_id;tags\n", "track_id;moods\n"])
def test_separate_files_per_tag_set_are_joined(tmp_path, header):
    folder = tmp_path / "ground_truth_assignments" / "AMG_Multilabel_tagsets"
    write(folder, "msd_amglabels_moods.csv", f"{header}{TWO};Calm, Sunny\n{ONE};Calm\n")
    write(folder, "msd_amglabels_genres.csv", f'{ONE};"[""Kitchens"""\n{THREE};Polka\n')
    dataset = msd.read(tmp_path)
    assert dataset.tagsets == ("genres", "moods")
    assert set(dataset.tracks.index) == {ONE, TWO, THREE}
    assert rows(dataset) == {
        (ONE, "genres", "Kitchens"),
        (THREE, "genres", "Polka"),
        (TWO, "moods", "Calm"),
        (TWO, "moods", "Sunny"),
        (ONE, "moods", "Calm"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ROWS + "ABC;Polka;;;\n", "line 4: 'ABC' is not a track id"),
        (
            "ABC;moods;;;\n" + ROWS,
            "line 1: 'ABC' is not a track id .* accepted header is track_id;g",
        ),
        (ROWS + f"{ONE[:-1]}X;Polka;;;\n", "line 4: '.*X' is not a track id"),
        (ROWS + "track_id;genres;styles;moods;themes\n", "line 4: 'track_id' is not a track id"),
        (ROWS + f"{ONE};Polka;;\n", "line 4: expected 5 fields, found 4"),
        (ROWS + ROWS, f"line 4: track_id '{ONE}' is already used in line 1"),
        (f'{ONE};"Polka;;;\n{TWO};Ska;;;\n', "line 1: unexpected end"),
        ("", "no tracks"),
    ],
)
def test_invalid_rows_raise_and_name_the_line(tmp_path, text, expected):
    write(tmp_path, text=text)
    with pytest.raises(TagspaceError, match=expected):
        msd.read(tmp_path)


def test_artist_album_and_title_are_read_from_the_database(tmp_path):
    write(tmp_path)
    write(tmp_path, "unique_tracks.txt", "not read if the database exists")
    write_database(tmp_path)
    tracks = msd.read(tmp_path).tracks
    assert list(tracks.loc[ONE]) == ["AR1", ("ar1: One",), "Air", ""]
    assert list(tracks.loc[TWO]) == ["", (), "", ""]
    assert list(tracks.loc[THREE]) == ["AR2", (), "", ""]


@pytest.mark.parametrize("broken", ["other table", "no database"])
def test_an_invalid_database_raises(tmp_path, broken):
    write(tmp_path)
    if broken == "other table":
        write_database(tmp_path, table="tracks")
    else:
        write(tmp_path, "track_metadata.db", "this is text, and long enough to be read as a page\n")
    with pytest.raises(
        TagspaceError, match=r"track_metadata\.db has no table songs with the columns"
    ):
        msd.read(tmp_path)


def test_artist_and_title_are_read_from_the_listing(tmp_path):
    write(tmp_path)
    write(
        tmp_path,
        "unique_tracks.txt",
        f"TRZZZZZ00000000000<SEP>S<SEP>Cy<SEP>x\n{ONE}<SEP>S<SEP>Ann; Bé<SEP>Air\n",
    )
    tracks = msd.read(tmp_path).tracks
    assert list(tracks.loc[ONE]) == ["Ann; Bé", (), "Air", ""]
    assert list(tracks.loc[TWO]) == ["", (), "", ""]


def test_an_invalid_listing_raises_and_names_the_line(tmp_path):
    write(tmp_path)
    write(tmp_path, "unique_tracks.txt", f"{ONE}<SEP>S<SEP>Ann<SEP>Air\n{TWO}<SEP>S<SEP>Ann\n")
    with pytest.raises(
        TagspaceError, match=r"unique_tracks\.txt, line 2: expected 4 fields, found 3"
    ):
        msd.read(tmp_path)


def test_a_repeated_track_raises_in_the_listing_and_in_the_database(tmp_path):
    write(tmp_path)
    write(tmp_path, "unique_tracks.txt", f"{ONE}<SEP>S<SEP>Ann<SEP>Air\n" * 2)
    with pytest.raises(TagspaceError, match=rf"line 2: '{ONE}' is listed before"):
        msd.read(tmp_path)
    with closing(sqlite3.connect(tmp_path / "track_metadata.db")) as songs:
        songs.execute("CREATE TABLE songs (track_id, artist_id, release, title)")
        songs.executemany("INSERT INTO songs VALUES (?, 'AR1', 'One', 'Air')", [(ONE,)] * 2)
        songs.commit()
    with pytest.raises(TagspaceError, match=rf"lists track_id '{ONE}' more than once"):
        msd.read(tmp_path)


@pytest.mark.parametrize("subfolder", ["", "audio", "mp3"])
def test_audio_is_found_in_nested_folders(tmp_path, subfolder):
    write(tmp_path)
    audio = touch(tmp_path / subfolder / "A" / "B" / "C" / f"{TWO}.mp3")
    assert list(msd.read(tmp_path).tracks["path"]) == ["", audio, ""]


def test_audio_paths_may_be_listed_in_a_table(tmp_path):
    write(tmp_path)
    touch(tmp_path / "A" / "B" / "C" / f"{TWO}.mp3")
    write(tmp_path, "msd_audio.csv", f"track_id,path\n{ONE},8/9/8947470.clip.mp3\n")
    paths = msd.read(tmp_path).tracks["path"]
    assert list(paths) == [str(tmp_path / "8" / "9" / "8947470.clip.mp3"), "", ""]


def test_a_pickled_table_of_audio_paths_warns_and_is_not_loaded(tmp_path):
    write(tmp_path)
    write(tmp_path, "MSD_id_to_7D_id.pkl", "not a pickle")
    with pytest.warns(UserWarning, match=r"MSD_id_to_7D_id\.pkl is not read.*msd_audio\.csv"):
        assert len(msd.read(tmp_path).tracks) == 3
    write(tmp_path, "msd_audio.csv", "track_id,path\n")
    assert len(msd.read(tmp_path).tracks) == 3


def test_the_pickled_tags_are_never_read(tmp_path):
    write(tmp_path, "msd_amglabels_all.h5", "")
    with pytest.raises(TagspaceError, match=rf"pickled objects, .*; put {ALL} beside it"):
        msd.read(tmp_path)
    write(tmp_path)
    assert rows(msd.read(tmp_path)) == EXPECTED


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the tag sets")
def test_real_tag_sets():
    dataset = msd.read(REAL)
    sets = dataset.tags.groupby("track_id")["tagset"].nunique()
    assert len(dataset.tracks) == 9499
    assert sets.eq(4).sum() == 3042
    assert not dataset.tags["tag"].str.contains(r'[\[\]"]|^ | $').any()
