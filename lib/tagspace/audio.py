"""From an audio file to the network's input, six seconds of log-mel spectrogram (IV-B.2)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.fft
import soundfile
import soxr
from scipy import sparse

from tagspace.errors import TagspaceError

SAMPLE_RATE = 22_050  # Hz, mono
SECONDS = 6.0  # length of an excerpt
OFFSET = 3.0  # s; the start is skipped, as fade-ins and silence are common there
N_FFT = 2048  # samples, Hann window
HOP = 1024  # samples, 50 % overlap
N_MELS = 80
F_MIN, F_MAX = 16.0, 11_000.0  # Hz
FLOOR = 1e-10  # of the mel power, before the logarithm
N_SAMPLES = round(SECONDS * SAMPLE_RATE)
N_FRAMES = 1 + N_SAMPLES // HOP  # 130
SHORTEST = 1.0  # s; a file with less is not used
# Of a file called .raw soundfile wants to be told how to read it.
UNREADABLE = (soundfile.LibsndfileError, OSError, TypeError)


class Placement(NamedTuple):
    """Where an excerpt lies in its file: ``offset`` in s, and ``note`` on what is unusual."""

    offset: float
    note: str


def place(duration: float, excerpts: int) -> list[Placement]:
    """Choose where the excerpts of a file begin.

    One excerpt begins at 3 s, as in the paper; several are spread evenly over the whole file.
    A file shorter than 9 s gives its last 6 s; one shorter than 6 s is repeated until they are
    full.

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
    return [Placement(float(offset), "") for offset in np.linspace(0.0, last, excerpts)]


def read(path: str | Path, offset: float = OFFSET, seconds: float = SECONDS) -> np.ndarray:
    """Read an excerpt of an audio file as mono at 22,050 Hz.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile reads (wav, flac, ogg, mp3, ...).
    offset, seconds : float
        Begin and length of the excerpt in s.

    Returns
    -------
    numpy.ndarray, shape (seconds * 22050,), float32
        The mean of the channels; an excerpt that runs over the end of the file is repeated.

    Raises
    ------
    TagspaceError
        If the file cannot be decoded, or holds less than 1 s there, or values that are not finite.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            file.seek(min(round(offset * rate), file.frames))
            samples = file.read(round(seconds * rate), dtype="float32", always_2d=True)
    except UNREADABLE as error:
        raise TagspaceError(f"{path}: cannot be read: {_one_line(error)}") from error
    # A truncated mp3 reports its full length, and then gives fewer samples or none.
    if len(samples) < SHORTEST * rate:
        raise TagspaceError(
            f"{path}: {len(samples) / rate:.2f} s of audio at {offset:.1f} s; "
            f"at least {SHORTEST:.0f} s is needed"
        )
    if not np.isfinite(samples).all():
        raise TagspaceError(f"{path}: holds samples that are no numbers at {offset:.1f} s")
    channels = samples.shape[1]
    mono = samples @ np.full(channels, 1 / channels, np.float32)  # a mean, eight times as fast
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


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Compute the log-mel spectrogram of mono audio.

    Equal to ``log(max(librosa.feature.melspectrogram(...), 1e-10))`` with the constants of this
    module: power spectrum, Slaney's mel scale and area normalisation, natural logarithm.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        Audio at 22,050 Hz.

    Returns
    -------
    numpy.ndarray, shape (80, 1 + n // 1024), float32
        Mel bands x frames; six seconds give 130 frames.
    """
    padded = np.pad(samples, N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    spectrum = scipy.fft.rfft(frames * _window(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(np.maximum(filter_bank() @ power.T, np.float32(FLOOR)))


def excerpts(path: str | Path, number: int = 1) -> tuple[np.ndarray, list[Placement]]:
    """Compute the log-mel excerpts of a file.

    Parameters
    ----------
    path : str or Path
        The audio file.
    number : int
        How many excerpts.

    Returns
    -------
    numpy.ndarray, shape (number, 80, 130), float16
        The excerpts; half precision keeps 3 digits, far below what is audible.
    list of Placement
        Where each lies.

    Raises
    ------
    TagspaceError
        If the file cannot be read.
    """
    placements = place(duration(path), number)
    return np.stack([log_mel(read(path, p.offset)) for p in placements]).astype(
        np.float16
    ), placements


@cache
def filter_bank() -> sparse.csr_array:
    """Return the mel filter bank, shape (80, 1025), float32.

    Sparse, as each frequency is in two bands at most. Beside the speed, threads that extract in
    parallel do not wait for those of the matrix product, and its rounding is always the same.
    """
    import librosa  # takes a second to import, and only the first use needs it

    return sparse.csr_array(
        librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS, fmin=F_MIN, fmax=F_MAX)
    )


@cache
def _window() -> np.ndarray:
    # The periodic Hann window: a symmetric one of one sample more, without its last.
    return np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
