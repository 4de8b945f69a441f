"""Figures of audio show the right numbers."""

import librosa
import numpy as np
import pytest
from signals import sine

from compendium import audio_figures
from tagspace.audio import spectrogram


def test_excerpt_figure_shows_the_input_of_the_network():
    samples = sine(440, 12) * np.linspace(0, 1, 12 * spectrogram.SAMPLE_RATE, dtype=np.float32)
    wave, image = audio_figures.excerpt_figure(samples)
    start = 3 * spectrogram.SAMPLE_RATE
    expected = spectrogram.log_mel(samples[start : start + spectrogram.N_SAMPLES])
    np.testing.assert_array_equal(image.axes[0].images[0].get_array(), expected)
    assert image.axes[0].images[0].get_extent()[0] == 3.0
    assert wave.axes[0].get_xlim() == pytest.approx((0, 12))


def test_frequencies_are_marked_at_the_band_that_is_loudest_for_them():
    panel = audio_figures.spectrogram_panel(spectrogram.log_mel(sine(440, 6)))
    places = dict(zip(audio_figures.HERTZ, panel.axes[0].get_yticks(), strict=True))
    for hertz in (500, 1000, 5000):
        loudest = spectrogram.log_mel(sine(hertz, 6)).mean(axis=1).argmax()
        assert abs(places[hertz] - loudest) <= 1


def test_band_centres_are_the_peaks_of_the_filters():
    peaks = spectrogram.filter_bank().toarray().argmax(axis=1)
    hertz = librosa.fft_frequencies(sr=spectrogram.SAMPLE_RATE, n_fft=spectrogram.N_FFT)[peaks]
    spacing = spectrogram.SAMPLE_RATE / spectrogram.N_FFT
    np.testing.assert_allclose(audio_figures.band_centres(), hertz, atol=spacing)


def test_filter_bank_figure_draws_every_fourth_filter():
    (panel,) = audio_figures.filter_bank_figure()
    assert len(panel.axes[0].lines) == spectrogram.N_MELS / 4


def test_levels_figure_draws_the_median():
    levels = np.array([[0.0, 1.0], [2.0, 3.0], [10.0, 20.0]])
    (panel,) = audio_figures.levels_figure(levels)
    assert panel.axes[0].lines[0].get_ydata().tolist() == [2.0, 3.0]
