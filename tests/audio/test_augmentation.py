"""Augmentation of random spectrograms."""

import numpy as np
import pytest
import torch

from tagspace.audio import augmentation
from tagspace.audio.augmentation import LONGEST_GAP, WIDEST_BAND, augment


def draw_spectrograms(n=400, seed=0):
    generator = np.random.default_rng(seed)
    return torch.tensor(generator.normal(-5, 3, size=(n, 80, 130)), dtype=torch.float16)


def test_equal_seeds_give_equal_changes():
    first, again, other_seed = (np.random.default_rng(seed) for seed in (1, 1, 2))
    x = draw_spectrograms(5)
    changed = augment(x, first)
    assert torch.equal(augment(x, again), changed)
    assert not torch.equal(augment(x, other_seed), changed)


def test_the_given_spectrograms_do_not_change():
    x = draw_spectrograms(5)
    before = x.clone()
    augment(x, np.random.default_rng(0))
    assert torch.equal(x, before)


def test_the_number_of_draws_does_not_depend_on_the_spectrograms():
    first, second = np.random.default_rng(1), np.random.default_rng(1)
    augment(draw_spectrograms(5), first)
    augment(draw_spectrograms(5, seed=3), second)
    assert first.bit_generator.state == second.bit_generator.state


def test_one_band_and_one_time_span_are_set_to_the_mean(monkeypatch):
    monkeypatch.setattr(augmentation, "TONE", 0.0)
    x = draw_spectrograms()
    found = augment(x, np.random.default_rng(0))
    assert found.dtype == torch.float32
    bands, gaps = [], []
    for before, after in zip(x.float(), found, strict=True):
        masked = before != after
        band, gap = masked.all(dim=1), masked.all(dim=0)
        assert torch.equal(masked, band[:, None] | gap[None, :])
        torch.testing.assert_close(after[masked], before.mean().expand(int(masked.sum())))
        for mask in (band, gap):
            n_edges = mask.int().diff().abs().sum()
            assert n_edges <= 2  # one contiguous span
        bands.append(int(band.sum()))
        gaps.append(int(gap.sum()))
    assert (min(bands), max(bands)) == (0, WIDEST_BAND)
    assert (min(gaps), max(gaps)) == (0, LONGEST_GAP)


def test_the_tone_changes_by_a_parabola_that_keeps_the_level(monkeypatch):
    for name in ("WIDEST_BAND", "LONGEST_GAP"):
        monkeypatch.setattr(augmentation, name, 0)
    x = draw_spectrograms()
    changes = augment(x, np.random.default_rng(0)) - x.float()
    curves = changes[:, :, 0]
    torch.testing.assert_close(changes, curves[:, :, None].expand_as(changes), atol=1e-4, rtol=0)
    np.testing.assert_allclose(curves.mean(dim=1), 0, atol=1e-4)
    third_differences = np.diff(curves, n=3, axis=1)
    np.testing.assert_allclose(third_differences, 0, atol=1e-4)
    tilts = (curves[:, -1] - curves[:, 0]) / 2
    assert tilts.std().item() == pytest.approx(augmentation.TONE, rel=0.15)
