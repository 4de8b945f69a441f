"""The untrained network is calibrated before it is compared with."""

import numpy as np
import pytest
import torch

from tagspace.model.dpnn import initial_network
from tagspace.runs import baselines


def test_calibration_changes_only_the_statistics_of_batch_normalisations(monkeypatch):
    monkeypatch.setattr(baselines, "AT_ONCE", 4)
    generator = np.random.default_rng(0)
    levels = generator.normal(-5, 2, size=(9, 1, 1))
    excerpts = torch.as_tensor((levels + generator.normal(size=(9, 80, 130))).astype(np.float16))
    network = initial_network(0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    stored = np.full((10, 2, 80, 130), np.nan, np.float16)
    stored[1:, 0] = excerpts  # the first excerpts of all tracks but one
    baselines.calibrate(network, stored, np.arange(1, 10))
    changed = {n for n, value in network.state_dict().items() if not torch.equal(value, before[n])}
    assert changed == {name for name in before if "running" in name or "num_batches" in name}
    mean, variance = network.normalise.running_mean, network.normalise.running_var
    batches = excerpts.double().split(3)
    assert mean.item() == pytest.approx(excerpts.double().mean().item(), abs=1e-4)
    assert variance.item() == pytest.approx(
        np.mean([batch.var().item() for batch in batches]), rel=1e-3
    )
    layers = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert {layer.momentum for layer in layers} == {0.1}
