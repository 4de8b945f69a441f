"""Figures and tables of the network show its real layers, filters and training curves."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch

from compendium import network_figures
from tagspace.model.dpnn import DPNN

mpl.use("agg")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return DPNN().eval()


@pytest.fixture(scope="module")
def layers(network):
    return network_figures.layers_table(network)


def test_layers_table_counts_every_parameter_once(network, layers):
    assert layers["parameters"].sum() == sum(p.numel() for p in network.parameters())


def test_layers_table_has_the_shapes_of_figure_1(layers):
    outputs = layers.groupby("stack")["output"].agg(list).to_dict()
    first_three = ["40 x 65 x 16", "20 x 32 x 32", "10 x 16 x 64"]
    assert outputs == {
        "left": [*first_three, "10 x 2 x 128"],
        "right": [*first_three, "2 x 16 x 128"],
        "both": ["256"],
    }


def test_layers_table_counts_the_operations_of_each_layer(layers):
    # Filters x channels x kernel x positions; each is a multiplication and an addition.
    left = [16 * 230 * 80 * 130, 32 * 16 * 55 * 40 * 65, 64 * 32 * 15 * 20 * 32, 128 * 64 * 8 * 160]
    mflop = layers.loc[layers["stack"] == "left", "mflop"].tolist()
    assert mflop == pytest.approx([2e-6 * count for count in left])
    assert 3 * layers["mflop"].sum() == pytest.approx(1650, rel=0.001)


def test_architecture_figure_contains_every_layer(layers):
    axes = network_figures.architecture_figure(layers).axes[0]
    texts = "\n".join(text.get_text() for text in axes.texts)
    assert all(output in texts for output in layers["output"])
    assert "80 x 130" in texts


def test_filters_figure_shows_the_filters_of_both_first_layers(network):
    torch.manual_seed(1)
    other = DPNN()
    axes = network_figures.filters_figure(network, other).axes
    drawn = [np.asarray(panel.images[0].get_array()) for panel in axes]
    expected = [
        weight
        for stack in ("left", "right")
        for model in (network, other)
        for weight in getattr(model, stack)[1].weight.detach()[:, 0]
    ]
    assert len(drawn) == len(expected) == 64
    for panel, weight in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(panel, weight)


def test_sensitivity_is_zero_along_an_axis_on_which_the_input_is_constant(network):
    generator = torch.Generator().manual_seed(0)
    steady = torch.randn(6, 80, 1, generator=generator).expand(6, 80, 130)
    table = network_figures.sensitivity(network, steady)
    assert table["frames"].max() < 1e-5
    assert table["bands"].min() > 0.1
    noise = torch.randn(6, 1, 130, generator=generator).expand(6, 80, 130)
    table = network_figures.sensitivity(network, noise)
    assert table["bands"].max() < 1e-5
    assert table["frames"].min() > 0.1


def test_batch_figure_has_a_panel_for_each_matrix():
    cosines, mask = np.eye(3), np.eye(3) > 0
    axes = network_figures.batch_figure({"cosines": cosines, "related": mask}).axes
    assert [panel.get_title() for panel in axes] == ["cosines", "related"]
    assert [panel.images[0].get_clim() for panel in axes] == [(-1, 1), (0, 1)]


def test_triplets_figure_draws_triplets_by_their_distances():
    distances = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    triplets = {"all": (np.array([0, 1]), np.array([1, 0]), np.array([2, 2])), "none": ([], [], [])}
    first, second = network_figures.triplets_figure(distances, triplets).axes
    assert first.get_title() == "all: 2"
    assert first.lines[1].get_xdata().tolist() == [1, 1]
    assert first.lines[1].get_ydata().tolist() == [2, 3]
    assert second.get_title() == "none: 0"


def test_histories_figure_draws_a_curve_for_each_network():
    first_losses = {"all": 0.3, "hard": 0.2, "semihard": 0.4, "literal": 0.5, "other": 0.6}
    histories = {
        name: pd.DataFrame({"epoch": [1, 2], "loss": [loss, 0.1]})
        for name, loss in first_losses.items()
    }
    panel = network_figures.histories_figure(histories, {"loss": "loss"}).axes[0]
    assert [line.get_ydata()[0] for line in panel.lines] == list(first_losses.values())
    assert [line.get_label() for line in panel.lines] == list(first_losses)
    first_four = [(line.get_color(), line.get_linestyle()) for line in panel.lines[:4]]
    assert len(set(first_four)) == 4
