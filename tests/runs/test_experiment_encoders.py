"""A head is trained on the vectors of a frozen encoder, and compared with them."""

import numpy as np
import pandas as pd
import pytest
import torch

from tagspace.encoders.embedding import Frozen, embed
from tagspace.errors import TagspaceError
from tagspace.model.head import Head
from tagspace.runs import baselines, comparison, experiment


@pytest.fixture
def table(collection, tmp_path):
    """Vectors in which one of eight dimensions tells moods apart; one track is missing."""
    ids = collection.tracks.index
    values = np.random.default_rng(0).normal(size=(len(ids), 8))
    calm = set(collection.tags.query("tag == 'calm'")["track_id"])
    values[:, 3] += [4 * (track in calm) for track in ids]
    file = tmp_path / "vectors.parquet"
    frame = pd.DataFrame(values, index=ids.rename("track_id"), columns=[f"d{n}" for n in range(8)])
    frame.iloc[1:].to_parquet(file)
    return file


@pytest.mark.parametrize("loss", ["triplet", "regression", "listwise", "tags"])
def test_a_head_learns_what_the_tags_ask_for(small, table, tmp_path, loss):
    chosen = {"encoder": str(table), "loss": loss, "epochs": 60, "runs": str(tmp_path / "runs")}
    corpus, configuration = small(**chosen)
    assert corpus.vectors.shape == (len(corpus), 1, 8)
    assert "t00" not in corpus.tags.track_ids
    record = experiment.run_experiment(corpus, configuration)
    assert isinstance(record.network(), Head)
    assert record.parameters["learning_rate"] == 1e-3
    values = comparison.mean_table(record.metrics, "graded nDCG@10")["moods"]
    assert values["trained"] > values["vectors"] > values["random"]
    rows = corpus.split.test
    expected = embed(Frozen(corpus.vectors[corpus.split.train]), corpus.vectors[rows])
    scored = baselines.evaluate_pool({"vectors": expected}, corpus, configuration)
    mean = comparison.mean_table(scored, "graded nDCG@10")
    assert mean.loc["vectors", "moods"] == pytest.approx(values["vectors"])
    again = embed(record.network(), corpus.vectors[rows]).numpy()
    np.testing.assert_allclose(record.embeddings.to_numpy(), again, atol=1e-6)


def test_a_run_with_a_head_is_the_same_twice(small, table, tmp_path):
    weights = []
    for name in ("one", "other"):
        runs = {"runs": str(tmp_path / name)}
        record = experiment.run_experiment(*small(encoder=str(table), epochs=3, **runs))
        weights.append(record.network().state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_network_on_record_may_be_frozen(small, tmp_path):
    runs = {"runs": str(tmp_path / "runs")}
    corpus, configuration = small(epochs=1, **runs)
    record = experiment.run_experiment(corpus, configuration)
    corpus, configuration = small(epochs=1, encoder=str(record.folder), **runs)
    inputs = baselines.encoder_inputs(corpus, configuration, torch.device("cpu"))
    assert inputs.shape == (len(corpus), 2, 256)
    mean = torch.nn.functional.normalize(torch.as_tensor(inputs[corpus.split.test]).mean(1), dim=1)
    np.testing.assert_allclose(record.embeddings.to_numpy(), mean.numpy(), atol=1e-5)
    headed = experiment.run_experiment(corpus, configuration)
    assert record.folder.name in set(headed.metrics["representation"])


def test_a_table_without_the_tracks_is_refused(small, tmp_path):
    pd.DataFrame({"track_id": ["x"], "d": [1.0]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(TagspaceError, match="has 0 tracks"):
        small(encoder=str(tmp_path / "other.csv"))


def test_an_encoder_named_as_another_representation_is_refused(small, table, tmp_path):
    other = table.rename(tmp_path / "untrained.parquet")
    corpus, configuration = small(encoder=str(other), epochs=1, runs=str(tmp_path / "runs"))
    with pytest.raises(TagspaceError, match="has the name of another representation; rename it"):
        experiment.run_experiment(corpus, configuration)
