"""musicnn, a network that was trained to tag 200,000 tracks (Pons and Serra 2019), in PyTorch.

The weights are read from the authors' package; none of its code is installed or run. musicnn was
trained on the Million Song Dataset with tags of Last.fm. That data may include tracks and artists
of your collection.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import threading
import zipfile
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from tagspace.audio import reading
from tagspace.audio.spectrogram import SECONDS, filter_bank, mel_power
from tagspace.audio.store import FrontEnd
from tagspace.encoders.heard import TAGS
from tagspace.encoders.tensorflow_checkpoint import read_variables
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder
from tagspace.support.device import choose_precision, products_in
from tagspace.support.files import write_whole

CPU = torch.device("cpu")
SAMPLE_RATE = 16_000  # Hz
N_FFT, HOP, N_MELS = 512, 256, 96
SCALE = 10_000  # of the mel power, before the logarithm
PATCH = 187  # frames that the network takes, 3 s
DIMENSIONS = 200
EPSILON = 1e-3  # of its batch normalisations
TIMBRE = (7, 38), (7, 67)  # kernels, frames x mel bands
TIME = (128, 1), (64, 1), (32, 1)
N_TIMBRE, N_TIME, N_MIDDLE = 204, 51, 64  # filters
FRONT = N_TIMBRE * len(TIMBRE) + N_TIME * len(TIME)
POOLED = FRONT + 3 * N_MIDDLE

PACKAGE = "musicnn==0.1.0"
WHEEL = "musicnn-0.1.0-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
CHECKPOINT = "musicnn/MSD_musicnn/"
NOTICE = (
    "musicnn 0.1.0, its network trained on the Million Song Dataset "
    "(https://github.com/jordipons/musicnn)\n"
    "Licence: ISC\nCite: Pons and Serra 2019, musicnn: pre-trained convolutional neural networks "
    "for music audio tagging"
)
# Must accompany every copy of the weights.
LICENCE = """\
Copyright (c) Music Technology Group, Universitat Pompeu Fabra 2019. Code developed by Jordi Pons
(www.jordipons.me).

Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee
is hereby granted, provided that the above copyright notice and this permission notice appear in all
copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE
OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS
SOFTWARE.
"""


class _Layer(nn.Module):
    """A convolution over time, with all mel bands or one, and its batch normalisation."""

    def __init__(self, filters: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, filters, kernel)
        self.norm = nn.BatchNorm2d(filters, EPSILON)
        before = (kernel[0] - 1) // 2
        self.padding = 0, 0, before, kernel[0] - 1 - before  # the number of frames stays

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, frames, bands) to (n, filters, frames), the maximum over bands.

        Bias, ReLU and normalisation are monotone in each filter, so the maximum over bands can be
        taken before them. For a filter with a negative normalisation weight, the minimum is taken
        instead. The result is the same, at half the cost.
        """
        sign = self.norm.weight.sign()
        kernel = self.convolution.weight * sign[:, None, None, None]
        padded = functional.pad(x.unsqueeze(1), self.padding)
        if padded.shape[3] == kernel.shape[3]:  # all bands at once, as channels: it is faster
            padded, kernel = padded.transpose(1, 3), kernel.transpose(1, 3)
        found = functional.conv2d(padded.to(memory_format=torch.channels_last), kernel)
        most = functional.max_pool2d(found, (1, found.shape[3])).float() * sign[:, None, None]
        bias = self.convolution.get_parameter("bias")[:, None, None]
        return self.norm(functional.relu(most + bias)).squeeze(3)


class MusicNN(nn.Module):
    """The network; ``forward`` returns its penultimate layer, ``tags`` is the last one.

    Examples
    --------
    >>> MusicNN().eval()(torch.zeros(2, PATCH, N_MELS)).shape
    torch.Size([2, 200])
    """

    def __init__(self) -> None:
        super().__init__()
        self.input_norm = nn.BatchNorm2d(1, EPSILON)
        self.front = nn.ModuleList(
            [_Layer(N_TIMBRE, kernel) for kernel in TIMBRE] + [_Layer(N_TIME, k) for k in TIME]
        )
        self.middle = nn.ModuleList(_Layer(N_MIDDLE, (7, n)) for n in (FRONT, N_MIDDLE, N_MIDDLE))
        self.pool_norm = nn.BatchNorm1d(2 * POOLED, EPSILON)
        self.dense = nn.Linear(2 * POOLED, DIMENSIONS)
        self.dense_norm = nn.BatchNorm1d(DIMENSIONS, EPSILON)
        self.tags = nn.Linear(DIMENSIONS, len(TAGS))

    def pool(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the maxima and means over time, shape (n, 753, 2).

        Parameters
        ----------
        patches : torch.Tensor, shape (n, 187, 96), float32
            See :func:`log_mel_patches`.
        """
        x = self.input_norm(patches.unsqueeze(1)).squeeze(1)
        front = torch.cat([layer(x) for layer in self.front], dim=1)
        first = self.middle[0](front.transpose(1, 2))
        second = self.middle[1](first.transpose(1, 2)) + first
        third = self.middle[2](second.transpose(1, 2)) + second
        every = torch.cat([front, first, second, third], dim=1)
        return torch.stack([every.amax(2), every.mean(2)], dim=2)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the penultimate layer, shape (n, 200); see :meth:`pool`."""
        pooled = self.pool_norm(self.pool(patches).flatten(1))
        return self.dense_norm(functional.relu(self.dense(pooled)))


def log_mel_patches(samples: np.ndarray) -> np.ndarray:
    """Compute the network's input.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n_samples,), float32
        Mono audio at 16,000 Hz, 3 s or more.

    Returns
    -------
    numpy.ndarray, shape (n_patches, 187, 96), float32
        Patches of 3 s without overlap.
    """
    bank = filter_bank(SAMPLE_RATE, N_FFT, N_MELS, 0.0, SAMPLE_RATE / 2)
    frames = np.log10(SCALE * mel_power(samples, bank, HOP).T + 1)
    n_patches = len(frames) // PATCH
    return frames[: n_patches * PATCH].reshape(n_patches, PATCH, N_MELS)


def excerpt_vectors(
    path: str, number: int, precision: torch.dtype = torch.float32
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Compute the penultimate layer for the excerpts of a file.

    Parameters
    ----------
    path : str
        The audio file.
    number : int
        Number of excerpts of six seconds; see :func:`tagspace.audio.reading.place`.
    precision : torch.dtype
        Type of the products, float32 or bfloat16.

    Returns
    -------
    numpy.ndarray, shape (number, 200), float32
        The mean over the two patches of each excerpt.
    tuple of str
        What is unusual about the file.

    Raises
    ------
    TagspaceError
        If the file cannot be read, or the network cannot be loaded.
    """
    excerpts = reading.read_excerpts(path, number, SAMPLE_RATE)
    patches = np.stack([log_mel_patches(samples) for samples in excerpts.samples])
    network, flat = _network(), torch.as_tensor(patches).flatten(0, 1)
    with torch.no_grad(), products_in(precision, CPU):
        vectors = network(flat).float().unflatten(0, patches.shape[:2])
    return vectors.mean(1).numpy(), excerpts.notes


def tag_chances(vectors: np.ndarray) -> np.ndarray:
    """Predict tags from the penultimate layer.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (..., 200)
        See :func:`excerpt_vectors`.

    Returns
    -------
    numpy.ndarray, shape (..., 50)
        From 0 to 1, for each of :data:`tagspace.encoders.heard.TAGS`.
    """
    with torch.no_grad():
        return _network().tags(torch.as_tensor(vectors)).sigmoid().numpy()


def tag_weights() -> np.ndarray:
    """Return the weights of the last layer: what makes each tag likely, shape (50, 200)."""
    return _network().tags.weight.detach().numpy()


@cache
def front_end(precision: torch.dtype = torch.float32) -> FrontEnd:
    """Return the front end that computes the vectors.

    Parameters
    ----------
    precision : torch.dtype
        Vectors in bfloat16 have cosines above .9997 with those in float32, on 796 clips of MERGE
        and Emotify, and P@10 and nDCG@10 differ by .002 at most. Some processors compute bfloat16
        in two thirds of the time.
    """
    constants = (PACKAGE, SAMPLE_RATE, SECONDS, N_FFT, HOP, N_MELS, PATCH)
    return FrontEnd(
        "musicnn",
        constants if precision == torch.float32 else (*constants, str(precision)),
        (DIMENSIONS,),
        "float32",
        partial(excerpt_vectors, precision=precision),
    )


def fastest() -> torch.dtype:
    """Return the precision in which this processor is fastest."""
    return choose_precision("auto", CPU)


def load() -> MusicNN:
    """Load the network with the authors' weights, in evaluation mode.

    The first call downloads the weights with pip, from the index that it is configured to use.

    Raises
    ------
    TagspaceError
        If the package cannot be downloaded, or its checksum differs.
    """
    file = cache_folder() / "encoders" / "musicnn-0.1.0-with-tags.safetensors"
    network = MusicNN()
    if not file.exists():
        print(NOTICE, flush=True)
        states = _states(network, _variables(_wheel(file.parent)))
        write_whole(file, lambda path: save_file(states, path))
    network.load_state_dict(load_file(file))
    return network.eval()


_loaded = cache(load)
LOADING = threading.Lock()


def _network() -> MusicNN:
    with LOADING:  # one thread loads while the others wait
        return _loaded()


def _wheel(folder: Path) -> bytes:
    """Return the authors' package: from a folder, or else from the package index."""
    if (folder / WHEEL).exists():
        content = (folder / WHEEL).read_bytes()
    else:
        with tempfile.TemporaryDirectory() as temporary:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-deps",
                "-d",
                temporary,
                PACKAGE,
            ]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            wheel = Path(temporary) / WHEEL
            if not wheel.exists():
                reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise TagspaceError(
                    f"encoder: pip cannot download {PACKAGE} ({reason}); put {WHEEL} into {folder}"
                )
            content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise TagspaceError(f"encoder: {WHEEL} is not the file that its authors published")
    return content


def _variables(wheel: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as file:
        index, data = (
            file.read(f"{CHECKPOINT}{name}") for name in (".index", ".data-00000-of-00001")
        )
    return read_variables(index, data)


def _states(network: MusicNN, variables: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Name TensorFlow's variables, which it numbers in order, as the network does."""
    layers = [*network.front, *network.middle]
    norms = [network.input_norm, *(layer.norm for layer in layers)]
    norms += [network.pool_norm, network.dense_norm]
    names = {module: name for name, module in network.named_modules()}
    states = {}
    for number, norm in enumerate(norms):
        prefix = f"batch_normalization{f'_{number}' if number else ''}/"
        for ours, theirs in {
            "weight": "gamma",
            "bias": "beta",
            "running_mean": "moving_mean",
            "running_var": "moving_variance",
        }.items():
            states[f"{names[norm]}.{ours}"] = variables[prefix + theirs]
        states[f"{names[norm]}.num_batches_tracked"] = np.array(0)
    for number, layer in enumerate(layers):
        prefix = f"conv2d{f'_{number}' if number else ''}/"
        states[f"{names[layer.convolution]}.weight"] = variables[prefix + "kernel"].transpose(
            3, 2, 0, 1
        )
        states[f"{names[layer.convolution]}.bias"] = variables[prefix + "bias"]
    for ours, theirs in {"dense": "dense", "tags": "dense_1"}.items():
        states[f"{ours}.weight"] = variables[f"{theirs}/kernel"].T
        states[f"{ours}.bias"] = variables[f"{theirs}/bias"]
    return {name: torch.as_tensor(np.array(value, order="C")) for name, value in states.items()}
