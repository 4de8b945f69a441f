"""The network: two stacks of convolutions, one looking along time, one along frequency.

Deep Parallel Neural Network of Section IV-A and Figure 1. Each layer: convolution ("same"), batch
normalisation, ELU, max-pooling; kernels and pools are mel bands x frames.
"""

from __future__ import annotations

import copy
import math
from typing import Literal, NamedTuple

import pandas as pd
import torch
from torch import nn
from torch.nn import functional

from tagspace.audio.spectrogram import N_FRAMES, N_MELS

UnitNorm = Literal["output", "weights", "none"]


class Layer(NamedTuple):
    """One convolution layer: number of filters, kernel and pool as (mel bands, frames)."""

    filters: int
    kernel: tuple[int, int]
    pool: tuple[int, int]


LEFT = (  # long in time
    Layer(16, (10, 23), (2, 2)),
    Layer(32, (5, 11), (2, 2)),
    Layer(64, (3, 5), (2, 2)),
    Layer(128, (2, 4), (1, 8)),
)
RIGHT = (  # tall in frequency
    Layer(16, (21, 10), (2, 2)),
    Layer(32, (10, 5), (2, 2)),
    Layer(64, (5, 3), (2, 2)),
    Layer(128, (4, 2), (4, 1)),
)
OUTPUTS = ((128, 10, 2), (128, 2, 16))  # of the left and the right stack: filters, bands, frames
N_CONCATENATED = sum(math.prod(shape) for shape in OUTPUTS)  # 6656
N_DIMENSIONS = 256  # in the paper
N_PARTS = 5  # of a layer: padding, convolution, normalisation, pooling, ELU


class DPNN(nn.Module):
    """The network of Figure 1, from a log-mel spectrogram to its embedding.

    Parameters
    ----------
    unit_norm : {"output", "weights", "none"}
        What the figure's "unit norm" normalises: the embedding, the weights into each unit of
        the last layer, or nothing.
    dimensions : int
        Number of units in the last layer, and so of values in an embedding.

    Notes
    -----
    The input's batch normalisation has no scale and shift of its own. The next normalisation
    undoes both but for the value of the zero padding, and without them the first convolutions
    need no gradient of their input, which is half the cost of a training step.

    The dense layer begins with weights that are the same for all frames: what a filter finds counts
    alike wherever in the excerpt it is, until training tells frames apart.
    """

    def __init__(self, unit_norm: UnitNorm = "output", dimensions: int = N_DIMENSIONS) -> None:
        super().__init__()
        self.unit_norm = unit_norm
        self.normalise = nn.BatchNorm2d(1, affine=False)
        self.left = _stack(LEFT)
        self.right = _stack(RIGHT)
        self.dense = nn.Linear(N_CONCATENATED, dimensions)
        _begin_alike_in_time(self.dense.weight)
        # Channels innermost: the fast order for these convolutions, kept by all copies of the
        # network, since in another order some processors round otherwise.
        self.to(memory_format=torch.channels_last)

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
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


def summary(model: DPNN) -> pd.DataFrame:
    """Tabulate the layers of a network as it really runs.

    Returns
    -------
    pandas.DataFrame
        One row per convolution and dense layer: ``stack``, ``layer``, ``kernel`` and ``pool``,
        ``output`` (the shape after pooling: mel bands, frames, filters), ``parameters`` (with those
        of its batch normalisation) and ``mflop``, millions of floating-point operations forward for
        one excerpt, a multiplication and an addition counted as two.
    """
    rows = []
    model = copy.deepcopy(model).cpu().eval()
    x = model.normalise(torch.zeros(1, 1, N_MELS, N_FRAMES))
    with torch.no_grad():
        for name, layers in (("left", LEFT), ("right", RIGHT)):
            stack, y = getattr(model, name), x
            for number, layer in enumerate(layers):
                parts = stack[number * N_PARTS : (number + 1) * N_PARTS]
                pixels, y = y.shape[2] * y.shape[3], parts(y)
                convolution = parts[1]
                rows.append(
                    {
                        "stack": name,
                        "layer": number + 1,
                        "kernel": "{} x {}".format(*layer.kernel),
                        "pool": "{} x {}".format(*layer.pool),
                        "output": "{} x {} x {}".format(*y.shape[2:], y.shape[1]),
                        "parameters": sum(p.numel() for p in parts.parameters()),
                        "mflop": 2e-6 * pixels * convolution.weight.numel(),
                    }
                )
    dense = model.dense.weight
    rows.append(
        {
            "stack": "both",
            "layer": len(LEFT) + 1,
            "kernel": "dense",
            "pool": "",
            "output": str(len(dense)),
            "parameters": dense.numel() + len(dense),
            "mflop": 2e-6 * dense.numel(),
        }
    )
    return pd.DataFrame(rows)


def _begin_alike_in_time(weight: torch.Tensor) -> None:
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
    # "Same" as Keras pads it: where the kernel is even, the odd zero goes to the end.
    padding = ((width - 1) // 2, width // 2, (height - 1) // 2, height // 2)
    return [
        nn.ZeroPad2d(padding),
        nn.Conv2d(channels, layer.filters, layer.kernel),
        nn.BatchNorm2d(layer.filters),
        # ELU is monotone, so it may come after the pooling: the same result at less cost.
        nn.MaxPool2d(layer.pool),
        nn.ELU(),
    ]
