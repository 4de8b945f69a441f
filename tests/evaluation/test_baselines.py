import librosa
import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from tagspace.evaluation import baselines, retrieval

EVERYTHING = np.arange(6)


@pytest.fixture
def excerpts():
    generator = np.random.default_rng(0)
    levels = generator.normal(-5, 1, size=(6, 1, 80, 1))
    return (levels + generator.normal(0, 3, size=(6, 2, 80, 130))).astype(np.float16)


def test_timbre_is_compared_by_the_divergence_of_gaussians_of_mfcc(excerpts):
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
    found = baselines.Timbre(excerpts)(EVERYTHING)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, expected, atol=2e-3)
    torch.testing.assert_close(baselines.Timbre(excerpts)(np.array([4, 1])), found[[4, 1]])


def test_tracks_of_silence_can_be_compared(excerpts):
    excerpts[:2] = -23
    found = baselines.Timbre(excerpts)(EVERYTHING)
    assert found.isfinite().all()
    assert found[0, 1] < 0.1 < found[0, 2]


def test_silence_alone_can_be_compared():
    assert baselines.Timbre(np.full((3, 1, 80, 130), -23, np.float16))(np.arange(3)).max() < 0.1


def pulse(hertz, seed):
    """Noise whose level rises and falls ``hertz`` times in a second."""
    noise = np.random.default_rng(seed).normal(size=(2, 80, 130))
    time = np.arange(130) * 1024 / 22_050
    return noise + 2 * np.sin(2 * np.pi * hertz * time)


def test_rhythm_is_heard_whatever_the_level():
    rates = [1.5, 3.0, 6.0, 1.5, 3.0, 6.0]
    tracks = [pulse(rate, seed) + 5 * (seed > 2) for seed, rate in enumerate(rates)]
    found = retrieval.Euclidean(baselines.rhythm(np.float16(tracks)))(EVERYTHING)
    nearest = found.fill_diagonal_(torch.inf).argmin(1)
    assert nearest.tolist() == [3, 4, 5, 0, 1, 2]


def test_fluctuation_is_strongest_at_its_own_rate():
    pattern = baselines.rhythm(np.float16([pulse(3.0, 0)])).reshape(20, -1).mean(0)
    rates = np.fft.rfftfreq(130, 1024 / 22_050)
    heard = rates[(rates > 0.3) & (rates <= 10)]
    assert heard[pattern.argmax()] == pytest.approx(3, abs=0.1)


def test_no_rhythm_is_told_from_a_level_alone():
    steady = np.random.default_rng(0).normal(size=(1, 2, 80, 1)) * np.ones(130)
    assert not baselines.rhythm(np.float16(steady)).any()


def test_distances_together_count_alike_whatever_their_scale():
    one, other = torch.rand(2, 6, 6, generator=torch.Generator().manual_seed(0))
    rows = np.array([5, 2])
    plain = baselines.SumOfDistances(lambda q: one[q], lambda q: other[q])(rows)
    scaled = baselines.SumOfDistances(lambda q: 9 * one[q] + 3, lambda q: other[q])(rows)
    torch.testing.assert_close(plain, scaled)
    expected = sum(
        np.array([(d[q] - d[q].mean()) / d[q].std() for q in rows]) for d in (one, other)
    )
    np.testing.assert_allclose(plain, expected, atol=1e-5)


def test_random_embeddings_follow_from_the_seed():
    first, again, other = (baselines.random_embeddings(9, seed) for seed in (1, 1, 2))
    assert first.shape == (9, 256)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
