"""Define the instruments of the demo corpus by their overtones and envelopes."""

from dataclasses import dataclass

import numpy as np

OVERTONES = 40


@dataclass(frozen=True)
class Instrument:
    """A pitched instrument.

    Attributes
    ----------
    overtones : numpy.ndarray, shape (n,)
        Amplitudes, starting with the fundamental.
    attack, decay, release : float
        Time constants in seconds.
    vibrato : float
        Depth in cents.
    chorus : float
        Difference in cents between two unison voices; 0 for a single voice.
    onset_brightness : float
        Additional level of the unfiltered tone at the onset; it fades within about 0.1 s.
    """

    overtones: np.ndarray
    attack: float
    decay: float
    release: float
    vibrato: float = 0.0
    chorus: float = 0.0
    onset_brightness: float = 0.0


@dataclass(frozen=True)
class Drum:
    """A drum: a tone with falling pitch, and band-limited noise.

    Attributes
    ----------
    tone : float
        Final frequency of the tone in hertz.
    sweep : float
        The tone starts at ``(1 + sweep) * tone``.
    noise : tuple of float
        Lowest and highest frequency of the noise in hertz.
    tone_decay, noise_decay : float
        Decay times in seconds.
    tone_level, noise_level : float
        RMS levels at the onset.
    """

    tone: float
    sweep: float
    tone_decay: float
    noise: tuple[float, float]
    noise_decay: float
    tone_level: float
    noise_level: float


# Common overtone series: all numbers, odd numbers, and a string plucked near its end.
_N = np.arange(1, OVERTONES + 1)
_ODD = np.where(_N % 2, 1.0, 0.08)
_PLUCKED = np.abs(np.sin(np.pi * _N / 5.3))

INSTRUMENTS = {
    "piano": Instrument(_N**-1.4, 0.004, 0.7, 0.10, onset_brightness=0.6),
    "guitar": Instrument(_PLUCKED * _N**-1.1, 0.003, 0.45, 0.08, onset_brightness=0.5),
    "harpsichord": Instrument(_N**-0.5, 0.001, 0.3, 0.06, onset_brightness=0.3),
    "bell": Instrument(np.array([1, 0, 0, 0.5, 0, 0, 0, 0, 0, 0.25]), 0.002, 0.8, 0.25),
    "overdrive": Instrument(_ODD * _N**-0.6 + 0.3 / _N, 0.006, 4.0, 0.05, chorus=7),
    "organ": Instrument(np.array([1, 0.8, 0.6, 0.5, 0.1, 0.3, 0, 0.3]), 0.012, 30, 0.06, 5),
    "strings": Instrument(_N**-1.0, 0.09, 30, 0.2, 10, chorus=9),
    "fiddle": Instrument(_N**-0.8, 0.04, 30, 0.08, 22),
    "flute": Instrument(np.array([1, 0.4, 0.12, 0.06, 0.02]), 0.05, 30, 0.08, 16),
    "clarinet": Instrument(_ODD * _N**-0.9, 0.035, 30, 0.07, 6),
    "accordion": Instrument(_N[:14] ** -0.5, 0.03, 30, 0.06, chorus=16),
    "brass": Instrument(_N**-0.7, 0.03, 3.0, 0.07, 8, onset_brightness=0.5),
    "square": Instrument(_ODD / _N, 0.004, 2.0, 0.05, chorus=5),
    "pad": Instrument(_N**-1.3, 0.2, 30, 0.4, chorus=14),
    "upright": Instrument(_N**-1.7, 0.008, 0.35, 0.06),
    "pick": Instrument(_PLUCKED * _N**-1.0, 0.004, 0.5, 0.05, onset_brightness=0.4),
    "synthbass": Instrument(_ODD * _N**-0.9, 0.004, 1.0, 0.04),
    "cello": Instrument(_N**-1.1, 0.06, 30, 0.12, 12),
}

DRUMS = {
    "kick": Drum(52, 2.5, 0.11, (1000, 3000), 0.008, 0.9, 0.15),
    "tom": Drum(110, 0.6, 0.14, (200, 1500), 0.02, 0.6, 0.15),
    "snare": Drum(190, 0.3, 0.06, (500, 8000), 0.09, 0.35, 0.45),
    "clap": Drum(900, 0, 0.02, (900, 4500), 0.07, 0.05, 0.5),
    "rim": Drum(1700, 0, 0.018, (1200, 6000), 0.012, 0.4, 0.2),
    "cowbell": Drum(820, 0, 0.09, (1500, 5000), 0.02, 0.25, 0.05),
    "hat": Drum(6000, 0, 0.02, (6000, 11000), 0.035, 0.02, 0.28),
    "open": Drum(6000, 0, 0.05, (5000, 11000), 0.14, 0.02, 0.28),
    "ride": Drum(4300, 0, 0.2, (4000, 10000), 0.2, 0.04, 0.16),
    "crash": Drum(3500, 0, 0.1, (2500, 11000), 0.35, 0.02, 0.25),
    "shaker": Drum(5000, 0, 0.02, (3500, 9000), 0.05, 0.01, 0.2),
    "brush": Drum(300, 0, 0.03, (1200, 7000), 0.11, 0.05, 0.22),
}
