import numpy as np
import pytest
import torch

from tagspace.audio import augmentation
from tagspace.audio.augmentation import LONGEST_GAP, WIDEST_BAND, augment


def spectrograms(n=400, seed=0):
    generator = np.random.default_rng(seed)
    return torch.tensor(generator.normal(-5, 3, size=(n, 80, 130)), dtype=torch.float16)


def test_the_generator_alone_decides_and_is_drawn_from_equally_often():
    first, again, other = (np.random.default_rng(seed) for seed in (1, 1, 2))
    x = spectrograms(5)
    before = x.clone()
    assert torch.equal(augment(x, first), augment(x, again))
    assert not torch.equal(augment(x, other), augment(x, again))
    assert torch.equal(x, before)
    augment(spectrograms(5, seed=3), first)
    assert first.bit_generator.state == again.bit_generator.state


def test_without_tone_a_band_and_a_gap_are_flat_and_nothing_else_changes(monkeypatch):
    monkeypatch.setattr(augmentation, "TONE", 0.0)
    x = spectrograms()
    found = augment(x, np.random.default_rng(0))
    assert found.dtype == torch.float32
    bands, gaps = [], []
    for one, after in zip(x.float(), found, strict=True):
        masked = one != after
        band, gap = masked.all(dim=1), masked.all(dim=0)
        assert torch.equal(masked, band[:, None] | gap[None, :])
        torch.testing.assert_close(after[masked], one.mean().expand(int(masked.sum())))
        for mask in (band, gap):
            assert mask.int().diff().abs().sum() <= 2  # one span
        bands.append(int(band.sum()))
        gaps.append(int(gap.sum()))
    assert (min(bands), max(bands)) == (0, WIDEST_BAND)
    assert (min(gaps), max(gaps)) == (0, LONGEST_GAP)


def test_the_tone_changes_by_a_smooth_curve_without_change_of_level(monkeypatch):
    for name in ("WIDEST_BAND", "LONGEST_GAP"):
        monkeypatch.setattr(augmentation, name, 0)
    x = spectrograms()
    changes = augment(x, np.random.default_rng(0)) - x.float()
    curves = changes[:, :, 0]
    torch.testing.assert_close(changes, curves[:, :, None].expand_as(changes), atol=1e-4, rtol=0)
    np.testing.assert_allclose(curves.mean(dim=1), 0, atol=1e-4)
    np.testing.assert_allclose(np.diff(curves, n=3, axis=1), 0, atol=1e-4)  # a parabola
    tilts = (curves[:, -1] - curves[:, 0]) / 2
    assert tilts.std().item() == pytest.approx(augmentation.TONE, rel=0.15)
