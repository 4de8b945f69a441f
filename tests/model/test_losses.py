"""Losses against plain loops over pairs and triplets."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from tagspace.model.losses import (
    SMALLEST_VARIANCE,
    ContrastiveLoss,
    ListwiseLoss,
    RegressionLoss,
    TagLoss,
    TripletLoss,
    mean_of_positive,
    squared_distances,
    triplet_hinges,
)
from tagspace.model.mining import Triplets
from tagspace.support.device import seeded


def triplets(*rows):
    return Triplets(*torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).T)


def relatedness_with(n, positive, negative):
    """Make a relatedness matrix with the given positive and negative pairs and no others."""
    matrix = torch.full((n, n), 0.5)
    for anchor, other in positive:
        matrix[anchor, other] = 1
    for anchor, other in negative:
        matrix[anchor, other] = 0
    return matrix


def draw(seed):
    """Draw the embeddings of 12 tracks, their relatedness, and which pairs are of one album."""
    generator = np.random.default_rng(seed)
    embeddings = torch.tensor(generator.normal(size=(12, 3)), requires_grad=True)
    relatedness = np.triu(generator.choice([-0.5, 0.1, 0.5, 0.9], size=(12, 12)), 1)
    relatedness += relatedness.T + np.eye(12)
    album = generator.integers(6, size=12)
    same_album = album[:, None] == album[None, :]
    return embeddings, torch.tensor(relatedness), torch.tensor(same_album)


def slow_pairs(relatedness, excluded):
    """List the positive and the negative pairs, as anchor and other."""
    pairs = list(itertools.permutations(range(len(relatedness)), 2))
    if excluded is not None:
        pairs = [(a, b) for a, b in pairs if not excluded[a, b]]
    positive = [(a, b) for a, b in pairs if relatedness[a, b] >= 0.8]
    negative = [(a, b) for a, b in pairs if relatedness[a, b] < 0.2]
    return positive, negative


def squared(a, b):
    return ((a - b) ** 2).sum()


def slow_triplet_loss(embeddings, relatedness, excluded, margin):
    """Return the mean of the hinges above zero, and their number."""
    positive, negative = slow_pairs(relatedness, excluded)
    hinges = []
    for (anchor, related), (other_anchor, unrelated) in itertools.product(positive, negative):
        if anchor == other_anchor:
            near = squared(embeddings[anchor], embeddings[related])
            far = squared(embeddings[anchor], embeddings[unrelated])
            if near - far + margin > 0:
                hinges.append(near - far + margin)
    return sum(hinges) / len(hinges), len(hinges)


def slow_contrastive_loss(embeddings, relatedness, excluded, margin):
    """Return the sum of the two means, and the number of pairs in both."""
    positive, negative = slow_pairs(relatedness, excluded)
    attracted = [squared(embeddings[a], embeddings[b]) for a, b in positive]
    distances = [squared(embeddings[a], embeddings[b]).sqrt() for a, b in negative]
    repelled = [(margin - distance) ** 2 for distance in distances if distance < margin]
    value = sum(attracted) / len(attracted) + sum(repelled) / len(repelled)
    return value, len(attracted) + len(repelled)


@pytest.mark.parametrize("with_excluded", [False, True])
@pytest.mark.parametrize(
    ("loss_class", "slow_loss"),
    [(TripletLoss, slow_triplet_loss), (ContrastiveLoss, slow_contrastive_loss)],
)
def test_losses_equal_plain_loops(loss_class, slow_loss, with_excluded):
    for seed in range(5):
        embeddings, relatedness, same_album = draw(seed)
        excluded = same_album if with_excluded else None
        expected, n_active = slow_loss(embeddings, relatedness, excluded, margin=1.5)
        (expected_gradient,) = torch.autograd.grad(expected, embeddings)
        terms = loss_class(margin=1.5).terms(embeddings, relatedness, excluded)
        (gradient,) = torch.autograd.grad(terms.value, embeddings)
        torch.testing.assert_close(terms.value, expected)
        torch.testing.assert_close(gradient, expected_gradient)
        assert terms.active == n_active
        positive, negative = slow_pairs(relatedness, excluded)
        assert terms.anchors == len({a for a, _ in positive} & {a for a, _ in negative})


def cosine(left, right):
    return left @ right / (left.norm() * right.norm())


def others_of(track, excluded):
    return [o for o in range(len(excluded)) if o != track and not excluded[track, o]]


def slow_regression_loss(embeddings, relatedness, excluded):
    """Return the mean squared difference over all pairs that are not excluded."""
    differences = [
        cosine(embeddings[a], embeddings[b]) - relatedness[a, b]
        for a in range(len(excluded))
        for b in others_of(a, excluded)
    ]
    return sum(difference**2 for difference in differences) / len(differences)


def slow_listwise_loss(embeddings, relatedness, excluded):
    """Return the mean cross-entropy of the two distributions over the others of each track."""
    terms = []
    for track in range(len(excluded)):
        others = others_of(track, excluded)
        if others:
            wanted = torch.exp(relatedness[track, others] / 0.1)
            given = torch.stack([cosine(embeddings[track], embeddings[o]) for o in others])
            chances = torch.exp(given / 0.2) / torch.exp(given / 0.2).sum()
            terms.append(-(wanted / wanted.sum() * chances.log()).sum())
    return sum(terms) / len(terms)


@pytest.mark.parametrize("with_excluded", [False, True])
@pytest.mark.parametrize(
    ("loss", "slow_loss"),
    [(RegressionLoss(), slow_regression_loss), (ListwiseLoss(), slow_listwise_loss)],
)
def test_graded_losses_equal_plain_loops(loss, slow_loss, with_excluded):
    for seed in range(5):
        embeddings, relatedness, same_album = draw(seed)
        if with_excluded:
            same_album[0] = same_album[:, 0] = True  # a track that has no other to be ranked with
        excluded = same_album if with_excluded else torch.zeros_like(same_album)
        expected = slow_loss(embeddings, relatedness, excluded)
        (expected_gradient,) = torch.autograd.grad(expected, embeddings)
        terms = loss.terms(embeddings, relatedness, excluded if with_excluded else None)
        (gradient,) = torch.autograd.grad(terms.value, embeddings)
        torch.testing.assert_close(terms.value, expected)
        torch.testing.assert_close(gradient, expected_gradient)
        n_pairs = [len(others_of(track, excluded)) for track in range(len(excluded))]
        assert (terms.active, terms.anchors) == (sum(n_pairs), sum(n > 0 for n in n_pairs))


@pytest.mark.parametrize("loss", [RegressionLoss(), ListwiseLoss()])
def test_a_graded_loss_finds_the_most_related_track(loss):
    with seeded(0):
        vectors = functional.normalize(torch.randn(6, 3), dim=1)
        embeddings = torch.randn(6, 3, requires_grad=True)
    wanted = vectors @ vectors.T
    optimiser = torch.optim.Adam([embeddings], lr=0.05)
    for _ in range(500):
        optimiser.zero_grad()
        loss(embeddings, wanted).backward()
        optimiser.step()
    found = functional.normalize(embeddings.detach(), dim=1)
    most = [(matrix - 2 * torch.eye(6)).argmax(1) for matrix in (found @ found.T, wanted)]
    assert torch.equal(*most)


@pytest.mark.parametrize("loss_class", [TripletLoss, ContrastiveLoss, RegressionLoss, ListwiseLoss])
def test_excluded_pairs_change_the_loss(loss_class):
    embeddings, relatedness, same_album = draw(0)
    loss = loss_class()
    nothing_excluded = torch.zeros_like(same_album)
    assert loss(embeddings, relatedness) == loss(embeddings, relatedness, nothing_excluded)
    assert loss(embeddings, relatedness) != loss(embeddings, relatedness, same_album)


@pytest.mark.parametrize(
    "loss",
    [TripletLoss(), ContrastiveLoss(), RegressionLoss(), ListwiseLoss(), TagLoss([0.5] * 12, 3)],
)
def test_a_loss_and_its_counts_have_no_dimensions(loss):
    embeddings, relatedness, same_album = (part.detach() for part in draw(0))
    given = embeddings.float(), (relatedness > 0.5).float(), same_album
    terms = loss.terms(*given)
    assert all(isinstance(term, torch.Tensor) and term.ndim == 0 for term in terms)
    assert loss(*given) == terms.value


def test_squared_distances_equal_those_of_plain_loops():
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(7, 5, dtype=torch.float64, generator=generator)
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


def test_hinges_that_keep_the_margin_do_not_enter_the_mean():
    distances = torch.tensor([[0.0, 1.0, 1.5, 4.0], [1.0, 0, 3, 2], [1.5, 3, 0, 1], [4, 2, 1, 0]])
    # 1 - 1.5 + 1 = 0.5 and 2 - 1 + 1 = 2 violate the margin; 1 - 4 + 1 and 1.5 - 4 + 1 keep it.
    chosen = triplets((0, 1, 2), (0, 1, 3), (1, 3, 0), (0, 2, 3))
    hinges = triplet_hinges(distances, chosen, margin=1.0)
    assert hinges.tolist() == [0.5, 0, 2, 0]
    assert mean_of_positive(hinges).item() == pytest.approx((0.5 + 2) / 2)


@pytest.mark.parametrize("chosen", [triplets(), triplets((0, 1, 2))])
def test_triplets_that_keep_the_margin_have_no_loss_and_no_gradient(chosen):
    embeddings = torch.tensor([[0.0], [1.0], [5.0]], requires_grad=True)
    hinges = triplet_hinges(squared_distances(embeddings), chosen, margin=0.5)
    loss = mean_of_positive(hinges)
    loss.backward()
    assert loss.item() == 0
    assert not embeddings.grad.any()


def test_the_triplet_loss_of_one_anchor_is_its_hinge():
    embeddings = torch.tensor([[0.0], [1.0], [1.2], [5.0]])
    relatedness = relatedness_with(4, positive=[(0, 1)], negative=[(0, 2), (0, 3)])
    terms = TripletLoss(margin=1.0).terms(embeddings, relatedness)
    assert terms.value.item() == pytest.approx(1 - 1.44 + 1)  # the triplet with 3 keeps the margin
    assert (terms.active, terms.anchors) == (1, 1)


def test_the_triplet_loss_uses_the_triplets_of_its_strategy():
    embeddings = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0]])
    relatedness = relatedness_with(5, positive=[(0, 1), (0, 2)], negative=[(0, 3), (0, 4)])
    hardest = TripletLoss(margin=20, strategy="hard")(embeddings, relatedness)
    easiest = TripletLoss(margin=20, strategy="literal")(embeddings, relatedness)
    assert hardest.item() == pytest.approx(4 - 9 + 20)
    assert easiest.item() == pytest.approx(1 - 16 + 20)
    kept = TripletLoss(margin=1, strategy="literal").terms(embeddings, relatedness)
    assert (kept.value, kept.active, kept.anchors) == (0, 0, 1)


@pytest.mark.parametrize("loss_class", [TripletLoss, ContrastiveLoss])
def test_a_loss_uses_its_own_thresholds(loss_class):
    embeddings = torch.tensor([[0.0], [1.0], [1.2]])
    relatedness = torch.tensor([[1.0, 0.6, 0.4], [0.6, 1.0, 0.5], [0.4, 0.5, 1.0]])
    assert loss_class().terms(embeddings, relatedness).anchors == 0
    loss = loss_class(positive_threshold=0.6, negative_threshold=0.45)
    assert loss.terms(embeddings, relatedness).anchors == 1  # only 0 has both


def test_the_triplet_gradient_moves_the_positive_nearer_and_the_negative_away():
    embeddings = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 2.0]], requires_grad=True)
    relatedness = relatedness_with(3, positive=[(0, 1)], negative=[(0, 2)])
    TripletLoss(margin=1.0)(embeddings, relatedness).backward()
    anchor, positive, negative = embeddings.detach()
    expected = torch.stack(
        [2 * (negative - positive), 2 * (positive - anchor), 2 * (anchor - negative)]
    )
    torch.testing.assert_close(embeddings.grad, expected)


def test_the_contrastive_loss_attracts_related_and_repels_unrelated_pairs():
    embeddings = torch.tensor([[0.0], [2.0], [0.4], [5.0]], requires_grad=True)
    relatedness = relatedness_with(4, positive=[(0, 1), (1, 0)], negative=[(0, 2), (0, 3)])
    terms = ContrastiveLoss(margin=1.0).terms(embeddings, relatedness)
    # Related: 4 and 4. Unrelated: (1 - 0.4)^2; the pair at a distance of 5 keeps the margin.
    assert terms.value.item() == pytest.approx(4 + 0.36)
    assert (terms.active, terms.anchors) == (3, 1)
    terms.value.backward()
    assert embeddings.grad[1] > 0 > embeddings.grad[2]
    assert embeddings.grad[3] == 0


def test_the_contrastive_gradient_of_equal_embeddings_is_finite():
    embeddings = torch.zeros(3, 2, requires_grad=True)
    relatedness = relatedness_with(3, positive=[(0, 1)], negative=[(0, 2)])
    ContrastiveLoss(margin=1.0)(embeddings, relatedness).backward()
    assert embeddings.grad.isfinite().all()


def test_the_tag_loss_is_the_mean_cross_entropy_of_all_tracks_and_tags():
    loss = TagLoss([0.3, 0.5, 0.4], dimensions=2)
    embeddings = torch.tensor([[0.5, -1.0], [2.0, 0.3]])
    tags = torch.tensor([[0.0, 1, 0], [1, 0, 1]])
    # Each of two values is one standard deviation from their mean, if the small constant that is
    # added to the variance is left aside.
    half = torch.tensor([0.75, 0.65])
    standardised = torch.stack([-half, half]) / (half**2 + SMALLEST_VARIANCE).sqrt()
    expected = []
    for embedding, carried in zip(standardised, tags, strict=True):
        for weight, bias, tag in zip(loss.head.weight, loss.head.bias, carried, strict=True):
            probability = torch.sigmoid(weight @ embedding + bias)
            expected.append(-torch.log(probability if tag else 1 - probability).item())
    terms = loss.terms(embeddings, tags)
    assert terms.value.item() == pytest.approx(np.mean(expected))
    assert (terms.active, terms.anchors) == (2, 2)


def test_excluded_pairs_do_not_change_the_tag_loss():
    loss = TagLoss([0.3, 0.5], dimensions=3)
    embeddings, tags = torch.eye(3), torch.tensor([[0.0, 1], [1, 0], [1, 1]])
    assert loss(embeddings, tags) == loss(embeddings, tags, torch.ones(3, 3, dtype=torch.bool))


def test_a_tagger_starts_from_the_frequencies_of_the_tags():
    frequencies = np.array([0.5, 0.1, 0.01, 1e-3])
    bias = TagLoss(frequencies, dimensions=8).head.bias.detach()
    np.testing.assert_allclose(torch.sigmoid(bias), frequencies, rtol=1e-5)


def test_a_tagger_predicts_frequencies_for_a_single_track():
    loss = TagLoss([0.375], dimensions=4)
    embedding = torch.randn(1, 4, generator=torch.Generator().manual_seed(0))
    assert loss(embedding, torch.ones(1, 1)).item() == pytest.approx(-np.log(0.375), rel=1e-5)


def test_a_tagger_learns_tags_from_embeddings_of_unit_length():
    noise = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    embeddings = functional.normalize(noise, dim=1)
    tags = (embeddings[:, :4] > 0.1).float()
    with seeded(0):
        loss = TagLoss(tags.mean(0), dimensions=64)
    optimiser = torch.optim.Adam(loss.parameters(), lr=1e-2)
    first = loss(embeddings, tags).item()
    for _ in range(100):
        optimiser.zero_grad()
        value = loss(embeddings, tags)
        value.backward()
        optimiser.step()
    assert value.item() < 0.4 * first
