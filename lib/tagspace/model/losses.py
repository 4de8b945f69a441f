"""What training asks of the embeddings of a batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse
from torch import nn
from torch.nn import functional

from tagspace.model import mining
from tagspace.model.mining import Candidates, Triplets

SMALLEST_VARIANCE = 1e-5  # within a batch, of a value of the embeddings


class Batch(NamedTuple):
    """The embeddings of some tracks, and what is known of these.

    ``rows``, shape (n,), are their rows in the corpus, ``embeddings`` has shape (n, d),
    ``distances``, shape (n, n), are squared; ``pairs`` are those that may form a triplet.
    """

    rows: np.ndarray
    embeddings: torch.Tensor
    distances: torch.Tensor
    pairs: Candidates


class TripletLoss(nn.Module):
    """The paper's: a related track should be nearer than an unrelated one (Section III-A).

    Parameters
    ----------
    strategy : {"all", "semihard", "hard", "literal"}
        Which triplets; see :func:`tagspace.model.mining.mine`.
    margin : float
        By how much nearer.
    """

    def __init__(self, strategy: mining.Strategy, margin: float) -> None:
        super().__init__()
        self.strategy = strategy
        self.margin = margin

    def forward(self, batch: Batch) -> tuple[torch.Tensor, int]:
        """Return the loss, and how many triplets have a part in it."""
        triplets = mining.mine(batch.distances.detach(), batch.pairs, self.strategy, self.margin)
        each = hinges(batch.distances, triplets, self.margin)
        return average(each), int((each > 0).sum())


class ContrastiveLoss(nn.Module):
    """That of the siamese network: related tracks near, unrelated ones farther than a margin.

    Of a batch, the related pairs that are apart and the unrelated ones that are too near are
    averaged each for themselves, and so count alike however many there are.

    Parameters
    ----------
    margin : float
        Of the distance, not squared.

    References
    ----------
    Hadsell, Chopra and LeCun 2006, equation 4, for one pair and twice as much.
    """

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, batch: Batch) -> tuple[torch.Tensor, int]:
        """Return the loss, and how many pairs have a part in it."""
        near = batch.distances[batch.pairs.positive]
        # A root has no slope at 0, where a pair of equal embeddings would be.
        apart = batch.distances[batch.pairs.negative].clamp_min(1e-12).sqrt()
        intruding = (self.margin - apart).clamp_min(0).square()
        loss = average(near) + average(intruding)
        return loss, int((near > 0).sum() + (intruding > 0).sum())


class TagLoss(nn.Module):
    """That of a tagger: a linear layer on the embedding should tell which tags a track carries.

    It begins with how frequent each tag is, so that only what tells tracks apart is left to learn,
    and sees embeddings as standardised over the batch: in their space they differ by little.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Of all tracks of the corpus.
    train : numpy.ndarray of int
        Rows of the training tracks, on which tags are counted.
    dimensions : int
        Of the embeddings.
    """

    def __init__(self, tags: sparse.csr_array, train: np.ndarray, dimensions: int) -> None:
        super().__init__()
        self.tags = tags
        self.head = nn.Linear(dimensions, tags.shape[1])
        carriers = torch.as_tensor(tags[train].sum(axis=0), dtype=torch.float32)
        with torch.no_grad():
            self.head.bias.copy_(torch.logit((carriers + 0.5) / (len(train) + 1)))

    def forward(self, batch: Batch) -> tuple[torch.Tensor, int]:
        """Return the mean binary cross-entropy, and the number of tracks."""
        carried = torch.as_tensor(self.tags[batch.rows].toarray(), dtype=torch.float32)
        centred = batch.embeddings - batch.embeddings.mean(0)
        predicted = self.head(centred / (centred.square().mean(0) + SMALLEST_VARIANCE).sqrt())
        loss = functional.binary_cross_entropy_with_logits(predicted, carried.to(predicted.device))
        return loss, len(batch.rows)


def squared_distances(embeddings: torch.Tensor) -> torch.Tensor:
    """Compute the squared Euclidean distances of all pairs.

    Parameters
    ----------
    embeddings : torch.Tensor, shape (n, d)

    Returns
    -------
    torch.Tensor, shape (n, n)
        Not negative.
    """
    squares = embeddings.square().sum(1)
    products = embeddings @ embeddings.T
    return (squares[:, None] + squares[None, :] - 2 * products).clamp_min(0)


def hinges(distances: torch.Tensor, triplets: Triplets, margin: float) -> torch.Tensor:
    """Compute the triplet loss of each triplet (Section III-A).

    ``max(|a - p|^2 - |a - n|^2 + margin, 0)``

    Parameters
    ----------
    distances : torch.Tensor, shape (n, n)
        Squared Euclidean.
    triplets : Triplets
        Indices into the batch.
    margin : float
        By how much the negative should be farther than the positive.

    Returns
    -------
    torch.Tensor, shape (n_triplets,)
        Above zero where a triplet violates the margin.
    """
    anchor, positive, negative = triplets
    return (distances[anchor, positive] - distances[anchor, negative] + margin).clamp_min(0)


def average(hinges: torch.Tensor) -> torch.Tensor:
    """Average the loss over the triplets that have one; zero where no triplet violates the margin.

    Those at zero teach nothing, and counting them would make the step shorter the more of them
    there are.
    """
    return hinges.sum() / (hinges > 0).sum().clamp_min(1)
