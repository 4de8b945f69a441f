"""What a trained network must be compared with."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct

N_MFCC = 20


def mfcc(excerpts: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Summarise timbre: mean and deviation over time of 20 MFCC, standardised.

    Parameters
    ----------
    excerpts : numpy.ndarray, shape (n_tracks, n_excerpts, 80, 130)
        Log-mel excerpts.
    train : numpy.ndarray of int
        Rows of the training tracks, which give the scale of each value.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, 40), float32
    """
    summary = np.stack([_mfcc_statistics(track) for track in excerpts])
    scale = summary[train].std(0)
    return (summary - summary[train].mean(0)) / np.where(scale > 0, scale, 1)


def _mfcc_statistics(excerpts: np.ndarray) -> np.ndarray:
    coefficients = dct(excerpts.astype(np.float32), axis=1, norm="ortho")[:, :N_MFCC]
    return np.concatenate([coefficients.mean((0, 2)), coefficients.std((0, 2))])


def random(n_tracks: int, seed: int) -> torch.Tensor:
    """Draw an embedding that knows nothing, shape (n_tracks, 256)."""
    return torch.randn(n_tracks, 256, generator=torch.Generator().manual_seed(seed))
