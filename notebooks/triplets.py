# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Triplets
#
# **The easiest triplets are soon solved.** Training compares an {term}`anchor` with a related track, the *positive*, and
# an unrelated one, the *negative*. The paper's text picks the nearest positive and the farthest negative. After
# {glue:text}`epochs_literal` epochs on a small part of the demo corpus, none of these violates the margin, and learning
# stops. If all triplets are used, {glue:text}`active_all` still violate it after {glue:text}`triplets_epochs` epochs.
#
# ```{glue:figure} histories
# :name: fig-histories
# A few epochs with each way to choose triplets, from the same initial weights, on two small batches of the demo corpus.
# `literal` is the paper's text; its training ends when no triplet violates the margin. Panels: triplets per epoch that
# violate the margin (the axis is compressed); mean distance between embeddings (at 0 all tracks are one point); {term}`nDCG`@10 of
# {glue:text}`n_validation` validation tracks.
# ```
#
# *You will learn* how relatedness proposes pairs, how distances choose triplets among them, and what goes wrong with
# the easiest and the hardest ones. *Ten minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
positive_threshold: float = 0.8  # related from this cosine on
negative_threshold: float = 0.2  # unrelated below this cosine
margin: float = 0.2
epochs: int = 4  # of each training at the end
batch_size: int = 64
learning_rate: float = 1.0e-3  # ten times the default, to see in a few epochs what happens
folds: int = 0  # 0: the paper's split; k: artist-grouped cross-validation, for small data
fold: int = 0  # which fold is for test
seed: int = 0

# %% tags=["remove-cell", "nbval-ignore-output"]
from dataclasses import replace

import numpy as np
import torch

from compendium import listening, network_figures, present
from tagspace import corpus
from tagspace.configuration import read_parameters
from tagspace.datasets import registry
from tagspace.encoders import embedding
from tagspace.model import dpnn, losses, mining
from tagspace.runs import baselines, experiment
from tagspace.tags import relatedness

configuration = read_parameters(globals())
tracks = corpus.load_corpus(configuration)

# %% [markdown]
# ## The idea
#
# The network maps an excerpt $x$ to an embedding $f(x)$. For an anchor $x^a$, a related track $x^p$ and an unrelated
# track $x^n$, the related track should be nearer, by a margin $\alpha$:
#
# $$\lVert f(x^a) - f(x^p) \rVert_2^2 + \alpha < \lVert f(x^a) - f(x^n) \rVert_2^2$$ (eq-margin)
#
# The loss sums the amounts by which triplets violate {eq}`eq-margin`:
#
# $$L = \sum_i \max\bigl(\lVert f(x_i^a) - f(x_i^p) \rVert_2^2 - \lVert f(x_i^a) - f(x_i^n) \rVert_2^2 + \alpha,\; 0\bigr)$$ (eq-loss)
#
# Equations {eq}`eq-margin` and {eq}`eq-loss` are those of the paper's Section III-A. Here the loss of a batch is the mean
# over the triplets whose term is above zero. The other triplets have no gradient.
#
# Which triplets? Their number grows with the cube of the batch size. *Relatedness* decides which pairs may take part: two
# tracks are related if the cosine of their [LSI vectors](topics.ipynb) is {glue:text}`positive_threshold` or more, and
# unrelated if it is below {glue:text}`negative_threshold`. Pairs of one album are left out, so that the network does not
# learn to recognise albums. In the library's code, `_all` finds all triplets that violate the margin, and `terms` puts
# the parts together:

# %% tags=["remove-input"]
present.source(
    mining.candidate_pairs,
    mining._all,  # the default of mine()
    losses.TripletLoss.terms,
    losses.triplet_hinges,
    losses.mean_of_positive,
)

# %% [markdown]
# ## Listen
#
# An anchor of the demo corpus, a related track, one that is neither related nor unrelated, and an unrelated one. The
# tags of each are listed by set.

# %% tags=["remove-cell"]
tags = tracks.tags.select(configuration.choose_tagsets(tracks.tags.tagsets))
related = relatedness.relatedness_from_tags(
    tags.matrix, tracks.split.train, topics=configuration.topics
)
batch = np.random.default_rng(configuration.seed).permutation(tracks.split.train)
batch = np.array(sorted(batch[: configuration.batch_size], key=tracks.groups.artist.__getitem__))
cosines = related(torch.as_tensor(batch))
same_album = torch.as_tensor(tracks.groups.excluded_pairs(batch, batch, "album"))
thresholds = configuration.positive_threshold, configuration.negative_threshold
unfiltered = mining.candidate_pairs(cosines, None, *thresholds)
pairs = mining.candidate_pairs(cosines, same_album, *thresholds)

# %% tags=["hide-input", "nbval-ignore-output"]
anchor = int(pairs.anchors.nonzero()[0])
row = cosines[anchor]
chosen = {
    "anchor": anchor,
    "related": int(row.masked_fill(~pairs.positive[anchor], -1).argmax()),
    "neither": int((row - 0.5).abs().argmin()),
    "unrelated": int(row.masked_fill(~pairs.negative[anchor], 1).argmin()),
}
ids = tracks.tags.track_ids[batch]
listening.tracks(
    registry.load_dataset(configuration.dataset),
    {
        name + (f", cosine {row[place]:.2f}".replace("-", "−") if name != "anchor" else ""): track
        for (name, place), track in zip(chosen.items(), ids[list(chosen.values())], strict=True)
    },
)

# %% [markdown]
# ## One batch
#
# {numref}`fig-batch` shows all pairs of a batch of {glue:text}`batch_size` tracks, sorted by artist. Tracks of one
# album lie next to the diagonal: their tags are the same, so without the album filter they would be positives.
#
# ```{glue:figure} batch
# :name: fig-batch
# Few pairs of a batch are related, so few tracks can be anchors. One batch of the demo corpus: cosines of the LSI vectors, and how each pair is used. {glue:text}`n_positive` pairs are related;
# {glue:text}`n_same_album` more would be without the album filter; {glue:text}`n_negative` are unrelated.
# {glue:text}`n_anchors` of the {glue:text}`batch_size` tracks have both a positive and a negative, and can be anchors.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "batch",
    network_figures.batch_figure(
        cosines.numpy(),
        {
            "related": pairs.positive.numpy(),
            "same album": (unfiltered.positive & ~pairs.positive).numpy(),
            "unrelated": pairs.negative.numpy(),
        },
    ),
    "Two square matrices of one batch: the cosines of all pairs, and whether each pair is related, excluded as of one "
    "album, unrelated, or neither.",
)

# %% [markdown]
# How many tracks of a batch are anchors depends on the number of topics and on how batches are drawn. The
# [next page](batches.ipynb) counts them on genuine tags.
#
# ## Which triplets?
#
# Four ways to choose among the candidates:
#
# - `all`: every triplet that violates the margin (the default);
# - `semihard`: for each related pair, the nearest negative among those that are farther than the positive by less than the
#   margin {cite}`schroff2015`;
# - `hard`: for each anchor, the farthest positive and the nearest negative {cite}`hermans2017`;
# - `literal`: for each anchor, the nearest positive and the farthest negative, as the paper's text says ("argmin" and
#   "argmax").
#
# A [public notebook](https://github.com/slychief/music_representation_from_text_and_labels) of the authors, for a later
# study {cite}`schindler2020`, also takes the farthest negative; there, an option chooses between the nearest and the
# farthest positive.
#
# ```{glue:figure} triplets
# :name: fig-triplets
# The chosen triplets of this batch, with the untrained network: squared distance from the anchor to the positive
# (across) and to the negative (upwards). Triplets above the line keep the margin: they are solved. The numbers count the
# triplets. Nearly all of `literal` are solved before training begins.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
network = dpnn.initial_network(configuration.seed)
baselines.calibrate(network, tracks.excerpts, tracks.split.train)
distances = losses.squared_distances(embedding.embed(network, tracks.excerpts[batch]))
strategies = ("all", "semihard", "hard", "literal")
mined = {name: mining.mine(distances, pairs, name, configuration.margin) for name in strategies}
arrays = {name: tuple(part.numpy() for part in found) for name, found in mined.items()}
present.figure(
    "triplets",
    network_figures.triplets_figure(distances.numpy(), arrays, configuration.margin),
    "Four scatter plots, one per way to choose triplets, of the distance to the positive and to the negative.",
)

# %% [markdown]
# ## Train with each of them
#
# A few epochs with each way, from the same initial weights ({numref}`fig-histories`).

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
two_batches = replace(tracks.split, train=tracks.split.train[: 2 * configuration.batch_size])
few = replace(tracks, split=two_batches, excerpts=tracks.excerpts[:, :1])
processor = torch.device("cpu")
histories = {
    name: experiment.train(
        few, tags, related, configuration.model_copy(update={"mining": name}), processor
    ).history
    for name in strategies
}
present.figure(
    "histories",
    network_figures.histories_figure(
        histories,
        {
            "triplets": "violating triplets",
            "spread": "mean distance",
            "validation": "validation nDCG@10",
        },
    ),
    "Violating triplets, mean distance and validation score by epoch for four ways to choose triplets: with literal no "
    "triplet is left and the score falls, with hard the mean distance falls to zero.",
)

# %% tags=["remove-cell", "nbval-ignore-output"]
last = {name: history.iloc[-1] for name, history in histories.items()}
present.numbers({f"active_{name}": f"{row['triplets']:,.0f}" for name, row in last.items()})
present.numbers({"epochs_literal": f"{last['literal']['epoch']:.0f}"})
present.numbers({f"spread_{name}": f"{row['spread']:.3f}" for name, row in last.items()})
present.numbers(
    {
        "triplets_epochs": configuration.epochs,
        "positive_threshold": configuration.positive_threshold,
        "negative_threshold": configuration.negative_threshold,
        "batch_size": len(batch),
        "n_positive": int(pairs.positive.sum()) // 2,
        "n_same_album": int(unfiltered.positive.sum() - pairs.positive.sum()) // 2,
        "n_negative": int(pairs.negative.sum()) // 2,
        "n_anchors": int(pairs.anchors.sum()),
        "n_validation": len(tracks.split.validation),
    }
)

# %% [markdown]
# With `literal`, training ends when no triplet violates the margin, and the validation score has fallen meanwhile.
# With `hard`, the mean distance falls to {glue:text}`spread_hard`. The validation score is still high: it depends only
# on the order of the neighbours, and this order is kept when all distances shrink.
#
# **What we saw.** Relatedness proposes pairs, and distances choose triplets among them. The triplets of `literal` soon
# keep the margin and then have no gradient; `hard` moves all tracks towards one point; with `semihard` and `all`, the
# tracks stay apart. A few steps on synthetic music only show how each way begins; the page on
# [ablations](ablations.ipynb) compares them on real music.
#
# ## Exercises
#
# 1. Lower `positive_threshold` to 0.5. How many tracks of the batch can be anchors now?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
wider = mining.candidate_pairs(cosines, same_album, positive_threshold=0.5)
print(f"{int(wider.anchors.sum())} anchors instead of {int(pairs.anchors.sum())}")

# %% [markdown]
# 2. Double the margin. How many triplets violate it, with the untrained network?

# %% tags=["hide-cell", "nbval-ignore-output"] mystnb={"code_prompt_show": "Solution"}
more = mining.mine(distances, pairs, "all", margin=2 * configuration.margin)
print(f"{len(more.anchor):,} instead of {len(mined['all'].anchor):,}")
