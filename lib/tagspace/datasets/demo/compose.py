"""From what is asked of a piece to its notes."""

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
# MIDI number below which the keynote of a part does not lie, and its RMS level.
BASS, CHORDS, LEAD = 33, 53, 64
BASS_LEVEL, CHORDS_LEVEL, LEAD_LEVEL = 0.8, 0.5, 0.9
LEAD_SHIFT = 6  # semitones by which glad melodies lie higher, and sad ones lower
SHORTEST_S, LONGEST_CUT_S = 0.08, 0.8  # of a note, and of what staccato takes off it
STROKE = {"x": 1.0, "o": 0.5}


@dataclass(frozen=True)
class Note:
    """A note, or the stroke of a drum.

    Attributes
    ----------
    instrument : str
        A key of ``INSTRUMENTS`` or ``DRUMS``.
    onset, duration : float
        In seconds.
    level : float
        RMS level at which it starts.
    pitch : int
        MIDI number, 0 for a drum.
    """

    instrument: str
    onset: float
    duration: float
    level: float
    pitch: int = 0


class _Bar(NamedTuple):
    """One bar: its number, begin and length in seconds, and the root of its chord, 0 to 6."""

    number: int
    start: float
    seconds: float
    root: int


def compose(piece: Piece) -> list[Note]:
    """Write a piece out in notes.

    Parameters
    ----------
    piece : Piece
        What is asked for.

    Returns
    -------
    list of Note
        All notes that begin within ``SECONDS``, bar by bar.
    """
    rng = np.random.default_rng((*piece.seed, 1))
    style = STYLES[piece.style]
    bar_s = BEATS[style.metre] * 60 / piece.tempo
    roots = [int(degree) - 1 for degree in rng.choice(style.progressions)]
    bass, chords = (_thinned(rng, piece, pattern) for pattern in (style.bass, style.chords))
    # A phrase is two bars, and every phrase has the same rhythm and the same turns.
    phrase = [_thinned(rng, piece, style.lead) for _ in range(2)]
    turns = rng.integers(-2, 3, size=(2, len(style.lead)))
    notes: list[Note] = []
    for number in range(ceil(SECONDS / bar_s)):
        bar = _Bar(number, number * bar_s, bar_s, roots[number % len(roots)])
        notes += _drums(rng, piece, bar)
        notes += _bass(piece, bass, bar)
        notes += _chords(piece, chords, bar)
        notes += _lead(piece, phrase[number % 2], turns[number % 2], bar)
    return [note for note in notes if note.onset < SECONDS]


def _events(pattern: str) -> Iterator[tuple[int, str, int, int]]:
    """Step, symbol, steps for which it is written, and steps until the next one."""
    starts = [step for step, symbol in enumerate(pattern) if symbol not in ".-"]
    for step, following in pairwise([*starts, len(pattern)]):
        rest = pattern[step + 1 :]
        held = 1 + len(rest) - len(rest.lstrip("-"))
        yield step, pattern[step], held, following - step


def _timed(piece: Piece, pattern: str, bar: _Bar) -> Iterator[tuple[int, str, float, float]]:
    """Step, symbol, onset and duration; legato holds notes on, staccato cuts them short."""
    step_s = bar.seconds / len(pattern)
    for step, symbol, held, gap in _events(pattern):
        full = step_s * (held + piece.legato * (gap - held))
        cut = min(0.75 * (1 - piece.legato) * full, LONGEST_CUT_S)
        yield step, symbol, bar.start + step * step_s, max(full - cut, SHORTEST_S)


def _steps_per_beat(piece: Piece, pattern: str) -> int:
    return len(pattern) // BEATS[STYLES[piece.style].metre]


def _thinned(rng: np.random.Generator, piece: Piece, pattern: str) -> str:
    """Leave out notes off the beat, the more the sparser the music, but never the first one."""
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
                # Hands are no machines: a few milliseconds early or late, louder or softer.
                onset = max(onset + rng.normal(0, 0.004), 0.0)
                yield Note(drum, onset, 0.0, force * STROKE[symbol] * rng.uniform(0.85, 1.1))


def _bass(piece: Piece, pattern: str, bar: _Bar) -> Iterator[Note]:
    for _, symbol, onset, duration in _timed(piece, pattern, bar):
        pitch = _pitch(piece, BASS, bar.root, _low(bar.root) + int(symbol) - 1)
        yield Note(piece.bass, onset, duration, BASS_LEVEL, pitch)


def _chords(piece: Piece, pattern: str, bar: _Bar) -> Iterator[Note]:
    for _, symbol, onset, duration in _timed(piece, pattern, bar):
        if symbol == "x":
            pitches = _voiced(piece, bar.root)
        else:
            pitches = [_pitch(piece, CHORDS, bar.root, _low(bar.root) + int(symbol) - 1)]
        for pitch in pitches:
            yield Note(piece.harmony, onset, duration, CHORDS_LEVEL / len(pitches) ** 0.5, pitch)


def _lead(piece: Piece, pattern: str, turns: np.ndarray, bar: _Bar) -> Iterator[Note]:
    """Climb or fall from the begin of the phrase to its end, with a turn on every note."""
    lowest = LEAD + piece.sound.register + round(LEAD_SHIFT * piece.valence)
    beat = _steps_per_beat(piece, pattern)
    for step, _, onset, duration in _timed(piece, pattern, bar):
        progress = (bar.number % 2 + step / len(pattern)) / 2
        height = round(3 + piece.rise * (progress - 0.5) + turns[step])
        if step % beat == 0:
            height = _to_chord(height, bar.root)
        yield Note(piece.lead, onset, duration, LEAD_LEVEL, _pitch(piece, lowest, bar.root, height))


def _voiced(piece: Piece, root: int) -> list[int]:
    """Return the pitches of a chord, all within the octave above ``CHORDS``."""
    steps = (root + int(tone) - 1 for tone in STYLES[piece.style].voicing)
    return sorted({CHORDS + (_pitch(piece, CHORDS, root, step) - CHORDS) % 12 for step in steps})


def _low(root: int) -> int:
    """Return the root, or the one an octave below where it would lie high."""
    return root - 7 if root >= 4 else root


def _to_chord(height: int, root: int) -> int:
    """Return the nearest step of the scale that belongs to the triad on the root."""
    return next(height + by for by in (0, -1, 1) if (height + by - root) % 7 in (0, 2, 4))


def _pitch(piece: Piece, lowest: int, root: int, step: int) -> int:
    """MIDI number of a step of the scale; the dominant of a minor key has its leading note."""
    octave, degree = divmod(step, 7)
    raised = piece.mode == "minor" and root == 4 and degree == 6
    keynote = lowest + (piece.tonic - lowest) % 12
    return keynote + 12 * octave + SCALES[piece.mode][degree] + raised
