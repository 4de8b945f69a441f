"""Hand-crafted features of timbre and rhythm, baselines for the network (Section I)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from scipy.fft import dct

from tagspace.audio.spectrogram import HOP, SAMPLE_RATE

N_MFCC = 20
SMALLEST_VARIANCE = 1e-3  # added to each variance, so that silence has a Gaussian too
N_BANDS = 20  # of four mel bands each
SLOWEST, FASTEST = 0.3, 10.0  # Hz, of fluctuations
STRONGEST = 4.0  # Hz, where hearing is most sensitive to fluctuations


class Timbre:
    """Timbre distance: the divergence between the MFCC Gaussians of two tracks.

    Each track is modelled as a Gaussian with full covariance over the 20 MFCC of its frames. The
    distance is log(1 + d), where d is the symmetric Kullback-Leibler divergence. The logarithm
    limits the influence of a few tracks that are very far from all others.

    Parameters
    ----------
    excerpts : iterable of numpy.ndarray, shape (n_excerpts, 80, 130)
        Log-mel excerpts of each track.

    References
    ----------
    Mandel and Ellis 2005.
    """

    def __init__(self, excerpts: Iterable[np.ndarray]) -> None:
        gaussians = [_gaussian(track) for track in excerpts]
        means, covariances = (np.stack(part) for part in zip(*gaussians, strict=True))
        # The divergence does not change under a change of coordinates. After whitening by the mean
        # covariance, single precision suffices.
        white = np.linalg.inv(np.linalg.cholesky(covariances.mean(0)))
        means = (means - means.mean(0)) @ white.T
        covariances = white @ covariances @ white.T
        precisions = np.linalg.inv(covariances)
        # Each term of the divergence is an inner product of one vector per track, so that one
        # matrix product compares all pairs.
        scatters = covariances + means[:, :, None] * means[:, None, :]
        pulls = (precisions @ means[:, :, None])[..., 0]
        lengths = (means * pulls).sum(1, keepdims=True)
        one = np.ones_like(lengths)
        left = [scatters, precisions, -2 * means, -2 * pulls, lengths, one]
        right = [precisions, scatters, pulls, means, one, lengths]
        self._left, self._right = _joined(left), _joined(right)

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""
        traces = self._left[queries] @ self._right.T
        return torch.log1p((traces / 2 - N_MFCC).clamp_min(0))


def rhythm(excerpts: Iterable[np.ndarray]) -> torch.Tensor:
    """Compute fluctuation patterns: the strength of each modulation frequency per frequency band.

    Parameters
    ----------
    excerpts : iterable of numpy.ndarray, shape (n_excerpts, 80, 130)
        Log-mel excerpts of each track.

    Returns
    -------
    torch.Tensor, shape (n_tracks, n_values), float32
        Logarithm of the median pattern over excerpts. Compare tracks by Euclidean distance.

    References
    ----------
    Pampalk, Rauber and Merkl 2002; here with 20 bands of four mel bands each.
    """
    return torch.as_tensor(np.stack([_fluctuations(track) for track in excerpts]))


class SumOfDistances:
    """Add several distances, each standardised over all tracks for one query.

    Parameters
    ----------
    *distances : callable
        Distances on the same tracks, in the same order. :class:`Euclidean` gives squared distances.
    """

    def __init__(self, *distances: Callable[[np.ndarray], torch.Tensor]) -> None:
        self.distances = distances

    def __call__(self, queries: np.ndarray) -> torch.Tensor:
        """Return the matrix of shape (n_queries, n_tracks) for the rows ``queries``."""
        return torch.stack([_standardise(each(queries)) for each in self.distances]).sum(0)


def _standardise(distances: torch.Tensor) -> torch.Tensor:
    deviation = distances.std(1, keepdim=True).clamp_min(1e-6)  # 0 where all are equally far
    return (distances - distances.mean(1, keepdim=True)) / deviation


def _gaussian(excerpts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of the MFCC of all frames of a track."""
    coefficients = dct(excerpts.astype(np.float64), axis=1, norm="ortho")[:, :N_MFCC]
    frames = coefficients.swapaxes(0, 1).reshape(N_MFCC, -1)
    return frames.mean(1), np.cov(frames) + SMALLEST_VARIANCE * np.eye(N_MFCC)


def _joined(parts: list[np.ndarray]) -> torch.Tensor:
    flat = [part.reshape(len(part), -1) for part in parts]
    return torch.as_tensor(np.concatenate(flat, axis=1), dtype=torch.float32)


def _fluctuations(excerpts: np.ndarray) -> np.ndarray:
    n_excerpts, _, n_frames = excerpts.shape
    bands = excerpts.astype(np.float32).reshape(n_excerpts, N_BANDS, -1, n_frames).mean(2)
    bands -= bands.mean(2, keepdims=True)
    strengths = np.abs(np.fft.rfft(bands * np.hanning(n_frames)))
    rates = np.fft.rfftfreq(n_frames, HOP / SAMPLE_RATE)
    audible = (rates > SLOWEST) & (rates <= FASTEST)
    weights = 1 / (rates[audible] / STRONGEST + STRONGEST / rates[audible])
    patterns = np.median(strengths[..., audible] * weights, axis=0)
    return np.log1p(patterns).ravel().astype(np.float32)
