"""Online triplet mining: candidate pairs by relatedness, triplets by distance (Section III-A)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

Strategy = Literal["all", "semihard", "hard", "literal"]
# Defaults of the losses: cosines, as in the paper. A run takes its own from its configuration.
POSITIVE_THRESHOLD, NEGATIVE_THRESHOLD = 0.8, 0.2
MAX_PAIRS = 10_000  # positive pairs per batch; a larger set is sampled, to bound memory


class Triplets(NamedTuple):
    """Indices into the batch: anchor, positive and negative of each triplet, shape (n,) each."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor


class CandidatePairs(NamedTuple):
    """Boolean matrices, shape (n, n): which tracks may be positives and negatives of an anchor."""

    positive: Tensor
    negative: Tensor

    @property
    def anchors(self) -> Tensor:
        """Mask of the tracks that have both a positive and a negative, shape (n,)."""
        return self.positive.any(1) & self.negative.any(1)


def allowed_pairs(relatedness: Tensor, excluded: Tensor | None) -> Tensor:
    """Return the mask of pairs of two different tracks that are not excluded, shape (n, n)."""
    allowed = torch.ones_like(relatedness, dtype=torch.bool) if excluded is None else ~excluded
    return allowed.fill_diagonal_(False)


def candidate_pairs(
    relatedness: Tensor,
    excluded: Tensor | None = None,
    positive_threshold: float = POSITIVE_THRESHOLD,
    negative_threshold: float = NEGATIVE_THRESHOLD,
) -> CandidatePairs:
    """Find the candidate positives and negatives of a batch.

    Parameters
    ----------
    relatedness : torch.Tensor, shape (n, n)
        For example, cosines of the LSI vectors.
    excluded : torch.Tensor of bool, shape (n, n), optional
        Pairs that take no part, such as tracks of one album.
    positive_threshold, negative_threshold : float
        A pair is positive if its relatedness is at least the first threshold, and negative if it is
        below the second.

    Examples
    --------
    >>> relatedness = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.5], [0.1, 0.5, 1.0]])
    >>> pairs = candidate_pairs(relatedness)
    >>> pairs.positive.nonzero().tolist(), pairs.negative.nonzero().tolist()
    ([[0, 1], [1, 0]], [[0, 2], [2, 0]])
    """
    allowed = allowed_pairs(relatedness, excluded)
    return CandidatePairs(
        (relatedness >= positive_threshold) & allowed, (relatedness < negative_threshold) & allowed
    )


def mine(
    distances: Tensor, pairs: CandidatePairs, strategy: Strategy = "all", margin: float = 0.2
) -> Triplets:
    """Choose the triplets of a batch.

    Parameters
    ----------
    distances : torch.Tensor, shape (n, n)
        Squared Euclidean distances of the embeddings.
    pairs : CandidatePairs
    strategy : {"all", "semihard", "hard", "literal"}
        ``all``: every triplet that violates the margin. ``semihard``: for each positive pair, the
        nearest negative that is farther than the positive but within the margin. ``hard``: for each
        anchor, its farthest positive and nearest negative. ``literal``: for each anchor, its
        nearest positive and farthest negative, the easiest triplet, as the paper's text says.
    margin : float
        Margin of the triplet loss.

    Examples
    --------
    >>> relatedness = torch.tensor([[1.0, 0.9, 0.1], [0.9, 1.0, 0.5], [0.1, 0.5, 1.0]])
    >>> distances = torch.tensor([[0.0, 0.5, 0.6], [0.5, 0.0, 0.1], [0.6, 0.1, 0.0]])
    >>> [part.tolist() for part in mine(distances, candidate_pairs(relatedness))]
    [[0], [1], [2]]
    """
    anchors = pairs.anchors[:, None]
    complete = CandidatePairs(pairs.positive & anchors, pairs.negative & anchors)
    if strategy == "all":
        return _all(distances, complete, margin)
    if strategy == "semihard":
        return _semihard(distances, complete, margin)
    return _extreme(distances, complete, hard=strategy == "hard")


def _all(distances: Tensor, pairs: CandidatePairs, margin: float) -> Triplets:
    anchor, positive = _positive_pairs(pairs)
    reach = distances[anchor, positive][:, None] + margin
    pair, negative = (pairs.negative[anchor] & (distances[anchor] < reach)).nonzero(as_tuple=True)
    return Triplets(anchor[pair], positive[pair], negative)


def _semihard(distances: Tensor, pairs: CandidatePairs, margin: float) -> Triplets:
    anchor, positive = _positive_pairs(pairs)
    near = distances[anchor, positive][:, None]
    row = distances[anchor]
    within = pairs.negative[anchor] & (row > near) & (row < near + margin)
    found = within.any(1)
    negative = row.masked_fill(~within, torch.inf).argmin(1)
    return Triplets(anchor[found], positive[found], negative[found])


def _extreme(distances: Tensor, pairs: CandidatePairs, *, hard: bool) -> Triplets:
    """Take one triplet per anchor: the hardest, or the easiest."""
    anchor = pairs.positive.any(1).nonzero().flatten()
    signed = distances if hard else -distances
    positive = signed.masked_fill(~pairs.positive, -torch.inf).argmax(1)
    negative = signed.masked_fill(~pairs.negative, torch.inf).argmin(1)
    return Triplets(anchor, positive[anchor], negative[anchor])


def _positive_pairs(pairs: CandidatePairs) -> tuple[Tensor, Tensor]:
    anchor, positive = pairs.positive.nonzero(as_tuple=True)
    if len(anchor) > MAX_PAIRS:
        # Evenly spaced, so no random numbers are needed: batches are shuffled already.
        kept = torch.arange(MAX_PAIRS, device=anchor.device) * len(anchor) // MAX_PAIRS
        anchor, positive = anchor[kept], positive[kept]
    return anchor, positive
