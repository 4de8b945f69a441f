"""Training on plain arrays: no configuration takes part."""

import copy
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from scores import mean_ndcg

from tagspace.encoders import embedding
from tagspace.encoders.embedding import embed, embed_excerpts
from tagspace.errors import TagspaceError
from tagspace.model.batches import UniformBatches
from tagspace.model.dpnn import initial_network
from tagspace.model.losses import ContrastiveLoss, TagLoss, TripletLoss
from tagspace.model.training import (
    STEP,
    Examples,
    Schedule,
    Trainer,
    fit,
    update_average,
)
from tagspace.runs.baselines import calibrate
from tagspace.tags.relatedness import relatedness_from_tags

NO_PAIR_IS_NEGATIVE = -0.9  # a threshold below all relatedness


@pytest.fixture(scope="module")
def corpus(small):
    return small()[0]


@pytest.fixture(scope="module")
def examples(corpus):
    """Make examples of 16 training tracks and their moods, without pairs of one album."""
    moods = corpus.tags.tagset("moods")
    related = relatedness_from_tags(moods, corpus.split.train, topics=2)
    return Examples(
        corpus.excerpts,
        UniformBatches(corpus.split.train, batch_size=16),
        corpus.split.validation,
        related,
        partial(corpus.groups.excluded_pairs, batch_filter="album"),
        related,
    )


@pytest.fixture(scope="module")
def few(corpus):
    """Rows of a calm and a wild training track of each of two artists."""
    return corpus.split.train[[0, 1, 4, 5]]


def take_step(trainer, rows):
    """Take a step on tracks, with a random excerpt of each."""
    drawn = trainer.generator.integers(trainer.examples.excerpts.shape[1], size=len(rows))
    return dict(zip(STEP, trainer.step(trainer.read(rows, drawn)).tolist(), strict=True))


@pytest.fixture
def make_trainer(examples, few):
    """Make a trainer on the tracks ``few``."""
    few_examples = replace(examples, batches=UniformBatches(few))

    def make(loss=None, examples=few_examples, unit_norm="output", **schedule):
        chosen = Schedule(**{"epochs": 2, **schedule})
        network = initial_network(chosen.seed, unit_norm)
        return Trainer(network, loss or TripletLoss(), examples, chosen)

    return make


def state_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def changed_names(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_a_trained_network_distinguishes_the_moods(corpus, examples):
    untrained = initial_network(0)
    calibrate(untrained, corpus.excerpts, corpus.split.train)
    schedule = Schedule(epochs=5, learning_rate=1e-3)
    found = fit(initial_network(0), TripletLoss(), examples, schedule)
    losses = found.history["loss"]
    assert losses.iloc[-1] < losses.iloc[0] / 2
    assert not found.network.training
    rows = torch.as_tensor(corpus.split.test)
    gains = examples.relatedness(rows).clamp_min(0)
    before, after = (
        mean_ndcg(embed(network, corpus.excerpts[rows]), gains.__getitem__)
        for network in (untrained, found.network)
    )
    assert after > 0.9 > before + 0.1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_trains_a_network(corpus, examples):
    moods = corpus.tags.tagset("moods")
    related = relatedness_from_tags(moods, corpus.split.train, topics=2, device="cuda")
    on_gpu = replace(examples, relatedness=related, labels=related)
    schedule = Schedule(epochs=2, augment=True)
    found = fit(initial_network(0).to("cuda"), TripletLoss(), on_gpu, schedule)
    assert found.network.dense.weight.device.type == "cuda"
    assert np.isfinite(found.history).all(axis=None)


def test_equal_seeds_give_equal_weights(make_trainer):
    states = []
    for seed in (0, 0, 1):
        trainer = make_trainer(seed=seed)
        trainer.epoch()
        trainer.epoch()
        states.append(trainer.network.state_dict())
    first, again, other_seed = states
    assert changed_names(first, again) == set()
    assert "left.1.weight" in changed_names(first, other_seed)


def test_training_keeps_the_global_generator(make_trainer):
    before = torch.get_rng_state()
    make_trainer(augment=True).epoch()
    assert torch.equal(torch.get_rng_state(), before)


def test_each_step_draws_one_excerpt_per_track(make_trainer, monkeypatch, few):
    trainer = make_trainer()
    batches = []

    def embed_and_record(network, excerpts, precision):
        batches.append(excerpts)
        return embed_excerpts(network, excerpts, precision)

    monkeypatch.setattr(embedding, "embed_excerpts", embed_and_record)
    for _ in range(2):
        take_step(trainer, few)
    excerpts_of_tracks = torch.as_tensor(trainer.examples.excerpts[few])
    draws = []
    for batch in batches:
        is_equal = (batch[:, None] == excerpts_of_tracks).all(dim=3).all(dim=2)
        assert (is_equal.sum(dim=1) == 1).all()
        draws.append(is_equal.int().argmax(dim=1).tolist())
    assert draws[0] != draws[1]
    assert {number for draw in draws for number in draw} == {0, 1}


def test_augmentation_changes_excerpts_but_not_which_are_drawn(make_trainer, few):
    plain, augmented = make_trainer(augment=False), make_trainer(augment=True)
    assert take_step(plain, few)["spread"] != take_step(augmented, few)["spread"]
    assert plain.generator.bit_generator.state == augmented.generator.bit_generator.state


def test_a_step_does_not_keep_the_gradient_of_the_step_before(make_trainer, few):
    trainer = make_trainer(learning_rate=1e-30)  # the weights stay, and so does their gradient
    gradients = []
    for _ in range(2):
        trainer.generator = np.random.default_rng(0)
        assert take_step(trainer, few)["triplets"] > 0
        gradients.append(trainer.network.dense.weight.grad.clone())
    assert gradients[0].any()
    torch.testing.assert_close(*gradients)


def test_tracks_outside_training_and_validation_are_not_used(make_trainer, examples, corpus):
    excerpts = examples.excerpts[:]
    excerpts[corpus.split.test] = np.nan
    trainer = make_trainer(examples=replace(examples, excerpts=excerpts))
    row = trainer.epoch()
    assert np.isfinite(list(row.values())).all()
    assert all(value.isfinite().all() for value in trainer.network.state_dict().values())


def test_the_learning_rate_falls_along_a_cosine(make_trainer, monkeypatch):
    trainer = make_trainer(epochs=4, learning_rate=1e-3)
    rates = []

    def record_rate(_):
        rates.append(trainer.optimiser.param_groups[0]["lr"])
        trainer.optimiser.step()
        trainer.steps += 1
        told = {"tracks": 4, "anchors": 4, "pairs": 2, "triplets": 1, "loss": 0, "spread": 1}
        return torch.tensor([float(told[name]) for name in STEP])

    monkeypatch.setattr(trainer, "step", record_rate)
    monkeypatch.setattr(trainer, "validation", lambda: 0.0)
    for _ in range(4):
        trainer.epoch()
    assert rates == pytest.approx([1e-3 * (1 + np.cos(np.pi * n / 4)) / 2 for n in range(4)])


@pytest.fixture
def fit_script(examples, monkeypatch):
    """Fit with given validation scores; each epoch writes its number into the averaged bias."""

    def run(scores, triplets=None, patience=2):
        rows = zip(scores, triplets or [1] * len(scores), strict=True)
        numbered = enumerate(rows, start=1)

        def epoch(trainer):
            number, (score, n_triplets) = next(numbered)
            torch.nn.init.constant_(trainer.average.dense.bias, number)
            return {
                "loss": 1.0,
                "triplets": n_triplets,
                "spread": 1.0,
                "validation": score,
                "seconds": 0.0,
            }

        monkeypatch.setattr(Trainer, "epoch", epoch)
        schedule = Schedule(epochs=len(scores), patience=patience)
        return fit(initial_network(0), TripletLoss(), examples, schedule)

    return run


@pytest.mark.parametrize(
    ("scores", "best", "n_epochs", "stopped"),
    [
        ([0.1, 0.3, 0.2, 0.3, 0.9], 2, 4, "no gain on the validation tracks in 2 epochs"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5, 5, "all epochs are done"),
        ([0.5, 0.2, 0.6, 0.1, 0.2], 3, 5, "no gain on the validation tracks in 2 epochs"),
        ([0.2, 0.0, 0.1, 0.0, 0.0], 1, 3, "no gain on the validation tracks in 2 epochs"),
    ],
)
def test_fit_keeps_the_weights_of_the_best_epoch(fit_script, scores, best, n_epochs, stopped):
    found = fit_script(scores)
    assert found.best_epoch == best
    assert (found.network.dense.bias == best).all()
    assert found.history["epoch"].tolist() == list(range(1, n_epochs + 1))
    assert found.history["validation"].tolist() == scores[:n_epochs]
    assert found.stopped == stopped


def test_fit_stops_after_an_epoch_without_triplets(fit_script):
    found = fit_script([0.1, 0.2, 0.3], triplets=[5, 0, 5])
    assert found.stopped == "no triplet violated the margin in epoch 2"
    assert (found.best_epoch, len(found.history)) == (2, 2)


@pytest.mark.parametrize("strategy", ["all", "semihard", "hard", "literal"])
def test_triplets_that_keep_the_margin_are_not_counted(
    make_trainer, corpus, monkeypatch, strategy, few
):
    trainer = make_trainer(TripletLoss(strategy=strategy))
    mood = torch.as_tensor(corpus.tags.tagset("moods").toarray()[few, 0]).long()
    one_point_per_mood = torch.eye(2)[mood].requires_grad_()
    monkeypatch.setattr(embedding, "embed_excerpts", lambda *_: one_point_per_mood)
    step = take_step(trainer, few)
    assert step["anchors"] > 0
    assert step["triplets"] == step["loss"] == 0


def test_a_first_epoch_without_candidate_triplets_is_refused_in_one_line(make_trainer):
    trainer = make_trainer(TripletLoss(negative_threshold=NO_PAIR_IS_NEGATIVE))
    with pytest.raises(
        TagspaceError, match=r"^positive_threshold, negative_threshold: no training track .*$"
    ):
        trainer.epoch()


def test_a_batch_without_gradient_takes_no_step(make_trainer, few):
    trainer = make_trainer()
    take_step(trainer, few)
    trainer.loss = TripletLoss(negative_threshold=NO_PAIR_IS_NEGATIVE)
    weights, average = state_of(trainer.network), state_of(trainer.average)
    assert take_step(trainer, few)["triplets"] == 0
    statistics = {name for name in weights if "running" in name or "num_batches" in name}
    assert changed_names(weights, trainer.network.state_dict()) <= statistics
    assert changed_names(average, trainer.average.state_dict()) == set()
    assert trainer.steps == 1


def test_an_epoch_counts_tracks_pairs_and_anchors(make_trainer, examples, few):
    # A calm and a wild track of one artist, twice; the second batch has no related pair.
    batches = [few, few[:2]]
    trainer = make_trainer(examples=replace(examples, batches=lambda _: batches))
    row = trainer.epoch()
    assert (row["tracks"], row["pairs"], row["anchors"]) == (6, 1.0, 4 / 6)


def test_a_run_with_few_anchors_warns_once(make_trainer, examples, few):
    batches = [few, *[few[:2]] * 40]
    trainer = make_trainer(examples=replace(examples, batches=lambda _: batches))
    expected = r"^batches: only 4.8% of the tracks have .* batch of 2, so .*; try larger or related"
    with pytest.warns(UserWarning, match=expected) as warned:
        trainer.advance()
    assert len(warned) == 1
    trainer.epoch()


def test_an_epoch_without_tracks_is_refused_in_one_line(make_trainer, examples):
    trainer = make_trainer(examples=replace(examples, batches=lambda _: []))
    with pytest.raises(TagspaceError, match="^positive_threshold, negative_threshold: no training"):
        trainer.epoch()


def test_without_any_step_the_network_is_calibrated_and_a_warning_says_so(examples, monkeypatch):
    keep = TripletLoss.terms

    def nothing_active(*arguments):
        return keep(*arguments)._replace(active=torch.tensor(0))

    monkeypatch.setattr(TripletLoss, "terms", nothing_active)
    network, initial = initial_network(0), initial_network(0)
    with pytest.warns(UserWarning, match=r"^margin: no triplet violated .* network is untrained$"):
        found = fit(network, TripletLoss(), examples, Schedule(epochs=3))
    assert found.stopped == "no triplet violated the margin in epoch 1"
    changed = changed_names(initial.state_dict(), found.network.state_dict())
    assert changed == {name for name in initial.state_dict() if "running" in name or "num_" in name}


def test_a_later_epoch_without_candidate_triplets_is_not_an_error(make_trainer):
    trainer = make_trainer()
    trainer.advance()
    trainer.loss = TripletLoss(negative_threshold=NO_PAIR_IS_NEGATIVE)
    assert trainer.epoch()["triplets"] == 0


@pytest.mark.parametrize("rounding_error", [0, 1e-9])
def test_validation_tracks_without_related_pairs_are_refused(
    make_trainer, examples, rounding_error
):
    def unrelated(rows, others):
        return (rows[:, None] == others[None, :]).float() + rounding_error

    trainer = make_trainer(examples=replace(examples, relatedness=unrelated))
    with pytest.raises(TagspaceError, match="^dataset: no two validation tracks are related"):
        trainer.validation()


def test_a_learning_rate_at_which_weights_overflow_is_refused_in_one_line(make_trainer):
    trainer = make_trainer(learning_rate=1e30)
    with pytest.raises(TagspaceError, match=r"^learning_rate: 1e\+30 is too high.*$"):
        trainer.epoch()


def test_the_validation_score_is_the_ndcg_of_the_averaged_network(make_trainer, examples):
    rows = examples.batches.rows
    trainer = make_trainer(examples=replace(examples, validation=rows))
    gains = trainer.examples.relatedness(torch.as_tensor(rows)).clamp_min(0)
    same_album = torch.as_tensor(examples.excluded_pairs(rows, rows))
    generator = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(trainer.average.dense.weight, generator=generator)
    averaged, last, with_albums = (
        mean_ndcg(
            embed(network, trainer.examples.excerpts[rows]),
            gains.__getitem__,
            excluded.__getitem__,
        )
        for network, excluded in (
            (trainer.average, same_album),
            (trainer.network, same_album),
            (trainer.average, torch.zeros_like(same_album)),
        )
    )
    assert trainer.validation() == pytest.approx(averaged)
    assert averaged not in (last, with_albums)


def test_pairs_of_one_album_alone_choose_no_epoch(make_trainer, examples):
    one_album = replace(examples, excluded_pairs=lambda a, b: np.ones((len(a), len(b)), bool))
    with pytest.raises(TagspaceError, match="^dataset: no two validation tracks are related"):
        make_trainer(examples=one_album).validation()


def test_precision_is_that_of_the_schedule(make_trainer, few):
    trainers = [make_trainer(precision=kind) for kind in (torch.float32, torch.bfloat16)]
    single, half = (take_step(trainer, few)["spread"] for trainer in trainers)
    assert single != half
    assert single == pytest.approx(half, rel=0.05)
    assert all(trainer.network.dense.weight.dtype == torch.float32 for trainer in trainers)


def test_the_contrastive_loss_trains_the_network(make_trainer, few):
    trainer = make_trainer(ContrastiveLoss())
    before = state_of(trainer.network)
    assert take_step(trainer, few)["triplets"] > 0
    assert "dense.weight" in changed_names(before, trainer.network.state_dict())


def test_the_tag_loss_trains_the_network_and_its_own_layer(make_trainer, examples, corpus, few):
    moods = torch.as_tensor(corpus.tags.tagset("moods").toarray(), dtype=torch.float32)
    tagged = replace(examples, labels=lambda rows: moods[rows])
    trainer = make_trainer(TagLoss([0.5, 0.5], dimensions=256), tagged)
    network_before, loss_before = state_of(trainer.network), state_of(trainer.loss)
    assert take_step(trainer, few)["triplets"] == len(few)
    assert "dense.weight" in changed_names(network_before, trainer.network.state_dict())
    changed = changed_names(loss_before, trainer.loss.state_dict())
    assert changed == {"head.weight", "head.bias"}


def test_averaged_weights_equal_those_of_polynomial_decay():
    average, network = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    weights = np.random.default_rng(0).normal(size=(30, 2, 3)).astype("float32")
    # Shamir and Zhang (2013): step i has the weight i (i + 1) ... (i + eta - 1), with eta = 9.
    shares = np.array([math.prod(range(i, i + 9)) for i in range(1, 31)], dtype=float)
    for step, weight in enumerate(weights, start=1):
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(weight))
        update_average(average, network, step)
        expected = np.average(weights[:step], axis=0, weights=shares[:step])
        np.testing.assert_allclose(average.weight.detach(), expected, atol=1e-5)


def test_each_step_updates_the_averaged_weights_and_statistics(make_trainer, few):
    trainer = make_trainer(learning_rate=1e-6)
    take_step(trainer, few)
    weights = {name for name, _ in trainer.network.named_parameters()}
    differing = changed_names(state_of(trainer.network), state_of(trainer.average))
    assert not differing & {*weights, "normalise.running_mean"}
    before = state_of(trainer.average)
    take_step(trainer, few)
    updated = changed_names(before, state_of(trainer.average))
    assert {"dense.weight", "left.1.weight", "left.2.running_var"} <= updated


def test_the_spread_of_a_step_is_the_mean_squared_distance_of_all_pairs(make_trainer, few):
    trainer = make_trainer()
    network = copy.deepcopy(trainer.network).train()
    batch = trainer.read(few, np.zeros_like(few))
    embeddings = embed_excerpts(network, batch.excerpts)
    distances = [((a - b) ** 2).sum().item() for a in embeddings for b in embeddings]
    trainer.network.train()
    spread = dict(zip(STEP, trainer.step(batch).tolist(), strict=True))["spread"]
    assert spread == pytest.approx(np.mean(distances), rel=1e-5)


def test_a_collapsed_embedding_is_reported_once(make_trainer):
    trainer = make_trainer(unit_norm="none")
    torch.nn.init.zeros_(trainer.network.dense.weight)  # all embeddings are and stay one point
    with pytest.warns(UserWarning, match="collapsed: .* try a lower learning_rate"):
        row = trainer.epoch()
    assert row["loss"] == pytest.approx(0.2)
    assert row["spread"] < 1e-6
    trainer.epoch()  # a second warning would be an error
