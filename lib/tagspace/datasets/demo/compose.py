"""Turn the parameters of a piece into notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import numpy as np

from tagspace.datasets.demo.piece import Piece
from tagspace.datasets.demo.styles import BEATS, STYLES

SECONDS = 12.0
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Lowest MIDI number of the tonic in each part, and the RMS level of each part.
BASS, CHORDS, LEAD = 33, 53, 64
BASS_LEVEL, CHORDS_LEVEL, LEAD_LEVEL = 0.8, 0.5, 0.9
LEAD_SHIFT = 6  # semitones by which the lead is higher at valence 1 and lower at valence -1
MIN_NOTE_S = 0.08  # shortest duration of a note
MAX_CUT_S = 0.8  # longest time by which staccato shortens a note
DRUM_FORCE = {"x": 1.0, "o": 0.5}


@dataclass(frozen=True)
class Note:
    """A note of an instrument, or a hit of a drum.

    Attributes
    ----------
    instrument : str
        A key of ``INSTRUMENTS`` or ``DRUMS``.
    onset, duration : float
        In seconds.
    level : float
        RMS level at the onset.
    pitch : int
        MIDI number; 0 for a drum.
    """

    instrument: str
    onset: float
    duration: float
    level: float
    pitch: int = 0


class _Bar(NamedTuple):
    """A bar: its number, start and length in seconds, and the root of its chord (0 to 6)."""

    number: int
    start: float
    seconds: float
    root: int


def compose(piece: Piece) -> list[Note]:
    """Compose the notes of a piece.

    Parameters
    ----------
    piece : Piece
        Parameters of the piece.

    Returns
    -------
    list of Note
        All notes with an onset before ``SECONDS``, bar by bar.
    """
    rng = np.random.default_rng((*piece.seed, 1))
    style = STYLES[piece.style]
    bar_s = BEATS[style.metre] * 60 / piece.tempo
    roots = [int(degree) - 1 for degree in rng.choice(style.progressions)]
    bass, chords = (_thin_out(rng, piece, pattern) for pattern in (style.bass, style.chords))
    # A phrase has two bars. All phrases have the same rhythm and the same melodic deviations.
    phrase = [_thin_out(rng, piece, style.lead) for _ in range(2)]
    deviations = rng.integers(-2, 3, size=(2, len(style.lead)))
    notes: list[Note] = []
    for number in range(ceil(SECONDS / bar_s)):
        bar = _Bar(number, number * bar_s, bar_s, roots[number % len(roots)])
        notes += _drums(rng, piece, bar)
        notes += _bass(piece, bass, bar)
        notes += _chords(piece, chords, bar)
        notes += _lead(piece, phrase[number % 2], deviations[number % 2], bar)
    return [note for note in notes if note.onset < SECONDS]


def _events(pattern: str) -> Iterator[tuple[int, str, int, int]]:
    """Yield step, symbol, length and distance to the next event; both are counted in steps."""
    starts = [step for step, symbol in enumerate(pattern) if symbol not in ".-"]
    for step, following in pairwise([*starts, len(pattern)]):
        rest = pattern[step + 1 :]
        length = 1 + len(rest) - len(rest.lstrip("-"))
        yield step, pattern[step], length, following - step


def _timed(piece: Piece, pattern: str, bar: _Bar) -> Iterator[tuple[int, str, float, float]]:
    """Yield step, symbol, onset and duration in seconds, lengthened or cut by ``piece.legato``."""
    step_s = bar.seconds / len(pattern)
    for step, symbol, length, gap in _events(pattern):
        full = step_s * (length + piece.legato * (gap - length))
        cut = min(0.75 * (1 - piece.legato) * full, MAX_CUT_S)
        yield step, symbol, bar.start + step * step_s, max(full - cut, MIN_NOTE_S)


def _steps_per_beat(piece: Piece, pattern: str) -> int:
    return len(pattern) // BEATS[STYLES[piece.style].metre]


def _thin_out(rng: np.random.Generator, piece: Piece, pattern: str) -> str:
    """Remove random off-beat notes, more of them at low density; the first note stays."""
    beat, first = _steps_per_beat(piece, pattern), next(_events(pattern))[0]
    return "".join(
        "."
        if step % beat and step > first and symbol != "-" and rng.random() > piece.density
        else symbol
        for step, symbol in enumerate(pattern)
    )


def _drums(rng: np.random.Generator, piece: Piece, bar: _Bar) -> Iterator[Note]:
    force = (0.1 + 0.9 * piece.density) * 10 ** (piece.sound.drum_level / 20)
    for drum, pattern in STYLES[piece.style].drums.items():
        for _, symbol, onset, _ in _timed(piece, pattern, bar):
            if symbol == "x" or rng.random() < piece.density:
                # Small random deviations in time and level imitate a human drummer.
                onset = max(onset + rng.normal(0, 0.004), 0.0)
                yield Note(drum, onset, 0.0, force * DRUM_FORCE[symbol] * rng.uniform(0.85, 1.1))


def _bass(piece: Piece, pattern: str, bar: _Bar) -> Iterator[Note]:
    for _, symbol, onset, duration in _timed(piece, pattern, bar):
        pitch = _pitch(piece, BASS, bar.root, _low_octave(bar.root) + int(symbol) - 1)
        yield Note(piece.bass, onset, duration, BASS_LEVEL, pitch)


def _chords(piece: Piece, pattern: str, bar: _Bar) -> Iterator[Note]:
    for _, symbol, onset, duration in _timed(piece, pattern, bar):
        if symbol == "x":
            pitches = _chord_pitches(piece, bar.root)
        else:
            pitches = [_pitch(piece, CHORDS, bar.root, _low_octave(bar.root) + int(symbol) - 1)]
        for pitch in pitches:
            yield Note(piece.harmony, onset, duration, CHORDS_LEVEL / len(pitches) ** 0.5, pitch)


def _lead(piece: Piece, pattern: str, deviations: np.ndarray, bar: _Bar) -> Iterator[Note]:
    """Compose one bar of a melody that rises or falls over its phrase, with random deviations."""
    lowest = LEAD + piece.sound.register + round(LEAD_SHIFT * piece.valence)
    beat = _steps_per_beat(piece, pattern)
    for step, _, onset, duration in _timed(piece, pattern, bar):
        progress = (bar.number % 2 + step / len(pattern)) / 2
        height = round(3 + piece.rise * (progress - 0.5) + deviations[step])
        if step % beat == 0:
            height = _nearest_chord_step(height, bar.root)
        yield Note(piece.lead, onset, duration, LEAD_LEVEL, _pitch(piece, lowest, bar.root, height))


def _chord_pitches(piece: Piece, root: int) -> list[int]:
    """Return the MIDI numbers of a chord, all in the octave above ``CHORDS``."""
    steps = (root + int(tone) - 1 for tone in STYLES[piece.style].voicing)
    return sorted({CHORDS + (_pitch(piece, CHORDS, root, step) - CHORDS) % 12 for step in steps})


def _low_octave(root: int) -> int:
    """Lower a root by an octave if it is above the fourth scale step."""
    return root - 7 if root >= 4 else root


def _nearest_chord_step(height: int, root: int) -> int:
    """Return the scale step nearest to ``height`` that belongs to the triad on ``root``."""
    return next(height + by for by in (0, -1, 1) if (height + by - root) % 7 in (0, 2, 4))


def _pitch(piece: Piece, lowest: int, root: int, step: int) -> int:
    """Return the MIDI number of a scale step; dominant chords in minor have the leading tone."""
    octave, degree = divmod(step, 7)
    raised = piece.mode == "minor" and root == 4 and degree == 6
    tonic = lowest + (piece.tonic - lowest) % 12
    return tonic + 12 * octave + SCALES[piece.mode][degree] + raised
