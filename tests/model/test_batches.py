"""Batches of an epoch: all tracks once, or each with a related one."""

import numpy as np
import pytest
import torch

from tagspace.model import batches
from tagspace.model.batches import MAX_PARTNERS, RelatedBatches, UniformBatches
from tagspace.tags.relatedness import Cosine

ROWS = np.arange(100, 300)  # of 400 tracks


@pytest.fixture
def related():
    """Unit vectors in the plane; the last tracks point where no other does."""
    angles = np.random.default_rng(0).uniform(0, np.pi, 400)
    angles[290:] = np.linspace(4, 6, 110)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Cosine(torch.as_tensor(vectors, dtype=torch.float32))


def same_album(rows, others):
    return rows[:, None] // 4 == others[None, :] // 4


def partners_of(track, related, threshold):
    cosines = related(torch.tensor([track]), torch.as_tensor(ROWS))[0].numpy()
    return {int(n) for n in ROWS[cosines >= threshold] if n // 4 != track // 4}


def test_uniform_batches_hold_every_track_once_in_new_orders():
    generator = np.random.default_rng(0)
    draw = UniformBatches(ROWS, batch_size=30)
    first, second = draw(generator), draw(generator)
    for drawn in (first, second):
        assert [len(batch) for batch in drawn] == [29, 29, 29, 29, 28, 28, 28]
        assert sorted(np.concatenate(drawn)) == ROWS.tolist()
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_few_tracks_are_one_batch():
    assert [len(batch) for batch in UniformBatches(np.arange(3))(np.random.default_rng(0))] == [3]


@pytest.mark.parametrize("block_cells", [batches.BLOCK_CELLS, 1000])
def test_each_track_has_a_related_track_in_its_batch(related, monkeypatch, block_cells):
    monkeypatch.setattr(batches, "BLOCK_CELLS", block_cells)
    draw = RelatedBatches(ROWS, 32, related, same_album, 0.9999)
    alone = {track for track in ROWS if not partners_of(track, related, 0.9999)}
    assert draw.n_alone == len(alone) > 0
    for seed in range(5):
        drawn = draw(np.random.default_rng(seed))
        assert {int(track) for batch in drawn for track in batch} == set(ROWS.tolist()) - alone
        for batch in drawn:
            assert len(set(batch)) == len(batch) <= 34
            for track in batch:
                assert partners_of(track, related, 0.9999) & set(batch.tolist())


def test_partners_differ_from_epoch_to_epoch_and_follow_from_the_seeds(related):
    first, again, other = (RelatedBatches(ROWS, 32, related, same_album, seed=s) for s in (0, 0, 1))
    assert np.array_equal(first.partners, again.partners)
    assert not np.array_equal(first.partners, other.partners)
    generator = np.random.default_rng(0)
    epochs = [first(generator), first(generator), again(np.random.default_rng(0))]
    assert np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[2]))
    assert not np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[1]))


def test_partners_are_drawn_evenly_from_all_related_tracks():
    def all_related(rows, others):
        return torch.ones(len(rows), len(others))

    draw = RelatedBatches(np.arange(50), 10, all_related, same_album)
    assert draw.partners.shape == (50, MAX_PARTNERS)
    counts = np.bincount(draw.partners[0], minlength=50)
    assert not counts[:4].any()  # the track itself and its album
    everything = np.bincount(draw.partners.ravel(), minlength=50)
    assert 0.6 * MAX_PARTNERS < everything.min() < everything.max() < 1.4 * MAX_PARTNERS


def test_tracks_without_partners_give_no_batch():
    def unrelated(rows, others):
        return torch.zeros(len(rows), len(others))

    draw = RelatedBatches(np.arange(5), 10, unrelated, same_album)
    assert draw.n_alone == 5
    assert draw(np.random.default_rng(0)) == []
