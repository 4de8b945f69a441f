"""The port of musicnn agrees with the original code."""

import shutil
import sys
import zipfile
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from torch.nn import functional

from tagspace.audio.store import Store
from tagspace.encoders import musicnn
from tagspace.encoders.tensorflow_checkpoint import read_variables
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder

SHARED = Path(__file__).parents[3] / "shared"
REFERENCE = SHARED / "facts" / "musicnn_reference.npz"
CLIPS = ["pop-1", "classical-2", "electronic-3"]


@pytest.fixture
def network(musicnn_network):
    return musicnn_network


def varint(number):
    """Encode a number as LevelDB and protobuf do."""
    parts = []
    while True:
        number, rest = divmod(number, 128)
        parts.append(rest | (128 if number else 0))
        if not number:
            return bytes(parts)


def block(entries):
    """Encode a block of a LevelDB table, with shared starts of keys."""
    content, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(before), len(key)) and before[shared] == key[shared]:
            shared += 1
        own = key[shared:]
        content += varint(shared) + varint(len(own)) + varint(len(value)) + own + value
        before = key
    return content + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def field(number, kind, content):
    return varint(number << 3 | kind) + content


def checkpoint(arrays):
    """Write a checkpoint as TensorFlow does: an index and the numbers."""
    data, entries = b"", [(b"", b"")]
    for name, array in sorted(arrays.items()):
        sizes = [field(1, 0, varint(size)) for size in array.shape]
        shape = b"".join(field(2, 2, varint(len(size)) + size) for size in sizes)
        value = field(1, 0, varint(1)) + field(2, 2, varint(len(shape)) + shape)
        value += field(4, 0, varint(len(data))) + field(5, 0, varint(4 * array.size))
        value += field(6, 5, bytes(4))  # a checksum, which is not read
        entries.append((name.encode(), value))
        data += array.astype("<f4").tobytes()
    first = block(entries)
    second = block([(b"z", varint(0) + varint(len(first)))])
    start = len(first) + 5  # each block ends with its kind and a checksum
    footer = varint(0) + varint(0) + varint(start) + varint(len(second))
    return first + bytes(5) + second + bytes(5) + footer.ljust(48, b"\0"), data


def test_a_checkpoint_is_read_as_it_was_written():
    generator = np.random.default_rng(0)
    shapes = {"dense/bias": (3,), "dense/kernel": (2, 3), "dense_1/kernel": (300, 2), "step": ()}
    arrays = {name: np.asarray(generator.normal(size=shape)) for name, shape in shapes.items()}
    found = read_variables(*checkpoint(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array.astype(np.float32))


@pytest.mark.skipif(not REFERENCE.exists(), reason="needs the reference")
@pytest.mark.parametrize("clip", CLIPS)
def test_the_port_agrees_with_the_original(network, clip):
    genre, number = clip.split("-")
    file = SHARED / "data" / "emotify" / genre / f"{number}.mp3"
    decoded, rate = soundfile.read(file, dtype="float32")
    samples = librosa.resample(decoded.mean(1), orig_sr=rate, target_sr=musicnn.SAMPLE_RATE)
    patches = torch.as_tensor(musicnn.log_mel_patches(samples))
    reference = np.load(REFERENCE)
    with torch.no_grad():
        maxima, means = network.pool(patches).numpy().transpose(2, 0, 1)
        penultimate = network(patches).numpy()
    np.testing.assert_allclose(maxima, reference[f"{clip}/max_pool"], atol=2e-4)
    np.testing.assert_allclose(means, reference[f"{clip}/mean_pool"], atol=1e-4)
    # The original repeats the penultimate layer of the first patch.
    np.testing.assert_allclose(penultimate[0], reference[f"{clip}/penultimate"][0], atol=1e-4)


def test_the_maximum_may_be_taken_before_the_rest_of_a_layer(network):
    x = torch.randn(2, 187, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for layer in network.front:
            padded = functional.pad(x.unsqueeze(1), layer.padding)
            plain = layer.norm(functional.relu(layer.convolution(padded))).amax(3)
            torch.testing.assert_close(layer(x), plain, atol=1e-4, rtol=1e-3)


@pytest.mark.skipif(not REFERENCE.exists(), reason="needs the clips")
@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("clip", CLIPS)
def test_vectors_in_bfloat16_have_the_direction_of_those_in_float32(clip):
    genre, number = clip.split("-")
    file = str(SHARED / "data" / "emotify" / genre / f"{number}.mp3")
    single, half = (
        musicnn.excerpt_vectors(file, 2, precision)[0]
        for precision in (torch.float32, torch.bfloat16)
    )
    assert half.dtype == np.float32
    lengths = np.linalg.norm(single, axis=1) * np.linalg.norm(half, axis=1)
    assert ((single * half).sum(1) / lengths > 0.9997).all()
    stores = {musicnn.front_end(each).folder(2) for each in (torch.float32, torch.bfloat16)}
    assert len(stores) == 2  # so that they are not mixed


def test_vectors_of_excerpts_are_kept_like_any_feature(network, tmp_path):
    assert not network.training
    noise = np.random.default_rng(0).normal(0, 0.1, 9 * 44_100)
    soundfile.write(tmp_path / "a.wav", noise, 44_100)
    vectors, notes = musicnn.excerpt_vectors(str(tmp_path / "a.wav"), 2)
    assert vectors.shape == (2, 200)
    assert vectors.dtype == np.float32
    assert notes == ()
    store = Store(tmp_path / "store", 2, musicnn.front_end())
    content = "0" * 32
    places, _, _ = store.compute({content: str(tmp_path / "a.wav")}, "s", lambda _: content)
    found = store.arrays()["s"][places[content].row]
    np.testing.assert_allclose(found, vectors, atol=1e-5)
    assert store.find({content}) == places


def test_another_file_with_the_name_of_the_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path))
    folder = cache_folder() / "encoders"
    folder.mkdir()
    with zipfile.ZipFile(folder / musicnn.WHEEL, "w") as file:
        file.writestr("musicnn/MSD_musicnn/.index", "")
    with pytest.raises(TagspaceError, match="is not the file that its authors published"):
        musicnn.load()


def test_without_pip_the_error_says_where_to_put_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(TagspaceError, match=rf"^encoder: pip cannot .*; put musicnn.* {tmp_path}"):
        musicnn.load()
