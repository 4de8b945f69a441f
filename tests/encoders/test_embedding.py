"""Embeddings of tracks, and the untrained network."""

import numpy as np
import pytest
import torch

from tagspace.encoders import embedding
from tagspace.encoders.embedding import embed, embed_excerpts
from tagspace.model.dpnn import initial_network
from tagspace.support.device import seeded


@pytest.fixture
def excerpts():
    """Draw two excerpts of each of nine tracks; the level differs between tracks."""
    generator = np.random.default_rng(0)
    levels = generator.normal(-5, 2, size=(9, 1, 1, 1))
    return (levels + generator.normal(size=(9, 2, 80, 130))).astype(np.float16)


def state_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed_names(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("unit_norm", ["output", "none"])
def test_the_embedding_of_a_track_is_the_mean_over_its_excerpts(excerpts, unit_norm, monkeypatch):
    monkeypatch.setattr(embedding, "EXCERPTS_AT_ONCE", 4)
    network = initial_network(0, unit_norm)
    found = embed(network, excerpts[:3])
    assert not network.training
    per_excerpt = [
        embed_excerpts(network, torch.as_tensor(excerpts[:3, number])).detach()
        for number in range(2)
    ]
    expected = (per_excerpt[0] + per_excerpt[1]) / 2
    if unit_norm == "output":
        expected /= expected.norm(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_embeddings_have_single_precision_and_the_chosen_number_of_dimensions(excerpts):
    network = initial_network(0, dimensions=7)
    half = embed(network, excerpts)
    assert half.shape == (9, 7)
    assert half.dtype == torch.float32
    assert not half.requires_grad
    torch.testing.assert_close(embed(network, torch.as_tensor(excerpts).float()), half)


def test_tracks_are_embedded_in_float32_on_every_device(excerpts):
    network = initial_network(0, "none").eval()
    single = torch.as_tensor(excerpts[:3, :1])
    with torch.no_grad():
        exact = network(single.float())
        half = embed_excerpts(network, single[:, 0], torch.bfloat16)
    torch.testing.assert_close(embed(network, single), exact, rtol=0, atol=1e-6)
    assert half.dtype == torch.float32
    assert 1e-6 < (half - exact).abs().max() / exact.abs().max() < 0.05


def test_the_initial_network_follows_from_the_seed_alone():
    with seeded(1):
        first = state_of(initial_network(0))
    with seeded(2):
        second = state_of(initial_network(0))
        other_seed = state_of(initial_network(1))
    assert changed_names(first, second) == set()
    assert {"dense.weight", "left.1.weight", "right.1.weight"} <= changed_names(first, other_seed)


def test_the_initial_network_keeps_the_global_generator():
    before = torch.get_rng_state()
    initial_network(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_initial_network_has_the_chosen_norm_and_dimensions():
    network = initial_network(0, "weights", 7)
    assert network.unit_norm == "weights"
    assert network.dense.out_features == 7
