# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From tags to topics
#
# **With few topics, tracks that share no tag can be related.** Latent Semantic Indexing ({term}`LSI`) describes each
# track by $k$ topics, which are weighted groups of tags. The cosine of two such descriptions grades how related two
# tracks are. With more than {glue:text}`topics_strangers` topics, hardly any tracks without a common tag are related
# (demo corpus).
#
# ```{glue:figure} shares
# :name: fig-shares
# Pairs of tracks of the demo corpus that are related (cosine of {glue:text}`topics_positive` or more) or unrelated (below
# {glue:text}`topics_negative`), against the number of topics. {glue:text}`topics_no_tag` of all pairs share no tag.
# ```
#
# *You will learn* what LSI does to a matrix of tags, what its topics look like, and how their number affects which tracks
# are related. *Ten minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
positive_threshold: float = 0.8  # related from this cosine on
negative_threshold: float = 0.2  # unrelated below this cosine

# %% tags=["remove-cell"]
import pandas as pd

from compendium import measured, present, tag_figures, tag_tables
from compendium.topics_slider import topics_slider
from tagspace.configuration import read_parameters
from tagspace.datasets import registry
from tagspace.tags import tagsets as tag_sets
from tagspace.tags.lsi import LSI

configuration = read_parameters(globals())
thresholds = configuration.positive_threshold, configuration.negative_threshold

# %% [markdown]
# ## The idea
#
# Suppose that one track is tagged *Wistful* and *Ballad*, and another one *Melancholy* and *Rainy Day*. They share no
# tag. A third track is tagged *Ballad* and *Melancholy*. So these two tags occur together, and connect the first two
# tracks. LSI finds such connections {cite}`deerwester1990`.
#
# Let $W$ be the matrix with a row per tag and a column per track, where $w_{ij} = 1$ if tag $i$ is on track $j$, and 0
# otherwise. Its singular value decomposition is $W = U \Sigma V^\top$. The columns of $U$ are directions in the space of
# tags. The first direction accounts for as much of the sum of squares of $W$ as possible. Each further one accounts for
# as much as possible of the rest. The first $k$ columns of $U$ are the topics. A track $w_j$ is described by its
# projection on them:
#
# $$u_j = U_k^\top w_j$$
#
# The relatedness of two tracks is the cosine of their descriptions.
#
# Here are five tracks with seven tags. The library's matrices are transposed: each row is a track.

# %%
small = pd.DataFrame(
    [
        [1, 1, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 1, 1],
    ],
    index=["a", "b", "c", "d", "e"],
    columns=["Wistful", "Ballad", "Melancholy", "Rainy Day", "Fun", "Dance", "Party"],
)
model = LSI().fit(small.to_numpy())
vectors = model.transform(small.to_numpy(), topics=2)
pd.DataFrame((vectors @ vectors.T).round(2) + 0.0, small.index, small.index)

# %% [markdown]
# With two topics, tracks *a* and *c* are fully related, although they share no tag. One topic is the quiet tags, the
# other one the lively tags. With all topics, the cosine is that of the tags themselves, and *a* and *c* are unrelated:

# %%
vectors = model.transform(small.to_numpy(), topics=model.rank)
pd.DataFrame((vectors @ vectors.T).round(2) + 0.0, small.index, small.index)

# %% [markdown]
# ## How it is computed
#
# The columns of $U$ are the eigenvectors of the small matrix $W W^\top$ of tags by tags, the *Gram matrix*. It counts
# how often two tags occur together. One decomposition serves every number of topics, because $k$ topics are the first
# $k$ eigenvectors. This is the library's code:

# %% tags=["remove-input"]
present.source(LSI.fit, LSI.transform)

# %% [markdown]
# ## Real topics
#
# These are the first three topics of a public part of the paper's tags. The first one is what most tracks have in common.
# Later topics set groups of tags against each other: the second one *Reflective* against *Energetic*, the third one
# *Aggressive* against *Romantic*.
#
# ```{glue:figure} msd_loadings
# :name: fig-paper-3
# The twelve tags with the largest weights (loadings) in the first three topics of the paper's four tag sets, in the
# form of Figure 3 of the paper. Computed on {glue:text}`topics_msd_tracks` tracks of the paper's data, those whose tags were available. Names have the colours of their tag sets in {numref}`fig-paper-2`.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
published = measured.loadings()
present.figure(
    "msd_loadings",
    tag_figures.loadings_figure(published),
    "Bars of the tags with the largest loadings in three topics of the paper's tags; topic 2 sets reflective and "
    "intimate moods against energetic and celebratory ones, topic 3 aggressive and intense moods against romantic and "
    "sentimental ones.",
)

# %% [markdown]
# The demo corpus has topics of its own:
#
# ```{glue:figure} loadings
# :name: fig-loadings
# The first three topics of the demo corpus.
# ```

# %% tags=["hide-input"]
collection = registry.load_dataset(configuration.dataset)
everything = tag_sets.binary_matrix(collection)
intersection = tag_sets.restrict(everything, tag_sets.intersection(everything))
tags = intersection.select(configuration.choose_tagsets(collection.tagsets))
print(
    f"{tags.matrix.shape[0]} tracks x {tags.matrix.shape[1]} tags, {present.percent(tags.matrix.mean(), 1)} ones"
)

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
model = LSI().fit(tags.matrix)
k = min(configuration.topics, model.rank)
first = range(1, min(3, model.rank) + 1)
present.figure(
    "loadings",
    tag_figures.loadings_figure(tag_tables.loadings_table(model, tags.vocabulary, first)),
    "Bars of the tags that weigh most in the first topics of the data set, positive to the right and negative to the "
    "left.",
)

# %% [markdown]
# ## How many topics?
#
# Move the slider. The histogram shows the cosines of all pairs of tracks (the height of a bar is the square root of its
# number of pairs). Pairs in orange are related and can be positives, pairs in blue are unrelated and can be negatives.
# Pairs in grey are used for neither. The list shows the tags nearest to one tag in the space of topics.

# %% tags=["hide-input"]
numbers = [n for n in (2, 3, 5, 8, 12, 16, 20, 30, 50, 100, 200) if n <= model.rank] or [1]
topics_slider(tags, numbers, k, thresholds)

# %% [markdown]
# How much of the sum of squares do the topics account for? The share rises quickly at first, then slowly: it is
# {glue:text}`topics_account` at {glue:text}`topics_chosen` topics, the default. The curve has no elbow there, so it does
# not explain this choice:
#
# ```{glue:figure} spectrum
# :name: fig-spectrum
# Share of the squared singular values of the demo corpus that the first topics account for.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "spectrum",
    tag_figures.spectrum_figure(model, k),
    "The share of all squared singular values against the number of topics: it rises steeply and then flattens.",
)

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
samples = {n: tag_tables.sample_cosines(model.transform(tags.matrix, n)) for n in numbers}
no_tag = tag_tables.sample_cosines(tags.matrix.toarray()) == 0  # products, not cosines
shares = {
    n: {
        "related": (cosines >= configuration.positive_threshold).mean(),
        "unrelated": (cosines < configuration.negative_threshold).mean(),
        "strangers": (cosines[no_tag] >= configuration.positive_threshold).sum()
        / max(no_tag.sum(), 1),
    }
    for n, cosines in samples.items()
}
present.figure(
    "shares",
    tag_figures.shares_figure(pd.DataFrame.from_dict(shares, orient="index")),
    "Two panels against the number of topics: the share of pairs without a common tag that are related falls to zero; of "
    "all pairs, fewer are related and more are unrelated.",
)

# %% [markdown]
# Which number is best cannot be seen here: the pages on [relatedness](relatedness.ipynb), [batches](batches.ipynb) and
# [ablations](ablations.ipynb) compare them.

# %% tags=["remove-cell"]
squares = model.singular_values_**2
present.numbers(
    {
        "topics_strangers": max((n for n in shares if shares[n]["strangers"] >= 0.0005), default=0),
        "topics_no_tag": present.percent(no_tag.mean()),
        "topics_chosen": f"{k} of {model.rank}",
        "topics_account": present.percent(squares[:k].sum() / squares.sum()),
        "topics_positive": configuration.positive_threshold,
        "topics_negative": configuration.negative_threshold,
        "topics_msd_tracks": f"{published['tracks'].iloc[0]:,}",
    }
)

# %% [markdown]
# **What we saw.** Topics are groups of tags that occur together. With few topics, tracks can be related that share no
# tag; with more topics, fewer pairs are related. Whether topics rank tracks better than plain overlap of tags is the
# question of the [next page](relatedness.ipynb).
#
# ## Exercises
#
# 1. In the small example, tag track *e* with *Rainy Day* as well. Are *a* and *e* now related with two topics?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
joined = small.copy()
joined.loc["e", "Rainy Day"] = 1
vectors = LSI().fit(joined.to_numpy()).transform(joined.to_numpy(), topics=2)
print(
    f"No: their cosine is {vectors[0] @ vectors[4]:.2f}. Rainy Day connects e with c, not with a:"
)
print(f"the cosine of c and e is {vectors[2] @ vectors[4]:.2f}.")

# %% [markdown]
# 2. Learn eight topics from each tag set alone. Is a larger or a smaller share of pairs related than with all sets?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
for name in (*collection.tagsets, "all"):
    chosen = tags if name == "all" else intersection.select([name])
    model = LSI().fit(chosen.matrix)
    cosines = tag_tables.sample_cosines(model.transform(chosen.matrix, topics=min(8, model.rank)))
    share = (cosines >= configuration.positive_threshold).mean()
    print(f"{name}: {present.percent(share, 1)} of pairs are related")
