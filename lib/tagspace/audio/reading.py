"""From an audio file to excerpts of six seconds (Section IV-B.2), as it is and not as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import soundfile
import soxr

from tagspace.audio import containers, mpeg
from tagspace.audio.containers import LOUDEST
from tagspace.audio.spectrogram import SAMPLE_RATE, SECONDS, log_mel
from tagspace.errors import TagspaceError
from tagspace.support.files import check_regular

OFFSET = 3.0  # s; the start is skipped, because fade-ins and silence are common there
SHORTEST = 1.0  # s; a file with less audio is refused
LONG = 1800.0  # s; in longer mp3 files, seeking takes longer than finding all frames
MISSING = 0.1  # s; a part that is shorter than asked by more is damaged
SILENT = 1e-5  # a part whose samples are all below it is silent
CANCELLED = 1e-3  # power of the mean of two channels over theirs, below which they cancel out
CHANNEL_NOTE = "channels that cancel each other out: one taken"
# In messages of libsndfile. The second one is wrong: the file exists, and is a regular one.
UNKNOWN, NO_AUDIO = "Format not recognised", "possibly a pipe"
BLOCK = 1 << 16  # samples decoded at a time where a file is read from its start
# soundfile raises TypeError for headerless .raw files.
UNREADABLE = (soundfile.LibsndfileError, OSError, TypeError, ValueError)


class Placement(NamedTuple):
    """Position of an excerpt in its file: ``offset`` in s, and a ``note`` if it is unusual."""

    offset: float
    note: str


@dataclass(frozen=True)
class Excerpts:
    """Excerpts of a file.

    Attributes
    ----------
    samples : numpy.ndarray, shape (n_excerpts, 6 * rate), float32
        Mono.
    offsets : tuple of float
        Where each begins, in s.
    notes : tuple of str
        What is unusual about the file, without repetition: a kind, or ``kind: details``.
    """

    samples: np.ndarray
    offsets: tuple[float, ...]
    notes: tuple[str, ...]


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
        return [Placement(0.0, f"short: {duration:.1f} s, repeated")] * excerpts
    if excerpts == 1:
        note = f"short: {duration:.1f} s, the last 6 s taken" if last < OFFSET else ""
        return [Placement(min(OFFSET, last), note)]
    first = OFFSET if last >= OFFSET else 0.0
    return [Placement(float(offset), "") for offset in np.linspace(first, last, excerpts)]


def log_mel_excerpts(path: str | Path, number: int = 1) -> tuple[np.ndarray, tuple[str, ...]]:
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
    tuple of str
        What is unusual about the file; see :class:`Excerpts`.

    Raises
    ------
    TagspaceError
        See :func:`read_excerpts`.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".wav") as file:
    ...     soundfile.write(file, np.sin(np.arange(5 * 22_050)), 22_050, format="WAV")
    ...     excerpts, notes = log_mel_excerpts(file.name, number=2)
    >>> excerpts.shape, notes
    ((2, 80, 130), ('short: 5.0 s, repeated',))
    """
    excerpts = read_excerpts(path, number)
    values = np.stack([log_mel(samples) for samples in excerpts.samples])
    return values.astype(np.float16), excerpts.notes


def read_excerpts(path: str | Path, number: int = 1, rate: int = SAMPLE_RATE) -> Excerpts:
    """Read excerpts of a file, placed within what can be decoded.

    Where the header is wrong or a part is damaged, the true length is found, and the excerpts are
    placed within it. An mp3 file is then read by its undamaged frames; any other file, up to the
    first damage.

    Parameters
    ----------
    path : str or Path
        A file in any format that libsndfile reads (wav, flac, ogg, mp3, ...), or FFmpeg if PyAV is
        installed (m4a, wma, ...).
    number : int
        Number of excerpts; see :func:`place`.
    rate : int
        Sampling rate in Hz to convert to.

    Raises
    ------
    TagspaceError
        If it is not a regular file, cannot be decoded, or has less than 1 s of undamaged audio.
    """
    path = Path(path)
    check_regular(path)
    reason = ""
    for ways in (LIBSNDFILE, FFMPEG):
        try:
            return _read_by(ways, path, number, rate)
        except DamageError as error:
            reason = str(error)
        if UNKNOWN not in reason:
            break
    raise TagspaceError(f"{path}: cannot be read: {reason}")


def _read_by(ways: tuple[_Way, ...], path: Path, number: int, rate: int) -> Excerpts:
    """Read excerpts in the first of several ways that gives undamaged ones."""
    stated, reason = 0.0, ""
    for way in ways:
        try:
            source = way(path)
            if way is ways[0]:
                stated = source.seconds
            is_mp3 = isinstance(source, _Seeking) and source.file.format == "MP3"
            if is_mp3 and not _can_seek(path, stated):
                continue
            excerpts = _take(source, number, rate)
        except (DamageError, *UNREADABLE) as error:
            reason = _one_line(error)
            continue
        if not reason and abs(source.seconds - stated) <= MISSING:
            return excerpts
        header = f", not {stated:.1f} s as its header says," if stated else ""
        note = f"damaged: {source.seconds:.1f} s{header} could be read"
        return Excerpts(excerpts.samples, excerpts.offsets, (note, *excerpts.notes))
    raise DamageError(reason)


def read(path: str | Path, offset: float = OFFSET, seconds: float = SECONDS) -> np.ndarray:
    """Read a part of an audio file as mono at 22,050 Hz.

    Parameters
    ----------
    path : str or Path
        See :func:`read_excerpts`.
    offset, seconds : float
        Start and length of the part in s.

    Returns
    -------
    numpy.ndarray, shape (seconds * 22050,), float32
        The mean of the channels. If the file ends early, the samples read so far are repeated to
        fill the length.

    Raises
    ------
    TagspaceError
        If the file cannot be read, or has less than 1 s of undamaged audio after ``offset``.
    """
    path = Path(path)
    check_regular(path)
    try:
        source = _open(path)
        clip = source.clip(offset, seconds)
        _check(clip, source.rate, offset, SHORTEST)
        mono, _ = _mono(clip)
        return _resample(mono, source.rate, SAMPLE_RATE, seconds)
    except (DamageError, *UNREADABLE) as error:
        raise TagspaceError(f"{path}: cannot be read: {_one_line(error)}") from error


def duration(path: str | Path) -> float:
    """Return the length in s that the file's header states.

    Raises
    ------
    TagspaceError
        If the file cannot be opened.
    """
    check_regular(Path(path))
    try:
        return _open(Path(path)).seconds
    except UNREADABLE as error:
        raise TagspaceError(f"{path}: cannot be read: {_one_line(error)}") from error


def _open(path: Path) -> _Source:
    """Open a file, trusting its header."""
    try:
        return _Seeking(path)
    except soundfile.LibsndfileError as error:
        if UNKNOWN not in _one_line(error):
            raise
    return containers.Seeking(path)


def _can_seek(path: Path, seconds: float) -> bool:
    """Say whether an mp3 file has the length that its header states, and seeking is fast."""
    return seconds < LONG and mpeg.is_plausible(path, seconds)


class DamageError(Exception):
    """A file does not hold what its header says."""


class _Source(Protocol):
    """A way to read a file: its length in s, its sampling rate, and parts of it."""

    seconds: float
    rate: int

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        """Decode a part, shape (n_samples, n_channels), float32; shorter at the end."""


class _Seeking:
    """Reads where the header says that the part is."""

    def __init__(self, path: Path) -> None:
        # Kept open: to open a long mp3 file anew and seek takes longer than to decode a part.
        self.file = soundfile.SoundFile(path)
        self.rate, self.seconds = self.file.samplerate, self.file.frames / self.file.samplerate

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        self.file.seek(min(round(offset * self.rate), self.file.frames))
        return self.file.read(round(seconds * self.rate), dtype="float32", always_2d=True)


class _FromStart:
    """Reads from the start up to the first damage, in bounded memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with soundfile.SoundFile(path) as file:
            self.rate = file.samplerate
            self.seconds = sum(map(len, _blocks(file))) / self.rate

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        first, end = round(offset * self.rate), round((offset + seconds) * self.rate)
        parts, at = [], 0
        with soundfile.SoundFile(self.path) as file:
            for block in _blocks(file):
                if at + len(block) > first:
                    parts.append(block[max(first - at, 0) : end - at])
                at += len(block)
                if at >= end:
                    break
        return np.concatenate(parts)


class _InMemory:
    """A file that was decoded as a whole."""

    def __init__(self, source: _Source) -> None:
        self.seconds, self.rate = source.seconds, source.rate
        self.samples = source.clip(0.0, source.seconds)

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        first = round(offset * self.rate)
        return self.samples[first : first + round(seconds * self.rate)]


def _blocks(file: soundfile.SoundFile) -> Iterator[np.ndarray]:
    """Decode a file block by block up to its end or its first damage."""
    while True:
        try:
            block = file.read(BLOCK, dtype="float32", always_2d=True)
        except UNREADABLE:
            return
        sound = np.abs(block).max(axis=1, initial=0) <= LOUDEST  # False for NaN
        yield block if sound.all() else block[: sound.argmin()]
        if len(block) < BLOCK or not sound.all():
            return


_Way = Callable[[Path], _Source]
LIBSNDFILE: tuple[_Way, ...] = (_Seeking, mpeg.Frames, _FromStart)
FFMPEG: tuple[_Way, ...] = (containers.Seeking, containers.FromStart)


def _take(source: _Source, number: int, rate: int) -> Excerpts:
    """Read excerpts, and check that each is what it should be."""
    if source.seconds < SHORTEST:
        raise DamageError(f"{source.seconds:.2f} s of audio; at least {SHORTEST:.0f} s is needed")
    placements = place(source.seconds, number)
    if number * SECONDS > source.seconds:  # then the excerpts overlap
        source = _InMemory(source)
    excerpts, notes, n_silent = [], [], 0
    for offset, note in placements:
        clip = source.clip(offset, SECONDS)
        _check(clip, source.rate, offset, min(SECONDS, source.seconds - offset) - MISSING)
        mono, is_cancelled = _mono(clip)
        n_silent += _is_silent(mono)
        notes += [note] * bool(note) + [CHANNEL_NOTE] * is_cancelled
        excerpts.append(_resample(mono, source.rate, rate, SECONDS))
    if n_silent:
        notes.append("silent" if n_silent == number else "silent in parts")
    offsets = tuple(placement.offset for placement in placements)
    return Excerpts(np.stack(excerpts), offsets, tuple(dict.fromkeys(notes)))


def _check(clip: np.ndarray, rate: int, offset: float, least: float) -> None:
    if len(clip) < least * rate:
        raise DamageError(
            f"{len(clip) / rate:.2f} s of audio at {offset:.1f} s; {least:.1f} s expected"
        )
    # The power of all samples is computed faster than the loudest one, and bounds it.
    if not (np.vdot(clip, clip) <= LOUDEST or np.abs(clip).max() <= LOUDEST):
        raise DamageError(
            f"has samples that are not finite, or above {LOUDEST:.0e}, at {offset:.1f} s"
        )


def _is_silent(samples: np.ndarray) -> bool:
    is_quiet = np.vdot(samples, samples) < samples.size * SILENT**2  # fast, and false of most
    return bool(is_quiet and np.abs(samples).max() < SILENT)


def _mono(clip: np.ndarray) -> tuple[np.ndarray, bool]:
    """Average the channels; take the loudest one if they cancel each other out."""
    channels = clip.shape[1]
    mono = clip @ np.full(channels, 1 / channels, np.float32)  # eight times as fast as mean()
    if channels == 1 or np.vdot(mono, mono) >= CANCELLED * np.vdot(clip, clip) / channels:
        return mono, False
    if _is_silent(clip):
        return mono, False
    return clip[:, np.square(clip).sum(axis=0).argmax()], True


def _resample(mono: np.ndarray, old: int, new: int, seconds: float) -> np.ndarray:
    return np.resize(soxr.resample(mono, old, new), round(seconds * new))


def _one_line(error: Exception) -> str:
    # libsndfile's own message names the file, as ours do.
    reason = " ".join(getattr(error, "error_string", str(error)).split()).removesuffix(".")
    if NO_AUDIO in reason:
        return "it holds no audio that can be decoded"
    return f"{reason}; convert it, for example to flac" if UNKNOWN in reason else reason
