import dataclasses
import math

import numpy as np
import pytest
import torch

from tagspace.configuration import Configuration
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.model import training
from tagspace.model.training import (
    Trainer,
    calibrate,
    candidates,
    choose_device,
    embed,
    fit,
    forward,
    initial_model,
)
from tagspace.tags import relatedness
from tagspace.tags.tagsets import resolve

CPU = torch.device("cpu")


def related(corpus, configuration):
    tagsets = resolve(configuration.tagsets, corpus.tags.tagsets)
    vectors = corpus.topics.vectors(tagsets, configuration.topics)
    return relatedness.Cosine(torch.tensor(vectors, dtype=torch.float32))


@pytest.fixture
def trainer(small):
    """Make the trainer of a small run, on a calm and a wild track of two artists."""

    def make(**parameters):
        corpus, configuration = small(**parameters)
        part = dataclasses.replace(corpus.split, train=corpus.split.train[[0, 1, 4, 5]])
        corpus = dataclasses.replace(corpus, split=part)
        return Trainer(corpus, related(corpus, configuration), configuration, CPU)

    return make


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.slow
def test_a_network_learns_to_hear_the_mood(small):
    corpus, configuration = small(augment="never", epochs=5)
    untrained = initial_model(configuration, CPU)
    calibrate(untrained, torch.as_tensor(corpus.excerpts[corpus.split.train, 0]))
    found = fit(corpus, related(corpus, configuration), configuration, CPU)
    losses = found.history["loss"]
    assert losses.iloc[-1] < losses.iloc[0] / 2
    assert not found.model.training
    rows = torch.as_tensor(corpus.split.test)
    gains = related(corpus, configuration)(rows).clamp_min(0)
    before, after = (
        retrieval.ndcg(embed(model, corpus.excerpts[rows]), gains, cutoff=10)
        for model in (untrained, found.model)
    )
    assert after > 0.9 > before + 0.1


@pytest.mark.slow
def test_the_seed_decides_every_weight(trainer):
    states = []
    for seed in (0, 0, 1):
        one = trainer(seed=seed)
        one.epoch()
        one.epoch()
        states.append(one.model.state_dict())
    first, again, other = states
    assert changed(first, again) == set()
    assert "left.1.weight" in changed(first, other)


def test_what_is_drawn_does_not_depend_on_the_tag_sets(trainer):
    trainers = [trainer(tagsets=tagsets) for tagsets in ("moods", "themes", "all")]
    first, *others = trainers
    assert not torch.equal(first.relatedness.vectors, others[0].relatedness.vectors)
    for other in others:
        assert changed(state_of(first.model), state_of(other.model)) == set()
    for one in trainers:
        one.step(np.arange(2))
    for _ in range(2):
        batches = [list(one.batches()) for one in trainers]
        assert all(map(np.array_equal, batches[0], batches[1]))
        assert all(map(np.array_equal, batches[0], batches[2]))
    generators = [(one.generator, one.augmentation) for one in trainers]
    states = [str([generator.bit_generator.state for generator in both]) for both in generators]
    assert states == states[:1] * 3


def test_batches_are_all_training_tracks_in_a_new_order(small):
    corpus, configuration = small(batch_size=5)
    one = Trainer(corpus, None, configuration, CPU)
    epochs = [list(one.batches()) for _ in range(2)]
    for batches in epochs:
        assert [len(batch) for batch in batches] == [6, 5, 5]
        assert sorted(np.concatenate(batches)) == corpus.split.train.tolist()
    assert not np.array_equal(*map(np.concatenate, epochs))


def test_an_excerpt_of_each_track_is_drawn_anew(trainer, monkeypatch):
    one = trainer(augment="never")
    seen, run = [], training.forward
    monkeypatch.setattr(training, "forward", lambda model, x: seen.append(x) or run(model, x))
    rows = one.corpus.split.train
    for _ in range(2):
        one.step(rows)
    both = torch.as_tensor(one.corpus.excerpts[rows])
    drawn = []
    for batch in seen:
        equal = (batch[:, None] == both).all(dim=3).all(dim=2)
        assert (equal.sum(dim=1) == 1).all()
        drawn.append(equal.int().argmax(dim=1).tolist())
    assert len({tuple(draw) for draw in drawn}) > 1
    assert {n for draw in drawn for n in draw} == {0, 1}


def test_excerpts_are_augmented_if_asked_for(trainer):
    plain, augmented = trainer(augment="never"), trainer(augment="always")
    rows = plain.corpus.split.train
    assert plain.step(rows)["spread"] != augmented.step(rows)["spread"]
    # The same tracks and excerpts are drawn in either case.
    assert plain.generator.bit_generator.state == augmented.generator.bit_generator.state


@pytest.mark.parametrize(("epochs", "augments"), [(20, False), (21, True)])
def test_what_is_heard_often_is_augmented(trainer, epochs, augments):
    assert trainer(augment="auto", epochs=epochs).augments == augments


def test_a_step_follows_its_own_gradient_alone(trainer):
    one = trainer()
    gradients = [one.model.dense.weight, one.model.left[1].weight]
    assert one.step(one.corpus.split.train)["triplets"] > 0
    assert all(weight.grad.any() for weight in gradients)
    assert one.step(one.corpus.split.train[:1])["triplets"] == 0
    assert not any(weight.grad.any() for weight in gradients)


def test_test_tracks_are_not_touched(trainer):
    one = trainer(epochs=2)
    one.excerpts[one.corpus.split.test] = torch.nan
    row = one.epoch()
    assert np.isfinite(list(row.values())).all()
    assert all(value.isfinite().all() for value in one.model.state_dict().values())


def test_the_rate_falls_along_a_cosine(trainer):
    one = trainer(epochs=4, learning_rate=1e-3)
    rates = []
    one.step = lambda rows: (
        rates.append(one.optimiser.param_groups[0]["lr"])
        or {"loss": 0.0, "triplets": 1, "anchors": len(rows), "spread": 1.0}
    )
    one.validation = lambda: 0.0
    one.optimiser.step()
    for _ in range(4):
        one.epoch()
    assert rates == pytest.approx([1e-3 * (1 + np.cos(np.pi * n / 4)) / 2 for n in range(4)])


@pytest.mark.parametrize(
    ("asked", "n_train", "expected"),
    [(7, 100, 7), (0, 20, 100), (0, 250, 40), (0, 100_000, 10)],
)
def test_epochs_are_those_asked_for_or_fit_the_data(asked, n_train, expected):
    assert training.epochs(Configuration(epochs=asked), n_train) == expected


def scripted(monkeypatch, scores, triplets=None):
    """Let training go through given scores; each epoch leaves its number in a weight."""
    script = iter(zip(scores, triplets or [1] * len(scores), strict=True))
    counter = iter(range(1, 100))

    def epoch(trainer):
        score, count = next(script)
        with torch.no_grad():
            trainer.average.dense.bias.fill_(next(counter))
        return {"loss": 1.0, "triplets": count, "spread": 1.0, "validation": score, "seconds": 0.0}

    monkeypatch.setattr(Trainer, "epoch", epoch)


@pytest.mark.parametrize(
    ("scores", "best", "n_epochs", "stopped"),
    [
        ([0.1, 0.3, 0.2, 0.3, 0.9], 2, 4, "no gain on the validation split in 2 epochs"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5, 5, "all epochs are done"),
        ([0.5, 0.2, 0.6, 0.1, 0.2], 3, 5, "no gain on the validation split in 2 epochs"),
        ([0.2, 0.0, 0.1], 1, 3, "no gain on the validation split in 2 epochs"),
    ],
)
def test_the_best_weights_are_kept(small, monkeypatch, scores, best, n_epochs, stopped):
    scripted(monkeypatch, scores)
    corpus, configuration = small(epochs=5, patience=2)
    found = fit(corpus, None, configuration, CPU)
    assert found.best_epoch == best
    assert (found.model.dense.bias == best).all()
    assert found.history["epoch"].tolist() == list(range(1, n_epochs + 1))
    assert found.history["validation"].tolist() == scores[:n_epochs]
    assert found.stopped == stopped


def test_training_ends_where_no_triplet_is_left(small, monkeypatch):
    scripted(monkeypatch, [0.1, 0.2, 0.3], triplets=[5, 0, 5])
    corpus, configuration = small(epochs=3)
    found = fit(corpus, None, configuration, CPU)
    assert found.stopped == "no triplet violated the margin in epoch 2"
    assert (found.best_epoch, len(found.history)) == (2, 2)


@pytest.mark.parametrize("strategy", ["all", "semihard", "hard", "literal"])
def test_triplets_that_keep_the_margin_do_not_count(trainer, monkeypatch, strategy):
    one = trainer(mining=strategy)
    rows = one.corpus.split.train
    mood = torch.as_tensor(one.corpus.tags.of("moods").toarray()[rows, 0]).long()
    places = torch.eye(2)[mood].requires_grad_()  # each mood has a point of its own
    monkeypatch.setattr(training, "forward", lambda *_: places)
    taken = one.step(rows)
    assert taken["anchors"] > 0
    assert taken["triplets"] == taken["loss"] == 0


def test_without_any_candidate_there_is_one_line(trainer):
    one = trainer(negative=-0.9)
    with pytest.raises(
        TagspaceError, match=r"^positive, negative: no training track .*\(>= 0.8\).*$"
    ):
        one.epoch()


def test_a_later_epoch_without_candidates_loses_nothing(trainer):
    one = trainer()
    one.epoch()
    one.configuration = one.configuration.model_copy(update={"negative": -0.9})
    assert one.epoch()["triplets"] == 0


@pytest.mark.parametrize("rounding", [0, 1e-9])
def test_unrelated_validation_tracks_are_refused(trainer, rounding):
    one = trainer()
    one.relatedness = lambda rows: torch.eye(len(rows)) + rounding
    with pytest.raises(TagspaceError, match="^dataset: no two validation tracks are related"):
        one.validation()


def test_weights_out_of_bounds_are_told(trainer):
    one = trainer(learning_rate=1e30)
    with pytest.raises(TagspaceError, match=r"^learning_rate: 1e\+30 is too high.*$"):
        one.epoch()


def test_validation_is_the_ndcg_of_the_validation_tracks(trainer):
    one = trainer()
    rows = one.corpus.split.validation
    gains = one.relatedness(torch.as_tensor(rows)).clamp_min(0)
    torch.nn.init.normal_(one.average.dense.weight)  # validated is the average, not the last step
    expected = retrieval.ndcg(embed(one.average, one.corpus.excerpts[rows]), gains, cutoff=10)
    assert one.validation() == pytest.approx(expected)


def test_averaged_weights_are_those_of_polynomial_decay():
    average, model = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    walk = np.random.default_rng(0).normal(size=(30, 2, 3)).astype("float32")
    # Shamir and Zhang (2013): step i weighs i (i + 1) ... (i + eta - 1), for eta = 9.
    shares = np.array([math.prod(range(i, i + 9)) for i in range(1, 31)], dtype=float)
    for step, weight in enumerate(walk, start=1):
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(weight))
        training.follow(average, model, step)
        expected = np.average(walk[:step], axis=0, weights=shares[:step])
        np.testing.assert_allclose(average.weight.detach(), expected, atol=1e-5)


def test_each_step_moves_the_averaged_weights(trainer):
    one = trainer()
    one.step(one.corpus.split.train)
    weights = {name for name, _ in one.model.named_parameters()}
    assert not weights & changed(state_of(one.model), state_of(one.average))
    assert "normalise.running_mean" not in changed(state_of(one.model), state_of(one.average))
    before = state_of(one.average)
    one.step(one.corpus.split.train)
    moved = changed(before, state_of(one.average))
    assert {"dense.weight", "left.1.weight", "left.2.running_var"} <= moved


def test_a_collapse_is_told_once(trainer):
    one = trainer(unit_norm="none")
    torch.nn.init.zeros_(one.model.dense.weight)  # all embeddings are one point, and stay there
    with pytest.warns(UserWarning, match="collapsed: .* try mining all or semihard"):
        row = one.epoch()
    assert row["loss"] == pytest.approx(0.2)
    assert row["spread"] < 1e-6
    one.epoch()  # a second warning would be an error


@pytest.mark.parametrize(
    ("batch_filter", "excluded"), [("album", "album"), ("artist", "artist"), ("none", None)]
)
def test_the_pairs_of_a_group_are_no_candidates(small, batch_filter, excluded):
    corpus, configuration = small(batch_filter=batch_filter)
    rows = corpus.split.train
    album = corpus.groups.same_album(rows, rows)
    artist = corpus.groups.same_artist(rows, rows)
    moods = corpus.tags.of("moods").toarray()[rows]
    same_mood = moods @ moods.T > 0
    out = {"album": album, "artist": artist, None: np.zeros_like(album)}[excluded]
    pairs = candidates(corpus, related(corpus, configuration), configuration, rows)
    expected = same_mood & ~out & ~np.eye(len(rows), dtype=bool)
    assert expected.any()
    np.testing.assert_array_equal(pairs.positive, expected)
    np.testing.assert_array_equal(pairs.negative, ~same_mood & ~out)


@pytest.mark.parametrize("unit_norm", ["output", "none"])
def test_a_track_is_the_mean_of_its_excerpts(small, unit_norm, monkeypatch):
    monkeypatch.setattr(training, "EMBED_TRACKS", 2)
    corpus, configuration = small(unit_norm=unit_norm)
    model = initial_model(configuration, CPU)
    excerpts = corpus.excerpts[:3]
    found = embed(model, excerpts)
    assert not model.training
    each = [
        forward(model, torch.as_tensor(excerpts[:, n])).detach() for n in range(excerpts.shape[1])
    ]
    expected = sum(each) / len(each)
    if unit_norm == "output":
        expected /= expected.norm(dim=1, keepdim=True)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_calibration_changes_the_statistics_alone(small, monkeypatch):
    monkeypatch.setattr(training, "EMBED_TRACKS", 4)
    corpus, configuration = small()
    model = initial_model(configuration, CPU)
    before = state_of(model)
    excerpts = torch.as_tensor(corpus.excerpts[:9, 0])
    calibrate(model, excerpts)
    found = changed(before, model.state_dict())
    assert found == {name for name in before if "running" in name or "num_batches" in name}
    mean, variance = model.normalise.running_mean, model.normalise.running_var
    thirds = excerpts.double().split(3)
    assert mean.item() == pytest.approx(excerpts.double().mean().item(), abs=1e-4)
    assert variance.item() == pytest.approx(
        np.mean([third.var().item() for third in thirds]), rel=1e-3
    )
    layers = [part for part in model.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    assert {layer.momentum for layer in layers} == {0.1}


def test_the_untrained_network_follows_from_the_seed():
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(99)
        states.append(state_of(initial_model(Configuration(seed=seed), CPU)))
    assert changed(states[0], states[1]) == set()
    assert changed(states[0], states[2])


def test_a_device_that_is_not_here_is_refused_in_one_line():
    with pytest.raises(TagspaceError, match=r"^device: 'cuda:99' is not on this machine.*$"):
        choose_device("cuda:99")


def test_a_processor_of_which_nothing_is_known_computes_in_full_precision(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert training._half_precision_pays(CPU) is False


def test_auto_takes_the_gpu_where_there_is_one():
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu").type == "cpu"
