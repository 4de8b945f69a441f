"""From an audio file to excerpts of six seconds (Section IV-B.2)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

from tagspace.audio.spectrogram import SAMPLE_RATE, SECONDS, log_mel
from tagspace.errors import TagspaceError

OFFSET = 3.0  # s; the start is skipped, because fade-ins and silence are common there
SHORTEST = 1.0  # s; a file with less audio after the offset is refused
# soundfile raises TypeError for headerless .raw files.
UNREADABLE = (soundfile.LibsndfileError, OSError, TypeError)


class Placement(NamedTuple):
    """Position of an excerpt in its file: ``offset`` in s, and a ``note`` if it is unusual."""

    offset: float
    note: str


def place(duration: float, excerpts: int) -> list[Placement]:
    """Choose where the excerpts of a file start.

    A single excerpt starts at 3 s, as in the paper, or earlier in a file shorter than 9 s, so that
    it ends with the file. Several excerpts are spread evenly from 3 s to the end, or over the whole
    file if it is shorter than 9 s. A file shorter than 6 s is repeated to fill 6 s, and all of its
    excerpts are the same.

    Parameters
    ----------
    duration : float
        Length of the file in s.
    excerpts : int
        Number of excerpts, 1 or more.

    Returns
    -------
    list of Placement
        One per excerpt.
    """
    last = max(duration - SECONDS, 0.0)
    if duration < SECONDS:
        return [Placement(0.0, f"{duration:.1f} s, repeated")] * excerpts
    if excerpts == 1:
        note = f"{duration:.1f} s, the last 6 s taken" if last < OFFSET else ""
        return [Placement(min(OFFSET, last), note)]
    first = OFFSET if last >= OFFSET else 0.0
    return [Placement(float(offset), "") for offset in np.linspace(first, last, excerpts)]


def read(path: str | Path, offset: float = OFFSET, seconds: float = SECONDS) -> np.ndarray:
    """Read an excerpt of an audio file as mono at 22,050 Hz.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile reads (wav, flac, ogg, mp3, ...).
    offset, seconds : float
        Start and length of the excerpt in s.

    Returns
    -------
    numpy.ndarray, shape (seconds * 22050,), float32
        The mean of the channels. If the file ends early, the samples read so far are repeated to
        fill the length.

    Raises
    ------
    TagspaceError
        If the file cannot be decoded, has less than 1 s of audio after ``offset``, or contains
        samples that are not finite.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            file.seek(min(round(offset * rate), file.frames))
            samples = file.read(round(seconds * rate), dtype="float32", always_2d=True)
    except UNREADABLE as error:
        raise TagspaceError(f"{path}: cannot be read: {_one_line(error)}") from error
    # A truncated mp3 reports its full length, and then yields fewer samples or none.
    if len(samples) < SHORTEST * rate:
        raise TagspaceError(
            f"{path}: {len(samples) / rate:.2f} s of audio at {offset:.1f} s; "
            f"at least {SHORTEST:.0f} s is needed"
        )
    if not np.isfinite(samples).all():
        raise TagspaceError(f"{path}: has samples that are not finite numbers at {offset:.1f} s")
    channels = samples.shape[1]
    mono = samples @ np.full(channels, 1 / channels, np.float32)  # eight times as fast as mean()
    mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return np.resize(mono, round(seconds * SAMPLE_RATE))


def duration(path: str | Path) -> float:
    """Return the length in s that the file's header states.

    Raises
    ------
    TagspaceError
        If the file cannot be opened.
    """
    try:
        info = soundfile.info(str(path))
    except UNREADABLE as error:
        raise TagspaceError(f"{path}: cannot be read: {_one_line(error)}") from error
    return info.frames / info.samplerate


def log_mel_excerpts(path: str | Path, number: int = 1) -> tuple[np.ndarray, list[Placement]]:
    """Compute the log-mel excerpts of a file.

    Parameters
    ----------
    path : str or Path
        The audio file.
    number : int
        Number of excerpts.

    Returns
    -------
    numpy.ndarray, shape (number, 80, 130), float16
        The excerpts. Half precision keeps three digits; the error is far below what is audible.
    list of Placement
        The position of each.

    Raises
    ------
    TagspaceError
        If the file cannot be read.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file, np.zeros(10 * 22_050), 22_050, format="WAV")
    ...     excerpts, positions = log_mel_excerpts(file.name, number=2)
    >>> excerpts.shape, [position.offset for position in positions]
    ((2, 80, 130), [3.0, 4.0])
    """
    placements = place(duration(path), number)
    return np.stack([log_mel(read(path, p.offset)) for p in placements]).astype(
        np.float16
    ), placements


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
