"""The convolutions of a training step, forward and backward: a lower bound of its time."""

from __future__ import annotations

import torch
from torch.nn import functional

from tagspace.audio.spectrogram import N_FRAMES, N_MELS
from tagspace.model import dpnn

# How often a step reads or writes the outputs of the convolutions, outside the convolutions. Batch
# normalisation: 3 forward (two reads, one write), 5 backward (outputs and gradient twice each, one
# write). Pooling: 1 forward (read), 2 backward (clear and write the gradient).
PASSES = 3 + 5 + 1 + 2


class Convolutions:
    """The convolutions of all layers for a batch, each on its own random input."""

    def __init__(self, batch: int, precision: torch.dtype = torch.bfloat16) -> None:
        self.parts, self.n_outputs = [], 0
        for layers in (dpnn.LEFT, dpnn.RIGHT):
            channels, bands, frames = 1, N_MELS, N_FRAMES
            for number, (filters, kernel, pool) in enumerate(layers):
                padded = batch, channels, bands + kernel[0] - 1, frames + kernel[1] - 1
                given = _random(padded, precision).requires_grad_(number > 0)
                weight = _random((filters, channels, *kernel), precision).requires_grad_()
                gradient = _random((batch, filters, bands, frames), precision)
                self.parts.append((given, weight, gradient))
                self.n_outputs += gradient.numel()
                channels, bands, frames = filters, bands // pool[0], frames // pool[1]

    def step(self) -> None:
        """Compute all of them, and their gradients."""
        for given, weight, gradient in self.parts:
            given.grad = weight.grad = None
            functional.conv2d(given, weight).backward(gradient)

    def copy_passes(self) -> None:
        """Copy as many bytes as the rest of a step reads and writes."""
        for _, _, gradient in self.parts:
            for _ in range(PASSES // 2):  # a copy reads and writes
                gradient.clone()


def _random(shape: tuple[int, ...], precision: torch.dtype) -> torch.Tensor:
    return torch.randn(shape).to(precision).contiguous(memory_format=torch.channels_last)
