"""The network against Figure 1, and against its layers applied one by one."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn
from torch.nn import functional

from tagspace.model.dpnn import DPNN, LEFT, N_PARTS, RIGHT
from tagspace.support.device import seeded


@pytest.fixture
def spectrograms():
    return torch.randn(3, 1, 80, 130, generator=torch.Generator().manual_seed(0)) * 4 - 5


def make_network(unit_norm="output"):
    with seeded(0):
        return DPNN(unit_norm).eval()


def concatenate_stacks(network, spectrograms):
    """Compute the input of the last layer, with the activation before the pooling."""
    flat = []
    for stack in (network.left, network.right):
        x = network.normalise(spectrograms)
        for first in range(0, len(stack), N_PARTS):
            pad, convolution, normalisation, pool, _ = stack[first : first + N_PARTS]
            x = pool(functional.elu(normalisation(convolution(pad(x)))))
        flat.append(x.flatten(1))
    return torch.cat(flat, dim=1)


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ("left", [(16, 40, 65), (32, 20, 32), (64, 10, 16), (128, 10, 2)]),
        ("right", [(16, 40, 65), (32, 20, 32), (64, 10, 16), (128, 2, 16)]),
    ],
)
def test_each_layer_has_the_shape_of_figure_1(side, expected, spectrograms):
    x = spectrograms
    convolved, pooled = [], []
    for part in getattr(make_network(), side):
        before, x = x, part(x)
        if isinstance(part, nn.BatchNorm2d):
            convolved.append(tuple(before.shape[1:]))
        if isinstance(part, nn.MaxPool2d):
            pooled.append(tuple(x.shape[1:]))
    assert pooled == expected
    sizes = [(80, 130), *(shape[1:] for shape in expected[:-1])]  # "same": no convolution shrinks
    assert [shape[1:] for shape in convolved] == sizes


def test_embeddings_have_256_dimensions(spectrograms):
    network = make_network()
    assert network(spectrograms).shape == (3, 256)
    assert concatenate_stacks(network, spectrograms).shape == (3, 10 * 2 * 128 + 2 * 16 * 128)


def test_the_number_of_parameters_is_that_of_figure_1():
    left = (
        (10 * 23 * 1 * 16 + 16)
        + (5 * 11 * 16 * 32 + 32)
        + (3 * 5 * 32 * 64 + 64)
        + (2 * 4 * 64 * 128 + 128)
    )
    right = (
        (21 * 10 * 1 * 16 + 16)
        + (10 * 5 * 16 * 32 + 32)
        + (5 * 3 * 32 * 64 + 64)
        + (4 * 2 * 64 * 128 + 128)
    )
    normalisations = 2 * 2 * (16 + 32 + 64 + 128)
    dense = (2560 + 4096) * 256 + 256
    expected = left + right + normalisations + dense
    assert sum(parameter.numel() for parameter in DPNN().parameters()) == expected == 1_958_944


@pytest.mark.parametrize("training", [False, True])
def test_pooling_before_the_activation_gives_the_same_embeddings(training, spectrograms):
    network = make_network().train(training)
    x = functional.elu(network.dense(concatenate_stacks(network, spectrograms)))
    expected = functional.normalize(x, dim=1)
    torch.testing.assert_close(network(spectrograms), expected, atol=1e-6, rtol=1e-5)


def test_unit_norm_output_normalises_the_embeddings(spectrograms):
    network = make_network("output")
    x = functional.elu(network.dense(concatenate_stacks(network, spectrograms)))
    found = network(spectrograms)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(found, x / x.norm(dim=1, keepdim=True))


def test_unit_norm_weights_normalises_the_weights_of_each_unit(spectrograms):
    network = make_network("weights")
    weight = network.dense.weight
    unit = weight / weight.norm(dim=1, keepdim=True)
    x = concatenate_stacks(network, spectrograms) @ unit.T + network.dense.bias
    found = network(spectrograms)
    torch.testing.assert_close(found, functional.elu(x), atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        weight *= torch.linspace(0.5, 3, 256)[:, None]
    torch.testing.assert_close(network(spectrograms), found)


def test_unit_norm_none_normalises_nothing(spectrograms):
    network = make_network("none")
    x = functional.elu(network.dense(concatenate_stacks(network, spectrograms)))
    torch.testing.assert_close(network(spectrograms), x)
    assert (network(spectrograms).norm(dim=1) - 1).abs().min() > 0.01


def correlate_same(image, kernel):
    """Correlate with "same" padding, where Keras puts (size - 1) // 2 zeros first."""
    full = correlate2d(image, kernel, "full")  # size - 1 zeros on each side
    top, left = (size - 1 - (size - 1) // 2 for size in kernel.shape)
    return full[top:, left:][: image.shape[0], : image.shape[1]]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_equals_that_of_keras(side, number):
    pad, convolution = getattr(make_network(), side)[5 * number : 5 * number + 2]
    layer = {"left": LEFT, "right": RIGHT}[side][number]
    assert convolution.weight.shape[2:] == layer.kernel
    assert convolution.weight.shape[0] == layer.filters
    image = np.random.default_rng(0).normal(size=(24, 26)).astype(np.float32)
    x = torch.zeros(1, convolution.in_channels, 24, 26)
    x[0, 0] = torch.as_tensor(image)
    found = convolution(pad(x))[0, 3].detach()
    kernel = convolution.weight[3, 0].detach().numpy()
    expected = correlate_same(image, kernel) + convolution.bias[3].item()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_input_is_normalised_over_the_batch(spectrograms):
    network = make_network().train()
    expected = (spectrograms - spectrograms.mean()) / spectrograms.std(correction=0)
    torch.testing.assert_close(network.normalise(spectrograms), expected, atol=1e-4, rtol=1e-4)


def test_level_and_scale_of_a_batch_do_not_change_its_embeddings_in_training(spectrograms):
    found = make_network().train()(1.7 * spectrograms + 3)
    torch.testing.assert_close(found, make_network().train()(spectrograms), atol=1e-4, rtol=1e-3)


def test_the_two_stacks_share_no_weight(spectrograms):
    network = make_network()
    left = {parameter.data_ptr() for parameter in network.left.parameters()}
    right = {parameter.data_ptr() for parameter in network.right.parameters()}
    assert not left & right
    before = concatenate_stacks(network, spectrograms)
    with torch.no_grad():
        network.left[1].weight.mul_(-2)
    changed = (concatenate_stacks(network, spectrograms) != before).any(dim=0)
    assert changed[:2560].any()
    assert not changed[2560:].any()


def test_the_initial_dense_layer_is_the_same_for_all_frames_but_not_for_all_bands():
    network = make_network("none")
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(2, 128, 10, 2, generator=generator)
    right = torch.randn(2, 128, 2, 16, generator=generator)

    def embed(left, right):
        return network.dense(torch.cat([left.flatten(1), right.flatten(1)], dim=1))

    expected = embed(left, right)
    moved = embed(left.flip(3), right.roll(5, 3))
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-4)
    assert not torch.allclose(embed(left.flip(2), right), expected, atol=0.01)
    assert not torch.allclose(embed(left, right.flip(2)), expected, atol=0.01)
    weight = network.dense.weight.detach()
    assert weight.std() == pytest.approx(nn.Linear(6656, 256).weight.std().item(), rel=0.05)


def test_loaded_weights_keep_the_channels_last_order():
    weights = {name: value.contiguous() for name, value in make_network().state_dict().items()}
    loaded = DPNN()
    loaded.load_state_dict(weights)
    second = loaded.left[N_PARTS + 1].weight
    torch.testing.assert_close(second, weights[f"left.{N_PARTS + 1}.weight"])
    assert second.is_contiguous(memory_format=torch.channels_last)
