"""Miners against plain loops."""

import numpy as np
import pytest
import torch

from tagspace.model import mining
from tagspace.model.mining import CandidatePairs, candidate_pairs, mine

MARGIN = 16.0
STRATEGIES = ["all", "semihard", "hard", "literal"]


def draw(seed):
    """Draw a batch: distances without ties, relatedness around both thresholds, albums."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(2, 14))
    distances = np.zeros((n, n))
    upper = np.triu_indices(n, 1)
    distances[upper] = 1 + generator.permutation(len(upper[0]))
    thresholds = np.float32([0.8, 0.2])
    just_below = np.nextafter(thresholds, np.float32(-1))
    just_above = np.nextafter(thresholds, np.float32(2))
    values = np.float32([-0.5, *thresholds, *just_below, *just_above, 1.0])
    relatedness = generator.choice(values, size=(n, n))
    albums = generator.integers(0, 5, size=n)
    return (
        torch.tensor(distances + distances.T),
        torch.tensor(relatedness),
        torch.tensor(albums[:, None] == albums[None, :]),
    )


def slow_candidates(relatedness, excluded):
    """List the candidate positives and negatives of each track."""
    found = {}
    for anchor in range(len(relatedness)):
        positives, negatives = [], []
        for other in range(len(relatedness)):
            if other == anchor or excluded[anchor, other]:
                continue
            if relatedness[anchor, other].item() >= 0.8:
                positives.append(other)
            if relatedness[anchor, other].item() < 0.2:
                negatives.append(other)
        found[anchor] = positives, negatives
    return found


def slow_mine(distances, found, strategy):
    return [
        triplet
        for anchor, (positives, negatives) in found.items()
        if positives and negatives
        for triplet in SLOW[strategy](anchor, positives, negatives, distances[anchor].tolist())
    ]


def slow_all(anchor, positives, negatives, row):
    for p in positives:
        for n in negatives:
            if max(row[p] - row[n] + MARGIN, 0) > 0:
                yield anchor, p, n


def slow_semihard(anchor, positives, negatives, row):
    for p in positives:
        within = [n for n in negatives if row[p] < row[n] and row[p] - row[n] + MARGIN > 0]
        if within:
            yield anchor, p, min(within, key=row.__getitem__)


def slow_hard(anchor, positives, negatives, row):
    yield anchor, max(positives, key=row.__getitem__), min(negatives, key=row.__getitem__)


def slow_literal(anchor, positives, negatives, row):
    yield anchor, min(positives, key=row.__getitem__), max(negatives, key=row.__getitem__)


SLOW = {"all": slow_all, "semihard": slow_semihard, "hard": slow_hard, "literal": slow_literal}


def listed(triplets):
    return sorted(zip(*(part.tolist() for part in triplets), strict=True))


def one_triplet():
    """Make the candidate pairs whose only triplet is (0, 1, 2)."""
    positive, negative = torch.zeros(2, 3, 3, dtype=torch.bool)
    positive[0, 1] = negative[0, 2] = True
    return CandidatePairs(positive, negative)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_miners_equal_plain_loops(strategy):
    n_mined = 0
    for seed in range(300):
        distances, relatedness, excluded = draw(seed)
        pairs = candidate_pairs(relatedness, excluded)
        found = listed(mine(distances, pairs, strategy, MARGIN))
        expected = sorted(slow_mine(distances, slow_candidates(relatedness, excluded), strategy))
        assert found == expected, f"seed {seed}"
        n_mined += len(found)
    assert n_mined > 300


def test_candidate_pairs_equal_plain_loops():
    for seed in range(300):
        _, relatedness, excluded = draw(seed)
        pairs = candidate_pairs(relatedness, excluded)
        both = zip(pairs.positive, pairs.negative, strict=True)
        found = {
            anchor: (positive.nonzero().flatten().tolist(), negative.nonzero().flatten().tolist())
            for anchor, (positive, negative) in enumerate(both)
        }
        expected = slow_candidates(relatedness, excluded)
        assert found == expected, f"seed {seed}"
        assert pairs.anchors.tolist() == [bool(p and n) for p, n in expected.values()]


def test_no_pair_is_excluded_by_default():
    for seed in range(10):
        _, relatedness, excluded = draw(seed)
        default = candidate_pairs(relatedness)
        explicit = candidate_pairs(relatedness, torch.zeros_like(excluded))
        assert torch.equal(default.positive, explicit.positive)
        assert torch.equal(default.negative, explicit.negative)


def test_a_pair_at_the_positive_threshold_is_positive_and_one_at_the_negative_is_not_negative():
    relatedness = torch.tensor([[1.0, 0.8, 0.2], [0.8, 1.0, 0.0], [0.2, 0.0, 1.0]])
    pairs = candidate_pairs(relatedness)
    assert pairs.positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert pairs.negative.nonzero().tolist() == [[1, 2], [2, 1]]


def test_thresholds_can_be_chosen():
    relatedness = torch.tensor([[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]])
    pairs = candidate_pairs(relatedness, positive_threshold=0.5, negative_threshold=0.4)
    assert pairs.positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert pairs.negative.nonzero().tolist() == [[0, 2], [2, 0]]


def test_excluded_pairs_are_no_candidates_and_their_mask_does_not_change():
    relatedness = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    excluded = torch.tensor([[True, True, False], [True, True, False], [False, False, False]])
    before = excluded.clone()
    pairs = candidate_pairs(relatedness, excluded)
    assert not pairs.positive.any()
    assert pairs.negative.nonzero().tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]
    assert torch.equal(excluded, before)


def test_excluded_pairs_form_no_triplet():
    relatedness = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    distances = torch.ones(3, 3)
    everything = candidate_pairs(relatedness)
    assert listed(mine(distances, everything)) == [(0, 1, 2), (1, 0, 2)]
    excluded = torch.zeros(3, 3, dtype=torch.bool)
    excluded[0, 1] = True
    assert listed(mine(distances, candidate_pairs(relatedness, excluded))) == [(1, 0, 2)]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("value", [0.5, 1.0, 0.0])
def test_a_batch_without_positives_or_negatives_has_no_triplet(strategy, value):
    pairs = candidate_pairs(torch.full((5, 5), value))
    assert listed(mine(torch.rand(5, 5), pairs, strategy, 1.0)) == []


def large_batch():
    """Make two kinds of tracks, twelve of each: 264 positive pairs; all triplets violate 2.0."""
    kind = torch.arange(24) % 2
    relatedness = (kind[:, None] == kind[None, :]).float()
    distances = torch.rand(24, 24, generator=torch.Generator().manual_seed(0))
    return distances, candidate_pairs(relatedness)


@pytest.mark.parametrize("strategy", ["all", "semihard"])
def test_too_many_positive_pairs_are_sampled(strategy, monkeypatch):
    distances, pairs = large_batch()
    everything = listed(mine(distances, pairs, strategy, 2.0))
    monkeypatch.setattr(mining, "MAX_PAIRS", 50)
    sample = listed(mine(distances, pairs, strategy, 2.0))
    sampled_pairs = {(anchor, positive) for anchor, positive, _ in sample}
    assert set(sample) == {triplet for triplet in everything if triplet[:2] in sampled_pairs}
    if strategy == "all":
        assert len(sampled_pairs) == 50
        assert len({anchor for anchor, _ in sampled_pairs}) == len(distances)
    else:  # a positive pair may have no semihard negative
        assert 0 < len(sampled_pairs) <= 50
    assert listed(mine(distances, pairs, strategy, 2.0)) == sample


def test_all_positive_pairs_are_used_up_to_the_largest_number(monkeypatch):
    distances, pairs = large_batch()
    everything = listed(mine(distances, pairs, "all", 2.0))
    assert len(everything) == 264 * 12
    monkeypatch.setattr(mining, "MAX_PAIRS", 264)
    assert listed(mine(distances, pairs, "all", 2.0)) == everything


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_mining_keeps_the_global_generator(strategy):
    distances, pairs = large_batch()
    before = torch.get_rng_state()
    mine(distances, pairs, strategy)
    assert torch.equal(torch.get_rng_state(), before)


def test_sampling_positive_pairs_keeps_the_global_generator(monkeypatch):
    monkeypatch.setattr(mining, "MAX_PAIRS", 50)
    before = torch.get_rng_state()
    mine(*large_batch())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("strategy", ["all", "semihard"])
def test_a_negative_beyond_the_margin_forms_no_triplet(strategy):
    distances = torch.tensor([[0.0, 1.0, 1.5], [1.0, 0.0, 9.0], [1.5, 9.0, 0.0]])
    assert listed(mine(distances, one_triplet(), strategy, 0.5)) == []
    assert listed(mine(distances, one_triplet(), strategy, 0.75)) == [(0, 1, 2)]


def test_a_negative_as_near_as_the_positive_is_not_semihard():
    distances = torch.ones(3, 3)
    assert listed(mine(distances, one_triplet(), "semihard", 0.5)) == []
    assert listed(mine(distances, one_triplet(), "all", 0.5)) == [(0, 1, 2)]
