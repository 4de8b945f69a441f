"""Code for a GPU keeps its tensors on one device, and seldom waits for it."""

import numpy as np
import pandas as pd
import pytest
import torch
from simulated_card import CARD, simulated_card

from tagspace.configuration import Configuration
from tagspace.model import losses
from tagspace.model.batches import UniformBatches
from tagspace.model.dpnn import initial_network
from tagspace.model.training import Examples, Schedule, Trainer
from tagspace.runs import experiment
from tagspace.runs.experiment import run_experiment
from tagspace.tags.relatedness import Cosine

SETTINGS = [
    {},
    {"loss": "contrastive", "augment": "always"},
    {"loss": "tags", "relatedness": "overlap"},
    {"loss": "listwise", "batches": "related", "pool": "all"},
    {"loss": "regression", "relatedness": "artist"},
    {"mining": "semihard"},
    {"mining": "hard"},
]


def test_the_simulated_card_refuses_tensors_on_two_devices():
    with simulated_card() as card:
        ours = torch.ones(2, device=CARD)
        assert (2 * ours).sum().item() == 4
        assert card.waits == ["aten._local_scalar_dense.default"]
        with pytest.raises(RuntimeError, match="two devices"):
            ours + torch.ones(2)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_run_on_a_card_gives_the_figures_of_the_processor(small, tmp_path, monkeypatch, setting):
    corpus, _ = small()
    results = []
    given = {"device": "cpu", "epochs": 2, "precision": "float32", "margin": 1.0, **setting}
    results.append(run_experiment(corpus, Configuration(runs=str(tmp_path / "a"), **given)))
    monkeypatch.setattr(experiment, "choose_device", lambda _: CARD)
    with simulated_card():
        results.append(run_experiment(corpus, Configuration(runs=str(tmp_path / "b"), **given)))
    columns = ["loss", "triplets", "validation"]
    pd.testing.assert_frame_equal(*(each.history[columns] for each in results))
    pd.testing.assert_frame_equal(*(each.metrics for each in results))


def test_a_step_waits_for_the_card_only_where_triplets_are_mined():
    vectors = np.float32([[1, 0], [1, 0], [0, 1], [0, 1]])
    noise = np.random.default_rng(0).normal(-8, 3, (4, 1, 80, 130)).astype(np.float16)
    rows = np.arange(4)
    with simulated_card() as card:
        related = Cosine(torch.as_tensor(vectors, device=CARD))
        nothing = np.zeros((4, 4), dtype=bool)
        examples = Examples(noise, UniformBatches(rows), rows, related, lambda *_: nothing, related)
        network = initial_network(0).to(CARD)
        trainer = Trainer(network, losses.TripletLoss(1.0), examples, Schedule(1, augment=True))
        trainer.network.train()
        batch = trainer.read(rows, 0 * rows)
        card.waits.clear()
        trainer.step(batch)
    # To find the positive pairs, to find the triplets, and to test whether there are any.
    assert card.waits == [*["aten.nonzero.default"] * 2, "aten._local_scalar_dense.default"]
