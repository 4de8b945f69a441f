"""Export a trained run: an ONNX model, a model card, and the embeddings of its test tracks."""

from __future__ import annotations

import importlib
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from tagspace.audio import spectrogram
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.model.head import Head
from tagspace.runs.records import Record
from tagspace.search.card import model_card
from tagspace.support.chatter import captured_chatter

MODEL, CARD, EMBEDDINGS = "model.onnx", "README.md", "embeddings.parquet"
PACKAGES = ("onnx", "onnxruntime", "onnxscript")
OPSET = 18  # the first that PyTorch's exporter writes without converting it
CLOSE = 1e-4  # largest difference between onnxruntime and PyTorch
LOUDNESS = (0.5, 1e-3, 0.0)  # of the noise in the check: loud, quiet and silent


@dataclass(frozen=True)
class Model:
    """What is exported.

    Attributes
    ----------
    network : torch.nn.Module
        From inputs to embeddings, in evaluation mode.
    name : str
        Of the input: ``log_mel`` or ``vectors``.
    inputs : torch.Tensor, shape (n, ...), float32
        The exported file must agree with the network on these.
    """

    network: nn.Module
    name: str
    inputs: torch.Tensor


def export(record: Path, out: Path) -> None:
    """Write ``model.onnx``, ``README.md`` and ``embeddings.parquet`` into a folder.

    The model maps log-mel excerpts to embeddings; that of a head on a table or on another run maps
    vectors. The number of excerpts is free. ``README.md`` is a model card, made from the record.

    Parameters
    ----------
    record : Path
        Folder of the record of a run.
    out : Path
        The folder to write, as a whole or not at all. It must be empty or not exist.

    Raises
    ------
    TagspaceError
        If a package is missing, the record is damaged, the folder cannot be written, or the
        exported model and the network disagree.

    Examples
    --------
    >>> export(Path("runs/none"), Path("exported"))
    Traceback (most recent call last):
    tagspace.errors.TagspaceError: record: runs/none cannot be exported (run.json cannot be ...
    """
    source, out = Record(record.expanduser()), out.expanduser().resolve()
    if damage := source.damage():
        raise TagspaceError(
            f"record: {record} cannot be exported ({damage}); name the folder of another run, or "
            f"make this run anew: tagspace remake {record}"
        )
    with _quiet():
        check_packages()
    model = load_model(source)
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise TagspaceError(f"out: {out} exists and is not an empty folder; name a new folder")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
            draft = Path(temporary)
            with _quiet():
                write_model(model, draft / MODEL)
                check_model(model, draft / MODEL)
            text = model_card(source, tuple(model.inputs.shape[1:]))
            (draft / CARD).write_text(text, encoding="utf-8")
            shutil.copyfile(source.folder / EMBEDDINGS, draft / EMBEDDINGS)
            draft.chmod(0o755)
            draft.rename(out)
    except OSError as error:
        raise TagspaceError(f"out: {out} cannot be written: {error.strerror or error}") from error


def check_packages() -> None:
    """Import the packages that an export needs beside PyTorch.

    Raises
    ------
    TagspaceError
        If one is missing.
    """
    try:
        for name in PACKAGES:
            importlib.import_module(name)
    except ImportError as error:
        raise TagspaceError(
            'export needs onnxruntime and onnxscript; install them: pip install "tagspace[export]"'
        ) from error


def load_model(record: Record) -> Model:
    """Load the network of a record, together with musicnn if it is a head on musicnn.

    Raises
    ------
    TagspaceError
        If the weights do not fit the network, or musicnn cannot be loaded.
    """
    try:
        network = record.network()
    except (LookupError, RuntimeError) as error:
        raise TagspaceError(
            f"record: the weights in {record.folder} are those of another version of tagspace; "
            f"make the run anew: tagspace remake {record.folder}"
        ) from error
    generator = np.random.default_rng(0)
    noise = generator.normal(size=spectrogram.N_SAMPLES).astype(np.float32)
    sounds = [noise * np.float32(loudness) for loudness in LOUDNESS]
    encoder = record.parameters["encoder"]
    if encoder == "dpnn":
        with_channel = nn.Sequential(nn.Unflatten(1, (1, spectrogram.N_MELS)), network)
        inputs = np.stack([spectrogram.log_mel(sound) for sound in sounds])
        return Model(with_channel.eval(), "log_mel", torch.as_tensor(inputs))
    if encoder == "musicnn":
        shorter = [sound[: round(spectrogram.SECONDS * musicnn.SAMPLE_RATE)] for sound in sounds]
        joined = HeadOnMusicNN(musicnn.load(), network)
        patches = np.stack([musicnn.log_mel_patches(sound) for sound in shorter])
        return Model(joined.eval(), "log_mel", torch.as_tensor(patches))
    statistics = cast(Head, network).standardise.state_dict()  # of the training vectors
    mean, deviation = statistics["running_mean"], statistics["running_var"].sqrt()
    normal = torch.as_tensor(generator.normal(size=(len(sounds), len(mean))), dtype=torch.float32)
    return Model(network, "vectors", mean + deviation * normal)


class HeadOnMusicNN(nn.Module):
    """musicnn and a head as one network, from the patches of excerpts to embeddings."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Embed excerpts: shape (n, 2, 187, 96) to (n, d)."""
        vectors = self.encoder(log_mel.flatten(0, 1))
        return self.head(vectors.unflatten(0, log_mel.shape[:2]).mean(1))


def write_model(model: Model, file: Path) -> None:
    """Write a network as ONNX, for any number of inputs."""
    import onnx

    program = torch.onnx.export(
        model.network,
        (model.inputs[:2],),  # with one input, the exporter would take the number as fixed
        input_names=[model.name],
        output_names=["embedding"],
        opset_version=OPSET,
        dynamic_shapes=({0: torch.export.Dim("n")},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    # The exporter's notes name source files of this machine.
    graph = proto.graph
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.value_info,
                 *graph.initializer):  # fmt: skip
        part.ClearField("metadata_props")
    onnx.save(proto, file)


def check_model(model: Model, file: Path) -> None:
    """Compare an exported file with its network.

    Raises
    ------
    TagspaceError
        If an embedding differs by more than 1e-4, relative to its largest value if that is above 1.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {model.name: model.inputs.numpy()})
    with torch.no_grad():
        expected = model.network(model.inputs).numpy()
    difference = np.abs(found - expected).max() / max(np.abs(expected).max(), 1)
    if not difference <= CLOSE:  # NaN is not
        raise TagspaceError(
            f"export: onnxruntime and PyTorch differ by {difference:.1e}, more than {CLOSE:.0e}; "
            "nothing was written; install the versions in constraints.txt"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what the exporter and onnxruntime say about themselves."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with captured_chatter(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
