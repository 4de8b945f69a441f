"""Define the parameters from which a piece of the demo corpus is composed and synthesised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """The sound of an artist, the same in all pieces.

    Attributes
    ----------
    detune : float
        Deviation from standard tuning (440 Hz), in cents.
    slope : float
        Added to the exponent with which overtones decrease.
    attack : float
        Factor on attack times.
    drum_pitch, drum_decay : float
        Factors on the pitch and on the decay time of drums.
    drum_level : float
        Level of the drums, in decibels.
    register : int
        Transposition of the lead, in semitones.
    """

    detune: float
    slope: float
    attack: float
    drum_pitch: float
    drum_decay: float
    drum_level: float
    register: int


@dataclass(frozen=True)
class Production:
    """The mixing and mastering of a piece.

    Pieces of an album are produced similarly, which causes the album effect.

    Attributes
    ----------
    tilt : float
        Slope of the equaliser, in decibels per octave.
    bump_hz, bump_db : float
        Centre frequency and gain of a bell filter, about an octave wide.
    reverb_s, wet : float
        Decay time of the room (to -60 dB), and its level relative to the direct sound.
    compression : float
        0 keeps the dynamics, 1 makes every moment equally loud.
    noise_db : float
        Noise floor relative to the music, in decibels.
    level_db : float
        RMS level relative to full scale, in decibels.
    """

    tilt: float
    bump_hz: float
    bump_db: float
    reverb_s: float
    wet: float
    compression: float
    noise_db: float
    level_db: float


@dataclass(frozen=True)
class Piece:
    """All parameters of one piece.

    Attributes
    ----------
    track_id, title : str
        Id and title.
    seed : tuple of int
        Seed of all random choices in composing and synthesising the piece.
    style : str
        Style that sets rhythm and harmony, a key of ``STYLES``.
    lead, harmony, bass : str
        Instruments of the three pitched parts.
    valence, energy : float
        Mood, each in [-1, 1].
    tempo : float
        Beats per minute; a beat of 6/8 is a dotted crotchet.
    mode : str
        "major" or "minor".
    tonic : int
        Pitch class of the key; 0 is C.
    sound : Sound
        Sound of the artist.
    production : Production
        Production of this piece, a variation of the album's production.
    """

    track_id: str
    title: str
    seed: tuple[int, ...]
    style: str
    lead: str
    harmony: str
    bass: str
    valence: float
    energy: float
    tempo: float
    mode: str
    tonic: int
    sound: Sound
    production: Production

    @property
    def density(self) -> float:
        """Share of the optional notes that are played, 0 to 1."""
        return 0.5 + 0.5 * self.energy

    @property
    def legato(self) -> float:
        """How far notes extend to the next one, from 0 (staccato) to 1 (legato)."""
        return min(max(0.5 - 0.6 * self.valence - 0.1 * self.energy, 0.0), 1.0)

    @property
    def brightness(self) -> float:
        """Frequency above which overtones are attenuated, in hertz."""
        return 1700 * 2 ** (2.2 * self.energy + 0.8 * self.valence)

    @property
    def attack(self) -> float:
        """Factor on attack times: notes of calm music swell slowly."""
        return 2 ** (-1.5 * self.energy)

    @property
    def accent_s(self) -> float:
        """Time constant of the accent at the start of a note, in seconds: short in lively music."""
        return 2 ** (-2.2 * self.energy)

    @property
    def rise(self) -> float:
        """Scale steps by which a melody rises (happy) or falls (sad, negative) in a phrase."""
        return 9 * self.valence


@dataclass(frozen=True)
class Album:
    """An album: artist, title, tags by tag set, and pieces."""

    artist: str
    title: str
    tags: dict[str, tuple[str, ...]]
    pieces: tuple[Piece, ...]
