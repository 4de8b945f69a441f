"""The losses: triplets (Section III-A), pairs, graded relatedness, and tag prediction.

Each loss is a torch module that takes the embeddings and labels of a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tagspace.model import mining
from tagspace.model.mining import NEGATIVE_THRESHOLD, POSITIVE_THRESHOLD

SMALLEST_VARIANCE = 1e-5  # added to the variance of each dimension over a batch


class Terms(NamedTuple):
    """A loss and what it was computed from; all are scalar tensors.

    ``value`` is the loss. ``active`` is the number of terms with a gradient: triplets, pairs or
    tracks. ``anchors`` is the number of tracks that a term can be made for, ``pairs`` the number of
    candidate positive pairs (0 for losses without thresholds).
    """

    value: Tensor
    active: Tensor
    anchors: Tensor
    pairs: Tensor


class Loss(nn.Module):
    """A loss of embeddings, shape (n, d), and labels of the same n tracks.

    Labels are a relatedness matrix, shape (n, n), unless a loss says otherwise.
    """

    def forward(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Tensor:
        """Return the scalar loss; see :meth:`terms`."""
        return self.terms(embeddings, labels, excluded).value

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the loss and what it was computed from.

        Parameters
        ----------
        embeddings : torch.Tensor, shape (n, d)
            One row per track.
        labels : torch.Tensor, shape (n, m)
            See each loss.
        excluded : torch.Tensor of bool, shape (n, n), optional
            True for pairs to leave out, such as tracks of one album.
        """
        raise NotImplementedError


class TripletLoss(Loss):
    """The paper's loss, equation 2: a related track should be nearer than an unrelated one.

    Parameters
    ----------
    margin : float
        How much nearer the positive must be than the negative, in squared Euclidean distance.
    strategy : {"all", "semihard", "hard", "literal"}
        Which triplets of a batch to use; see :func:`tagspace.model.mining.mine`.
    positive_threshold, negative_threshold : float
        See :func:`tagspace.model.mining.candidate_pairs`.

    Examples
    --------
    >>> embeddings = torch.tensor([[0.0], [1.0], [1.5]], requires_grad=True)
    >>> relatedness = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    >>> loss = TripletLoss(margin=0.2)(embeddings, relatedness)
    >>> round(loss.item(), 2)  # one active triplet, of the middle track: 1 - 0.25 + 0.2
    0.95
    >>> loss.backward()
    """

    def __init__(
        self,
        margin: float = 0.2,
        strategy: mining.Strategy = "all",
        positive_threshold: float = POSITIVE_THRESHOLD,
        negative_threshold: float = NEGATIVE_THRESHOLD,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.strategy = strategy
        self.thresholds = positive_threshold, negative_threshold

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the mean hinge of the triplets that violate the margin."""
        pairs = mining.candidate_pairs(labels, excluded, *self.thresholds)
        distances = squared_distances(embeddings)
        triplets = mining.mine(distances.detach(), pairs, self.strategy, self.margin)
        hinges = triplet_hinges(distances, triplets, self.margin)
        return _terms(mean_of_positive(hinges), (hinges > 0).sum(), pairs)


class ContrastiveLoss(Loss):
    """The siamese network's loss: related tracks near, unrelated ones beyond a margin.

    It is the sum of two means: over related pairs with distance above 0, and over unrelated pairs
    within the margin.

    Parameters
    ----------
    margin : float
        In Euclidean distance, not squared.
    positive_threshold, negative_threshold : float
        See :func:`tagspace.model.mining.candidate_pairs`.

    References
    ----------
    Hadsell, Chopra and LeCun 2006; twice their equation 4 for one pair.

    Examples
    --------
    >>> embeddings = torch.tensor([[0.0], [1.0], [1.5]], requires_grad=True)
    >>> relatedness = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    >>> round(ContrastiveLoss(margin=1.0)(embeddings, relatedness).item(), 2)
    1.25
    """

    def __init__(
        self,
        margin: float = 1.0,
        positive_threshold: float = POSITIVE_THRESHOLD,
        negative_threshold: float = NEGATIVE_THRESHOLD,
    ) -> None:
        super().__init__()
        self.margin = margin
        self.thresholds = positive_threshold, negative_threshold

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the sum of both means."""
        pairs = mining.candidate_pairs(labels, excluded, *self.thresholds)
        distances = squared_distances(embeddings)
        attracted = distances[pairs.positive]
        # The square root has an infinite gradient at 0, the distance of two equal embeddings.
        apart = distances[pairs.negative].clamp_min(1e-12).sqrt()
        repelled = (self.margin - apart).clamp_min(0).square()
        active = (attracted > 0).sum() + (repelled > 0).sum()
        return _terms(mean_of_positive(attracted) + mean_of_positive(repelled), active, pairs)


class RegressionLoss(Loss):
    """Mean squared error between the cosine of two embeddings and the tracks' relatedness.

    Examples
    --------
    >>> embeddings = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> RegressionLoss()(embeddings, torch.tensor([[1.0, 0.5], [0.5, 1.0]])).item()
    0.25
    """

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the mean squared difference over the pairs that are not excluded."""
        used = mining.allowed_pairs(labels, excluded)
        difference = cosines(embeddings) - labels
        return _graded_terms(difference[used].square().mean(), used)


class ListwiseLoss(Loss):
    """The nearest tracks should be the most related ones: each track ranks all others.

    A softmax turns relatedness and cosines of embeddings, divided by their temperatures, into two
    distributions over the other tracks. The loss is their mean cross-entropy.

    Parameters
    ----------
    temperature : float
        Of the cosines of embeddings.
    label_temperature : float
        Of the relatedness. The lower it is, the more the most related tracks count.

    References
    ----------
    Cao et al. 2007 (ListNet, with the top-one probability).

    Examples
    --------
    >>> related = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.1], [0.1, 0.1, 1.0]])
    >>> near = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    >>> bool(ListwiseLoss()(near, related) < ListwiseLoss()(near[[0, 2, 1]], related))
    True
    """

    def __init__(self, temperature: float = 0.2, label_temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature, self.label_temperature = temperature, label_temperature

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the mean cross-entropy over the tracks that have another one to rank."""
        used = mining.allowed_pairs(labels, excluded)
        ranked, hidden = used.any(1), ~used[used.any(1)]
        grades = labels[ranked] / self.label_temperature
        wanted = grades.masked_fill(hidden, -torch.inf).softmax(1)
        logits = (cosines(embeddings)[ranked] / self.temperature).masked_fill(hidden, -torch.inf)
        chances = logits.log_softmax(1).masked_fill(hidden, 0)  # 0 times infinity is no number
        return _graded_terms(-(wanted * chances).sum(1).mean(), used)


class TagLoss(Loss):
    """A tagger's loss: a linear layer on the embedding predicts the tags of a track.

    Labels are tags, shape (n, n_tags), 0 or 1. The bias of the layer starts at the log-odds of each
    tag's frequency. Embeddings are standardised over the batch, because they differ by little.

    Parameters
    ----------
    frequencies : array_like, shape (n_tags,)
        Share of the training tracks that carry each tag, above 0 and below 1.
    dimensions : int
        Length of an embedding.

    Examples
    --------
    >>> embeddings, tags = torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0], [0.0]])
    >>> loss = TagLoss(frequencies=[0.5], dimensions=1)
    >>> bool(loss(embeddings, tags) > 0)
    True
    """

    def __init__(self, frequencies: np.ndarray | list[float], dimensions: int) -> None:
        super().__init__()
        shares = torch.as_tensor(frequencies, dtype=torch.float32)
        self.head = nn.Linear(dimensions, len(shares))
        with torch.no_grad():
            self.head.bias.copy_(torch.logit(shares))

    def terms(self, embeddings: Tensor, labels: Tensor, excluded: Tensor | None = None) -> Terms:
        """Return the mean binary cross-entropy; ``excluded`` is ignored."""
        centred = embeddings - embeddings.mean(0)
        predicted = self.head(centred / (centred.square().mean(0) + SMALLEST_VARIANCE).sqrt())
        value = functional.binary_cross_entropy_with_logits(predicted, labels)
        n_tracks = torch.full((), len(embeddings), device=value.device)
        return Terms(value, n_tracks, n_tracks, torch.zeros_like(n_tracks))


def _terms(value: Tensor, active: Tensor, pairs: mining.CandidatePairs) -> Terms:
    return Terms(value, active, pairs.anchors.sum(), pairs.positive.sum() // 2)


def _graded_terms(value: Tensor, used: Tensor) -> Terms:
    n_pairs = used.sum()
    return Terms(value, n_pairs, used.any(1).sum(), torch.zeros_like(n_pairs))


def cosines(embeddings: Tensor) -> Tensor:
    """Compute the cosines of all pairs of rows, shape (n, n)."""
    unit = functional.normalize(embeddings, dim=1)
    return unit @ unit.T


def squared_distances(embeddings: Tensor) -> Tensor:
    """Compute the squared Euclidean distances of all pairs of rows, shape (n, n)."""
    squares = embeddings.square().sum(1)
    products = embeddings @ embeddings.T
    return (squares[:, None] + squares[None, :] - 2 * products).clamp_min(0)


def triplet_hinges(distances: Tensor, triplets: mining.Triplets, margin: float) -> Tensor:
    """Compute ``max(|a - p|^2 - |a - n|^2 + margin, 0)`` of each triplet, shape (n_triplets,)."""
    anchor, positive, negative = triplets
    return (distances[anchor, positive] - distances[anchor, negative] + margin).clamp_min(0)


def mean_of_positive(terms: Tensor) -> Tensor:
    """Average the terms above zero; zero where there are none.

    Terms at zero have no gradient. With them in the mean, fewer active terms would learn slower.
    """
    return terms.sum() / (terms > 0).sum().clamp_min(1)
