"""What training costs without care: three towers, written as Figure 1 draws the network."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tagspace.model import dpnn


class PlainNetwork(nn.Module):
    """The same network: affine input normalisation, ELU before the pool, default memory format."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(1)
        self.left, self.right = _stack(dpnn.LEFT), _stack(dpnn.RIGHT)
        self.dense = nn.Linear(dpnn.N_CONCATENATED, dpnn.N_DIMENSIONS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.normalise(x)
        x = torch.cat([self.left(x).flatten(1), self.right(x).flatten(1)], dim=1)
        return functional.normalize(functional.elu(self.dense(x)), dim=1)


def _stack(layers: tuple[dpnn.Layer, ...]) -> nn.Sequential:
    parts, channels = [], 1
    for filters, kernel, pool in layers:
        convolution = nn.Conv2d(channels, filters, kernel, padding="same")
        parts += [convolution, nn.BatchNorm2d(filters), nn.ELU(), nn.MaxPool2d(pool)]
        channels = filters
    return nn.Sequential(*parts)


class ThreeTowers:
    """Trains on given triplets: anchors, positives and negatives are each embedded."""

    def __init__(self, margin: float) -> None:
        self.network = PlainNetwork()
        self.optimiser = torch.optim.Adam(self.network.parameters())
        self.margin = margin

    def step(self, triplets: torch.Tensor) -> None:
        """Take a step on triplets, shape (3, n, 1, 80, 130), float32."""
        anchor, positive, negative = (self.network(place) for place in triplets)
        near, far = (anchor - positive).square().sum(1), (anchor - negative).square().sum(1)
        loss = (near - far + self.margin).clamp_min(0).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
