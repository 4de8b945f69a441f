"""The network against Figure 1, and against the plain order of its layers."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn
from torch.nn import functional

from tagspace.model.dpnn import DPNN, LEFT, N_PARTS, RIGHT


@pytest.fixture
def spectrograms():
    return torch.randn(3, 1, 80, 130, generator=torch.Generator().manual_seed(0)) * 4 - 5


def model_of(unit_norm="output"):
    torch.manual_seed(0)
    return DPNN(unit_norm).eval()


def concatenated(model, spectrograms):
    """Compute what goes into the last layer, with the activation before the pooling."""
    flat = []
    for stack in (model.left, model.right):
        x = model.normalise(spectrograms)
        for pad, convolution, normalisation, pool, _ in zip(*[iter(stack)] * 5, strict=True):
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
def test_shapes_layer_by_layer(side, expected, spectrograms):
    x = spectrograms
    convolved, pooled = [], []
    for part in getattr(model_of(), side):
        before, x = x, part(x)
        if isinstance(part, nn.BatchNorm2d):
            convolved.append(tuple(before.shape[1:]))
        if isinstance(part, nn.MaxPool2d):
            pooled.append(tuple(x.shape[1:]))
    assert pooled == expected
    sizes = [(80, 130), *(shape[1:] for shape in expected[:-1])]  # "same": no convolution shrinks
    assert [shape[1:] for shape in convolved] == sizes


def test_embeddings_have_256_dimensions(spectrograms):
    model = model_of()
    assert model(spectrograms).shape == (3, 256)
    assert concatenated(model, spectrograms).shape == (3, 10 * 2 * 128 + 2 * 16 * 128)


def test_number_of_parameters():
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
def test_pooling_before_the_activation_changes_nothing(training, spectrograms):
    model = model_of().train(training)
    x = functional.elu(model.dense(concatenated(model, spectrograms)))
    expected = functional.normalize(x, dim=1)
    torch.testing.assert_close(model(spectrograms), expected, atol=1e-6, rtol=1e-5)


def test_unit_norm_of_the_output(spectrograms):
    model = model_of("output")
    x = functional.elu(model.dense(concatenated(model, spectrograms)))
    found = model(spectrograms)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(found, x / x.norm(dim=1, keepdim=True))


def test_unit_norm_of_the_weights(spectrograms):
    model = model_of("weights")
    weight = model.dense.weight
    unit = weight / weight.norm(dim=1, keepdim=True)
    x = concatenated(model, spectrograms) @ unit.T + model.dense.bias
    found = model(spectrograms)
    torch.testing.assert_close(found, functional.elu(x), atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        weight *= torch.linspace(0.5, 3, 256)[:, None]
    torch.testing.assert_close(model(spectrograms), found)


def test_no_unit_norm(spectrograms):
    model = model_of("none")
    x = functional.elu(model.dense(concatenated(model, spectrograms)))
    torch.testing.assert_close(model(spectrograms), x)
    assert (model(spectrograms).norm(dim=1) - 1).abs().min() > 0.01


def same(image, kernel):
    """Correlate with as many zeros around the image as Keras puts there."""
    full = correlate2d(image, kernel, "full")  # kernel - 1 zeros on each side
    first = [size - 1 - (size - 1) // 2 for size in kernel.shape]
    return full[first[0] :, first[1] :][: image.shape[0], : image.shape[1]]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("side", ["left", "right"])
def test_zeros_go_where_keras_puts_them(side, number):
    pad, convolution = getattr(model_of(), side)[5 * number : 5 * number + 2]
    layer = {"left": LEFT, "right": RIGHT}[side][number]
    assert convolution.weight.shape[2:] == layer.kernel
    assert convolution.weight.shape[0] == layer.filters
    image = np.random.default_rng(0).normal(size=(24, 26)).astype(np.float32)
    x = torch.zeros(1, convolution.in_channels, 24, 26)
    x[0, 0] = torch.as_tensor(image)
    found = convolution(pad(x))[0, 3].detach()
    kernel = convolution.weight[3, 0].detach().numpy()
    expected = same(image, kernel) + convolution.bias[3].item()
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_input_is_normalised_over_the_batch(spectrograms):
    model = model_of().train()
    expected = (spectrograms - spectrograms.mean()) / spectrograms.std(correction=0)
    torch.testing.assert_close(model.normalise(spectrograms), expected, atol=1e-4, rtol=1e-4)
    model.eval()
    found = model_of().train()(1.7 * spectrograms + 3)
    torch.testing.assert_close(found, model_of().train()(spectrograms), atol=1e-4, rtol=1e-3)


def test_the_two_stacks_share_nothing(spectrograms):
    model = model_of()
    left = {parameter.data_ptr() for parameter in model.left.parameters()}
    right = {parameter.data_ptr() for parameter in model.right.parameters()}
    assert not left & right
    before = concatenated(model, spectrograms)
    with torch.no_grad():
        model.left[1].weight.mul_(-2)
    changed = (concatenated(model, spectrograms) != before).any(dim=0)
    assert changed[:2560].any()
    assert not changed[2560:].any()


def test_the_dense_layer_begins_alike_in_time():
    """Frames of the stacks' outputs may be exchanged at first; bands may not."""
    model = DPNN(unit_norm="none")
    left, right = torch.randn(2, 128, 10, 2), torch.randn(2, 128, 2, 16)

    def embed(left, right):
        return model.dense(torch.cat([left.flatten(1), right.flatten(1)], dim=1))

    expected = embed(left, right)
    moved = embed(left.flip(3), right.roll(5, 3))
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-4)
    assert not torch.allclose(embed(left.flip(2), right), expected, atol=0.01)
    assert not torch.allclose(embed(left, right.flip(2)), expected, atol=0.01)
    weight = model.dense.weight.detach()
    assert weight.std() == pytest.approx(nn.Linear(6656, 256).weight.std().item(), rel=0.05)


def test_the_order_of_memory_outlasts_weights_in_another():
    weights = {name: value.contiguous() for name, value in model_of().state_dict().items()}
    loaded = DPNN()
    loaded.load_state_dict(weights)
    second = loaded.left[N_PARTS + 1].weight
    torch.testing.assert_close(second, weights[f"left.{N_PARTS + 1}.weight"])
    assert second.is_contiguous(memory_format=torch.channels_last)
