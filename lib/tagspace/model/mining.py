"""Online triplet mining: relatedness proposes the pairs, distances choose the triplets (III-A)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch

Strategy = Literal["all", "semihard", "hard", "literal"]
MAX_PAIRS = 10_000  # positive pairs per batch; beyond, a draw of them bounds time and memory


class Triplets(NamedTuple):
    """Indices into the batch: anchor, positive and negative of each triplet, shape (n,) each."""

    anchor: torch.Tensor
    positive: torch.Tensor
    negative: torch.Tensor


class Candidates(NamedTuple):
    """Boolean matrices of shape (n, n): which tracks may be an anchor's positive and negative."""

    positive: torch.Tensor
    negative: torch.Tensor

    @property
    def anchors(self) -> torch.Tensor:
        """Mask of the tracks that have both, shape (n,): others can form no triplet."""
        return self.positive.any(1) & self.negative.any(1)


def candidates(
    relatedness: torch.Tensor,
    excluded: torch.Tensor,
    positive: float = 0.8,
    negative: float = 0.2,
) -> Candidates:
    """Find the candidate pairs of a batch.

    Parameters
    ----------
    relatedness : torch.Tensor, shape (n, n)
        Cosines of the LSI vectors, say.
    excluded : torch.Tensor of bool, shape (n, n)
        Pairs that take no part, such as tracks of one album. The diagonal takes none in any case.
    positive, negative : float
        Related from ``positive`` on (>=), unrelated below ``negative`` (<).
    """
    allowed = ~excluded
    allowed.fill_diagonal_(False)
    return Candidates((relatedness >= positive) & allowed, (relatedness < negative) & allowed)


def mine(distances: torch.Tensor, pairs: Candidates, strategy: Strategy, margin: float) -> Triplets:
    """Choose the triplets of a batch.

    Parameters
    ----------
    distances : torch.Tensor, shape (n, n)
        Squared Euclidean distances of the embeddings.
    pairs : Candidates
        Who may be whose positive and negative.
    strategy : {"all", "semihard", "hard", "literal"}
        ``all``: every triplet that violates the margin. ``semihard``: for each positive pair, the
        nearest negative that is farther than the positive but within the margin. ``hard``: for
        each anchor, its farthest positive and nearest negative. ``literal``: the paper's words,
        for each anchor its nearest positive and farthest negative.
    margin : float
        Of the triplet loss.

    Returns
    -------
    Triplets
        May be empty.
    """
    miner = {"all": _all, "semihard": _semihard, "hard": _hard, "literal": _literal}[strategy]
    complete = pairs.anchors[:, None]
    return miner(
        distances, Candidates(pairs.positive & complete, pairs.negative & complete), margin
    )


def _all(distances: torch.Tensor, pairs: Candidates, margin: float) -> Triplets:
    anchor, positive = _positive_pairs(pairs)
    reach = distances[anchor, positive][:, None] + margin
    pair, negative = (pairs.negative[anchor] & (distances[anchor] < reach)).nonzero(as_tuple=True)
    return Triplets(anchor[pair], positive[pair], negative)


def _semihard(distances: torch.Tensor, pairs: Candidates, margin: float) -> Triplets:
    anchor, positive = _positive_pairs(pairs)
    near = distances[anchor, positive][:, None]
    row = distances[anchor]
    within = pairs.negative[anchor] & (row > near) & (row < near + margin)
    found = within.any(1)
    negative = row.masked_fill(~within, torch.inf).argmin(1)
    return Triplets(anchor[found], positive[found], negative[found])


def _hard(distances: torch.Tensor, pairs: Candidates, margin: float) -> Triplets:  # noqa: ARG001
    anchor = pairs.positive.any(1).nonzero().flatten()
    positive = distances.masked_fill(~pairs.positive, -torch.inf).argmax(1)
    negative = distances.masked_fill(~pairs.negative, torch.inf).argmin(1)
    return Triplets(anchor, positive[anchor], negative[anchor])


def _literal(distances: torch.Tensor, pairs: Candidates, margin: float) -> Triplets:  # noqa: ARG001
    anchor = pairs.positive.any(1).nonzero().flatten()
    positive = distances.masked_fill(~pairs.positive, torch.inf).argmin(1)
    negative = distances.masked_fill(~pairs.negative, -torch.inf).argmax(1)
    return Triplets(anchor, positive[anchor], negative[anchor])


def _positive_pairs(pairs: Candidates) -> tuple[torch.Tensor, torch.Tensor]:
    anchor, positive = pairs.positive.nonzero(as_tuple=True)
    if len(anchor) > MAX_PAIRS:
        drawn = torch.randperm(len(anchor), device=anchor.device)[:MAX_PAIRS]
        anchor, positive = anchor[drawn], positive[drawn]
    return anchor, positive
