"""Sounds to test with."""

import numpy as np

from tagspace.audio.spectrogram import SAMPLE_RATE


def sine(frequency, seconds, rate=SAMPLE_RATE):
    """Return a tone at half of full scale."""
    time = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)
