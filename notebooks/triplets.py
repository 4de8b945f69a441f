# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From relatedness to triplets
#
# Training compares an *anchor* with a related track, the *positive*, and an unrelated one, the
# *negative*: the positive should be nearer by a margin. This page follows one batch from the tags
# to the triplets, and then trains a network with each way of choosing them.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
positive_threshold: float = 0.8  # related from this cosine on
negative_threshold: float = 0.2  # unrelated below this cosine
margin: float = 0.2
epochs: int = 4  # of each of the trainings at the end
batch_size: int = 64
learning_rate: float = 1.0e-3  # ten times the default: what happens, happens sooner
folds: int = 0  # 0: the paper's split; k: artist-grouped cross-validation, for small data
fold: int = 0  # which fold is for test
seed: int = 0

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% tags=["nbval-ignore-output"]
from tagspace import corpus

tracks = corpus.load_corpus(configuration)

# %% [markdown]
# ## A batch
#
# The cosines of the tracks' LSI vectors, sorted by artist so that what belongs together lies along
# the diagonal; the pairs that count as related; and those left once tracks of one album are taken
# out, which would teach the sound of the album rather than what its tags mean. Pairs below the
# lower threshold are the unrelated ones.

# %%
import numpy as np
import torch

from compendium import network_figures
from tagspace.model import mining
from tagspace.tags import relatedness

tags = tracks.tags.select(configuration.choose_tagsets(tracks.tags.tagsets))
related = relatedness.relatedness_from_tags(
    tags.matrix, tracks.split.train, topics=configuration.topics
)
batch = np.random.default_rng(configuration.seed).permutation(tracks.split.train)
batch = np.array(sorted(batch[: configuration.batch_size], key=tracks.groups.artist.__getitem__))
cosines = related(torch.as_tensor(batch))
same_album = torch.as_tensor(tracks.groups.excluded_pairs(batch, batch, "album"))
thresholds = configuration.positive_threshold, configuration.negative_threshold

# %% mystnb={"image": {"alt": "Four square matrices of one batch: cosines, related pairs, related pairs without those of one album, unrelated pairs"}}
unfiltered = mining.candidate_pairs(cosines, None, *thresholds)
pairs = mining.candidate_pairs(cosines, same_album, *thresholds)
network_figures.batch_figure(
    {
        "cosines": cosines.numpy(),
        "related": unfiltered.positive.numpy(),
        "related, albums out": pairs.positive.numpy(),
        "unrelated": pairs.negative.numpy(),
    }
)

# %%
for name, found in {"with albums": unfiltered, "albums out": pairs}.items():
    print(
        f"{name}: {int(found.positive.sum())} related and {int(found.negative.sum())} unrelated "
        f"pairs, {int(found.anchors.sum())} of {len(batch)} tracks are anchors"
    )

# %% [markdown]
# How many tracks of a batch are anchors depends on the number of topics and on how batches are drawn: the
# page [What batches see](batches.ipynb) counts them on genuine tags.
#
# ## Which triplets
#
# The distances are those of the untrained network. Each dot is a triplet: across, the squared
# distance from the anchor to the positive, upwards that to the negative. Below the diagonal the
# negative is nearer, and there is something to learn. `literal` takes the paper at its word, the
# nearest positive and the farthest negative: the easiest triplet that each anchor has.

# %% mystnb={"image": {"alt": "Four scatter plots, one per mining strategy, of the distances of each triplet to its positive and its negative"}} tags=["nbval-ignore-output"]
from tagspace.encoders import embedding
from tagspace.model import dpnn, losses
from tagspace.runs import baselines

network = dpnn.initial_network(configuration.seed)
baselines.calibrate(network, tracks.excerpts, tracks.split.train)
distances = losses.squared_distances(embedding.embed(network, tracks.excerpts[batch]))
mined = {
    strategy: mining.mine(distances, pairs, strategy, configuration.margin)
    for strategy in ("all", "semihard", "hard", "literal")
}
network_figures.triplets_figure(
    distances.numpy(), {name: tuple(part.numpy() for part in t) for name, t in mined.items()}
)

# %% [markdown]
# ## Why the literal reading cannot train
#
# The loss of a triplet is
#
# $$\max(\|a - p\|^2 - \|a - n\|^2 + m, 0).$$
#
# If the positive is the nearest one and the negative the farthest one, it is soon zero for every
# anchor. A few epochs with each strategy on two batches, from the same initial weights and with one
# excerpt of each track: where no triplet violates the margin, nothing is learned.

# %% mystnb={"image": {"alt": "Loss, spread and validation score by epoch for the four mining strategies"}} tags=["nbval-ignore-output"]
from dataclasses import replace

from tagspace.runs import experiment

two_batches = replace(tracks.split, train=tracks.split.train[: 2 * configuration.batch_size])
few = replace(tracks, split=two_batches, excerpts=tracks.excerpts[:, :1])
histories = {
    strategy: experiment.train(
        few,
        tags,
        related,
        configuration.model_copy(update={"mining": strategy}),
        torch.device("cpu"),
    ).history
    for strategy in ("all", "semihard", "hard", "literal")
}
network_figures.histories_figure(
    histories, {"loss": "loss", "spread": "spread", "validation": "validation nDCG@10"}
)

# %% [markdown]
# **What we saw.** Relatedness proposes pairs, the distances choose among them. With `literal`, no
# triplet violates the margin any more after a few steps: training ends there, and retrieval has
# become worse all the while. With `hard` all tracks move towards one point, and the loss stays at the
# margin; the order of neighbours may survive in so small a space for a while, as the validation score
# shows, but distances have no scale any more. With `semihard` and `all` the tracks stay apart and
# something is left to learn. So few steps on synthetic music, and so few validation tracks, only show
# how each of them begins; what each brings on real music is on the page that changes
# [each part](ablations.ipynb).
