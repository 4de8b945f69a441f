"""From notes to sound."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tagspace.datasets.demo.compose import SECONDS, Note
from tagspace.datasets.demo.instruments import DRUMS, INSTRUMENTS, Drum, Instrument
from tagspace.datasets.demo.piece import Piece, Production

SAMPLE_RATE = 22050
SAMPLES = int(SECONDS * SAMPLE_RATE)
CYCLE = 4096  # samples in a wavetable, a power of two
FFT_SIZE = 291_600  # holds a piece and its reverberation; all factors are 2, 3 or 5
TOP_HZ = 10_000
VIBRATO_HZ = 5.5
FLASH_S = 0.06
SWEEP_S = 0.03  # in which a drum's tone falls
HOLD = np.float32(0.2)  # level of a held note after its stress, which is 1
BLOCK_S = 0.1
FADE_S = 0.05
PEAK = 0.95


def synthesise(notes: Sequence[Note], piece: Piece) -> np.ndarray:
    """Play the notes and mix them as the album is produced.

    Parameters
    ----------
    notes : sequence of Note
        What is played.
    piece : Piece
        Gives the sound, the brightness and the production.

    Returns
    -------
    numpy.ndarray of float32, shape (SAMPLES,)
        Mono, at ``SAMPLE_RATE``, all samples within +-``PEAK``.
    """
    rng = np.random.default_rng((*piece.seed, 2))
    mix = np.zeros(SAMPLES, dtype=np.float32)
    waves: dict[tuple[str, int, float], np.ndarray] = {}
    for note in notes:
        # Notes that differ in level alone are rendered once.
        key = (note.instrument, note.pitch, round(note.duration, 3))
        if key not in waves:
            waves[key] = _wave(rng, note, piece)
        start = int(note.onset * SAMPLE_RATE)
        wave = waves[key][: SAMPLES - start]
        mix[start : start + len(wave)] += np.float32(note.level) * wave
    return _master(rng, mix, piece.production)


def _wave(rng: np.random.Generator, note: Note, piece: Piece) -> np.ndarray:
    if note.instrument in DRUMS:
        return _stroke(rng, DRUMS[note.instrument], piece)
    return _tone(INSTRUMENTS[note.instrument], note, piece)


def _tone(instrument: Instrument, note: Note, piece: Piece) -> np.ndarray:
    """Read one cycle of the instrument round and round, under its envelope."""
    hertz = 440 * 2 ** ((note.pitch - 69) / 12 + piece.sound.detune / 1200)
    t = _times(note.duration + instrument.release)
    overtones = _damped(instrument, hertz, piece)
    voices = [-instrument.chorus / 2, instrument.chorus / 2] if instrument.chorus else [0.0]
    positions = [_positions(t, hertz * 2 ** (cents / 1200), instrument) for cents in voices]
    cycle = _cycle(overtones)
    wave = sum(cycle[position] for position in positions) / np.float32(len(voices) ** 0.5)
    if instrument.flash:
        undamped = _cycle(instrument.overtones[: len(overtones)])
        wave += instrument.flash * np.exp(-t / FLASH_S) * undamped[positions[0]]
    return wave * _envelope(instrument, note.duration, t, piece)


def _times(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)


def _damped(instrument: Instrument, hertz: float, piece: Piece) -> np.ndarray:
    """Overtones below ``TOP_HZ``, as the artist's sound and the mood colour them."""
    count = min(len(instrument.overtones), max(int(TOP_HZ / hertz), 1))
    number = np.arange(1, count + 1)
    colour = number**-piece.sound.slope / (1 + (number * hertz / piece.brightness) ** 2)
    return instrument.overtones[:count] * colour


def _cycle(overtones: np.ndarray) -> np.ndarray:
    """One period at an RMS level of 1."""
    spectrum = np.zeros(CYCLE // 2 + 1, dtype=np.complex64)
    # Phases after Schroeder, which keep the peaks low.
    number = np.arange(len(overtones))
    spectrum[1 : len(overtones) + 1] = overtones * np.exp(-0.05j * np.pi * number**2)
    cycle = np.fft.irfft(spectrum)
    return (cycle / np.sqrt(np.mean(cycle**2))).astype(np.float32)


def _positions(t: np.ndarray, hertz: float, instrument: Instrument) -> np.ndarray:
    """Where in the cycle each sample lies."""
    cycles = np.arange(len(t)) * (hertz / SAMPLE_RATE)
    if instrument.vibrato:
        deviation = hertz * (2 ** (instrument.vibrato / 1200) - 1)
        turn = np.float32(2 * np.pi * VIBRATO_HZ)
        cycles += deviation / turn * np.sin(turn * t)
    return (cycles * CYCLE).astype(np.int32) & (CYCLE - 1)


def _envelope(instrument: Instrument, duration: float, t: np.ndarray, piece: Piece) -> np.ndarray:
    attack = instrument.attack * piece.sound.attack * piece.slowness
    # Never swell for longer than half the note.
    attack = min(attack, duration / 4)
    release = np.clip((duration + instrument.release - t) / instrument.release, 0, 1)
    hold = HOLD + (1 - HOLD) * np.exp(-t / piece.marcato)
    return (1 - np.exp(-t / attack)) * hold * np.exp(-t / instrument.decay) * release**2


def _stroke(rng: np.random.Generator, drum: Drum, piece: Piece) -> np.ndarray:
    sound = piece.sound
    tone_decay, noise_decay = (
        sound.drum_decay * drum.tone_decay,
        sound.drum_decay * drum.noise_decay,
    )
    # Six time constants: down by 52 dB.
    t = _times(6 * max(tone_decay, noise_decay))
    fall = SWEEP_S * drum.sweep * (1 - np.exp(-t / SWEEP_S))
    tone = np.sqrt(2) * np.sin(2 * np.pi * drum.tone * sound.drum_pitch * (t + fall))
    noise = _band(rng, len(t), *drum.noise)
    return drum.tone_level * tone * np.exp(-t / tone_decay) + (
        drum.noise_level * noise * np.exp(-t / noise_decay)
    )


def _band(rng: np.random.Generator, size: int, low: float, high: float) -> np.ndarray:
    """White noise between two frequencies, at an RMS level of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(size, dtype=np.float32))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    noise = np.fft.irfft(spectrum, size)
    return noise / np.sqrt(np.mean(noise**2))


def _master(rng: np.random.Generator, mix: np.ndarray, production: Production) -> np.ndarray:
    """Add noise, equalise and put in a room, compress, set the level."""
    mix = mix + _rms(mix) * 10 ** (production.noise_db / 20) * rng.standard_normal(
        SAMPLES, dtype=np.float32
    )
    response = _equaliser(production) * _room(rng, production)
    mix = np.fft.irfft(np.fft.rfft(mix, FFT_SIZE) * response, FFT_SIZE)[:SAMPLES]
    mix = _compressed(mix, production.compression)
    mix *= 10 ** (production.level_db / 20) / _rms(mix)
    # Peaks are rounded off, never cut.
    mix = PEAK * np.tanh(mix / PEAK)
    fade = int(FADE_S * SAMPLE_RATE)
    mix[-fade:] *= np.linspace(1, 0, fade)
    return mix.astype(np.float32)


def _rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave))))


@lru_cache(maxsize=4)  # the next piece is of the same album, as a rule
def _equaliser(production: Production) -> np.ndarray:
    hertz = np.maximum(np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE), 30)
    bump = np.exp(-(np.log2(hertz / production.bump_hz) ** 2))
    decibels = production.tilt * np.log2(hertz / 1000) + production.bump_db * bump
    return (10 ** (decibels / 20)).astype(np.float32)


def _room(rng: np.random.Generator, production: Production) -> np.ndarray:
    """Spectrum of the direct sound and decaying noise after it."""
    t = _times(production.reverb_s)
    echo = rng.standard_normal(len(t), dtype=np.float32) * np.exp(-6.9 * t / production.reverb_s)
    echo *= production.wet / np.sqrt(np.sum(echo**2))
    echo[0] += 1
    return np.fft.rfft(echo, FFT_SIZE)


def _compressed(mix: np.ndarray, amount: float) -> np.ndarray:
    """Turn loud moments down and soft ones up, following the level of short blocks."""
    block = int(BLOCK_S * SAMPLE_RATE)
    blocks = mix[: len(mix) // block * block].reshape(-1, block)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    # Nothing is turned up by more than what lies 20 dB below the mean level.
    gain = np.maximum(level, 0.1 * level.mean()) ** -amount
    centres = (np.arange(len(gain)) + 0.5) * block
    return mix * np.interp(np.arange(len(mix)), centres, gain)
