"""The commands, as a user types them."""

import json
import re
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from mutagen.flac import FLAC

from tagspace.cli import main
from tagspace.configuration import PRESETS
from tagspace.search import commands
from tagspace.search.places import read_tags
from tagspace.search.seeds import of_row


def said(capsys, *arguments):
    main([str(argument) for argument in arguments])
    return capsys.readouterr().out


@pytest.mark.usefixtures("musicnn_network")
def test_a_folder_is_indexed_and_searched(music, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    answer = said(capsys, "index", music)
    assert answer.startswith("12 tracks, by sound; the index is in ")
    assert "1 could not be used, such as broken.mp3: " in answer
    assert f"Search: tagspace search {music} QUERY\n" in answer
    (path, *_) = sorted(file.relative_to(music) for file in music.rglob("*.flac"))
    hits = said(capsys, "search", music, path, "-n", 3)
    head, columns, *lines = hits.splitlines()
    assert head == f"Like {path}:"
    assert columns.split() == ["score", "track", "why"]
    assert len(lines) == 3
    for line in lines:
        score, name = re.fullmatch(r" *(\S+)  (.*\.flac) *(.*)", line).group(1, 2)
        assert 0 <= float(score) <= 100
        assert (music / name).is_file()


@pytest.fixture
def named(made, monkeypatch):
    """A made collection, of which queries name rows."""
    monkeypatch.setattr(commands, "seed", lambda chosen, text: of_row(chosen, int(text)))
    return made


def test_the_formats_tell_the_same(named, capsys):
    folder = named.folder
    table = pd.read_csv(StringIO(said(capsys, "search", folder, 0, "--as", "csv")))
    listed = json.loads(said(capsys, "search", folder, 0, "--as", "json"))
    playlist = said(capsys, "search", folder, 0, "--as", "m3u").splitlines()
    assert list(table) == [*("score", "sound", "moods", *commands.TRACK_COLUMNS, "why")]
    assert [hit["path"] for hit in listed] == table["path"].tolist()
    assert playlist[0] == "#EXTM3U"
    assert playlist[2::2] == [str(named.music / path) for path in table["path"]]
    assert playlist[1] == f"#EXTINF:{table['seconds'][0]:.0f},{table['path'][0]}"


def test_options_reach_the_search(named, capsys):
    def rows(*options):
        text = said(capsys, "search", named.folder, 0, *options, "-n", 200, "--as", "csv")
        found = pd.read_csv(StringIO(text))["path"].str.extract(r"track (\d+)")[0].astype(int)
        return named.tracks.loc[found]

    assert 0 not in rows("--other-artists")["artist_code"].tolist()
    assert 0 not in rows("--other-albums")["album_code"].tolist()
    assert 0 in rows()["artist_code"].tolist()
    assert rows("--one-per", "artist")["artist_code"].is_unique
    assert rows("--one-per", "album")["album_code"].is_unique
    assert rows("--shortest", 300, "--longest", 400)["seconds"].between(300, 400).all()
    by_moods = rows("--weight", "moods=1").index.tolist()
    assert by_moods != rows("--weight", "sound=1").index.tolist()
    assert 3 not in rows("--away", 3).index


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weight", "moods"], "weight: 'moods' is not accepted; accepted: NAME=VALUE"),
        (["--weight", "moods=much"], "weight: could not convert .*; accepted: NAME=NUMBER"),
        (["--weight", "style=1"], "weight: style=1 is not accepted; accepted: a number above 0"),
        (["-n", "0"], "-n: 0 is not accepted; accepted: a whole number, 1 or more"),
    ],
)
def test_wrong_options(named, options, message):
    with pytest.raises(SystemExit, match=message):
        main(["search", str(named.folder), "0", *options])


def test_wrong_models(music):
    with pytest.raises(SystemExit, match="model: 'runs' is not accepted; accepted: NAME=VALUE"):
        main(["index", str(music), "--model", "runs"])


def test_a_narrow_terminal_cuts_lines(named, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    lines = said(capsys, "search", named.folder, 0).splitlines()
    assert max(map(len, lines)) <= 40


def test_models_are_learned_from_a_manifest(tmp_path, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    names = [f"t{number}" for number in range(64)]
    for name in names:
        soundfile.write(tmp_path / f"{name}.wav", rng.normal(size=2 * 22_050) / 5, 22_050)
    styles = [f"style {number % 3}" for number in range(64)]
    table = pd.DataFrame({"track_id": names, "styles": styles, "moods": "calm"})
    table = table.assign(path=[f"{name}.wav" for name in names], album="", title="")
    table["artist"] = [f"artist {number // 2}" for number in range(64)]
    table.to_csv(tmp_path / "manifest.csv", index=False)
    vectors = pd.DataFrame(rng.normal(size=(64, 3)), pd.Index(names, name="track_id"))
    vectors.rename(columns=str).to_parquet(tmp_path / "vectors.parquet")
    best = {**PRESETS["best"], "encoder": str(tmp_path / "vectors.parquet")}  # without musicnn
    monkeypatch.setitem(PRESETS, "best", best)
    answer = said(capsys, "model", tmp_path, tmp_path / "models")
    assert not (tmp_path / "models" / "manifest.csv").exists()
    assert "Use them: tagspace index FOLDER --model styles=" in answer
    named = [each.partition("=") for each in answer.rpartition("--model ")[2].split()]
    assert [name for name, _, _ in named] == ["styles", "moods"]
    tags = read_tags(Path(named[0][2]))
    assert tags.index.tolist() == ["style 0", "style 1", "style 2"]
    assert tags["times"].sum() > 0


def test_models_are_learned_from_embedded_tags(tmp_path, capsys, monkeypatch):
    rng, music = np.random.default_rng(0), tmp_path / "music"
    music.mkdir()
    for number in range(64):
        file = music / f"{number}.flac"
        soundfile.write(file, rng.normal(size=2 * 22_050) / 5, 22_050)
        tagged = FLAC(file)
        tagged.update(artist=f"artist {number // 2}", genre=["Jazz", "Folk"][number % 2])
        tagged.save()
    before = sorted(music.iterdir())
    names = pd.Index([f"{number}.flac" for number in range(64)], name="track_id")
    vectors = pd.DataFrame(rng.normal(size=(64, 3)), names)
    vectors.rename(columns=str).to_parquet(tmp_path / "vectors.parquet")
    best = {**PRESETS["best"], "encoder": str(tmp_path / "vectors.parquet")}  # without musicnn
    monkeypatch.setitem(PRESETS, "best", best)
    answer = said(capsys, "model", music, tmp_path / "models")
    assert f"The tags of 64 files are in {tmp_path / 'models' / 'manifest.csv'}" in answer
    record = Path(answer.strip().rpartition("genres=")[2])
    assert read_tags(record).index.tolist() == ["Folk", "Jazz"]
    assert sorted(music.iterdir()) == before


def test_a_folder_without_tags_gives_no_model(manifest, tmp_path):
    (manifest / "manifest.csv").unlink()
    with pytest.raises(SystemExit, match="none with an embedded genre or mood"):
        main(["model", str(manifest), str(tmp_path / "models")])
