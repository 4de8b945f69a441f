import numpy as np
import pytest
import torch
from scipy import sparse
from torch.nn import functional

from tagspace.model.losses import (
    SMALLEST_VARIANCE,
    Batch,
    ContrastiveLoss,
    TagLoss,
    TripletLoss,
    average,
    hinges,
    squared_distances,
)
from tagspace.model.mining import CandidatePairs, Triplets


def triplet(distances, mined, margin):
    return average(hinges(distances, mined, margin))


def triplets(*rows):
    return Triplets(*torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).T)


def test_squared_distances_are_those_of_all_pairs():
    embeddings = torch.randn(7, 5, dtype=torch.float64)
    distances = squared_distances(embeddings)
    for a in range(7):
        for b in range(7):
            expected = np.linalg.norm(embeddings[a] - embeddings[b]) ** 2
            assert distances[a, b].item() == pytest.approx(expected, abs=1e-12)


def test_squared_distances_of_equal_tracks_are_not_negative():
    once = 1000 * torch.rand(100, 256, generator=torch.Generator().manual_seed(1))
    twice = once.repeat(2, 1)
    squares = twice.square().sum(1)
    assert (squares[:, None] + squares - 2 * twice @ twice.T).min() < 0  # rounding errors
    assert (squared_distances(twice) >= 0).all()


def test_triplet_loss_is_the_mean_of_those_that_violate_the_margin():
    distances = torch.tensor([[0.0, 1.0, 1.5, 4.0], [1.0, 0, 3, 2], [1.5, 3, 0, 1], [4, 2, 1, 0]])
    # 1 - 1.5 + 1 = 0.5 and 2 - 1 + 1 = 2 violate it; 1 - 4 + 1 and 1.5 - 4 + 1 do not.
    mined = triplets((0, 1, 2), (0, 1, 3), (1, 3, 0), (0, 2, 3))
    assert triplet(distances, mined, margin=1.0).item() == pytest.approx((0.5 + 2) / 2)


@pytest.mark.parametrize("mined", [triplets(), triplets((0, 1, 2))])
def test_triplet_loss_without_violation_is_zero_and_teaches_nothing(mined):
    embeddings = torch.tensor([[0.0], [1.0], [5.0]], requires_grad=True)
    loss = triplet(squared_distances(embeddings), mined, margin=0.5)
    loss.backward()
    assert loss.item() == 0
    assert not embeddings.grad.any()


def batch(embeddings, positive, negative):
    pairs = [torch.zeros(len(embeddings), len(embeddings), dtype=torch.bool) for _ in range(2)]
    for mask, marked in zip(pairs, (positive, negative), strict=True):
        for anchor, other in marked:
            mask[anchor, other] = True
    rows = np.arange(len(embeddings))
    return Batch(rows, embeddings, squared_distances(embeddings), CandidatePairs(*pairs))


def test_triplet_loss_of_a_batch_is_that_of_its_triplets():
    embeddings = torch.tensor([[0.0], [1.0], [1.2], [5.0]])
    loss, active = TripletLoss("all", 1.0)(batch(embeddings, [(0, 1)], [(0, 2), (0, 3)]))
    assert loss.item() == pytest.approx(1 - 1.44 + 1)  # the triplet with 3 keeps the margin
    assert active == 1


def test_contrastive_loss_draws_pairs_together_or_apart():
    embeddings = torch.tensor([[0.0], [2.0], [0.4], [5.0]], requires_grad=True)
    given = batch(embeddings, [(0, 1), (1, 0)], [(0, 2), (0, 3)])
    loss, active = ContrastiveLoss(1.0)(given)
    # Related: 4 and 4. Unrelated: (1 - 0.4)^2, and none for the pair that is 5 apart.
    assert loss.item() == pytest.approx(4 + 0.36)
    assert active == 3
    loss.backward()
    assert embeddings.grad[1] > 0 > embeddings.grad[2]
    assert embeddings.grad[3] == 0


def test_contrastive_loss_of_equal_embeddings_has_a_finite_gradient():
    embeddings = torch.zeros(3, 2, requires_grad=True)
    ContrastiveLoss(1.0)(batch(embeddings, [(0, 1)], [(0, 2)]))[0].backward()
    assert embeddings.grad.isfinite().all()


def test_tag_loss_is_the_cross_entropy_of_each_track_and_tag():
    tags = sparse.csr_array(np.array([[1.0, 0, 1], [0, 0, 0], [0, 1, 0]]))
    loss = TagLoss(tags, np.arange(3), 2)
    embeddings = torch.tensor([[0.5, -1.0], [2.0, 0.3]])
    given = batch(embeddings, [], [])._replace(rows=np.array([2, 0]))
    expected = []
    # Two values are as far from their mean as their deviation, but for what is added to it.
    half = torch.tensor([0.75, 0.65])
    standardised = torch.stack([-half, half]) / (half**2 + SMALLEST_VARIANCE).sqrt()
    for embedding, carried in zip(standardised, ([0, 1, 0], [1, 0, 1]), strict=True):
        for weight, bias, tag in zip(loss.head.weight, loss.head.bias, carried, strict=True):
            chance = torch.sigmoid(weight @ embedding + bias)
            expected.append(-torch.log(chance if tag else 1 - chance).item())
    value, active = loss(given)
    assert value.item() == pytest.approx(np.mean(expected))
    assert active == 2


def test_a_tagger_begins_with_how_frequent_tags_are():
    draws = np.random.default_rng(0)
    tags = sparse.csr_array((draws.random((600, 3)) < [0.5, 0.1, 0.01]).astype(float))
    train = np.arange(400)
    bias = TagLoss(tags, train, 8).head.bias.detach()
    rates = tags[train].toarray().mean(0)
    np.testing.assert_allclose(torch.sigmoid(bias), rates, atol=0.002)
    # A tag that no training track carries is unlikely, and not impossible.
    none = TagLoss(sparse.csr_array((600, 1)), train, 8).head.bias
    assert 0 < torch.sigmoid(none).item() < 0.01


def test_a_tagger_of_a_single_track_tells_frequencies():
    tags = sparse.csr_array(np.array([[1.0], [0], [0]]))
    loss = TagLoss(tags, np.arange(3), 4)
    given = batch(torch.randn(1, 4), [], [])
    assert loss(given)[0].item() == pytest.approx(-np.log(1.5 / 4), rel=1e-5)


def test_a_tagger_learns_tags_that_embeddings_of_unit_length_tell_apart():
    torch.manual_seed(0)
    embeddings = functional.normalize(torch.randn(200, 64), dim=1)
    tags = sparse.csr_array((embeddings[:, :4] > 0.1).double().numpy())
    loss = TagLoss(tags, np.arange(200), 64)
    optimiser = torch.optim.Adam(loss.parameters(), lr=1e-2)
    given = batch(embeddings, [], [])
    first = loss(given)[0].item()
    for _ in range(100):
        optimiser.zero_grad()
        value = loss(given)[0]
        value.backward()
        optimiser.step()
    assert value.item() < 0.4 * first


def test_gradient_moves_the_positive_closer_and_the_negative_away():
    embeddings = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 2.0]], requires_grad=True)
    triplet(squared_distances(embeddings), triplets((0, 1, 2)), margin=1.0).backward()
    anchor, positive, negative = embeddings.detach()
    expected = torch.stack(
        [2 * (negative - positive), 2 * (positive - anchor), 2 * (anchor - negative)]
    )
    torch.testing.assert_close(embeddings.grad, expected)
