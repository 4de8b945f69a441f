"""Losses on the distances of a batch."""

from __future__ import annotations

import torch

from tagspace.mining import Triplets


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
