"""Reading MTG-Jamendo."""

from pathlib import Path

import pytest

from tagspace.datasets import jamendo
from tagspace.datasets.splits import published_parts
from tagspace.errors import TagspaceError

REAL = Path(__file__).parents[3] / "shared" / "data" / "mtg-jamendo"
HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
ROWS = (
    "track_0000001\tartist_01\talbum_01\t01/1.mp3\t60.0\tgenre---polka\tinstrument---spoon\t"
    'mood/theme---"calm"\n'
    'track_0000102\t"artist_02\talbum_02\t02/102.mp3\t61.5\tmood/theme---rain \t \n'
)


def write(folder, name="autotagging.tsv", text=HEADER + ROWS):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path)


def test_the_sixth_and_all_later_fields_are_tags(tmp_path):
    write(tmp_path)
    dataset = jamendo.read(tmp_path)
    assert dataset.tagsets == ("genres", "instruments", "moods")
    assert set(dataset.tags.itertuples(index=False, name=None)) == {
        ("track_0000001", "genres", "polka"),
        ("track_0000001", "instruments", "spoon"),
        ("track_0000001", "moods", '"calm"'),
        ("track_0000102", "moods", "rain"),
    }
    track = dataset.tracks.loc["track_0000102"]
    assert (track["artist"], track["album"], track["path"]) == ('"artist_02', ("album_02",), "")


@pytest.mark.parametrize("folder", ["", "data"])
def test_the_repository_and_its_data_folder_are_accepted(tmp_path, folder):
    write(tmp_path / "data")
    assert len(jamendo.read(tmp_path / folder).tracks) == 2


@pytest.mark.parametrize("subfolder", ["", "audio", "audio-low"])
@pytest.mark.parametrize("suffix", [".mp3", ".low.mp3"])
def test_audio_of_both_qualities_is_found(tmp_path, subfolder, suffix):
    write(tmp_path / "data")
    audio = touch(tmp_path / subfolder / "02" / f"102{suffix}")
    paths = jamendo.read(tmp_path).tracks["path"]
    assert list(paths) == ["", audio]


def test_full_quality_audio_is_preferred(tmp_path):
    write(tmp_path)
    touch(tmp_path / "audio-low" / "01" / "1.low.mp3")
    full = touch(tmp_path / "audio" / "01" / "1.mp3")
    assert jamendo.read(tmp_path).tracks.loc["track_0000001", "path"] == full


def test_the_most_complete_annotations_are_read(tmp_path):
    moods = HEADER + ROWS.splitlines()[1] + "\n"
    write(tmp_path, "autotagging_moodtheme.tsv", moods)
    assert jamendo.read(tmp_path).tagsets == ("moods",)
    write(tmp_path)
    assert len(jamendo.read(tmp_path).tagsets) == 3


def test_an_empty_album_id_means_an_unknown_album(tmp_path):
    write(tmp_path, text=HEADER + "t\ta\t\t03/3.mp3\t9\tgenre---polka\n")
    assert jamendo.read(tmp_path).tracks["album"].tolist() == [()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ROWS, "line 1: expected the columns TRACK_ID"),
        (HEADER + ROWS + "track_3\tartist_1\talbum_1\t03/3.mp3\t9\n", "line 4: .* found 5"),
        (HEADER + "\ta\tb\tc\td\tgenre---polka\n", "line 2: expected a track id"),
        (
            HEADER + "t\ta\tb\tc\td\tvoice---alto\n",
            "line 2: tag 'voice---alto' has no known tag set.*mood/theme---",
        ),
        (HEADER + "t\ta\tb\tc\td\tgenre\n", "line 2: tag 'genre'"),
        (HEADER + ROWS + ROWS, "'track_0000001' more than once"),
        (HEADER, "no tracks"),
        ("", "line 1: expected the columns"),
    ],
)
def test_invalid_annotations_raise(tmp_path, text, expected):
    write(tmp_path, text=text)
    with pytest.raises(TagspaceError, match=expected):
        jamendo.read(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the annotations")
def test_real_annotations():
    dataset = jamendo.read(REAL)
    tags = dataset.tags.groupby("tagset")["tag"].nunique()
    sets = dataset.tags.groupby("track_id")["tagset"].nunique()
    complete = dataset.tracks.loc[sets.index[sets == 3]]
    assert tags.to_dict() == {"genres": 87, "instruments": 40, "moods": 56}
    for tracks, counts in ((dataset.tracks, (55525, 3565, 11256)), (complete, (10282, 1036, 2728))):
        found = (len(tracks), tracks["artist"].nunique(), tracks["album"].nunique())
        assert found == counts


def test_other_annotations_have_no_published_splits(tmp_path):
    write(tmp_path, "raw_30s.tsv")
    assert not jamendo.read(tmp_path).splits


def test_a_published_split_is_read_from_beside_the_annotations(tmp_path):
    write(tmp_path)
    for part, number in {"train": 1, "validation": 2, "test": 3}.items():
        row = f"track_{number}\ta\tb\t0/{number}.mp3\t1.0\tgenre---rock\n"
        (tmp_path / "splits" / "split-3").mkdir(parents=True, exist_ok=True)
        write(tmp_path / "splits" / "split-3", f"autotagging-{part}.tsv", HEADER + row)
    splits = jamendo.read(tmp_path).splits
    assert list(splits) == ["split-0", "split-1", "split-2", "split-3", "split-4"]
    expected = {"track_1": "train", "track_2": "validation", "track_3": "test"}
    assert splits["split-3"]().to_dict() == expected


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the annotations")
def test_the_parts_of_a_real_split_share_no_artist():
    dataset = jamendo.read(REAL)
    parts = published_parts(dataset, "split-0")
    assert parts.value_counts().to_dict() == {"train": 32_859, "test": 11_565, "validation": 11_101}
    artists = dataset.tracks["artist"].groupby(parts).unique()
    assert artists.explode().is_unique
