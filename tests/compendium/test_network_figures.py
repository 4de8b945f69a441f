"""Figures and tables of the network show its real layers, filters and training curves."""

import numpy as np
import pandas as pd
import pytest
import torch

from compendium import network_figures
from tagspace.model.dpnn import DPNN


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
    (panel,) = network_figures.architecture_figure(layers)
    texts = "\n".join(text.get_text() for text in panel.axes[0].texts)
    assert all(output in texts for output in layers["output"])
    assert "80 x 130" in texts


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


def test_sensitivity_figure_draws_a_bar_for_each_stack_and_axis():
    changes = pd.DataFrame({"frames": [0.1, 0.2], "bands": [0.3, 0.4]}, index=["left", "right"])
    panels = network_figures.sensitivity_figure({"untrained": changes, "trained": changes})
    for panel in panels:
        assert [bar.get_width() for bar in panel.axes[0].patches] == [0.1, 0.2, 0.3, 0.4]


def test_batch_figure_shows_cosines_and_how_each_pair_is_used():
    cosines = np.eye(3)
    kinds = {name: np.zeros((3, 3), dtype=bool) for name in network_figures.PAIR_COLOURS}
    for place, name in enumerate(["related", "same album", "unrelated"]):
        kinds[name][0, place] = True
    left, right = network_figures.batch_figure(cosines, kinds)
    np.testing.assert_array_equal(left.axes[0].images[0].get_array(), cosines)
    codes = right.axes[0].images[0].get_array()
    assert codes[0].tolist() == [0, 1, 2]
    assert (codes[1:] == 3).all()


def test_triplets_figure_draws_triplets_by_their_distances():
    distances = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    triplets = {"all": (np.array([0, 1]), np.array([1, 0]), np.array([2, 2])), "none": ([], [], [])}
    panels = network_figures.triplets_figure(distances, triplets, margin=0.2)
    first, second = (panel.axes[0] for panel in panels)
    assert first.get_title("left") == "all: 2"
    assert first.lines[1].get_xdata().tolist() == [1, 1]
    assert first.lines[1].get_ydata().tolist() == [2, 3]
    assert second.get_title("left") == "none: 0"


def test_histories_figure_draws_and_names_a_curve_for_each_network():
    first_losses = {"all": 0.3, "hard": 0.2, "semihard": 0.4, "literal": 0.5}
    histories = {
        name: pd.DataFrame({"epoch": [1, 2], "loss": [loss, 0.1]})
        for name, loss in first_losses.items()
    }
    (panel,) = network_figures.histories_figure(histories, {"loss": "loss"})
    axes = panel.axes[0]
    assert [line.get_ydata()[0] for line in axes.lines] == list(first_losses.values())
    assert {text.get_text() for text in axes.texts} == set(first_losses)
    assert len({line.get_color() for line in axes.lines}) == len(first_losses)
