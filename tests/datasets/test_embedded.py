"""Building a manifest from embedded metadata, with real audio files."""

import errno
import os
import sys

import mutagen
import mutagen.apev2
import mutagen.asf
import mutagen.id3
import mutagen.mp4
import numpy as np
import pandas as pd
import pytest
import soundfile
from encoding import draw_sound
from encoding import write as encode

from tagspace.cli import main
from tagspace.datasets import embedded
from tagspace.datasets.registry import load_dataset

NAMES = {"artist": "Ann", "album": "One", "title": "Air"}


def write(path, **fields):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(22_050, np.float32), 22_050)
    if fields:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file.update(fields)
        file.save()


def test_audio_files_become_a_data_set(tmp_path, capsys):
    write(tmp_path / "a" / "one.mp3", **NAMES, genre=["Folk; Pop", "Pop"], mood=["Calm"])
    write(tmp_path / "a" / "two.flac", **NAMES, genre=["Folk|Waltz"])
    write(tmp_path / "three.ogg", artist="Bo, and others", mood=["Calm", "Odd"])
    write(tmp_path / "bare.wav")
    (tmp_path / "broken.mp3").write_bytes(b"not audio")
    (tmp_path / "cover.jpg").touch()
    main(["manifest", str(tmp_path)])
    output = capsys.readouterr().out
    assert output.startswith(f"left out: {tmp_path / 'broken.mp3'}: ")
    assert "4 files; 3 have artist, 2 have album, 2 have title, 2 have genres" in output
    dataset = load_dataset(str(tmp_path / "manifest.csv"))
    assert dataset.tagsets == ("genres", "moods")
    assert set(dataset.tags.itertuples(index=False, name=None)) == {
        ("a/one.mp3", "genres", "Folk"),
        ("a/one.mp3", "genres", "Pop"),
        ("a/one.mp3", "moods", "Calm"),
        ("a/two.flac", "genres", "Folk"),
        ("a/two.flac", "genres", "Waltz"),
        ("three.ogg", "moods", "Calm"),
        ("three.ogg", "moods", "Odd"),
    }
    assert dataset.tracks.loc["three.ogg", "artist"] == "Bo, and others"
    assert dataset.tracks.loc["a/one.mp3", "path"] == str(tmp_path / "a" / "one.mp3")


def test_tags_of_wav_files_are_read(tmp_path):
    write(tmp_path / "one.wav")
    file = mutagen.File(tmp_path / "one.wav")
    file.add_tags()
    for name, text in (("TPE1", ["Ann"]), ("TCON", ["Folk", "Pop"]), ("TMOO", ["Calm"])):
        file.tags.add(getattr(mutagen.id3, name)(encoding=3, text=text))
    file.save()
    main(["manifest", str(tmp_path)])
    dataset = load_dataset(str(tmp_path))
    assert dataset.tracks["artist"].tolist() == ["Ann"]
    assert dataset.tags["tag"].tolist() == ["Folk", "Pop", "Calm"]


def test_audio_in_a_linked_folder_is_found(tmp_path):
    write(tmp_path / "disk" / "one.mp3", genre=["Folk"])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "music").symlink_to(tmp_path / "disk", target_is_directory=True)
    main(["manifest", str(tmp_path / "mine")])
    assert load_dataset(str(tmp_path / "mine")).tracks.index.tolist() == ["music/one.mp3"]


def test_a_tag_set_without_tags_is_dropped(tmp_path):
    write(tmp_path / "one.mp3", genre=["Folk"])
    main(["manifest", str(tmp_path)])
    assert load_dataset(str(tmp_path)).tagsets == ("genres",)


def test_an_existing_manifest_is_not_overwritten(tmp_path):
    write(tmp_path / "one.mp3", genre=["Folk"])
    (tmp_path / "manifest.csv").write_text("mine")
    with pytest.raises(SystemExit, match="manifest.csv exists already"):
        main(["manifest", str(tmp_path)])
    assert (tmp_path / "manifest.csv").read_text() == "mine"


@pytest.mark.parametrize("names", [[], ["one.mp3"]])
def test_a_folder_without_tags_raises(tmp_path, names):
    for name in names:
        write(tmp_path / name, **NAMES)
    with pytest.raises(
        SystemExit, match=f"contains {len(names)} audio files .aac, aif, .* wv., none"
    ):
        main(["manifest", str(tmp_path)])


def test_without_pyav_its_formats_are_listed_with_a_remedy(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    write(tmp_path / "one.mp3", genre=["Folk"])
    for name in ("song.m4a", "song.WMA"):
        (tmp_path / name).write_bytes(b"whatever")
    main(["manifest", str(tmp_path)])
    output = capsys.readouterr().out
    for name in ("song.m4a", "song.WMA"):
        assert f"left out: {tmp_path / name}: libsndfile does not know its format; m4a" in output
    assert load_dataset(str(tmp_path)).tracks.index.tolist() == ["one.mp3"]


def tag_m4a(path):
    easy = mutagen.File(path, easy=True)
    easy.update({**NAMES, "genre": ["Folk", "Pop"]})
    easy.save()
    file = mutagen.mp4.MP4(path)
    file["----:com.apple.iTunes:MOOD"] = [b"Calm"]
    file.save()


def tag_wma(path):
    file = mutagen.asf.ASF(path)
    file.update({"Author": ["Ann"], "WM/AlbumTitle": ["One"], "Title": ["Air"]})
    file.update({"WM/Genre": ["Folk", "Pop"], "WM/Mood": ["Calm"]})
    file.save()


def tag_wavpack(path):
    tags = mutagen.apev2.APEv2()
    tags.update({"Artist": "Ann", "Album": "One", "Title": "Air"})
    tags.update({"Genre": ["Folk", "Pop"], "Mood": "Calm"})
    tags.save(path)


@pytest.mark.parametrize(
    ("name", "codec", "add_tags"),
    [
        ("a.m4a", "aac", tag_m4a),
        ("a.m4a", "alac", tag_m4a),
        ("a.wma", "wmav2", tag_wma),
        ("a.wv", "wavpack", tag_wavpack),
    ],
)
def test_tags_of_formats_that_pyav_reads_are_read(tmp_path, name, codec, add_tags):
    container = "asf" if name == "a.wma" else None
    add_tags(encode(tmp_path / name, draw_sound(2), codec=codec, container=container))
    main(["manifest", str(tmp_path)])
    assert load_dataset(str(tmp_path)).tracks["path"].to_dict() == {name: str(tmp_path / name)}
    found = embedded.read_metadata(tmp_path / name)
    assert found == {**NAMES, "genres": "Folk|Pop", "moods": "Calm"}


@pytest.mark.parametrize("ending", ["opus", "aiff", "au", "caf", "mp2"])
def test_other_formats_of_libsndfile_are_described_or_listed(tmp_path, capsys, ending):
    write(tmp_path / "one.mp3", genre=["Folk"])
    path = tmp_path / f"two.{ending}"
    if ending == "opus":
        soundfile.write(path, np.zeros(48_000), 48_000, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, np.zeros(22_050), 22_050, format={"mp2": "MP3"}.get(ending))
    main(["manifest", str(tmp_path)])
    found = load_dataset(str(tmp_path)).tracks.index.tolist()
    assert found == ["one.mp3", path.name]
    assert "left out" not in capsys.readouterr().out


def test_names_that_a_manifest_cannot_hold_are_listed(tmp_path, capsys):
    write(tmp_path / "one.mp3", genre=["Folk"])
    for name in (" blank.mp3", "line\nbreak.mp3", "tab\tin.mp3"):
        write(tmp_path / name, genre=["Folk"])
    main(["manifest", str(tmp_path)])
    assert capsys.readouterr().out.count("rename it") == 3
    assert load_dataset(str(tmp_path)).tracks.index.tolist() == ["one.mp3"]


def test_a_genre_of_140000_letters_is_no_tag(tmp_path):
    write(tmp_path / "one.mp3", genre=["Folk", "x" * 140_000], title="two\nlines")
    main(["manifest", str(tmp_path)])
    dataset = load_dataset(str(tmp_path))
    assert dataset.tags["tag"].tolist() == ["Folk"]
    assert dataset.tracks["title"].tolist() == ["two lines"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_devices_and_circles_of_links_do_not_block(tmp_path, capsys):
    write(tmp_path / "one.mp3", genre=["Folk"])
    os.mkfifo(tmp_path / "pipe.mp3")
    (tmp_path / "zero.mp3").symlink_to("/dev/zero")
    (tmp_path / "circle").symlink_to(tmp_path)
    main(["manifest", str(tmp_path)])
    assert capsys.readouterr().out.count("it is not a regular file") == 2
    assert load_dataset(str(tmp_path)).tracks.index.tolist() == ["one.mp3"]


def test_a_manifest_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    write(tmp_path / "one.mp3", genre=["Folk"])

    def fill_the_disk(_, path, **__):
        path.write_text("half of ")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", fill_the_disk)
        with pytest.raises(SystemExit, match=r"manifest.csv: cannot be written: No space left"):
            main(["manifest", str(tmp_path)])
    assert [path.name for path in tmp_path.iterdir()] == ["one.mp3"]
    main(["manifest", str(tmp_path)])
    assert len(load_dataset(str(tmp_path)).tracks) == 1
