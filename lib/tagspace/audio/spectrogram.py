"""The log-mel front end: the network's input (Section IV-B.2)."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
from scipy import sparse

SAMPLE_RATE = 22_050  # Hz, mono
SECONDS = 6.0  # length of an excerpt
N_FFT = 2048  # samples, Hann window
HOP = 1024  # samples, 50 % overlap
N_MELS = 80
F_MIN, F_MAX = 16.0, 11_000.0  # Hz
FLOOR = 1e-10  # of the mel power, before the logarithm
N_SAMPLES = round(SECONDS * SAMPLE_RATE)
N_FRAMES = 1 + N_SAMPLES // HOP  # 130
SHAPE = (N_MELS, N_FRAMES)


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

    Examples
    --------
    >>> seconds = np.arange(6 * 22_050, dtype=np.float32) / 22_050
    >>> tone = np.sin(2 * np.pi * 440 * seconds)
    >>> log_mel(tone).shape
    (80, 130)
    >>> int(log_mel(tone).mean(axis=1).argmax())  # the mel band of 440 Hz
    9
    """
    return np.log(np.maximum(mel_power(samples, filter_bank(), HOP), np.float32(FLOOR)))


def mel_power(samples: np.ndarray, bank: sparse.csr_array, hop: int) -> np.ndarray:
    """Compute the power in mel bands, in windows around every ``hop`` samples.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        Mono audio.
    bank : scipy.sparse.csr_array, shape (n_mels, 1 + n_fft // 2)
        See :func:`filter_bank`.
    hop : int
        Samples from one window to the next.

    Returns
    -------
    numpy.ndarray, shape (n_mels, 1 + n // hop), float32
    """
    n_fft = 2 * (bank.shape[1] - 1)
    padded = np.pad(samples, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectrum = scipy.fft.rfft(frames * _window(n_fft), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    return bank @ power.T


@cache
def filter_bank(
    rate: int = SAMPLE_RATE,
    n_fft: int = N_FFT,
    n_mels: int = N_MELS,
    f_min: float = F_MIN,
    f_max: float = F_MAX,
) -> sparse.csr_array:
    """Return a mel filter bank, shape (n_mels, 1 + n_fft // 2), float32; by default DPNN's.

    The matrix is sparse, because each frequency is in two bands at most. A sparse product is fast,
    always rounds in the same way, and starts no BLAS threads.

    Parameters
    ----------
    rate, n_fft, n_mels, f_min, f_max
        As in ``librosa.filters.mel``.
    """
    import librosa  # takes a second to import, and only the first use needs it

    return sparse.csr_array(
        librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=f_min, fmax=f_max)
    )


@cache
def _window(length: int) -> np.ndarray:
    # The periodic Hann window: a symmetric one with one sample more, without its last.
    return np.hanning(length + 1)[:-1].astype(np.float32)
