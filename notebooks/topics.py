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
# Latent Semantic Indexing turns the binary matrix of tags and tracks into a space of $k$ topics, in
# which the cosine of two tracks says how related they are; with few topics, even if they share no
# tag.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
positive_threshold: float = 0.8  # related from this cosine on
negative_threshold: float = 0.2  # unrelated below this cosine

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## The matrix
#
# One row per track, one column per tag, 1 where the track carries the tag. The tag sets are joined;
# a word that stands in two of them stays two tags.

# %%
from tagspace.datasets import registry
from tagspace.tags import tagsets as tag_sets

collection = registry.load_dataset(configuration.dataset)
everything = tag_sets.binary_matrix(collection)
intersection = tag_sets.restrict(everything, tag_sets.intersection(everything))
tags = intersection.select(configuration.choose_tagsets(collection.tagsets))
print(f"{tags.matrix.shape[0]} tracks x {tags.matrix.shape[1]} tags, {tags.matrix.mean():.1%} ones")

# %% [markdown]
# ## The spectrum
#
# The singular values of the matrix tell how much each topic accounts for; the dotted line is the
# number of topics chosen above. All tracks count here; for training, only those to train on do.

# %% mystnb={"image": {"alt": "Singular values by topic, falling, and the share of their squares that the first topics account for, rising"}}
from compendium import tag_figures, tag_tables
from tagspace.tags.lsi import LSI

model = LSI().fit(tags.matrix)
k = min(configuration.topics, model.rank)
tag_figures.spectrum_figure(model, k)

# %% [markdown]
# ## What topics are made of
#
# The tags that weigh most in the first topics. The first topic is what all tracks have in common;
# later ones set groups of tags against one another.

# %% mystnb={"image": {"alt": "Bars of the tags that weigh most in three topics, positive to the right and negative to the left, coloured by tag set"}}
tag_figures.loadings_figure(model, tags.vocabulary, topics=range(1, min(3, model.rank) + 1))

# %% [markdown]
# ## Tags that mean nearly the same
#
# In the space of topics, tags are near to each other if they stand on the same tracks, or beside
# the same tags. These are nearest to the most frequent tag of the last set chosen:

# %%
most = tag_tables.frequencies(tags).groupby("tagset", sort=False).first()["tag"]
print(f"nearest to {most.iloc[-1]} ({most.index[-1]}):")
tag_figures.nearest_tags(model, tags.vocabulary, most.index[-1], most.iloc[-1], k)

# %% [markdown]
# ## How related tracks are
#
# The cosines of all pairs of tracks, or of a sample of 2,000 tracks. Pairs to the right of the
# upper threshold are candidates for anchor and positive, those to the left of the lower one for
# anchor and negative; what lies between them teaches nothing.

# %% mystnb={"image": {"alt": "Histogram of the cosines of all pairs of tracks, with both thresholds drawn and the share of pairs beyond each"}}
cosines = tag_figures.sample_cosines(model.transform(tags.matrix, k))
tag_figures.cosines_figure(
    cosines, configuration.positive_threshold, configuration.negative_threshold
)

# %% [markdown]
# ## What more topics change
#
# With few topics many tracks are related, with many topics only those whose tags are nearly equal.
# The number of topics is thus a choice of how fine relatedness is.

# %% mystnb={"image": {"alt": "Shares of related and of unrelated pairs against the number of topics"}}
import pandas as pd

numbers = [number for number in (2, 3, 5, 8, 12, 20, 30, 50, 100, 200, 400) if number <= model.rank]
numbers = numbers or [1]
samples = {n: tag_figures.sample_cosines(model.transform(tags.matrix, n)) for n in numbers}
shares = {
    n: {
        "related": (c >= configuration.positive_threshold).mean(),
        "unrelated": (c < configuration.negative_threshold).mean(),
    }
    for n, c in samples.items()
}
tag_figures.shares_figure(pd.DataFrame.from_dict(shares, orient="index"))

# %% [markdown]
# Many pairs share no tag at all. With few topics, some of these are related:

# %%
from myst_nb import glue

no_tag = tag_figures.sample_cosines(tags.matrix.toarray()) == 0  # products, not cosines
is_related = {n: c[no_tag] >= configuration.positive_threshold for n, c in samples.items()}
strangers = {n: related.sum() / max(len(related), 1) for n, related in is_related.items()}
squares = model.singular_values_**2
last = max((number for number, share in strangers.items() if share >= 0.0005), default=0)
glue("topics_strangers", str(last), display=False)
glue("topics_chosen", f"{k} of {model.rank}", display=False)
glue("topics_account", f"{squares[:k].sum() / squares.sum():.0%}", display=False)
print(f"{no_tag.mean():.0%} of pairs share no tag")
pd.Series(strangers, name="of these related").map("{:.1%}".format).rename_axis("topics").to_frame()

# %% [markdown]
# **What we saw.** The first {glue:text}`topics_chosen` topics account for {glue:text}`topics_account`
# of the squares of all singular values. A few topics let tracks be related that share not one tag;
# more of them ask for more in common: with more than {glue:text}`topics_strangers` topics, hardly any
# two tracks are related that share no tag. What LSI brings then is not that it relates strangers, but
# how it grades those that have tags in common. The number of topics decides how many pairs training
# can learn from.
