"""A small network on the frozen vectors of another encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tagspace.encoders.embedding import Network, UnitNorm
from tagspace.model.dpnn import N_DIMENSIONS

N_HIDDEN = 512
DROPOUT = 0.5  # with hundreds of training tracks, the head overfits without it


class Head(Network):
    """Embeds the vectors of a frozen encoder; only this head is trained.

    Batch normalisation standardises each dimension. One hidden layer follows, with dropout before
    both linear layers.

    Parameters
    ----------
    inputs : int
        Length of the encoder's vectors.
    unit_norm : {"output", "none"}
        Whether embeddings have unit length.
    dimensions : int
        Length of an embedding.

    Examples
    --------
    >>> Head(200).eval()(torch.zeros(2, 200)).shape
    torch.Size([2, 256])
    """

    def __init__(
        self, inputs: int, unit_norm: UnitNorm = "output", dimensions: int = N_DIMENSIONS
    ) -> None:
        super().__init__()
        self.unit_norm = unit_norm
        self.standardise = nn.BatchNorm1d(inputs, affine=False)
        self.hidden = nn.Linear(inputs, N_HIDDEN)
        self.dense = nn.Linear(N_HIDDEN, dimensions)

    def forward(self, vectors: Tensor) -> Tensor:
        """Embed vectors, shape (n, inputs), as shape (n, dimensions)."""
        x = self.hidden(_drop(self.standardise(vectors), self.training))
        x = self.dense(_drop(functional.gelu(x), self.training))
        return functional.normalize(x, dim=1) if self.unit_norm == "output" else x


def _drop(x: Tensor, training: bool) -> Tensor:
    """Apply dropout; the mask is drawn on the CPU, so that it is the same on every device."""
    if not training:
        return x
    kept = torch.rand(x.shape) >= DROPOUT
    return x * kept.to(x.device) / (1 - DROPOUT)
