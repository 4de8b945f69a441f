import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import torch

from compendium import network_figures
from tagspace.model import dpnn
from tagspace.model.dpnn import DPNN

mpl.use("agg")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return DPNN().eval()


@pytest.fixture(scope="module")
def summary(model):
    return dpnn.summary(model)


def test_summary_counts_every_parameter_once(model, summary):
    assert summary["parameters"].sum() == sum(p.numel() for p in model.parameters())


def test_summary_has_the_shapes_of_figure_1(summary):
    outputs = summary.groupby("stack")["output"].agg(list).to_dict()
    first = ["40 x 65 x 16", "20 x 32 x 32", "10 x 16 x 64"]
    assert outputs == {
        "left": [*first, "10 x 2 x 128"],
        "right": [*first, "2 x 16 x 128"],
        "both": ["256"],
    }


def test_summary_counts_the_operations_of_each_layer(summary):
    # Filters x channels x kernel x places, each a multiplication and an addition.
    left = [16 * 230 * 80 * 130, 32 * 16 * 55 * 40 * 65, 64 * 32 * 15 * 20 * 32, 128 * 64 * 8 * 160]
    found = summary.loc[summary["stack"] == "left", "mflop"].tolist()
    assert found == pytest.approx([2e-6 * count for count in left])
    assert 3 * summary["mflop"].sum() == pytest.approx(1650, rel=0.001)


def test_every_layer_stands_in_the_picture(summary):
    axes = network_figures.architecture_figure(summary).axes[0]
    texts = "\n".join(text.get_text() for text in axes.texts)
    assert all(output in texts for output in summary["output"])
    assert "80 x 130" in texts


def test_filters_are_those_of_the_first_layers(model):
    torch.manual_seed(1)
    other = DPNN()
    axes = network_figures.filters_figure(model, other).axes
    drawn = [np.asarray(panel.images[0].get_array()) for panel in axes]
    expected = [
        weight
        for stack in ("left", "right")
        for network in (model, other)
        for weight in getattr(network, stack)[1].weight.detach()[:, 0]
    ]
    assert len(drawn) == len(expected) == 64
    for panel, weight in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(panel, weight)


def test_what_is_the_same_all_along_an_axis_is_not_missed_when_shuffled(model):
    generator = torch.Generator().manual_seed(0)
    steady = torch.randn(6, 80, 1, generator=generator).expand(6, 80, 130)
    found = network_figures.sensitivity(model, steady)
    assert found["frames"].max() < 1e-5
    assert found["bands"].min() > 0.1
    noise = torch.randn(6, 1, 130, generator=generator).expand(6, 80, 130)
    found = network_figures.sensitivity(model, noise)
    assert found["bands"].max() < 1e-5
    assert found["frames"].min() > 0.1


def test_a_batch_is_drawn_as_its_matrices():
    cosines, mask = np.eye(3), np.eye(3) > 0
    axes = network_figures.batch_figure({"cosines": cosines, "related": mask}).axes
    assert [panel.get_title() for panel in axes] == ["cosines", "related"]
    assert [panel.images[0].get_clim() for panel in axes] == [(-1, 1), (0, 1)]


def test_triplets_are_drawn_by_their_distances():
    distances = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    chosen = {"all": (np.array([0, 1]), np.array([1, 0]), np.array([2, 2])), "none": ([], [], [])}
    first, second = network_figures.triplets_figure(distances, chosen).axes
    assert first.get_title() == "all: 2"
    assert first.lines[1].get_xdata().tolist() == [1, 1]
    assert first.lines[1].get_ydata().tolist() == [2, 3]
    assert second.get_title() == "none: 0"


def test_curves_are_drawn_for_each_history():
    histories = {
        name: pd.DataFrame({"epoch": [1, 2], "loss": [value, 0.1]})
        for name, value in {"all": 0.3, "hard": 0.2}.items()
    }
    panel = network_figures.histories_figure(histories, {"loss": "loss"}).axes[0]
    assert [line.get_ydata()[0] for line in panel.lines] == [0.3, 0.2]
    assert [line.get_label() for line in panel.lines] == ["all", "hard"]
