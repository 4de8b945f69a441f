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


def triplet(distances: torch.Tensor, triplets: Triplets, margin: float) -> torch.Tensor:
    """Compute the triplet loss, averaged over the triplets that have one (Section III-A).

    ``max(|a - p|^2 - |a - n|^2 + margin, 0)``; those at zero teach nothing, and counting them
    would make the step shorter the more of them there are.

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
    torch.Tensor, scalar
        Zero where no triplet violates the margin.
    """
    return average(hinges(distances, triplets, margin))


def hinges(distances: torch.Tensor, triplets: Triplets, margin: float) -> torch.Tensor:
    """Compute the loss of each triplet, shape (n_triplets,): above 0 where it violates the margin.

    Parameters
    ----------
    distances, triplets, margin
        See :func:`triplet`.
    """
    anchor, positive, negative = triplets
    return (distances[anchor, positive] - distances[anchor, negative] + margin).clamp_min(0)


def average(hinges: torch.Tensor) -> torch.Tensor:
    """Average over the triplets that violate the margin; zero where there is none."""
    return hinges.sum() / (hinges > 0).sum().clamp_min(1)
