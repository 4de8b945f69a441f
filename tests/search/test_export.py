"""An exported run works without this library, and embeds as its network does."""

import dataclasses
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import soundfile
import torch

from tagspace.audio import reading, spectrogram
from tagspace.encoders import musicnn
from tagspace.encoders.embedding import embed
from tagspace.errors import TagspaceError
from tagspace.runs import experiment, records
from tagspace.runs.records import Record
from tagspace.search import export as exporting
from tagspace.search.export import export

KINDS = ["dpnn", "musicnn", "table", "run"]
FILES = ["README.md", "embeddings.parquet", "model.onnx"]


@pytest.fixture(scope="module")
def make(request, small, tmp_path_factory):
    """Return a function that trains for one epoch, and gives the corpus and the record."""
    runs = tmp_path_factory.mktemp("runs")

    def train(kind):
        chosen = {"epochs": 1, "runs": str(runs)}
        corpus, configuration = small(**chosen)
        noise = np.random.default_rng(0).normal(size=(len(corpus), 2, 200)).astype(np.float32)
        if kind == "musicnn":
            request.getfixturevalue("musicnn_network")
            corpus = dataclasses.replace(corpus, vectors=noise)
            configuration = configuration.model_copy(update={"encoder": "musicnn"})
        if kind == "table":
            index = corpus.tags.track_ids.rename("track_id")
            pd.DataFrame(100 + noise[:, 0, :8], index).rename(columns="v{}".format).to_parquet(
                runs / "vectors.parquet"
            )
            corpus, configuration = small(encoder=str(runs / "vectors.parquet"), **chosen)
        if kind == "run":
            other = experiment.run_experiment(corpus, configuration).folder
            corpus, configuration = small(encoder=str(other), **chosen)
        return corpus, experiment.run_experiment(corpus, configuration)

    return train


@pytest.fixture(scope="module")
def exported(make, tmp_path_factory):
    """Return a function that gives the corpus, the record and the exported folder of a kind."""
    made = {}

    def get(kind):
        if kind not in made:
            corpus, record = make(kind)
            out = tmp_path_factory.mktemp(kind)  # empty folders are accepted
            export(record.folder, out)
            made[kind] = corpus, record, out
        return made[kind]

    return get


def run_model(out, inputs):
    session = onnxruntime.InferenceSession(out / "model.onnx")
    (name,) = (each.name for each in session.get_inputs())
    (embeddings,) = session.run(["embedding"], {name: np.asarray(inputs, np.float32)})
    return embeddings


def normalise(embeddings):
    return embeddings / np.linalg.norm(embeddings, axis=-1, keepdims=True)


def embed_each(network, inputs):
    """Embed inputs with PyTorch, each as a track of one excerpt."""
    return embed(network, torch.as_tensor(inputs)[:, None]).numpy()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 3, 17])
def test_the_exported_model_agrees_with_the_network(exported, kind, number):
    _, record, out = exported(kind)
    rng, network = np.random.default_rng(number), record.network()
    if kind == "dpnn":
        inputs = rng.normal(-5, 3, size=(number, 80, 130)).astype(np.float32)
        expected = embed_each(network, inputs)
    elif kind == "musicnn":
        inputs = rng.uniform(0, 4, size=(number, 2, 187, 96)).astype(np.float32)
        with torch.no_grad():
            each = musicnn.load()(torch.as_tensor(inputs).flatten(0, 1))
        expected = embed_each(network, each.unflatten(0, (number, 2)).mean(1))
    else:
        width = {"table": 8, "run": 256}[kind]
        inputs = rng.normal(100 if kind == "table" else 0, 1, size=(number, width))
        inputs = inputs.astype(np.float32)
        expected = embed_each(network, inputs)
    found = run_model(out, inputs)
    assert found.shape == (number, 256)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["dpnn", "table"])
def test_the_mean_over_excerpts_is_the_embedding_on_record(exported, kind):
    corpus, record, out = exported(kind)
    inputs = (corpus.excerpts if kind == "dpnn" else corpus.vectors)[corpus.split.test]
    each = run_model(out, inputs.reshape(-1, *inputs.shape[2:]))
    tracks = normalise(each.reshape(*inputs.shape[:2], -1).mean(axis=1))
    np.testing.assert_allclose(tracks, record.embeddings, atol=1e-4)


def test_the_model_of_another_run_feeds_a_head_on_it(exported):
    corpus, record, out = exported("run")
    _, _, first = exported("dpnn")
    excerpts = corpus.excerpts[corpus.split.test]
    each = run_model(out, run_model(first, excerpts.reshape(-1, *spectrogram.SHAPE)))
    tracks = normalise(each.reshape(*excerpts.shape[:2], -1).mean(axis=1))
    np.testing.assert_allclose(tracks, record.embeddings, atol=1e-4)


def test_the_folder_holds_three_files_and_those_name_no_folder_of_this_machine(exported):
    for kind in ("dpnn", "table"):
        _, record, out = exported(kind)
        assert sorted(file.name for file in out.iterdir()) == FILES
        kept = (record.folder / "embeddings.parquet").read_bytes()
        assert (out / "embeddings.parquet").read_bytes() == kept
        for name in ("README.md", "model.onnx"):
            content = (out / name).read_bytes()
            assert str(record.folder.parent).encode() not in content
            assert b"stack_trace" not in content
            assert b"tagspace/model" not in content


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dpnn", "musicnn", "table"])
def test_the_code_of_the_card_runs_without_this_library(exported, kind):
    _, record, out = exported(kind)
    (code,) = re.findall("```python\n(.*?)```", (out / "README.md").read_text(), re.DOTALL)
    after_input = code[code.index("\n\n", code.index("import onnxruntime") + 25) :]
    assert len(re.findall(r"^\S", after_input, re.MULTILINE)) <= 6
    rate = {"dpnn": spectrogram.SAMPLE_RATE}.get(kind, musicnn.SAMPLE_RATE)
    noise = np.random.default_rng(0).normal(0, 0.1, 7 * rate)
    soundfile.write(out / "track.wav", noise, rate, subtype="FLOAT")
    save = "\nimport sys\nassert 'tagspace' not in sys.modules\nnp.save('found.npy', embeddings)"
    save += "\nnp.save('track.npy', track)" * (kind != "table")
    command = [sys.executable, "-W", "error:::__main__", "-c", code + save]
    subprocess.run(command, cwd=out, check=True)
    network, found = record.network(), np.load(out / "found.npy")
    if kind == "table":
        np.testing.assert_allclose(found, embed_each(network, np.zeros((1, 8))), atol=1e-4)
        return
    if kind == "dpnn":
        samples = reading.read(out / "track.wav", 0)
        expected = embed_each(network, spectrogram.log_mel(samples)[None])
    else:
        patches = musicnn.log_mel_patches(noise[: 6 * rate].astype(np.float32))
        with torch.no_grad():
            expected = embed_each(network, musicnn.load()(torch.as_tensor(patches)).mean(0)[None])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(np.load(out / "track.npy"), normalise(expected.mean(0)), atol=1e-4)


def test_the_card_states_what_is_on_record(exported):
    corpus, record, out = exported("dpnn")
    text, info, metrics = (out / "README.md").read_text(), record.info, record.metrics
    for part, rows in vars(corpus.split).items():
        assert f"| {part} | {len(rows)} |" in text
    assert "shape (n, 80, 130)" in text
    assert "22050 Hz" in text
    assert "80 from 16 to 11000 Hz" in text
    assert "at least 1e-10" in text
    assert "data set small, tag sets moods" in text
    assert "dpnn has heard: the training tracks" in text
    assert f"torch {info['versions']['torch']}" in text
    assert f"commit {info['commit'][:40]}" in text
    assert "| learning_rate | 0.0001 |" in text
    assert "musicnn" not in text
    chosen = metrics.query("relevance == 'graded' and metric == 'ndcg' and cutoff == 10")
    for filtered, label in {"none": "unfiltered", "artist": "artist filter"}.items():
        rows = chosen[(chosen["filter"] == filtered) & (chosen["task"] == "moods")]
        rows = rows.set_index("representation")
        cells = [
            "{value:.3f} ({low:.3f} to {high:.3f})".format(**rows.loc[name])
            for name in ("trained", "untrained")
        ]
        chance, queries = rows.loc["trained", ["chance", "n_queries"]]
        assert f"| moods | {label} | {' | '.join(cells)} | {chance:.3f} | {queries:.0f} |" in text


def test_the_card_of_a_head_names_the_encoder_and_its_licence(exported):
    text = (exported("musicnn")[2] / "README.md").read_text()
    assert "shape (n, 2, 187, 96)" in text
    assert "16000 Hz" in text
    assert "log10(10000 x power + 1)" in text
    assert "200,000 tracks of the Million Song Dataset" in text
    assert musicnn.NOTICE in text
    assert musicnn.LICENCE in text
    assert "| trained | musicnn | untrained | chance |" in text
    text = (exported("table")[2] / "README.md").read_text()
    assert "shape (n, 8), vectors of vectors.parquet" in text
    assert "what made vectors.parquet has heard: unknown" in text
    _, record, out = exported("run")
    encoder = os.path.basename(record.parameters["encoder"])  # noqa: PTH119
    assert f"by the network of {encoder}" in (out / "README.md").read_text()


def test_an_export_prints_nothing_and_is_the_same_twice(exported, tmp_path, capfd):
    _, record, out = exported("table")
    export(record.folder, tmp_path / "new" / "again")
    assert capfd.readouterr() == ("", "")
    for name in FILES:
        assert (tmp_path / "new" / "again" / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.parametrize("scale", [5, np.nan])
def test_a_model_that_differs_from_its_network_is_not_exported(
    exported, tmp_path, monkeypatch, scale
):
    _, record, _ = exported("table")
    write = exporting.write_model

    def write_changed(model, file):
        write(model, file)
        proto = onnx.load(file)
        weights = next(each for each in proto.graph.initializer if each.name == "hidden.weight")
        changed = np.array(onnx.numpy_helper.to_array(weights))
        changed[0] *= scale  # of one unit among 512
        weights.CopyFrom(onnx.numpy_helper.from_array(changed, weights.name))
        onnx.save(proto, file)

    monkeypatch.setattr(exporting, "write_model", write_changed)
    with pytest.raises(TagspaceError, match=r"^export: onnxruntime and PyTorch differ by"):
        export(record.folder, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(exported, tmp_path):
    record = exported("table")[1]
    (tmp_path / "full").mkdir()
    for place in (tmp_path / "full" / "notes.txt", tmp_path / "file"):
        place.write_text("mine")
    for name in ("full", "file"):
        with pytest.raises(TagspaceError, match=rf"^out: .*{name} exists and is not an empty fold"):
            export(record.folder, tmp_path / name)
    with pytest.raises(TagspaceError, match=r"^out: .* cannot be written: \w"):
        export(record.folder, tmp_path / "file" / "out")
    files = [path.name for path in sorted(tmp_path.rglob("*"))]
    assert files == ["file", "full", "notes.txt"]


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_missing_package_is_named(exported, tmp_path, monkeypatch, package):
    record = exported("table")[1]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TagspaceError) as caught:
        export(record.folder, tmp_path / "out")
    assert str(caught.value) == (
        'export needs onnxruntime and onnxscript; install them: pip install "tagspace[export]"'
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*records.FILES, "run.json"])
def test_a_damaged_record_is_not_exported(exported, tmp_path, name):
    source = exported("table")[1].folder
    (tmp_path / "record").mkdir()
    for file in source.iterdir():
        content = file.read_bytes()
        content = content[: len(content) // 2] if file.name == name else content
        (tmp_path / "record" / file.name).write_bytes(content)
    with pytest.raises(TagspaceError, match=rf"^record: .*record cannot be exported \({name} .*$"):
        export(tmp_path / "record", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_of_another_version_are_refused(exported, tmp_path):
    record = exported("table")[1]
    tables = {name: getattr(record, name) for name in ("history", "metrics", "embeddings")}
    info = {name: value for name, value in record.info.items() if name != "check"}
    for number, weights in enumerate([{"hidden.weight": torch.ones(2, 3)}, {"x": torch.ones(1)}]):
        old = records.write(tmp_path, str(number), info=info, **tables, weights=weights)
        with pytest.raises(TagspaceError, match=r"^record: the weights in .* of another version"):
            export(old.folder, tmp_path / "out")


def test_a_folder_without_a_record_is_refused(tmp_path):
    with pytest.raises(TagspaceError, match=r"^record: .*nowhere cannot be exported \(run\.json"):
        export(tmp_path / "nowhere", tmp_path / "out")


def test_embeddings_need_not_have_unit_length(small, tmp_path):
    runs = {"epochs": 1, "runs": str(tmp_path / "runs"), "unit_norm": "none", "dimensions": 8}
    corpus, configuration = small(**runs)
    record = Record(experiment.run_experiment(corpus, configuration).folder)
    export(record.folder, tmp_path / "out")
    excerpts = corpus.excerpts[corpus.split.test]
    each = run_model(tmp_path / "out", excerpts.reshape(-1, *spectrogram.SHAPE))
    means = each.reshape(*excerpts.shape[:2], -1).mean(axis=1)
    np.testing.assert_allclose(means, record.embeddings, atol=1e-4)
    assert "unit length" not in (tmp_path / "out" / "README.md").read_text()
