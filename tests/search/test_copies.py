"""Copies of real clips are found in a collection, and no other pair."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tagspace.search.indexing import index

REAL = Path(__file__).parents[3] / "shared" / "data" / "emotify"
N_CLIPS = 24


def as_mp3(samples, rate, path):
    soundfile.write(path.with_suffix(".mp3"), samples, rate, format="MP3", compression_level=0.7)


def as_ogg(samples, rate, path):
    soundfile.write(path.with_suffix(".ogg"), samples, rate, format="OGG")


def as_trimmed(samples, rate, path):
    soundfile.write(path.with_suffix(".flac"), samples[rate // 2 :], rate)


def as_louder(samples, rate, path):
    louder = np.clip(samples * 10 ** (2 / 20), -1, 1)
    soundfile.write(path.with_suffix(".flac"), louder, rate)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the clips of Emotify")
@pytest.mark.slow
@pytest.mark.usefixtures("musicnn_network")
def test_copies_of_real_clips_are_found_and_no_other_pair(tmp_path):
    clips = sorted(REAL.rglob("*.mp3"))[::16][:N_CLIPS]
    for number, clip in enumerate(clips):
        (tmp_path / f"{number} original.mp3").write_bytes(clip.read_bytes())
        if number % 2 == 0:
            copy = (as_mp3, as_ogg, as_trimmed, as_louder)[number // 2 % 4]
            copy(*soundfile.read(clip), tmp_path / f"{number} copy")
    tracks = index(tmp_path, tmp_path / "index").tracks
    recording = tracks["recording"].to_numpy()
    found = np.argwhere(np.triu(recording[:, None] == recording[None], 1))
    names = tracks["path"].str.split(n=1, expand=True)[0].to_numpy()
    right = sum(names[one] == names[other] for one, other in found)
    precision, recall = right / len(found), right / (N_CLIPS / 2)
    assert (precision, recall) == (1, 1)
