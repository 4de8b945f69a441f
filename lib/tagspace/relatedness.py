"""How related two tracks are, by what is known of them: a square matrix in [-1, 1]."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch


class Relatedness(Protocol):
    """Gives the relatedness of all pairs of a batch."""

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the matrix of shape (n, n) for tracks ``rows``, shape (n,)."""


class Cosine:
    """Relatedness as the cosine of track vectors.

    Parameters
    ----------
    vectors : torch.Tensor, shape (n_tracks, n_dimensions), float32
        Of unit length, or zero for a track of which nothing is known.
    """

    def __init__(self, vectors: torch.Tensor) -> None:
        self.vectors = vectors

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the cosines of all pairs of ``rows``."""
        batch = self.vectors[rows]
        return batch @ batch.T


def sample_cosines(vectors: np.ndarray, size: int = 2000, seed: int = 0) -> np.ndarray:
    """Compute the cosines of all pairs among a sample of tracks.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_dimensions)
        Of unit length, or zero.
    size : int
        Tracks in the sample, at most.
    seed : int
        Draws it.

    Returns
    -------
    numpy.ndarray, shape (n * (n - 1) / 2,)
        Each pair once.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:size]
    cosines = vectors[rows] @ vectors[rows].T
    return cosines[np.triu_indices(len(rows), 1)]
