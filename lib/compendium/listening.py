"""Players in the pages: a sound, several of them in a table, and a search by example."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML

from tagspace.audio import reading, spectrogram
from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError


class Sound(NamedTuple):
    """A row of a table of players: mono ``samples`` at 22,050 Hz, or None, and text."""

    label: str
    samples: np.ndarray | None
    text: str


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


def players(sounds: Iterable[Sound]) -> HTML:
    """Make a table of players.

    Parameters
    ----------
    sounds : iterable of Sound
        A row each. Lines of their text are kept.

    Returns
    -------
    IPython.display.HTML
        The players, with the sounds in them as MP3. They need no other file.
    """
    rows = "".join(
        f'<tr><th scope="row">{html.escape(label)}{_player(samples, label)}</th>'
        f"<td>{html.escape(text).replace(chr(10), '<br>')}</td></tr>"
        for label, samples, text in sounds
    )
    return HTML(f'<table class="listen"><tbody>{rows}</tbody></table>')


def read_excerpt(path: str | Path) -> np.ndarray:
    """Read the paper's excerpt of six seconds, or an earlier one of a short file."""
    (placement,) = reading.place(reading.duration(path), excerpts=1)
    return reading.read(path, placement.offset)


def tag_lines(dataset: Dataset, track: str) -> str:
    """List the tags of a track, one line per tag set."""
    tags = dataset.tags[dataset.tags["track_id"] == track]
    return "\n".join(", ".join(tags["tag"][tags["tagset"] == tagset]) for tagset in dataset.tagsets)


def tracks(dataset: Dataset, rows: Mapping[str, str]) -> HTML:
    """Make a table of tracks, each with a player, its tags, and those in common with the first.

    Parameters
    ----------
    dataset : Dataset
        Its audio files must exist.
    rows : mapping of str to str
        By label: a track id.
    """
    (name, first), *others = rows.items()
    sounds = {name: (first, tag_lines(dataset, first))}
    for label, track in others:
        common = ", ".join(common_tags(dataset, first, track)) or "no tag"
        sounds[label] = track, f"{tag_lines(dataset, track)}\nin common with the {name}: {common}"
    return players(
        Sound(label, read_excerpt(dataset.tracks["path"].loc[track]), text)
        for label, (track, text) in sounds.items()
    )


def common_tags(dataset: Dataset, one: str, other: str) -> list[str]:
    """List the tags that two tracks share; a word in two sets is two tags."""
    tags = dataset.tags.set_index("track_id")
    both = tags.loc[[one]].merge(tags.loc[[other]], on=["tagset", "tag"])
    return list(both["tag"])


def nearest_and_farthest(
    dataset: Dataset, embeddings: pd.DataFrame, query: int = 0, nearest: int = 3
) -> dict[str, str]:
    """Search by example: choose the nearest tracks of other artists, and the farthest one.

    Parameters
    ----------
    dataset : Dataset
        Gives the artists.
    embeddings : pandas.DataFrame, shape (n_tracks, d)
        Indexed by track id.
    query : int
        Row of the query.
    nearest : int
        Number of nearest tracks. There are fewer if the query has fewer.

    Returns
    -------
    dict of str to str
        By label: ``query``, ``nearest 1``, ..., ``farthest``: track ids.
    """
    artists = dataset.tracks["artist"].loc[embeddings.index]
    # A track without an artist shares its artist with no other track.
    is_other = (artists != artists.iloc[query]) | (artists == "")
    is_other.iloc[query] = False
    distances = np.linalg.norm(embeddings - embeddings.iloc[query], axis=1)
    ranking = embeddings.index[is_other][np.argsort(distances[is_other], kind="stable")]
    found = {"query": embeddings.index[query]}
    for rank, track in enumerate(ranking[:nearest], start=1):
        found[f"nearest {rank}"] = track
    if len(ranking) > nearest:
        found["farthest"] = ranking[-1]
    return found


def shuffled(samples: np.ndarray, axis: str, seed: int = 0) -> np.ndarray:
    """Make a sound audible whose spectrogram is shuffled, as the network receives it.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        Six seconds of mono audio at 22,050 Hz.
    axis : {"frames", "bands", "nothing"}
        What to shuffle. With ``nothing``, the sound differs from the original only by what the
        spectrogram lacks.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    numpy.ndarray, shape (n,), float32
        The phases are estimated from the spectrogram (Griffin and Lim 1984).
    """
    from librosa.feature.inverse import mel_to_audio  # takes a second to import

    power = np.exp(spectrogram.log_mel(samples))
    generator = np.random.default_rng(seed)
    if axis == "frames":
        power = power[:, generator.permutation(power.shape[1])]
    if axis == "bands":
        power = power[generator.permutation(power.shape[0])]
    sound = mel_to_audio(
        power,
        sr=spectrogram.SAMPLE_RATE,
        n_fft=spectrogram.N_FFT,
        hop_length=spectrogram.HOP,
        fmin=spectrogram.F_MIN,
        fmax=spectrogram.F_MAX,
        n_iter=16,
        length=len(samples),
    )
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


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


def _player(samples: np.ndarray | None, label: str) -> str:
    if samples is None:
        return ""
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, spectrogram.SAMPLE_RATE, format="MP3")
    source = base64.b64encode(encoded.getvalue()).decode()
    return (
        f'<audio controls preload="none" aria-label="{html.escape(label)}" '
        f'src="data:audio/mpeg;base64,{source}"></audio>'
    )
