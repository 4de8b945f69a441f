"""What the notebooks on audio draw and play."""

from __future__ import annotations

import base64
import html
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML
from matplotlib.figure import Figure

from compendium.style import lay_out
from tagspace.audio import reading, spectrogram
from tagspace.datasets.base import Dataset


def player(samples: np.ndarray, label: str) -> HTML:
    """Make a player that needs nothing but the page it is on.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,)
        Mono audio at 22,050 Hz.
    label : str
        What is heard; read out to whoever does not see the page.
    """
    caption = f"<figcaption>{html.escape(label)}</figcaption>"
    return HTML(f'<figure style="margin: 0">{caption}{_audio(samples, label)}</figure>')


def search_table(
    dataset: Dataset, embeddings: pd.DataFrame, query: int = 0, nearest: int = 3
) -> HTML:
    """Search by example, to be heard: a query, the tracks nearest to it, and the farthest one.

    Tracks of the query's own artist are left out. Of each track six seconds are heard, those that
    the paper takes, beside the tags that the data set gives it.

    Parameters
    ----------
    dataset : Dataset
        Its audio files must be there.
    embeddings : pandas.DataFrame, shape (n_tracks, d)
        Indexed by track id.
    query : int
        Row of the query.
    nearest : int
        How many of the nearest tracks to play, if there are as many.
    """
    artists = dataset.tracks["artist"].loc[embeddings.index]
    distances = np.linalg.norm(embeddings - embeddings.iloc[query], axis=1)
    others = (artists != artists.iloc[query]) | (artists == "")
    others.iloc[query] = False
    found = embeddings.index[others][np.argsort(distances[others], kind="stable")]
    chosen = {"the query": embeddings.index[query]}
    chosen |= {f"nearest {place}": track for place, track in enumerate(found[:nearest], start=1)}
    if len(found) > nearest:
        chosen["the farthest"] = found[-1]
    rows = "".join(_search_row(dataset, name, track) for name, track in chosen.items())
    return HTML(f'<table class="listen">{rows}</table>')


def excerpt_figure(samples: np.ndarray, offset: float = reading.OFFSET) -> Figure:
    """Draw the waveform of a file, the excerpt taken from it, and its log-mel spectrogram.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,)
        The whole file, mono at 22,050 Hz.
    offset : float
        Begin of the excerpt in s.
    """
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(9, 5), height_ratios=(1, 2))
    seconds = np.arange(len(samples)) / spectrogram.SAMPLE_RATE
    upper.plot(seconds[::20], samples[::20], color="#777777", linewidth=0.4)
    upper.axvspan(offset, offset + spectrogram.SECONDS, color="#D55E00", alpha=0.25)
    upper.set(xlim=(0, seconds[-1]), xlabel="s", ylabel="amplitude")
    begin = round(offset * spectrogram.SAMPLE_RATE)
    image = lower.imshow(
        spectrogram.log_mel(samples[begin : begin + spectrogram.N_SAMPLES]),
        origin="lower",
        aspect="auto",
        cmap="cividis",
        extent=(0, spectrogram.N_FRAMES, 0, spectrogram.N_MELS),
    )
    lower.set(xlabel="frame", ylabel="mel band")
    figure.colorbar(image, ax=lower, label="log power")
    return lay_out(figure)


def filter_bank_figure() -> Figure:
    """Draw every fourth filter of the mel filter bank, on a linear axis of frequency."""
    figure, axes = plt.subplots(figsize=(9, 2.6))
    hertz = np.fft.rfftfreq(spectrogram.N_FFT, 1 / spectrogram.SAMPLE_RATE)
    for band in spectrogram.filter_bank().toarray()[::4]:
        axes.plot(hertz, band / band.max(), color="black", linewidth=0.8)
    axes.set(xlabel="Hz", ylabel="relative weight", xlim=(0, spectrogram.F_MAX))
    return lay_out(figure)


def levels_figure(levels: np.ndarray) -> Figure:
    """Draw how loud files are against the time since their start: quartiles over files.

    Parameters
    ----------
    levels : numpy.ndarray, shape (n_files, n_seconds)
        Decibels relative to the mean of the file, one value per second.
    """
    figure, axes = plt.subplots(figsize=(7, 2.6))
    low, middle, high = np.percentile(levels, [25, 50, 75], axis=0)
    second = np.arange(levels.shape[1]) + 0.5
    axes.fill_between(second, low, high, color="#BBBBBB", label="middle half of the files")
    axes.plot(second, middle, color="black", label="median")
    axes.axvspan(reading.OFFSET, reading.OFFSET + spectrogram.SECONDS, color="#D55E00", alpha=0.15)
    axes.set(xlabel="s", ylabel="dB relative to the file")
    axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=2)
    return lay_out(figure)


def levels(files: list[str], seconds: int) -> np.ndarray:
    """Measure the level of files second by second, in decibels relative to the file's own mean.

    Parameters
    ----------
    files : list of str
        Audio files.
    seconds : int
        How much of each file, from its start.

    Returns
    -------
    numpy.ndarray, shape (len(files), seconds)
    """
    parts = [reading.read(file, 0.0, seconds).reshape(seconds, -1) for file in files]
    power = np.array([np.mean(part**2, axis=1) for part in parts])
    return 10 * np.log10(
        (power + spectrogram.FLOOR) / (power.mean(axis=1, keepdims=True) + spectrogram.FLOOR)
    )


def _search_row(dataset: Dataset, name: str, track: str) -> str:
    tags = dataset.tags[dataset.tags["track_id"] == track]
    sets = [", ".join(tags["tag"][tags["tagset"] == tagset]) for tagset in dataset.tagsets]
    told = "<br>".join(html.escape(tags) for tags in sets)
    path = dataset.tracks["path"].loc[track]
    (place,) = reading.place(reading.duration(path), excerpts=1)
    heard = _audio(reading.read(path, place.offset), name)
    return f'<tr><th scope="row">{name}<br>{heard}</th><td>{told}</td></tr>'


def _audio(samples: np.ndarray, label: str) -> str:
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, spectrogram.SAMPLE_RATE, format="MP3")
    source = base64.b64encode(encoded.getvalue()).decode()
    return (
        f'<audio controls preload="metadata" aria-label="{html.escape(label)}" '
        f'src="data:audio/mpeg;base64,{source}"></audio>'
    )
