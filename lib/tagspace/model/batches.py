"""The batches of an epoch: uniform, as in the paper, or made of related pairs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from tagspace.model.mining import POSITIVE_THRESHOLD
from tagspace.tags.relatedness import Relatedness

MAX_PARTNERS = 64  # kept per track, drawn at random from all
BLOCK_CELLS = 20_000_000  # tracks x tracks at a time; bounds memory


class UniformBatches:
    """Shuffled tracks, cut into batches of nearly equal size.

    Parameters
    ----------
    rows : numpy.ndarray of int, shape (n,)
        The training tracks.
    batch_size : int
        Approximate number of tracks per batch.
    """

    def __init__(self, rows: np.ndarray, batch_size: int = 128) -> None:
        self.rows = rows
        self.n_batches = max(round(len(rows) / batch_size), 1)

    def __call__(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Draw the batches of an epoch."""
        return np.array_split(generator.permutation(self.rows), self.n_batches)


class RelatedBatches:
    """Batches in which every track has a related track.

    In a uniform batch, few tracks have one if topics are many. Here, each track of an epoch comes
    with a partner: a related track that is not excluded, drawn anew for each epoch.

    Parameters
    ----------
    rows, batch_size
        See :class:`UniformBatches`.
    relatedness, excluded_pairs
        See :class:`tagspace.model.training.Examples`.
    threshold : float
        Two tracks are related if their relatedness is at least this.
    seed : int
        Draws the partners to keep, where a track has very many.

    Notes
    -----
    ``n_alone`` tracks have no partner, and are in no batch.

    Examples
    --------
    Two tracks are related if their sum is even, and excluded as a pair if it is 4. So tracks 1 and
    3 are alone, and 2 is the only partner of both 0 and 4.

    >>> def even(rows, others):
    ...     return 1 - (rows[:, None] + others) % 2
    >>> def excluded(rows, others):
    ...     return rows[:, None] + others == 4
    >>> draw = RelatedBatches(np.arange(5), 128, even, excluded, threshold=1)
    >>> [batch.tolist() for batch in draw(np.random.default_rng(0))]
    [[0, 2, 4]]
    >>> draw.n_alone
    2
    """

    def __init__(
        self,
        rows: np.ndarray,
        batch_size: int,
        relatedness: Relatedness,
        excluded_pairs: Callable[[np.ndarray, np.ndarray], np.ndarray],
        threshold: float = POSITIVE_THRESHOLD,
        seed: int = 0,
    ) -> None:
        generator = np.random.default_rng(seed)
        everything, parts = torch.as_tensor(rows), []
        for block in np.array_split(np.arange(len(rows)), -(-(len(rows) ** 2) // BLOCK_CELLS)):
            related = relatedness(everything[block], everything) >= threshold
            allowed = related.cpu().numpy() & ~excluded_pairs(rows[block], rows)
            allowed[np.arange(len(block)), block] = False
            parts.append(_draw_partners(allowed, generator))
        self.rows, self.batch_size, self.partners = rows, batch_size, np.concatenate(parts)
        self.n_alone = int((self.partners[:, 0] < 0).sum())

    def __call__(self, generator: np.random.Generator) -> list[np.ndarray]:
        """Draw the batches of an epoch; a track may come again as the partner of another one."""
        order = generator.permutation(np.flatnonzero(self.partners[:, 0] >= 0))
        starts = generator.integers(MAX_PARTNERS, size=len(order))
        waiting = np.ones(len(self.rows), dtype=bool)
        pairs = []
        for track, start in zip(order, starts, strict=True):
            if waiting[track]:
                partners = np.roll(self.partners[track], start)
                partner = partners[waiting[partners].argmax()]  # the first that waits, if any does
                waiting[[track, partner]] = False
                pairs.append((track, partner))
        if not pairs:
            return []
        n_batches = max(round(2 * len(pairs) / self.batch_size), 1)
        return [self.rows[np.unique(part)] for part in np.array_split(pairs, n_batches)]


def _draw_partners(allowed: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw partners of each row, with replacement; -1 for a row that has none."""
    counts = allowed.sum(axis=1)
    places = (generator.random((len(allowed), MAX_PARTNERS)) * counts[:, None]).astype(int)
    places += (counts.cumsum() - counts)[:, None]
    columns = np.append(allowed.nonzero()[1], -1)  # rows without partners may point past the end
    return np.where(counts[:, None] > 0, columns[places.clip(max=len(columns) - 1)], -1)
