import librosa
import numpy as np
import pytest
import torch

from tagspace import baselines


@pytest.fixture
def excerpts():
    generator = np.random.default_rng(0)
    return generator.normal(-5, 3, size=(6, 2, 80, 130)).astype(np.float16)


def test_mfcc_equal_those_of_librosa(excerpts):
    summary = []
    for track in excerpts:
        frames = np.hstack([np.float64(excerpt) for excerpt in track])
        mfcc = librosa.feature.mfcc(S=frames, n_mfcc=20, dct_type=2, norm="ortho")
        summary.append(np.concatenate([mfcc.mean(axis=1), mfcc.std(axis=1)]))
    train = np.array([0, 2, 3, 5])
    trained = np.array(summary)[train]
    expected = (np.array(summary) - trained.mean(axis=0)) / trained.std(axis=0)
    found = baselines.mfcc(excerpts, train)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_mfcc_of_equal_training_tracks_are_zero(excerpts):
    excerpts[1:4] = excerpts[0]
    found = baselines.mfcc(excerpts, np.arange(4))
    np.testing.assert_allclose(found[:4], 0, atol=1e-3)
    assert np.isfinite(found).all()


def test_random_embeddings_follow_from_the_seed():
    first, again, other = (baselines.random(9, seed) for seed in (1, 1, 2))
    assert first.shape == (9, 256)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
