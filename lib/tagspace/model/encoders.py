"""Embed tracks with a network, and build the untrained baseline network."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from tagspace.model.dpnn import DPNN, N_DIMENSIONS, UnitNorm
from tagspace.support.device import seeded

TRACKS_AT_ONCE = 128  # batch size without gradients


def initial_network(
    seed: int, unit_norm: UnitNorm = "output", dimensions: int = N_DIMENSIONS
) -> DPNN:
    """Return an untrained network; its weights depend only on the arguments."""
    with seeded(seed):
        return DPNN(unit_norm, dimensions)


def embed(network: DPNN, excerpts: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Embed tracks in float32, each as the mean of the embeddings of its excerpts.

    Parameters
    ----------
    network : DPNN
        Is put into evaluation mode.
    excerpts : array or tensor, shape (n_tracks, n_excerpts, 80, 130), float16 or float32
        Log-mel excerpts, as :func:`tagspace.audio.reading.log_mel_excerpts` computes them.

    Returns
    -------
    torch.Tensor, shape (n_tracks, dimensions), float32
        On the network's device; of unit length if ``network.unit_norm`` is ``output``.

    Examples
    --------
    >>> embed(DPNN(), torch.zeros(3, 5, 80, 130)).shape
    torch.Size([3, 256])
    """
    network.eval()
    parts = []
    with torch.no_grad():
        for chunk in torch.as_tensor(excerpts).split(TRACKS_AT_ONCE):
            each = embed_excerpts(network, chunk.flatten(0, 1))
            parts.append(each.unflatten(0, chunk.shape[:2]).mean(1))
    embeddings = torch.cat(parts)
    return functional.normalize(embeddings, dim=1) if network.unit_norm == "output" else embeddings


def embed_excerpts(
    network: DPNN, excerpts: torch.Tensor, precision: torch.dtype = torch.float32
) -> torch.Tensor:
    """Run the network on excerpts.

    Parameters
    ----------
    network : DPNN
        In training or evaluation mode.
    excerpts : torch.Tensor, shape (n, 80, 130), float16 or float32
        On any device.
    precision : torch.dtype
        Type of the convolutions and matrix products: float32 or bfloat16.

    Returns
    -------
    torch.Tensor, shape (n, dimensions), float32
    """
    device = network.dense.weight.device
    x = excerpts.to(device).float().unsqueeze(1)
    with torch.autocast(device.type, precision, enabled=precision != torch.float32):
        return network(x).float()
