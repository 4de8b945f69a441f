"""Hand-crafted features and chance."""

import librosa
import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from tagspace.audio import handcrafted
from tagspace.evaluation import retrieval

ALL_TRACKS = np.arange(6)


@pytest.fixture
def excerpts():
    generator = np.random.default_rng(0)
    levels = generator.normal(-5, 1, size=(6, 1, 80, 1))
    return (levels + generator.normal(0, 3, size=(6, 2, 80, 130))).astype(np.float16)


def test_timbre_distances_equal_the_divergence_of_gaussians_of_mfcc(excerpts):
    gaussians = []
    for track in excerpts:
        frames = np.hstack([np.float64(excerpt) for excerpt in track])
        mfcc = librosa.feature.mfcc(S=frames, n_mfcc=20, dct_type=2, norm="ortho")
        covariance = np.cov(mfcc) + 1e-3 * np.eye(20)
        gaussians.append(MultivariateNormal(torch.tensor(mfcc.mean(1)), torch.tensor(covariance)))
    expected = [
        [torch.log1p(kl_divergence(p, q) + kl_divergence(q, p)) for q in gaussians]
        for p in gaussians
    ]
    found = handcrafted.Timbre(excerpts)(ALL_TRACKS)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)
    torch.testing.assert_close(handcrafted.Timbre(excerpts)(np.array([4, 1])), found[[4, 1]])


def test_silent_tracks_have_finite_timbre_distances(excerpts):
    excerpts[:2] = -23
    found = handcrafted.Timbre(excerpts)(ALL_TRACKS)
    assert found.isfinite().all()
    assert found[0, 1] < 0.1 < found[0, 2]


def test_a_collection_of_silence_has_small_timbre_distances():
    silence = np.full((3, 1, 80, 130), -23, np.float16)
    assert handcrafted.Timbre(silence)(np.arange(3)).max() < 0.1


def draw_pulse(hertz, seed):
    """Draw noise whose level rises and falls ``hertz`` times in a second."""
    noise = np.random.default_rng(seed).normal(size=(2, 80, 130))
    time = np.arange(130) * 1024 / 22_050
    return noise + 2 * np.sin(2 * np.pi * hertz * time)


def test_rhythm_distances_do_not_depend_on_the_level():
    rates = [1.5, 3.0, 6.0, 1.5, 3.0, 6.0]
    tracks = [draw_pulse(rate, seed) + 5 * (seed > 2) for seed, rate in enumerate(rates)]
    found = retrieval.Euclidean(handcrafted.rhythm(np.float16(tracks)))(ALL_TRACKS)
    nearest = found.fill_diagonal_(torch.inf).argmin(1)
    assert nearest.tolist() == [3, 4, 5, 0, 1, 2]


def test_the_fluctuation_pattern_is_strongest_at_the_rate_of_the_pulse():
    pattern = handcrafted.rhythm(np.float16([draw_pulse(3.0, 0)])).reshape(20, -1).mean(0)
    rates = np.fft.rfftfreq(130, 1024 / 22_050)
    audible = rates[(rates > 0.3) & (rates <= 10)]
    assert audible[pattern.argmax()] == pytest.approx(3, abs=0.1)


def test_a_steady_spectrum_has_no_rhythm():
    steady = np.random.default_rng(0).normal(size=(1, 2, 80, 1)) * np.ones(130)
    assert not handcrafted.rhythm(np.float16(steady)).any()


def test_a_sum_of_distances_does_not_depend_on_their_scales():
    first, second = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0))
    rows = np.array([5, 2])
    plain = handcrafted.SumOfDistances(lambda q: first[q], lambda q: second[q])(rows)
    scaled = handcrafted.SumOfDistances(lambda q: 9 * first[q] + 3, lambda q: second[q])(rows)
    torch.testing.assert_close(plain, scaled)


def test_a_sum_of_distances_standardises_each_over_the_tracks_of_a_query():
    first, second = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0))
    rows = np.array([5, 2])
    found = handcrafted.SumOfDistances(lambda q: first[q], lambda q: second[q])(rows)
    for row, query in zip(found, rows, strict=True):
        expected = sum((d[query] - d[query].mean()) / d[query].std() for d in (first, second))
        torch.testing.assert_close(row, expected)
