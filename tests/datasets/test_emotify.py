"""Reading Emotify: from ratings to moods, from audio files to names and genres."""

import re
from pathlib import Path

import mutagen
import numpy as np
import pandas as pd
import pytest
import soundfile

from tagspace.datasets import emotify
from tagspace.datasets.registry import load_dataset
from tagspace.errors import TagspaceError

REAL = Path(__file__).parents[3] / "shared" / "data" / "emotify"
GENRES = ("classical", "rock", "electronic", "pop")
HEADER = (
    "track id, genre, amazement, solemnity, tenderness, nostalgia, calmness, power, "
    "joyful_activation, tension, sadness, mood, liked, disliked, age, gender, mother tongue"
)


def rating(number, genre, *emotions):
    """Write the row of a rater who marked these emotions."""
    marks = [str(int(emotion in emotions)) for emotion in emotify.EMOTIONS]
    return ", ".join([str(number), genre, *marks, "3", "0", "0", "30", "1", "Volapük"])


def write(folder, *rows, header=HEADER):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")


def write_audio(path, **fields):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(2_205, np.float32), 22_050)
    file = mutagen.File(path, easy=True)
    file.add_tags()
    file.update(fields)
    file.save()


def tags(dataset, tagset):
    chosen = dataset.tags[dataset.tags["tagset"] == tagset]
    return chosen.groupby("track_id")["tag"].agg(list).to_dict()


def test_moods_are_what_a_quarter_of_the_raters_marked_or_else_the_foremost(tmp_path):
    rows = [
        # A quarter of four raters is one.
        *[rating(1, "classical", "calmness", "tension")],
        *[rating(1, "classical", "calmness")] * 3,
        # Two of nine raters are less than a quarter, and one of nine is not the foremost.
        *[rating(102, "rock", "power", "sadness")],
        *[rating(102, "rock", "power")],
        *[rating(102, "rock")] * 7,
        # Two emotions are equally foremost.
        *[rating(203, "electronic", "amazement", "nostalgia")],
        *[rating(203, "electronic")] * 4,
        # Two of five raters are more than a quarter, one of five is less.
        *[rating(400, "pop", "solemnity")] * 2,
        *[rating(400, "pop", "joyful_activation")],
        *[rating(400, "pop", "tenderness", "tension")] * 2,
    ]
    write(tmp_path, *rows)
    assert tags(emotify.read(tmp_path), "moods") == {
        "classical1": ["calmness", "tension"],
        "rock2": ["power"],
        "electronic3": ["amazement", "nostalgia"],
        "pop100": ["solemnity", "tenderness", "tension"],
    }


def test_a_track_for_which_nobody_marked_an_emotion_has_no_mood(tmp_path):
    write(tmp_path, rating(5, "classical"), rating(301, "pop", "power"), rating(5, "classical"))
    dataset = emotify.read(tmp_path)
    assert tags(dataset, "moods") == {"pop1": ["power"]}
    assert tags(dataset, "genres") == {"classical5": ["Classical"], "pop1": ["Pop"]}


def test_tracks_are_ordered_by_number_and_named_by_genre_and_file(tmp_path):
    numbers = {400: "pop", 100: "classical", 101: "rock", 20: "classical", 300: "electronic"}
    write(tmp_path, *(rating(number, genre, "power") for number, genre in numbers.items()))
    tracks = emotify.read(tmp_path).tracks
    assert tracks.index.tolist() == [
        "classical20", "classical100", "rock1", "electronic100", "pop100"
    ]  # fmt: skip
    assert tracks["path"].tolist() == [""] * 5
    assert tracks["album"].tolist() == [()] * 5


@pytest.mark.parametrize("blank", ["", " ", "  "])
def test_only_number_genre_and_emotions_are_required(tmp_path, blank):
    columns = [*emotify.EMOTIONS[::-1], "genre", "track id"]
    cells = ["1", *["0"] * 8, "rock", "105"]
    write(tmp_path, f"{blank},{blank}".join(cells), header=f"{blank},{blank}".join(columns))
    assert tags(emotify.read(tmp_path), "moods") == {"rock5": ["sadness"]}


@pytest.mark.parametrize("music", ["emotifymusic", "."])
def test_names_and_genres_are_read_from_the_audio_files(tmp_path, music):
    release = tmp_path / "release"
    write(release, *(rating(n, "rock", "power") for n in (101, 102, 103)))
    names = {"artist": "Ann Nobody", "album": "One", "title": "Air"}
    write_audio(release / music / "rock" / "1.mp3", **names, genre=["Polka; Rock"])
    write_audio(release / music / "rock" / "2.mp3", artist="Bo", genre=["Rock"])
    dataset = load_dataset(str(tmp_path))
    tracks = dataset.tracks
    first = str(release / music / "rock" / "1.mp3")
    assert tracks.loc["rock1"].tolist() == ["Ann Nobody", ("ann nobody: One",), "Air", first]
    assert tracks.loc["rock2"].tolist()[:3] == ["Bo", (), ""]
    assert tracks.loc["rock3"].tolist() == ["", (), "", ""]
    assert tags(dataset, "genres") == {
        "rock1": ["Rock", "Polka"],
        "rock2": ["Rock"],
        "rock3": ["Rock"],
    }


def test_files_whose_metadata_cannot_be_read_keep_their_path(tmp_path):
    write(tmp_path, rating(301, "pop", "power"), rating(302, "pop"), rating(303, "pop"))
    (tmp_path / "pop").mkdir()
    for number in (1, 3):
        (tmp_path / "pop" / f"{number}.mp3").write_bytes(b"not audio")
    expected = rf"of 2 audio files cannot be read, such as {tmp_path}/pop/1.mp3; their artist"
    with pytest.warns(UserWarning, match=expected):
        tracks = emotify.read(tmp_path).tracks
    assert tracks["path"].map(bool).tolist() == [True, False, True]
    assert tracks["artist"].tolist() == ["", "", ""]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (rating(0, "classical"), "line 3: track id '0' with genre 'classical' is not accepted"),
        (rating(401, "pop"), "line 3: track id '401' with genre 'pop' is not accepted"),
        (rating("1.0", "classical"), "line 3: track id '1.0' with genre"),
        (rating("", "classical"), "line 3: track id '' with genre"),
        (rating("9" * 5_000, "pop"), "line 3: track id '9{60}...' with genre"),
        (rating(100, "rock"), "line 3: track id '100' with genre 'rock' .* rock 101 to 200, "),
        (rating(1, "polka"), "line 3: track id '1' with genre 'polka' is not accepted"),
        (
            rating(1, "classical").replace("0", "2", 1),
            "line 3, column amazement: '2' is not accepted; write 0 or 1",
        ),
        (
            rating(1, "classical", "sadness").replace("1, 3", " , 3"),
            "line 3, column sadness: '' is not accepted; write 0 or 1",
        ),
        ("1, classical, 0", "line 3: expected 17 fields, found 3"),
    ],
)
def test_an_error_names_line_and_column(tmp_path, row, message):
    write(tmp_path, rating(1, "classical", "power"), row)
    with pytest.raises(TagspaceError, match=rf"^dataset: {tmp_path}/data.csv, {message}") as error:
        emotify.read(tmp_path)
    assert str(error.value).isprintable()


def test_a_missing_column_is_named(tmp_path):
    write(tmp_path, header=HEADER.replace(" tension,", ""))
    with pytest.raises(TagspaceError, match=r"data.csv has no column tension; its first line"):
        load_dataset(str(tmp_path))


def test_ratings_without_rows_contain_no_tracks(tmp_path):
    write(tmp_path)
    with pytest.raises(TagspaceError, match="emotify contains no tracks"):
        load_dataset(str(tmp_path))


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"track id, genre\n1, classical\n",
        b"name,joyful_activation\n",
        HEADER.encode("utf-16"),
        bytes(range(256)) * 100,
    ],
)
def test_another_or_damaged_table_is_not_emotify(tmp_path, content):
    if content is not None:
        (tmp_path / "data.csv").write_bytes(content)
    assert emotify.find(tmp_path) is None
    expected = f"^dataset: {re.escape(str(tmp_path))} contains no data.csv whose first line has"
    with pytest.raises(TagspaceError, match=expected):
        emotify.read(tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the clips")
def test_real_clips_have_the_names_and_genres_of_their_manifest(tmp_path):
    for genre in GENRES:
        (tmp_path / genre).symlink_to(REAL / genre, target_is_directory=True)
    blocks = pd.Series(GENRES).repeat(100)
    write(tmp_path, *(rating(n, genre, "power") for n, genre in enumerate(blocks, start=1)))
    dataset, expected = load_dataset(str(tmp_path)), load_dataset(str(REAL))
    assert dataset.tagsets == expected.tagsets
    assert set(dataset.tracks.index) == set(expected.tracks.index)
    names = expected.tracks.loc[dataset.tracks.index, ["artist", "album", "title"]]
    # Metadata are read with single blanks; the manifest keeps a double one.
    names["title"] = names["title"].str.split().str.join(" ")
    pd.testing.assert_frame_equal(dataset.tracks[list(names)], names, check_dtype=False)
    assert tags(dataset, "genres") == tags(expected, "genres")
    assert all(Path(path).is_file() for path in dataset.tracks["path"])
