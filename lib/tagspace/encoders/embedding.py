"""Embed tracks with any network that takes excerpts."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tagspace.audio.stored import Values
from tagspace.support.ahead import map_ahead
from tagspace.support.device import products_in

UnitNorm = Literal["output", "weights", "none"]
EXCERPTS_AT_ONCE = 128  # without gradients; a gigabyte of activations of DPNN
SMALLEST = 1e-6  # least deviation, for dimensions that are constant


class Network(nn.Module):
    """A network that maps excerpts to embeddings.

    Attributes
    ----------
    unit_norm : {"output", "weights", "none"}
        With ``output``, embeddings have unit length.
    """

    unit_norm: UnitNorm

    @property
    def device(self) -> torch.device:
        """The device of the parameters and buffers."""
        return next(itertools.chain(self.parameters(), self.buffers())).device


class Frozen(Network):
    """A baseline: the encoder's vectors, each dimension standardised.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_excerpts, d)
        Vectors of the training tracks; their mean and deviation standardise all tracks.
    """

    unit_norm = "output"
    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__()
        dimensions = vectors.reshape(-1, vectors.shape[-1])
        self.register_buffer("mean", torch.as_tensor(dimensions.mean(0)))
        self.register_buffer("deviation", torch.as_tensor(dimensions.std(0)).clamp_min(SMALLEST))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Standardise vectors, shape (n, d)."""
        return (vectors - self.mean) / self.deviation


def embed(
    network: Network, excerpts: Values | torch.Tensor, rows: np.ndarray | None = None
) -> torch.Tensor:
    """Embed tracks in float32, each as the mean of the embeddings of its excerpts.

    Parameters
    ----------
    network : Network
        Is put into evaluation mode.
    excerpts : array or tensor, shape (n_tracks, n_excerpts, ...), float16 or float32
        For DPNN, log-mel excerpts of shape (80, 130), as
        :func:`tagspace.audio.reading.log_mel_excerpts` computes them.
    rows : numpy.ndarray of int, optional
        The tracks to embed; by default all.

    Returns
    -------
    torch.Tensor, shape (n_tracks, dimensions), float32
        On the network's device; of unit length if ``network.unit_norm`` is ``output``.

    Examples
    --------
    >>> from tagspace.model.dpnn import DPNN
    >>> embed(DPNN(), torch.zeros(3, 5, 80, 130)).shape
    torch.Size([3, 256])
    """
    network.eval()
    rows = np.arange(len(excerpts)) if rows is None else rows
    size = max(EXCERPTS_AT_ONCE // excerpts.shape[1], 1)
    starts = range(0, len(rows), size)
    read = map_ahead(lambda at: torch.as_tensor(excerpts[rows[at : at + size]]), starts)
    embeddings = torch.empty(0)
    with torch.no_grad():
        for at, chunk in zip(starts, read, strict=True):
            each = embed_excerpts(network, chunk.flatten(0, 1)).unflatten(0, chunk.shape[:2])
            if not at:
                # Allocated once: many small tensors would fragment the memory.
                embeddings = torch.empty(len(rows), each.shape[-1], device=each.device)
            embeddings[at : at + size] = each.mean(1)
    return functional.normalize(embeddings, dim=1) if network.unit_norm == "output" else embeddings


def embed_excerpts(
    network: Network, excerpts: torch.Tensor, precision: torch.dtype = torch.float32
) -> torch.Tensor:
    """Run the network on excerpts.

    Parameters
    ----------
    network : Network
        In training or evaluation mode.
    excerpts : torch.Tensor, shape (n, 80, 130) or (n, d), float16 or float32
        Log-mel excerpts or vectors, on any device.
    precision : torch.dtype
        Type of the convolutions and matrix products: float32 or bfloat16.

    Returns
    -------
    torch.Tensor, shape (n, dimensions), float32
    """
    x = excerpts.to(network.device).float()
    if x.ndim == 3:  # images have a channel
        x = x.unsqueeze(1)
    with products_in(precision, network.device):
        return network(x).float()
