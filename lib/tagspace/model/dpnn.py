"""The network of Figure 1 (Section IV-A): two parallel stacks of convolutions.

Deep Parallel Neural Network. Each layer is a convolution ("same" padding), batch normalisation,
max-pooling and ELU. Kernels and pools are given as mel bands x frames.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from tagspace.encoders.embedding import Network, UnitNorm
from tagspace.support.device import seeded


class Layer(NamedTuple):
    """One convolution layer: number of filters, kernel and pool as (mel bands, frames)."""

    filters: int
    kernel: tuple[int, int]
    pool: tuple[int, int]


LEFT = (  # timbre (IV-A): kernels long in time, and time is pooled away
    Layer(16, (10, 23), (2, 2)),
    Layer(32, (5, 11), (2, 2)),
    Layer(64, (3, 5), (2, 2)),
    Layer(128, (2, 4), (1, 8)),
)
RIGHT = (  # rhythm (IV-A): kernels tall in frequency, and frequency is pooled away
    Layer(16, (21, 10), (2, 2)),
    Layer(32, (10, 5), (2, 2)),
    Layer(64, (5, 3), (2, 2)),
    Layer(128, (4, 2), (4, 1)),
)
OUTPUTS = ((128, 10, 2), (128, 2, 16))  # left and right stack: filters, mel bands, frames
N_CONCATENATED = sum(math.prod(shape) for shape in OUTPUTS)  # 6656
N_DIMENSIONS = 256  # in the paper
N_PARTS = 5  # of a layer: padding, convolution, normalisation, pooling, ELU


class DPNN(Network):
    """The network of Figure 1: from a log-mel spectrogram to its embedding.

    Parameters
    ----------
    unit_norm : {"output", "weights", "none"}
        What the figure's "unit norm" normalises: the embedding, the weights into each unit of the
        last layer, or nothing.
    dimensions : int
        Number of units in the last layer, which is the length of an embedding.

    Notes
    -----
    The batch normalisation of the input has no learned scale and shift, which the next one would
    undo. The first convolution then needs no gradient with respect to its input, which saves half
    the cost of a training step. The dense layer starts with weights that are equal for all frames,
    so that a pattern counts the same wherever it occurs; training may make them different.

    Examples
    --------
    >>> network = DPNN().eval()
    >>> embeddings = network(torch.zeros(2, 1, 80, 130))
    >>> embeddings.shape
    torch.Size([2, 256])
    >>> sum(parameter.numel() for parameter in network.parameters())
    1958944
    """

    def __init__(self, unit_norm: UnitNorm = "output", dimensions: int = N_DIMENSIONS) -> None:
        super().__init__()
        self.unit_norm = unit_norm
        self.normalise = nn.BatchNorm2d(1, affine=False)
        self.left = _stack(LEFT)
        self.right = _stack(RIGHT)
        self.dense = nn.Linear(N_CONCATENATED, dimensions)
        _equalise_frames(self.dense.weight)
        # Channels last is the fast order for these convolutions. All copies of the network keep
        # it, because some processors round differently in another order.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Embed spectrograms.

        Parameters
        ----------
        spectrograms : torch.Tensor, shape (n, 1, 80, 130)
            Log-mel, not normalised.

        Returns
        -------
        torch.Tensor, shape (n, dimensions)
            The embeddings, of unit length with ``unit_norm="output"``.
        """
        x = self.normalise(spectrograms)
        x = torch.cat([self.left(x).flatten(1), self.right(x).flatten(1)], dim=1)
        weight = self.dense.weight
        if self.unit_norm == "weights":
            weight = functional.normalize(weight, dim=1)
        x = functional.elu(functional.linear(x, weight, self.dense.bias))
        return functional.normalize(x, dim=1) if self.unit_norm == "output" else x


def initial_network(
    seed: int, unit_norm: UnitNorm = "output", dimensions: int = N_DIMENSIONS
) -> DPNN:
    """Return an untrained network; its weights depend only on the arguments."""
    with seeded(seed):
        return DPNN(unit_norm, dimensions)


def _equalise_frames(weight: Tensor) -> None:
    parts = weight.detach().split([math.prod(shape) for shape in OUTPUTS], dim=1)
    for part, shape in zip(parts, OUTPUTS, strict=True):
        grid = part.unflatten(1, shape)
        grid.copy_(grid[..., :1].clone().expand_as(grid))


def _stack(layers: tuple[Layer, ...]) -> nn.Sequential:
    channels = (1, *(layer.filters for layer in layers))
    parts = [part for n, layer in zip(channels, layers, strict=False) for part in _parts(n, layer)]
    return nn.Sequential(*parts)


def _parts(channels: int, layer: Layer) -> list[nn.Module]:
    height, width = layer.kernel
    # "Same" padding as in Keras: if the kernel length is even, the extra zero goes to the end.
    padding = ((width - 1) // 2, width // 2, (height - 1) // 2, height // 2)
    return [
        nn.ZeroPad2d(padding),
        nn.Conv2d(channels, layer.filters, layer.kernel),
        nn.BatchNorm2d(layer.filters),
        # ELU is monotone, so it may come after the pooling: the same result at less cost.
        nn.MaxPool2d(layer.pool),
        nn.ELU(),
    ]
