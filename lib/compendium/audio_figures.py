"""Figures and audio players of the notebooks on audio."""

from __future__ import annotations

import base64
import html
import io
from contextlib import suppress
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML
from matplotlib.figure import Figure

from compendium import style
from tagspace.audio import reading, spectrogram
from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError


def audio_files(dataset: Dataset) -> list[str]:
    """Return the paths of the audio files that exist, after making those that can be made.

    Raises
    ------
    TagspaceError
        If there are none.
    """
    if dataset.make_audio is not None:
        dataset.make_audio()
    paths = [path for path in dataset.tracks["path"] if path and Path(path).is_file()]
    if not paths:
        raise TagspaceError(f"dataset: {dataset.name} has no audio files; choose one that has")
    return paths


def player(samples: np.ndarray, label: str) -> HTML:
    """Make an audio player with a caption.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        Mono audio at 22,050 Hz.
    label : str
        The caption. Screen readers read it aloud.

    Returns
    -------
    IPython.display.HTML
        The player, with the sound in it as MP3. It needs no other file.
    """
    caption = f"<figcaption>{html.escape(label)}</figcaption>"
    return HTML(f'<figure style="margin: 0">{caption}{audio_element(samples, label)}</figure>')


def search_table(
    dataset: Dataset, embeddings: pd.DataFrame, query: int = 0, nearest: int = 3
) -> HTML:
    """Search by example, and make a table with a player for each track found.

    The rows are the query, its nearest tracks and the farthest track. Other tracks of the query's
    artist are left out. Each row plays the paper's excerpt of six seconds and lists the tags of the
    track.

    Parameters
    ----------
    dataset : Dataset
        Its audio files must exist.
    embeddings : pandas.DataFrame, shape (n_tracks, d)
        Indexed by track id.
    query : int
        Row of the query.
    nearest : int
        Number of nearest tracks. The table has fewer if there are fewer.

    Returns
    -------
    IPython.display.HTML
        A table of class ``listen``.
    """
    ranking = _rank_other_artists(dataset, embeddings, query)
    tracks = {"query": embeddings.index[query]}
    for rank, track in enumerate(ranking[:nearest], start=1):
        tracks[f"nearest {rank}"] = track
    if len(ranking) > nearest:
        tracks["farthest"] = ranking[-1]
    rows = [_search_row(dataset, label, track) for label, track in tracks.items()]
    return HTML(f'<table class="listen">{"".join(rows)}</table>')


def excerpt_figure(samples: np.ndarray, offset: float = reading.OFFSET) -> Figure:
    """Draw a waveform, one excerpt of it (shaded), and the log-mel spectrogram of the excerpt.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        The whole file, mono at 22,050 Hz.
    offset : float
        Start of the excerpt in s.
    """
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(9, 5), height_ratios=(1, 2))
    seconds = np.arange(len(samples)) / spectrogram.SAMPLE_RATE
    upper.plot(seconds[::20], samples[::20], color=style.MEDIUM_GREY, linewidth=0.4)
    upper.axvspan(offset, offset + spectrogram.SECONDS, color=style.VERMILION, alpha=0.25)
    upper.set(xlim=(0, seconds[-1]), xlabel="time (s)", ylabel="amplitude")
    start = round(offset * spectrogram.SAMPLE_RATE)
    image = lower.imshow(
        spectrogram.log_mel(samples[start : start + spectrogram.N_SAMPLES]),
        origin="lower",
        aspect="auto",
        cmap="cividis",
        extent=(0, spectrogram.N_FRAMES, 0, spectrogram.N_MELS),
    )
    lower.set(xlabel="time (frames)", ylabel="frequency (mel bands)")
    figure.colorbar(image, ax=lower, label="log power")
    return style.lay_out(figure)


def filter_bank_figure() -> Figure:
    """Draw every fourth filter of the mel filter bank on a linear frequency axis."""
    figure, axes = plt.subplots(figsize=(9, 2.6))
    hertz = np.fft.rfftfreq(spectrogram.N_FFT, 1 / spectrogram.SAMPLE_RATE)
    for weights in spectrogram.filter_bank().toarray()[::4]:
        axes.plot(hertz, weights / weights.max(), color="black", linewidth=0.8)
    axes.set(xlabel="frequency (Hz)", ylabel="relative weight", xlim=(0, spectrogram.F_MAX))
    return style.lay_out(figure)


def levels_figure(levels: np.ndarray) -> Figure:
    """Draw the level of audio files over time: the median and the quartiles.

    The paper's excerpt is shaded.

    Parameters
    ----------
    levels : numpy.ndarray, shape (n_files, n_seconds)
        Levels in dB; see :func:`levels`.
    """
    figure, axes = plt.subplots(figsize=(7, 2.6))
    low, median, high = np.percentile(levels, [25, 50, 75], axis=0)
    time = np.arange(levels.shape[1]) + 0.5
    axes.fill_between(time, low, high, color=style.LIGHT_GREY, label="middle half of the files")
    axes.plot(time, median, color="black", label="median")
    end = reading.OFFSET + spectrogram.SECONDS
    axes.axvspan(reading.OFFSET, end, color=style.VERMILION, alpha=0.15)
    axes.set(xlabel="time (s)", ylabel="relative level (dB)")
    axes.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=2)
    return style.lay_out(figure)


def levels(files: list[str], seconds: int) -> np.ndarray:
    """Measure the level of audio files in each second.

    Parameters
    ----------
    files : list of str
        Paths of audio files.
    seconds : int
        Number of seconds to measure, from the start of each file.

    Returns
    -------
    numpy.ndarray, shape (n_files, seconds)
        In dB, relative to the mean power of the file in these seconds. Files that cannot be read
        are left out.
    """
    power = np.empty((0, seconds))
    for file in files:
        with suppress(TagspaceError):
            each_second = reading.read(file, 0.0, seconds).reshape(seconds, -1)
            power = np.vstack([power, (each_second**2).mean(axis=1)])
    mean_power = power.mean(axis=1, keepdims=True)
    return 10 * np.log10((power + spectrogram.FLOOR) / (mean_power + spectrogram.FLOOR))


def _rank_other_artists(dataset: Dataset, embeddings: pd.DataFrame, query: int) -> pd.Index:
    """Rank the tracks of other artists by their distance from the query, nearest first."""
    artists = dataset.tracks["artist"].loc[embeddings.index]
    # A track without an artist shares its artist with no other track.
    is_other = (artists != artists.iloc[query]) | (artists == "")
    is_other.iloc[query] = False
    distances = np.linalg.norm(embeddings - embeddings.iloc[query], axis=1)
    return embeddings.index[is_other][np.argsort(distances[is_other], kind="stable")]


def _search_row(dataset: Dataset, label: str, track: str) -> str:
    path = dataset.tracks["path"].loc[track]
    (placement,) = reading.place(reading.duration(path), excerpts=1)
    audio = audio_element(reading.read(path, placement.offset), label)
    tags = _tag_lines(dataset, track)
    return f'<tr><th scope="row">{label}<br>{audio}</th><td>{tags}</td></tr>'


def _tag_lines(dataset: Dataset, track: str) -> str:
    """List the tags of a track as HTML, one line per tag set."""
    tags = dataset.tags[dataset.tags["track_id"] == track]
    lines = [", ".join(tags["tag"][tags["tagset"] == tagset]) for tagset in dataset.tagsets]
    return "<br>".join(html.escape(line) for line in lines)


def audio_element(samples: np.ndarray, label: str) -> str:
    """Return a player as HTML; see :func:`player`."""
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, spectrogram.SAMPLE_RATE, format="MP3")
    source = base64.b64encode(encoded.getvalue()).decode()
    return (
        f'<audio controls preload="metadata" aria-label="{html.escape(label)}" '
        f'src="data:audio/mpeg;base64,{source}"></audio>'
    )
