"""The log-mel front end against librosa."""

import librosa
import numpy as np
import pytest
from signals import sine

from tagspace.audio.spectrogram import filter_bank, log_mel

RATE = 22_050


def draw_noise(seconds):
    return np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [
        draw_noise(6),
        draw_noise(1.5) * 1e-6,
        sine(440, 6),
        sine(10_900, 2) + sine(20, 2),
        np.zeros(RATE * 6, np.float32),
    ],
)
def test_log_mel_equals_that_of_librosa(samples):
    power = librosa.feature.melspectrogram(
        y=samples, sr=22_050, n_fft=2048, hop_length=1024, n_mels=80, fmin=16, fmax=11_000
    )
    expected = np.log(np.maximum(power, 1e-10))
    found = log_mel(samples)
    assert found.dtype == np.float32
    assert found.shape == (80, 1 + len(samples) // 1024)
    # A band that a sine leaves nearly empty contains only rounding errors of louder bands.
    loud = power >= 1e-9 * power.max()
    np.testing.assert_allclose(found[loud], expected[loud], atol=1e-3)
    tolerance = 1e-8 * power.max() + 1e-13
    np.testing.assert_allclose(np.exp(found), np.exp(expected), rtol=1e-3, atol=tolerance)


def test_silence_has_the_logarithm_of_the_floor():
    assert (log_mel(np.zeros(RATE, np.float32)) == np.log(np.float32(1e-10))).all()


def test_the_filter_bank_has_80_bands_of_two_overlapping_filters():
    bank = filter_bank()
    assert bank.shape == (80, 1025)
    assert bank.dtype == np.float32
    assert (bank.toarray() > 0).sum(axis=0).max() == 2
