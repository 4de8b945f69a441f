"""A head standardises vectors, and drops out the same entries on every device."""

import numpy as np
import pytest
import torch

from tagspace.encoders.embedding import Frozen, embed
from tagspace.model import head as head_module
from tagspace.model.head import DROPOUT, Head
from tagspace.support.device import seeded


@pytest.fixture
def vectors():
    """Vectors of 50 tracks with two excerpts each; dimensions differ in size, one is constant."""
    drawn = np.random.default_rng(0).normal(3, [0.1, 1, 100, 0], size=(50, 2, 4))
    return drawn.astype(np.float32)


@pytest.mark.parametrize("unit_norm", ["output", "none"])
def test_a_head_gives_embeddings_of_its_size(vectors, unit_norm):
    found = embed(Head(4, unit_norm, 7), vectors)
    assert found.shape == (50, 7)
    assert torch.allclose(found.norm(dim=1), torch.ones(50)) == (unit_norm == "output")


def test_the_scale_of_a_dimension_does_not_matter_after_training(vectors):
    head, other = Head(4), Head(4)
    other.load_state_dict(head.state_dict())
    scales = torch.tensor([10.0, 0.5, 1, 1])
    batch = torch.as_tensor(vectors).flatten(0, 1)
    for _ in range(200):  # the statistics of the batch become those of the head
        head.standardise(batch)
        other.standardise(batch * scales)
    found = embed(head, vectors), embed(other, vectors * scales.numpy())
    torch.testing.assert_close(*found, atol=1e-3, rtol=0)


def test_dropout_is_seeded_and_keeps_the_mean(vectors):
    head = Head(4).train()
    batch = torch.as_tensor(vectors).flatten(0, 1)
    drawn = []
    for seed in (0, 0, 1):
        with seeded(seed):
            drawn.append(head(batch))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    dropped = head_module._drop(torch.ones(1000, 100), training=True)
    assert abs((dropped == 0).float().mean() - DROPOUT) < 0.01
    assert abs(dropped.mean() - 1) < 0.02
    assert torch.equal(head_module._drop(batch, training=False), batch)


def test_a_frozen_encoder_standardises_each_dimension(vectors):
    found = embed(Frozen(vectors[:40]), vectors)
    flat = vectors[:40].reshape(-1, 4)
    expected = (vectors.mean(1)[:, :3] - flat.mean(0)[:3]) / flat.std(0)[:3]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found[:, :3], expected, atol=1e-4)
    assert (found[:, 3].abs() < 1e-3).all()
