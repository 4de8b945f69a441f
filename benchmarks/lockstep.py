"""Several networks in one: M experiments that share batches, as grouped convolutions.

Tried for sweeps, whose experiments all begin with the same weights and hear the same tracks in the
same order. On a processor it is no faster than one after another (`make bench`), which is why the
library has no part of it. Where a GPU is at hand, it can be measured here.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from tagspace.model.dpnn import DPNN, LEFT, RIGHT, Layer


class Lockstep(nn.Module):
    """The weights of M networks, stacked along the filters of each layer."""

    def __init__(self, models: Sequence[DPNN]) -> None:
        super().__init__()
        self.n = len(models)
        self.normalise = models[0].normalise  # without weights, and of the same input
        self.left = self._stack([model.left for model in models])
        self.right = self._stack([model.right for model in models])
        self.weight = nn.Parameter(torch.stack([model.dense.weight.detach() for model in models]))
        self.bias = nn.Parameter(torch.stack([model.dense.bias.detach() for model in models]))

    def _stack(self, stacks: Sequence[nn.Sequential]) -> nn.ParameterList:
        same = zip(*(stack.parameters() for stack in stacks), strict=True)
        return nn.ParameterList(torch.cat([each.detach() for each in parts]) for parts in same)

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """Embed spectrograms of shape (n, 1, 80, 130) in each network: (M, n, 256)."""
        x = self.normalise(spectrograms)
        joined = torch.cat([self._run(x, self.left, LEFT), self._run(x, self.right, RIGHT)], dim=2)
        out = torch.einsum("nmi,moi->mno", joined, self.weight) + self.bias[:, None]
        return functional.normalize(functional.elu(out), dim=2)

    def _run(
        self, x: torch.Tensor, weights: nn.ParameterList, layers: Sequence[Layer]
    ) -> torch.Tensor:
        for number, layer in enumerate(layers):
            kernel, bias, scale, shift = list(weights)[4 * number : 4 * number + 4]
            height, width = layer.kernel
            x = functional.pad(x, ((width - 1) // 2, width // 2, (height - 1) // 2, height // 2))
            # All networks look at one input first, and then each at its own.
            x = functional.conv2d(x, kernel, bias, groups=self.n if number else 1)
            x = functional.batch_norm(x, None, None, scale, shift, training=True)
            x = functional.elu(functional.max_pool2d(x, layer.pool))
        return x.unflatten(1, (self.n, -1)).flatten(2)
