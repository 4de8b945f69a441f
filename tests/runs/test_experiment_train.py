"""How `tagspace.runs.experiment` turns a configuration into relatedness, loss and schedule."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from tagspace.model import training
from tagspace.model.batches import UniformBatches
from tagspace.model.dpnn import initial_network
from tagspace.model.losses import ContrastiveLoss, TagLoss, TripletLoss
from tagspace.model.mining import candidate_pairs
from tagspace.model.training import Trainer
from tagspace.runs import experiment
from tagspace.support.device import seeded
from tagspace.tags.tagsets import TagMatrix

CPU = torch.device("cpu")


@pytest.fixture
def make_inputs(small):
    """Return what `experiment.train` takes, with parameters as chosen."""

    def make(**parameters):
        corpus, configuration = small(**parameters)
        tags = corpus.tags.select(configuration.choose_tagsets(corpus.tags.tagsets))
        related = experiment.make_relatedness(corpus, tags, configuration, CPU)
        return corpus, tags, related, configuration, CPU

    return make


@pytest.fixture
def capture(make_inputs, monkeypatch):
    """Return the network, loss, examples and schedule that `experiment.train` passes to `fit`."""

    def run(**parameters):
        with monkeypatch.context() as patch:
            patch.setattr(training, "fit", lambda *arguments: arguments[:4])
            return experiment.train(*make_inputs(**parameters))

    return run


def changed_names(one, other):
    before, after = one.state_dict(), other.state_dict()
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_weights_batches_and_excerpts_do_not_depend_on_the_tag_sets(capture):
    trainers = []
    for tagsets in ("moods", "themes", "all"):
        network, loss, examples, schedule = capture(tagsets=tagsets)
        few = replace(examples, batches=UniformBatches(examples.batches.rows[[0, 1, 4, 5]], 2))
        trainers.append(Trainer(network, loss, few, schedule))
    first, *others = trainers
    vectors = [trainer.examples.relatedness.vectors for trainer in trainers]
    assert not torch.equal(vectors[0], vectors[1])
    for other in others:
        assert changed_names(first.network, other.network) == set()
    for trainer in trainers:
        trainer.step(next(trainer.batches()))
    for _ in range(2):
        batches = [
            np.concatenate(trainer.examples.batches(trainer.generator)) for trainer in trainers
        ]
        assert np.array_equal(batches[0], batches[1])
        assert np.array_equal(batches[0], batches[2])
    for other in others:
        for name in ("generator", "augmentation"):
            states = [getattr(one, name).bit_generator.state for one in (first, other)]
            assert states[0] == states[1]


@pytest.mark.parametrize("unit_norm", ["output", "weights"])
def test_training_starts_from_the_initial_network_of_the_seed(capture, unit_norm):
    network = capture(seed=3, unit_norm=unit_norm, dimensions=9)[0]
    assert network.unit_norm == unit_norm
    assert changed_names(network, initial_network(3, unit_norm, 9)) == set()


def test_training_keeps_the_global_generator(make_inputs):
    before = torch.get_rng_state()
    experiment.train(*make_inputs(epochs=1, loss="tags", augment="always"))
    assert torch.equal(torch.get_rng_state(), before)


def test_training_does_not_depend_on_the_global_generator(make_inputs):
    inputs = make_inputs(epochs=1, loss="tags", augment="always")
    with seeded(1):
        first = experiment.train(*inputs).network
    with seeded(2):
        second = experiment.train(*inputs).network
    assert changed_names(first, second) == set()


@pytest.mark.parametrize(
    ("augment", "epochs", "expected"),
    [
        ("auto", 20, False),
        ("auto", 21, True),
        ("auto", 0, True),
        ("always", 1, True),
        ("never", 50, False),
    ],
)
def test_augmentation_depends_on_the_epochs_unless_it_is_chosen(capture, augment, epochs, expected):
    assert capture(augment=augment, epochs=epochs)[3].augment == expected


@pytest.mark.parametrize(("epochs", "expected"), [(7, 7), (0, 100)])
def test_epochs_follow_from_the_number_of_tracks_unless_they_are_chosen(capture, epochs, expected):
    assert capture(epochs=epochs)[3].epochs == expected


def test_the_schedule_has_the_chosen_parameters(capture):
    schedule = capture(learning_rate=0.01, patience=3, seed=5)[3]
    assert schedule.learning_rate == 0.01
    assert schedule.patience == 3
    assert schedule.seed == 5


def test_uniform_batches_hold_all_training_tracks_and_have_the_chosen_size(make_inputs, capture):
    batches = capture(batch_size=5)[2].batches(np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [6, 6]
    assert sorted(np.concatenate(batches)) == make_inputs()[0].split.train.tolist()


def test_related_batches_have_the_chosen_filter_threshold_and_size(make_inputs, capture):
    corpus = make_inputs()[0]
    chosen = {"batches": "related", "batch_filter": "artist", "batch_size": 4}
    batches = capture(**chosen)[2].batches(np.random.default_rng(0))
    moods = corpus.tags.tagset("moods").toarray()
    assert len(batches) == 3
    for batch in batches:
        same_mood = moods[batch] @ moods[batch].T > 0
        assert (same_mood & ~corpus.groups.same_artist(batch, batch)).any(axis=1).all()


def test_tracks_without_related_ones_give_a_warning(capture):
    with pytest.warns(UserWarning, match=r"^batches: 12 of 12 training tracks are related to no"):
        capture(batches="related", relatedness="artist", batch_filter="artist")


@pytest.mark.parametrize(
    ("batch_filter", "excluded"), [("album", "album"), ("artist", "artist"), ("none", None)]
)
def test_pairs_of_one_group_are_no_candidates(make_inputs, capture, batch_filter, excluded):
    corpus = make_inputs()[0]
    examples = capture(batch_filter=batch_filter)[2]
    rows = corpus.split.train
    album = corpus.groups.same_album(rows, rows)
    artist = corpus.groups.same_artist(rows, rows)
    moods = corpus.tags.tagset("moods").toarray()[rows]
    same_mood = moods @ moods.T > 0
    same_group = {"album": album, "artist": artist, None: np.zeros_like(album)}[excluded]
    pairs = candidate_pairs(
        examples.labels(torch.as_tensor(rows)), torch.as_tensor(examples.excluded_pairs(rows, rows))
    )
    expected = same_mood & ~same_group & ~np.eye(len(rows), dtype=bool)
    assert expected.any()
    np.testing.assert_array_equal(pairs.positive, expected)
    np.testing.assert_array_equal(pairs.negative, ~same_mood & ~same_group)


def test_the_triplet_loss_has_the_chosen_parameters(capture):
    chosen = {"margin": 0.7, "positive_threshold": 0.5, "negative_threshold": -0.1}
    _, loss, examples, _ = capture(loss="triplet", mining="hard", **chosen)
    assert isinstance(loss, TripletLoss)
    assert loss.strategy == "hard"
    assert loss.margin == 0.7
    assert loss.thresholds == (0.5, -0.1)
    assert examples.labels is examples.relatedness


def test_the_contrastive_loss_has_the_chosen_parameters(capture):
    chosen = {"margin": 0.7, "positive_threshold": 0.5, "negative_threshold": -0.1}
    _, loss, examples, _ = capture(loss="contrastive", **chosen)
    assert isinstance(loss, ContrastiveLoss)
    assert loss.margin == 0.7
    assert loss.thresholds == (0.5, -0.1)
    assert examples.labels is examples.relatedness


def test_the_tag_loss_learns_the_tags_of_the_chosen_sets(make_inputs, capture):
    corpus = make_inputs()[0]
    _, loss, examples, _ = capture(loss="tags", tagsets="themes", dimensions=9)
    assert isinstance(loss, TagLoss)
    assert loss.head.in_features == 9
    rows = torch.tensor([5, 0, 39])
    labels = examples.labels(rows)
    assert labels.dtype == torch.float32
    np.testing.assert_array_equal(labels, corpus.tags.tagset("themes").toarray()[rows])


def test_a_tag_without_training_track_is_unlikely_but_not_impossible(make_inputs, monkeypatch):
    corpus, tags, *others = make_inputs(loss="tags")
    matrix = sparse.hstack([tags.matrix, sparse.csr_array((len(corpus), 1))], format="csr")
    vocabulary = pd.concat([tags.vocabulary, pd.DataFrame({"tagset": ["moods"], "tag": ["rare"]})])
    with_rare_tag = TagMatrix(matrix, tags.track_ids, vocabulary)
    monkeypatch.setattr(training, "fit", lambda *arguments: arguments[:4])
    loss = experiment.train(corpus, with_rare_tag, *others)[1]
    probabilities = torch.sigmoid(loss.head.bias.detach())
    n_train = len(corpus.split.train)
    shares = tags.matrix[corpus.split.train].toarray().mean(axis=0)
    np.testing.assert_allclose(probabilities[:2], shares, atol=0.5 / n_train)
    assert probabilities[2].item() == pytest.approx(0.5 / (n_train + 1), rel=1e-5)


@pytest.mark.parametrize("kind", ["lsi", "tfidf", "lda", "overlap"])
def test_relatedness_follows_from_the_chosen_tag_sets(make_inputs, kind):
    # Moods differ between the albums of an artist, themes between the artists 0-4 and 5-9.
    related = make_inputs(tagsets="themes", relatedness=kind)[2]
    found = related(torch.tensor([0, 1, 39]))
    assert found[0, 1] == pytest.approx(1, abs=1e-5)
    assert found[0, 2] < 0.7


def test_relatedness_by_artist_needs_no_tags(make_inputs):
    related = make_inputs(relatedness="artist")[2]
    assert related(torch.tensor([0, 3, 4])).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_relatedness_can_be_read_from_a_table(make_inputs, tmp_path):
    corpus = make_inputs()[0]
    table = pd.DataFrame({"track_id": corpus.tags.track_ids[:3], "x": [1, 1, 0], "y": [0, 1, 0]})
    table.to_csv(tmp_path / "vectors.csv", index=False)
    related = make_inputs(relatedness=str(tmp_path / "vectors.csv"))[2]
    half = 0.5**0.5
    expected = torch.tensor([[1, half, 0], [half, 1, 0], [0, 0, 0]])
    torch.testing.assert_close(related(torch.tensor([0, 1, 2])), expected)


@pytest.mark.parametrize(("n_train", "expected"), [(20, 100), (250, 40), (100_000, 10)])
def test_smaller_data_get_more_epochs_from_10_to_100(n_train, expected):
    assert experiment.default_epochs(n_train) == expected
