"""Measure how fast a folder of songs is indexed, beside librosa reading the same seconds.

    python benchmarks/songs.py CLIPS [NUMBER]

Clips are joined to songs of four minutes: a third each mp3 (of variable rate), flac and m4a. Both
ways use all cores. Nothing is kept.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
import librosa
import numpy as np
import soundfile
from threadpoolctl import threadpool_limits

from tagspace.audio.reading import place, read, read_excerpts
from tagspace.encoders import musicnn
from tagspace.search.indexing import EXCERPTS, index
from tagspace.support.cache import cache_folder

RATE, SECONDS = 44_100, 240
KINDS = ("mp3", "flac", "m4a")


def write_song(file: Path, samples: np.ndarray) -> None:
    """Write stereo samples, shape (n, 2)."""
    if file.suffix != ".m4a":
        options = {"bitrate_mode": "VARIABLE", "compression_level": 0.5}
        soundfile.write(file, samples, RATE, **(options if file.suffix == ".mp3" else {}))
        return
    with av.open(str(file), "w") as out:
        stream = out.add_stream("aac", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T.astype(np.float32)), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)


def make_songs(clips: list[Path], folder: Path, number: int) -> list[Path]:
    """Join clips to songs, each with other clips or in another order."""
    generator, files = np.random.default_rng(0), []
    sounds = [librosa.resample(read(clip, 0.0, 12.0), orig_sr=22_050, target_sr=RATE)
              for clip in clips[:80]]  # fmt: skip
    for song in range(number):
        order = generator.integers(len(sounds), size=SECONDS // 12)
        samples = np.concatenate([sounds[clip] for clip in order])
        files.append(folder / f"song {song:04d}.{KINDS[song % len(KINDS)]}")
        write_song(files[-1], np.c_[samples, samples])
    return files


def read_here(file: Path) -> int:
    """Read the excerpts of a file as the index does."""
    return read_excerpts(file, EXCERPTS, musicnn.SAMPLE_RATE).samples.size


def seconds_to_read(read: Callable[[Path], int], files: list[Path]) -> float:
    """Time a way to read all files with all cores."""
    # One thread of BLAS per process, as in the index; otherwise they contend.
    with ProcessPoolExecutor(initializer=threadpool_limits, initargs=(1,)) as pool:
        list(pool.map(abs, range(8)))  # starts the processes
        started = time.perf_counter()
        list(pool.map(read, files))
        return time.perf_counter() - started


def read_with_librosa(file: Path) -> int:
    """Read the same excerpts with librosa, which needs ffmpeg for m4a."""
    parts = [
        librosa.load(file, sr=musicnn.SAMPLE_RATE, offset=offset, duration=6.0)[0]
        for offset, _ in place(SECONDS, EXCERPTS)
    ]
    return sum(map(len, parts))


def main(folder: str, number: int) -> None:
    """Print songs per second."""
    musicnn.load()  # downloads the weights, if they are not there
    with tempfile.TemporaryDirectory() as temporary:
        shutil.copytree(cache_folder() / "encoders", Path(temporary) / "cache" / "encoders")
        os.environ["TAGSPACE_CACHE"] = str(Path(temporary) / "cache")
        music = Path(temporary) / "music"
        music.mkdir()
        files = make_songs(sorted(Path(folder).rglob("*.mp3")), music, number)
        started = time.perf_counter()
        found = index(music, Path(temporary) / "index")
        indexing = time.perf_counter() - started
        others = [file for file in files if file.suffix != ".m4a"]
        ways = (read_here, read_with_librosa)
        # Each way twice, in turn: the first pass may wait for the disk.
        rounds = [[seconds_to_read(way, others) for way in ways] for _ in range(2)]
        ours, librosas = map(min, zip(*rounds, strict=True))
    print(found.report())
    print(f"{os.cpu_count()} cores, {number} songs of {SECONDS // 60} minutes: {', '.join(KINDS)}")
    print(f"indexed in {indexing:.0f} s: {number / indexing:.2f} songs per second")
    print(f"10,000 songs would take {10_000 * indexing / number / 60:.0f} minutes")
    print(f"excerpts of the {len(others)} mp3 and flac, read only: {ours:.1f} s; "
          f"by librosa {librosas:.1f} s, {librosas / ours:.2f} times as long")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200)
