"""What is asked of each piece of the demo corpus."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sound:
    """What an artist keeps on every record.

    Attributes
    ----------
    detune : float
        Tuning, in cents from 440 Hz.
    slope : float
        Added to the exponent by which overtones fall off.
    attack : float
        Factor on attack times.
    drum_pitch, drum_decay : float
        Factors on the pitch and the decay of drums.
    drum_level : float
        Level of the drums, in decibels.
    register : int
        Semitones by which the lead lies higher.
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
    """How a piece was mixed; like the others of its album, which causes the album effect.

    Attributes
    ----------
    tilt : float
        Slope of the equaliser, in decibels per octave.
    bump_hz, bump_db : float
        Centre and gain of a bell filter about an octave wide.
    reverb_s, wet : float
        Time in which the room decays by 60 dB, and its level relative to the direct sound.
    compression : float
        0 leaves the dynamics alone, 1 makes every moment equally loud.
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
    """What is asked of one piece.

    Attributes
    ----------
    track_id, title : str
        Id and title.
    seed : tuple of int
        Seeds every random choice in composing and rendering it.
    style : str
        The style whose rhythm and harmony it has.
    lead, harmony, bass : str
        The instruments.
    valence, energy : float
        Its point among the moods, each in [-1, 1].
    tempo : float
        Beats per minute; a beat of 6/8 is a dotted crotchet.
    mode : str
        "major" or "minor".
    tonic : int
        Pitch class of the key, 0 is C.
    sound : Sound
        The artist's.
    production : Production
        Near to the album's.
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
        """How many of the optional notes are played, 0 to 1."""
        return 0.5 + 0.5 * self.energy

    @property
    def legato(self) -> float:
        """How far notes are held on until the next one, 0 to 1."""
        return min(max(0.5 - 0.6 * self.valence - 0.1 * self.energy, 0.0), 1.0)

    @property
    def brightness(self) -> float:
        """Frequency above which overtones fall off, in hertz."""
        return 1700 * 2 ** (2.2 * self.energy + 0.8 * self.valence)

    @property
    def slowness(self) -> float:
        """Factor on attack times: calm music swells."""
        return 2 ** (-1.5 * self.energy)

    @property
    def marcato(self) -> float:
        """Time constant of the stress that begins a note, in seconds: short in lively music."""
        return 2 ** (-2.2 * self.energy)

    @property
    def rise(self) -> float:
        """Scale steps by which the melody climbs in a phrase; glad ones rise, sad ones fall."""
        return 9 * self.valence


@dataclass(frozen=True)
class Album:
    """An album: its pieces, and the tags that an editor gave it, by tag set."""

    artist: str
    title: str
    tags: dict[str, tuple[str, ...]]
    pieces: tuple[Piece, ...]
