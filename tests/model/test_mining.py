"""Miners against plain loops."""

import numpy as np
import pytest
import torch

from tagspace.model import mining
from tagspace.model.mining import CandidatePairs, candidate_pairs, mine

MARGIN = 16.0
STRATEGIES = ["all", "semihard", "hard", "literal"]


def case(seed):
    """Draw a batch: distances without ties, relatedness around both thresholds, albums."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(2, 14))
    distances = np.zeros((n, n))
    upper = np.triu_indices(n, 1)
    distances[upper] = 1 + generator.permutation(len(upper[0]))
    at = np.float32([0.8, 0.2])
    near = [*at, *np.nextafter(at, np.float32(-1)), *np.nextafter(at, np.float32(2))]
    relatedness = generator.choice(np.float32([-0.5, *near, 1.0]), size=(n, n))
    albums = generator.integers(0, 5, size=n)
    return (
        torch.tensor(distances + distances.T),
        torch.tensor(relatedness),
        torch.tensor(albums[:, None] == albums[None, :]),
    )


def slow_candidates(relatedness, excluded):
    """Give each track its positives and its negatives."""
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


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_miners_equal_plain_loops(strategy):
    mined = 0
    for seed in range(300):
        distances, relatedness, excluded = case(seed)
        pairs = candidates(relatedness, excluded)
        found = listed(mine(distances, pairs, strategy, MARGIN))
        assert found == sorted(
            slow_mine(distances, slow_candidates(relatedness, excluded), strategy)
        ), f"seed {seed}"
        mined += len(found)
    assert mined > 300


def test_candidates_equal_plain_loops():
    for seed in range(300):
        _, relatedness, excluded = case(seed)
        pairs = candidates(relatedness, excluded)
        both = zip(pairs.positive, pairs.negative, strict=True)
        found = {
            anchor: (positive.nonzero().flatten().tolist(), negative.nonzero().flatten().tolist())
            for anchor, (positive, negative) in enumerate(both)
        }
        expected = slow_candidates(relatedness, excluded)
        assert found == expected, f"seed {seed}"
        complete = [all(pair) for pair in expected.values()]
        assert pairs.anchors.tolist() == complete


def test_a_pair_at_a_threshold_is_related_but_not_unrelated():
    relatedness = torch.tensor([[1.0, 0.8, 0.2], [0.8, 1.0, 0.0], [0.2, 0.0, 1.0]])
    none = torch.zeros(3, 3, dtype=torch.bool)
    pairs = candidates(relatedness, none)
    assert pairs.positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert pairs.negative.nonzero().tolist() == [[1, 2], [2, 1]]


def test_thresholds_are_those_asked_for():
    relatedness = torch.tensor([[1.0, 0.5, 0.3], [0.5, 1.0, 0.4], [0.3, 0.4, 1.0]])
    none = torch.zeros(3, 3, dtype=torch.bool)
    pairs = candidates(relatedness, none, positive=0.5, negative=0.4)
    assert pairs.positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert pairs.negative.nonzero().tolist() == [[0, 2], [2, 0]]


def test_what_is_excluded_takes_no_part_and_stays_as_it_was():
    relatedness = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    album = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    before = album.clone()
    pairs = candidates(relatedness, album)
    assert not pairs.positive.any()
    assert pairs.negative.nonzero().tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]
    assert torch.equal(album, before)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("value", [0.5, 1.0, 0.0])
def test_without_candidates_there_are_no_triplets(strategy, value):
    pairs = candidates(torch.full((5, 5), value), torch.zeros(5, 5, dtype=torch.bool))
    assert listed(mine(torch.rand(5, 5), pairs, strategy, 1.0)) == []


def capped_batch():
    """Two kinds of tracks, twelve of each: 264 positive pairs, and all triplets violate."""
    kind = torch.arange(24) % 2
    related = (kind[:, None] == kind[None, :]).float()
    generator = torch.Generator().manual_seed(0)
    pairs = candidates(related, torch.zeros(24, 24, dtype=torch.bool))
    return torch.rand(24, 24, generator=generator), pairs


@pytest.mark.parametrize("strategy", ["all", "semihard"])
def test_beyond_the_cap_positive_pairs_are_drawn(strategy, monkeypatch):
    distances, pairs = capped_batch()
    everything = listed(mine(distances, pairs, strategy, 2.0))
    monkeypatch.setattr(mining, "MAX_PAIRS", 50)
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(listed(mine(distances, pairs, strategy, 2.0)))
        drawn_pairs = {(anchor, positive) for anchor, positive, _ in draws[-1]}
        assert set(draws[-1]) == {triplet for triplet in everything if triplet[:2] in drawn_pairs}
        assert len(drawn_pairs) == 50 if strategy == "all" else 0 < len(drawn_pairs) <= 50
    assert draws[0] == draws[1] != draws[2]


def test_up_to_the_cap_no_pair_is_lost(monkeypatch):
    distances, pairs = capped_batch()
    everything = listed(mine(distances, pairs, "all", 2.0))
    assert len(everything) == 264 * 12
    monkeypatch.setattr(mining, "MAX_PAIRS", 264)
    assert listed(mine(distances, pairs, "all", 2.0)) == everything


def test_the_margin_counts_for_all_and_semihard():
    distances = torch.tensor([[0.0, 1.0, 1.5], [1.0, 0.0, 9.0], [1.5, 9.0, 0.0]])
    chosen = torch.zeros(3, 3, dtype=torch.bool)
    positive, negative = chosen.clone(), chosen.clone()
    positive[0, 1] = negative[0, 2] = True
    pairs = CandidatePairs(positive, negative)
    for strategy in ("all", "semihard"):
        assert listed(mine(distances, pairs, strategy, 0.5)) == []
        assert listed(mine(distances, pairs, strategy, 0.75)) == [(0, 1, 2)]


def test_a_negative_as_near_as_the_positive_is_not_semihard():
    near = torch.ones(3, 3)
    positive = torch.zeros(3, 3, dtype=torch.bool)
    negative = positive.clone()
    positive[0, 1] = negative[0, 2] = True
    pairs = CandidatePairs(positive, negative)
    assert listed(mine(near, pairs, "semihard", 0.5)) == []
    assert listed(mine(near, pairs, "all", 0.5)) == [(0, 1, 2)]
