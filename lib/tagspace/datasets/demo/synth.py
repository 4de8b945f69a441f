"""Turn notes into audio."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from tagspace.datasets.demo.compose import SECONDS, Note
from tagspace.datasets.demo.instruments import DRUMS, INSTRUMENTS, Drum, Instrument
from tagspace.datasets.demo.piece import Piece, Production

SAMPLE_RATE = 22050
SAMPLES = int(SECONDS * SAMPLE_RATE)
CYCLE = 4096  # samples in a wavetable; must be a power of two
FFT_SIZE = 291_600  # longer than a piece with reverberation; its prime factors are 2, 3 and 5
TOP_HZ = 10_000  # highest frequency of an overtone
VIBRATO_HZ = 5.5
BRIGHT_ONSET_S = 0.06  # time constant of the brighter onset
SWEEP_S = 0.03  # time constant of the falling pitch of drums
SUSTAIN = np.float32(0.2)  # level of a held note relative to its onset
BLOCK_S = 0.1
FADE_S = 0.05
PEAK = 0.95


def synthesise(notes: Sequence[Note], piece: Piece) -> np.ndarray:
    """Synthesise notes and mix them with the production of the piece.

    Parameters
    ----------
    notes : sequence of Note
        The notes of the piece.
    piece : Piece
        Sets the sound, the brightness and the production.

    Returns
    -------
    numpy.ndarray of float32, shape (SAMPLES,)
        Mono audio at ``SAMPLE_RATE``, with all samples in [-``PEAK``, ``PEAK``].
    """
    rng = np.random.default_rng((*piece.seed, 2))
    mix = np.zeros(SAMPLES, dtype=np.float32)
    waves: dict[tuple[str, int, float], np.ndarray] = {}
    for note in notes:
        # Notes that differ only in level share one wave.
        key = (note.instrument, note.pitch, round(note.duration, 3))
        if key not in waves:
            waves[key] = _wave(rng, note, piece)
        start = int(note.onset * SAMPLE_RATE)
        wave = waves[key][: SAMPLES - start]
        mix[start : start + len(wave)] += np.float32(note.level) * wave
    return _master(rng, mix, piece.production)


def _wave(rng: np.random.Generator, note: Note, piece: Piece) -> np.ndarray:
    if note.instrument in DRUMS:
        return _drum_hit(rng, DRUMS[note.instrument], piece)
    return _tone(INSTRUMENTS[note.instrument], note, piece)


def _tone(instrument: Instrument, note: Note, piece: Piece) -> np.ndarray:
    """Synthesise a pitched note by wavetable synthesis with an envelope."""
    hertz = 440 * 2 ** ((note.pitch - 69) / 12 + piece.sound.detune / 1200)
    t = _times(note.duration + instrument.release)
    overtones = _filtered_overtones(instrument, hertz, piece)
    voices = [-instrument.chorus / 2, instrument.chorus / 2] if instrument.chorus else [0.0]
    positions = [_positions(t, hertz * 2 ** (cents / 1200), instrument) for cents in voices]
    cycle = _cycle(overtones)
    wave = sum(cycle[position] for position in positions) / np.float32(len(voices) ** 0.5)
    if instrument.onset_brightness:
        unfiltered = _cycle(instrument.overtones[: len(overtones)])[positions[0]]
        wave += instrument.onset_brightness * np.exp(-t / BRIGHT_ONSET_S) * unfiltered
    return wave * _envelope(instrument, note.duration, t, piece)


def _times(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)


def _filtered_overtones(instrument: Instrument, hertz: float, piece: Piece) -> np.ndarray:
    """Return overtones below ``TOP_HZ``, filtered by the artist's sound and the mood."""
    count = min(len(instrument.overtones), max(int(TOP_HZ / hertz), 1))
    number = np.arange(1, count + 1)
    gain = number**-piece.sound.slope / (1 + (number * hertz / piece.brightness) ** 2)
    return instrument.overtones[:count] * gain


def _cycle(overtones: np.ndarray) -> np.ndarray:
    """Return one period of a tone with an RMS level of 1, shape (CYCLE,)."""
    spectrum = np.zeros(CYCLE // 2 + 1, dtype=np.complex64)
    # Schroeder phases keep the peaks low.
    number = np.arange(len(overtones))
    spectrum[1 : len(overtones) + 1] = overtones * np.exp(-0.05j * np.pi * number**2)
    cycle = np.fft.irfft(spectrum)
    return (cycle / np.sqrt(np.mean(cycle**2))).astype(np.float32)


def _positions(t: np.ndarray, hertz: float, instrument: Instrument) -> np.ndarray:
    """Return the index into the wavetable for each sample."""
    cycles = np.arange(len(t)) * (hertz / SAMPLE_RATE)
    if instrument.vibrato:
        deviation = hertz * (2 ** (instrument.vibrato / 1200) - 1)
        angular_frequency = np.float32(2 * np.pi * VIBRATO_HZ)
        cycles += deviation / angular_frequency * np.sin(angular_frequency * t)
    return (cycles * CYCLE).astype(np.int32) & (CYCLE - 1)


def _envelope(instrument: Instrument, duration: float, t: np.ndarray, piece: Piece) -> np.ndarray:
    attack = instrument.attack * piece.sound.attack * piece.attack
    attack = min(attack, duration / 4)  # so that short notes reach their level
    release = np.clip((duration + instrument.release - t) / instrument.release, 0, 1)
    accent = SUSTAIN + (1 - SUSTAIN) * np.exp(-t / piece.accent_s)
    return (1 - np.exp(-t / attack)) * accent * np.exp(-t / instrument.decay) * release**2


def _drum_hit(rng: np.random.Generator, drum: Drum, piece: Piece) -> np.ndarray:
    sound = piece.sound
    tone_decay = sound.drum_decay * drum.tone_decay
    noise_decay = sound.drum_decay * drum.noise_decay
    # After six time constants, the level has decreased by 52 dB.
    t = _times(6 * max(tone_decay, noise_decay))
    sweep = SWEEP_S * drum.sweep * (1 - np.exp(-t / SWEEP_S))
    tone = np.sqrt(2) * np.sin(2 * np.pi * drum.tone * sound.drum_pitch * (t + sweep))
    noise = _band_noise(rng, len(t), *drum.noise)
    return drum.tone_level * tone * np.exp(-t / tone_decay) + (
        drum.noise_level * noise * np.exp(-t / noise_decay)
    )


def _band_noise(rng: np.random.Generator, size: int, low: float, high: float) -> np.ndarray:
    """Return noise between two frequencies in hertz, with an RMS level of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(size, dtype=np.float32))
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    noise = np.fft.irfft(spectrum, size)
    return noise / np.sqrt(np.mean(noise**2))


def _master(rng: np.random.Generator, mix: np.ndarray, production: Production) -> np.ndarray:
    """Add noise, equaliser, room and compression, then set the level."""
    mix = mix + _rms(mix) * 10 ** (production.noise_db / 20) * rng.standard_normal(
        SAMPLES, dtype=np.float32
    )
    response = _equaliser(production) * _room(rng, production)
    mix = np.fft.irfft(np.fft.rfft(mix, FFT_SIZE) * response, FFT_SIZE)[:SAMPLES]
    mix = _compress(mix, production.compression)
    mix *= 10 ** (production.level_db / 20) / _rms(mix)
    # A soft limiter avoids clipping.
    mix = PEAK * np.tanh(mix / PEAK)
    fade = int(FADE_S * SAMPLE_RATE)
    mix[-fade:] *= np.linspace(1, 0, fade)
    return mix.astype(np.float32)


def _rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave))))


@lru_cache(maxsize=4)
def _equaliser(production: Production) -> np.ndarray:
    """Return the frequency response of the equaliser, shape (FFT_SIZE // 2 + 1,)."""
    hertz = np.maximum(np.fft.rfftfreq(FFT_SIZE, 1 / SAMPLE_RATE), 30)
    bump = np.exp(-(np.log2(hertz / production.bump_hz) ** 2))
    decibels = production.tilt * np.log2(hertz / 1000) + production.bump_db * bump
    return (10 ** (decibels / 20)).astype(np.float32)


def _room(rng: np.random.Generator, production: Production) -> np.ndarray:
    """Return the frequency response of a room: the direct sound and decaying noise."""
    t = _times(production.reverb_s)
    echo = rng.standard_normal(len(t), dtype=np.float32) * np.exp(-6.9 * t / production.reverb_s)
    echo *= production.wet / np.sqrt(np.sum(echo**2))
    echo[0] += 1
    return np.fft.rfft(echo, FFT_SIZE)


def _compress(mix: np.ndarray, amount: float) -> np.ndarray:
    """Reduce differences in level between blocks of ``BLOCK_S``; 0 keeps them, 1 removes them."""
    block = int(BLOCK_S * SAMPLE_RATE)
    blocks = mix[: len(mix) // block * block].reshape(-1, block)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    # Blocks more than 20 dB below the mean level get the gain of a block at -20 dB.
    gain = np.maximum(level, 0.1 * level.mean()) ** -amount
    centres = (np.arange(len(gain)) + 0.5) * block
    return mix * np.interp(np.arange(len(mix)), centres, gain)
