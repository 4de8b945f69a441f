"""Write the model card of a trained run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tagspace.audio import spectrogram as mel
from tagspace.configuration import (
    ENCODERS,
    EXPERIMENT_PARAMETERS,
    RELATEDNESS_KINDS,
    Configuration,
)
from tagspace.datasets.registry import READERS
from tagspace.encoders import musicnn
from tagspace.encoders.heard import what_it_heard
from tagspace.runs.comparison import REPRESENTATIONS, select
from tagspace.runs.records import Record

FILTERS = {"none": "unfiltered", "artist": "artist filter"}
QUERIES = {"test": "test tracks", "validation": "validation tracks", "all": "test tracks"}
# Stated on every card; other parameters only where they are not the default.
STATED = ("encoder", "relatedness", "topics", "loss", "batch_size", "learning_rate", "seed")

FRAMES = """\
- Spectrogram: power; FFT of {} samples, hop of {} samples, periodic Hann window; frames are
  centred, with zeros beyond both ends of the audio
- Mel bands: {} from {:g} to {:g} Hz, Slaney's scale and area normalisation
"""
EXCERPTS = f"""\
Input `log_mel`: float32, shape (n, {mel.N_MELS}, {mel.N_FRAMES}), excerpts x mel bands x frames.

- Audio: mono, {mel.SAMPLE_RATE} Hz, {mel.SECONDS:g} s
{FRAMES.format(mel.N_FFT, mel.HOP, mel.N_MELS, mel.F_MIN, mel.F_MAX)}\
- Values: natural logarithm of the power, which is at least {mel.FLOOR:g}"""
EXCERPTS_CODE = f"""\
# The file must be {mel.SECONDS:g} s long or longer.
samples, _ = librosa.load("track.wav", sr={mel.SAMPLE_RATE}, duration={mel.SECONDS:g})
power = librosa.feature.melspectrogram(
    y=samples, sr={mel.SAMPLE_RATE}, n_fft={mel.N_FFT}, hop_length={mel.HOP},
    n_mels={mel.N_MELS}, fmin={mel.F_MIN:g}, fmax={mel.F_MAX:g},
)
log_mel = np.log(np.maximum(power, {mel.FLOOR:g}))[np.newaxis]
"""
PATCH = musicnn.PATCH
PATCHES = f"""\
Input `log_mel`: float32, shape (n, 2, {PATCH}, {musicnn.N_MELS}), excerpts x patches x frames x mel
bands.

- Audio: mono, {musicnn.SAMPLE_RATE} Hz, {mel.SECONDS:g} s
- The first {2 * PATCH} frames make two patches
{FRAMES.format(musicnn.N_FFT, musicnn.HOP, musicnn.N_MELS, 0, musicnn.SAMPLE_RATE / 2)}\
- Values: log10({musicnn.SCALE} x power + 1)"""
PATCHES_CODE = f"""\
# The file must be {mel.SECONDS:g} s long or longer.
samples, _ = librosa.load("track.wav", sr={musicnn.SAMPLE_RATE}, duration={mel.SECONDS:g})
power = librosa.feature.melspectrogram(
    y=samples, sr={musicnn.SAMPLE_RATE}, n_fft={musicnn.N_FFT}, hop_length={musicnn.HOP},
    n_mels={musicnn.N_MELS},
)
frames = np.log10({musicnn.SCALE} * power.T + 1)
log_mel = frames[: 2 * {PATCH}].reshape(1, 2, {PATCH}, {musicnn.N_MELS})
"""
CARD = """\
# {id}

`model.onnx` maps {parts} to embeddings: vectors of {dimensions} numbers. tagspace {version} trained
it on the data set {data}, tag sets {tagsets}, so that tracks with similar tags have similar
embeddings.

## Input and output

{input}

Output `embedding`: float32, shape (n, {dimensions}){unit}. {track}

## Use

```python
{code}
session = onnxruntime.InferenceSession("model.onnx")
(embeddings,) = session.run(None, {{"{name}": {name}}})
{mean}```

`embeddings.parquet` holds the embeddings of the {n_embeddings} {queries}, by track id.

## Training

{split}

{n_epochs} epochs; the weights of epoch {best_epoch} were kept. {heard}.

{parameters}

Versions: {versions}; Python {python}; commit {commit}; data fingerprint {fingerprint}.

## Results

Graded nDCG@10 of search by example, for the {queries}: the mean over queries, and its 95 % interval
from a bootstrap over artists. The artist filter leaves out tracks of the query's artist. Untrained
is the DPNN with its initial weights; a column with the name of an encoder is this encoder, frozen.
Chance is the expected value of a random ranking.

{results}

## Licences

Weights that were learned from data for non-commercial use keep that limit.

{licence}
"""


def model_card(record: Record, shape: tuple[int, ...]) -> str:
    """Return the model card of a run as Markdown.

    Parameters
    ----------
    record : Record
        Its parameters, data and results are stated.
    shape : tuple of int
        Shape of one input of the exported model.
    """
    info, parameters = record.info, record.parameters
    data, is_unit = info["data"], parameters["unit_norm"] == "output"
    commit = info["commit"] or "unknown"
    counted = {part: (data["tracks"][part], data["artists"][part]) for part in data["tracks"]}
    return CARD.format(
        id=info["id"],
        dimensions=parameters["dimensions"],
        version=info["versions"]["tagspace"],
        data=data["name"],
        tagsets=" + ".join(info["tagsets"]),
        unit=", of unit length" if is_unit else "",
        n_embeddings=len(record.embeddings),
        queries=QUERIES[parameters["pool"]],
        split=_table(["part", "tracks", "artists"], [(k, *v) for k, v in counted.items()]),
        n_epochs=len(record.history),
        best_epoch=info["best_epoch"],
        heard=what_it_heard(parameters["encoder"]),
        parameters=_table(["parameter", "value"], _parameters(parameters)),
        versions=", ".join(f"{name} {number}" for name, number in info["versions"].items()),
        python=info["python"],
        commit=commit.replace("+", " with changes that were not committed"),
        fingerprint=data["fingerprint"],
        results=_results(record),
        licence=_licence(data["name"], parameters["encoder"]),
        **_input(parameters, data["excerpts"], shape, is_unit),
    )


def _input(
    parameters: Mapping[str, Any], n_excerpts: int, shape: tuple[int, ...], is_unit: bool
) -> dict[str, str]:
    """Describe the input, and how embeddings of its parts make that of a track."""
    encoder, path = parameters["encoder"], Path(parameters["encoder"]).expanduser()
    unit, code = ", scaled to unit length again", "import numpy as np\nimport onnxruntime\n"
    if encoder in ENCODERS:
        parts, name = "excerpts", "log_mel"
        about = {"dpnn": EXCERPTS, "musicnn": PATCHES}[encoder]
        code = f"import librosa\n{code}\n"
        code += {"dpnn": EXCERPTS_CODE, "musicnn": PATCHES_CODE}[encoder]
    else:
        kind = "embeddings of excerpts by the network of" if path.is_dir() else "vectors of"
        parts, name, size = f"{kind} {path.name}", "vectors", shape[0]
        about = f"Input `vectors`: float32, shape (n, {size}), {parts}, its columns in their order."
        code += f"\nvectors = np.zeros((1, {size}), dtype=np.float32)  # put them here\n"
    track = mean = ""
    if not path.is_file():  # the vectors of a table are those of tracks
        mean = "track = embeddings.mean(axis=0)\n" + "track /= np.linalg.norm(track)\n" * is_unit
        track = f"The embedding of a track is the mean over its {parts}{unit * is_unit}. "
        track += f"The run took {n_excerpts} excerpts of {mel.SECONDS:g} s of each track."
    return {
        "parts": parts,
        "name": name,
        "input": about,
        "code": code,
        "mean": mean,
        "track": track,
    }


def _parameters(parameters: Mapping[str, Any]) -> list[tuple[str, object]]:
    """List the parameters that matter; of a file, only the name, since its folder is private."""
    defaults, kinds = Configuration().model_dump(), (*ENCODERS, *RELATEDNESS_KINDS)
    rows = []
    for name in EXPERIMENT_PARAMETERS:
        value = parameters[name]
        if name in STATED or (name != "tagsets" and value != defaults[name]):
            is_path = name in ("encoder", "relatedness") and value not in kinds
            rows.append((name, Path(value).name if is_path else value))
    return rows


def _results(record: Record) -> str:
    """Tabulate the trained network, what it must exceed, and chance."""
    metrics = record.metrics
    frozen = sorted(set(metrics["representation"]) - set(REPRESENTATIONS))
    names = ["trained", *frozen, "untrained"]
    rows = []
    for filtered, label in FILTERS.items():
        chosen = select(metrics, "graded nDCG@10", filtered)
        for task in record.info["tagsets"]:
            found = chosen[chosen["task"] == task].set_index("representation")
            if found.empty:  # ten tracks or fewer
                continue
            scores = [_score(found, name) for name in names]
            first = found.loc["trained"]
            rows.append((task, label, *scores, f"{first['chance']:.3f}", first["n_queries"]))
    return _table(["tag set", "neighbours", *names, "chance", "queries"], rows)


def _score(found: pd.DataFrame, name: str) -> str:
    if name not in found.index:
        return ""
    row = found.loc[name]
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})"


def _licence(data: str, encoder: str) -> str:
    release = getattr(READERS.get(data), "RELEASE", None)
    parts = {
        "The data set": release.notice() if release else f"{data}, whose licence is not known here",
        "A part of the network": f"{musicnn.NOTICE}\n\n{musicnn.LICENCE}".rstrip(),
    }
    if encoder != "musicnn":
        del parts["A part of the network"]
    return "\n\n".join(f"{title}:\n\n```text\n{text}\n```" for title, text in parts.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines: list[Sequence[object]] = [header, ["---"] * len(header), *rows]
    # A name may hold a bar, which separates cells.
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
