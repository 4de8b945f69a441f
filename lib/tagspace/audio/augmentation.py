"""Augmentation: small changes to spectrograms in training, against overfitting.

The paper trains on 143,587 tracks without augmentation. With a few hundred tracks, a network
overfits without it.
"""

from __future__ import annotations

import numpy as np
import torch

from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.support.device import moved

# Standard deviation of the linear and quadratic terms of an equaliser curve, in log power.
TONE = 0.7  # 3 dB
WIDEST_BAND = 12  # mel bands
LONGEST_GAP = 20  # frames, 0.9 s


def augment(spectrograms: torch.Tensor, generator: np.random.Generator) -> torch.Tensor:
    """Augment log-mel spectrograms: random equaliser curves, and SpecAugment masks.

    Parameters
    ----------
    spectrograms : torch.Tensor, shape (n, 80, 130)
        Log-mel excerpts.
    generator : numpy.random.Generator
        Source of random numbers. How many are drawn depends only on n.

    Returns
    -------
    torch.Tensor, shape (n, 80, 130), float32

    References
    ----------
    Park et al. 2019, "SpecAugment", Interspeech.
    """
    x = spectrograms.float()
    n, device = len(x), x.device
    x = x + moved(_tone(n, generator), device)[:, :, None]
    band = moved(_spans(n, N_MELS, WIDEST_BAND, generator), device)
    gap = moved(_spans(n, N_FRAMES, LONGEST_GAP, generator), device)
    return torch.where(band[:, :, None] | gap[:, None, :], x.mean((1, 2), keepdim=True), x)


def _tone(n: int, generator: np.random.Generator) -> np.ndarray:
    """Draw random equaliser curves with zero mean over the bands; shape (n, 80)."""
    band = np.linspace(-1, 1, N_MELS, dtype=np.float32)
    shapes = np.stack([band, band**2 - np.mean(band**2)])
    return generator.normal(0, TONE, (n, 2)).astype(np.float32) @ shapes


def _spans(n: int, length: int, longest: int, generator: np.random.Generator) -> np.ndarray:
    """Draw a mask with one span of 0 to ``longest`` positions per row; shape (n, length)."""
    width = generator.integers(0, longest + 1, (n, 1))
    start = generator.integers(0, length - width + 1)
    position = np.arange(length)
    return (start <= position) & (position < start + width)
