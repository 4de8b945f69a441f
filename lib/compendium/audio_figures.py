"""Figures of the notebook on audio; each is a list of panels."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from compendium import style
from tagspace.audio import reading, spectrogram

HERTZ = (100, 500, 1000, 2000, 5000, 10_000)  # are marked on frequency axes


def excerpt_figure(samples: np.ndarray, offset: float = reading.OFFSET) -> list[Figure]:
    """Draw a waveform with one excerpt of it shaded, and the log-mel spectrogram of the excerpt.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        The whole file, mono at 22,050 Hz.
    offset : float
        Start of the excerpt in s.
    """
    wave, axes = style.panel("waveform")
    # The smallest and the largest sample of each of 300 parts draw the same shape as all samples.
    parts = np.array_split(samples, 300)
    seconds = np.linspace(0, len(samples) / spectrogram.SAMPLE_RATE, len(parts))
    low, high = [part.min() for part in parts], [part.max() for part in parts]
    axes.fill_between(seconds, low, high, color=style.MUTED, linewidth=0)
    axes.axvspan(offset, offset + spectrogram.SECONDS, color=style.ORANGE, alpha=0.25, linewidth=0)
    axes.text(offset + 0.2, 0.92 * max(high), "excerpt", color=style.ORANGE)
    axes.set(xlim=(0, seconds[-1]), xlabel="time (s)", ylabel="amplitude")
    start = round(offset * spectrogram.SAMPLE_RATE)
    excerpt = samples[start : start + spectrogram.N_SAMPLES]
    return [wave, spectrogram_panel(spectrogram.log_mel(excerpt), "log-mel excerpt", offset)]


def spectrogram_panel(log_mel: np.ndarray, title: str = "", offset: float = 0.0) -> Figure:
    """Draw a log-mel spectrogram over seconds and Hz.

    Parameters
    ----------
    log_mel : numpy.ndarray, shape (80, n_frames)
    title : str
        Of the panel.
    offset : float
        Time of the first frame in s.
    """
    figure, axes = style.panel(title)
    bands, frames = log_mel.shape
    end = offset + (frames - 1) * spectrogram.HOP / spectrogram.SAMPLE_RATE
    extent = (offset, end, -0.5, bands - 0.5)
    image = axes.imshow(log_mel, origin="lower", aspect="auto", extent=extent)
    places = np.interp(HERTZ, band_centres(), np.arange(bands))
    axes.set_yticks(places, [f"{hertz:,}" for hertz in HERTZ])
    axes.set(xlabel="time (s)", ylabel="frequency (Hz)")
    figure.colorbar(image, ax=axes, label="log power")
    return figure


def band_centres() -> np.ndarray:
    """Return the centre of each mel band in Hz, shape (80,)."""
    import librosa  # takes a second to import

    edges = spectrogram.N_MELS + 2, spectrogram.F_MIN, spectrogram.F_MAX
    return librosa.mel_frequencies(edges[0], fmin=edges[1], fmax=edges[2])[1:-1]


def filter_bank_figure() -> list[Figure]:
    """Draw every fourth filter of the mel filter bank on a linear frequency axis."""
    figure, axes = style.panel(width=5)
    hertz = np.fft.rfftfreq(spectrogram.N_FFT, 1 / spectrogram.SAMPLE_RATE)
    for weights in spectrogram.filter_bank().toarray()[::4]:
        within = np.flatnonzero(weights)
        shown = slice(max(within[0] - 1, 0), within[-1] + 2)
        axes.plot(hertz[shown], weights[shown] / weights.max(), color=style.BLUE, linewidth=1)
    axes.set(xlabel="frequency (Hz)", ylabel="weight", xlim=(0, spectrogram.F_MAX))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    return [figure]


def levels_figure(levels: np.ndarray) -> list[Figure]:
    """Draw the level of audio files over time: the median and the quartiles.

    The paper's excerpt is shaded.

    Parameters
    ----------
    levels : numpy.ndarray, shape (n_files, n_seconds)
        Levels in dB; see :func:`compendium.listening.levels`.
    """
    figure, axes = style.panel(width=5)
    low, median, high = np.percentile(levels, [25, 50, 75], axis=0)
    time = np.arange(levels.shape[1]) + 0.5
    axes.fill_between(time, low, high, color=style.FAINT, linewidth=0)
    axes.plot(time, median, color=style.INK)
    end = reading.OFFSET + spectrogram.SECONDS
    axes.axvspan(reading.OFFSET, end, color=style.ORANGE, alpha=0.15, linewidth=0)
    axes.text(reading.OFFSET + 0.1, 9, "the paper's excerpt", color=style.ORANGE, va="top")
    axes.set_xlim(0, levels.shape[1] * 1.15)
    axes.set(
        xlabel="time (s)", ylabel="level (dB)", ylim=(min(low.min(), -10), max(high.max(), 10))
    )
    style.label_ends(axes, [(time[-1], median[-1], "median", style.INK)])
    return [figure]
