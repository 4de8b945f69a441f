"""Tables of the page "What can go wrong": damaged files and tables, and what is downloaded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import soundfile

from tagspace.audio import reading
from tagspace.audio.identity import reason_without_path
from tagspace.audio.spectrogram import SAMPLE_RATE
from tagspace.datasets import fma, jamendo, manifest, merge
from tagspace.errors import TagspaceError
from tagspace.support.chatter import captured_chatter

SECONDS = 12.0
HEADER = "track_id,path,artist,moods\n"
# What a program or an editor makes of a manifest.
TABLES = {
    "a list, as pandas writes it": "a,a.wav,Ann,\"['calm', 'slow']\"\n",
    "a missing value": "a,a.wav,Ann,nan\n",
    "marks instead of tags": "a,a.wav,Ann,1\nb,b.wav,Bo,0\n",
    "another separator": 'a,a.wav,Ann,"calm; slow"\n',
    "an artist who is missing": "a,a.wav,nan,calm\n",
    "a field too many": "a,a.wav,Ann,calm,slow\n",
    "an id twice": "a,a.wav,Ann,calm\na,b.wav,Ann,calm\n",
    "a quote that is not closed": 'a,a.wav,Ann,"calm\n',
    "another encoding": "a,a.wav,Björk,calm\n",
}


def damaged_files(path: str | Path) -> pd.DataFrame:
    """Damage a recording in several ways, and return how each file is handled.

    Parameters
    ----------
    path : str or Path
        A recording of 12 s or more.

    Returns
    -------
    pandas.DataFrame of str
        Indexed by what was done: ``answer``, the note on the file or the reason to refuse it.
    """
    sound = reading.read(path, 0.0, SECONDS)
    stereo = np.c_[sound, -sound]
    broken = sound.copy()
    broken[len(sound) // 2] = np.nan
    answers = {}
    with tempfile.TemporaryDirectory() as temporary, captured_chatter():
        folder = Path(temporary)
        for what, (name, samples, damage) in {
            "nothing": ("whole.mp3", sound, None),
            "the last 40 % cut off": ("cut.mp3", sound, _cut),
            "4 kB in the middle blanked": ("blank.mp3", sound, _blank),
            "cut in the middle of a flac file": ("cut.flac", sound, _cut),
            "a sample that is not a number": ("nan.wav", broken, None),
            "channels in opposite phase": ("phase.wav", stereo, None),
            "silence": ("silent.wav", 0 * sound, None),
            "two seconds only": ("short.wav", sound[: 2 * SAMPLE_RATE], None),
            "half a second": ("shorter.wav", sound[: SAMPLE_RATE // 2], None),
            "a text called song.mp3": ("song.mp3", sound, _write_text),
            "a pipe called song.wav": ("song.wav", sound, _make_pipe),
        }.items():
            file = folder / name
            subtype = "FLOAT" if file.suffix == ".wav" else None
            soundfile.write(file, samples, SAMPLE_RATE, subtype=subtype)
            if damage is not None:
                damage(file)
            answers[what] = _answer(file)
    return pd.DataFrame.from_dict(answers, orient="index", columns=["answer"])


def _answer(file: Path) -> str:
    try:
        notes = reading.log_mel_excerpts(file, 5)[1]
    except TagspaceError as error:
        return f"refused: {reason_without_path(error, str(file))}"
    return f"taken; {'; '.join(notes)}" if notes else "taken"


def _cut(file: Path) -> None:
    os.truncate(file, int(0.6 * file.stat().st_size))


def _blank(file: Path) -> None:
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    file.write_bytes(data)


def _write_text(file: Path) -> None:
    file.write_text("no sound", encoding="utf-8")


def _make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def damaged_tables() -> pd.DataFrame:
    """Read damaged manifests, and return the error for each.

    Returns
    -------
    pandas.DataFrame of str
        Indexed by what is wrong: ``answer``, the error without the folder.
    """
    answers = {}
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "manifest.csv"
        for what, rows in TABLES.items():
            encoding = "latin-1" if what == "another encoding" else "utf-8"
            file.write_text(HEADER + rows, encoding=encoding)
            answers[what] = _error(lambda: manifest.read(file)).replace(f"{temporary}/", "")
    return pd.DataFrame.from_dict(answers, orient="index", columns=["answer"])


def _error(call: Callable[[], object]) -> str:
    try:
        call()
    except TagspaceError as error:
        return str(error)
    return "no error"


def downloads() -> pd.DataFrame:
    """List what is downloaded, from which host, and how it is checked.

    Returns
    -------
    pandas.DataFrame of str
        Indexed by the name of a data set or encoder: ``what``, ``host``, ``checked by``.
    """
    rows = [
        ("jamendo", "annotations and published splits", jamendo.REPOSITORY, "their format"),
        ("jamendo", "audio, where shards are named", jamendo.AUDIO, "published SHA-256"),
        ("fma", "metadata; audio, where shards is set", fma.ARCHIVES, "published SHA-1"),
        ("merge", "the release", merge.RECORD, "MD5 of its record"),
        ("musicnn", "the authors' package", "", "its SHA-256"),
    ]
    table = pd.DataFrame(rows, columns=["name", "what", "host", "checked by"])
    hosts = [urlsplit(address).netloc for address in table["host"]]
    table["host"] = [host or "the index that pip uses" for host in hosts]
    return table.set_index("name")
