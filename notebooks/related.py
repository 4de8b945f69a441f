# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Beside other systems
#
# **What makes tracks related, and what is learned from it, matters less than that something is learned
# from the tags.** Heads on frozen musicnn learn from LSI, overlap, LDA or the artist, by triplets, pairs or
# as a tagger. On MERGE, those that are better than the paper's way by their interval are:
# {glue:text}`related_merge_none_better`; worse: {glue:text}`related_merge_none_worse`. On Emotify, better
# are: {glue:text}`related_emotify_none_better`; worse: {glue:text}`related_emotify_none_worse`.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each system changes of a run
    "LSI, triplets": {},
    "LSI, pairs": {"loss": "contrastive", "margin": 1.5},
    "tf-idf LSI, listwise": {"loss": "listwise", "relatedness": "tfidf", "topics": 100},
    "overlap, triplets": {
        "relatedness": "overlap",
        "positive_threshold": 0.25,
        "negative_threshold": 0.05,
    },
    "overlap, listwise": {"loss": "listwise", "relatedness": "overlap"},
    "LDA, triplets": {"relatedness": "lda"},
    "artist, triplets": {"relatedness": "artist", "batch_filter": "none"},
    "tagger": {"loss": "tags"},
}
encoder: str = "musicnn"  # what heads are trained on; dpnn: train the network instead
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("related", globals())
measure, reference = "graded nDCG@10", next(iter(variants))
compared = {
    left_out: {
        name: comparison.compare(runs, measure, reference, filtered=left_out)
        for name, runs in gathered.items()
    }
    for left_out in ("none", "artist")
}

# %% mystnb={"image": {"alt": "Gain in graded nDCG@10 of each way to learn over LSI and triplets, with 95 % intervals, a panel for each data set; most intervals hold zero"}}
learned = ["musicnn", *list(variants)[1:]]
result_figures.gains_figure(
    {name: table.loc[learned] for name, table in compared["none"].items()}, reference
)

# %% [markdown]
# *You will learn* which other ways there are to learn from the same tags, and what needs no learning.
# *Five minutes.*
#
# ## What is compared
#
# **What makes tracks related.** `LSI` is the paper's way, with 16 topics; `tf-idf LSI` weights rare tags
# more and has 100. `overlap` is the Jaccard index of the two sets of tags, which the paper argues against.
# `LDA` describes tracks by mixtures of 16 topics {cite}`blei2003`, compared by their cosine. `artist` knows
# no tags, only who plays {cite}`park2018`.
#
# **What is learned from it.** `triplets` are the paper's. `pairs` is the siamese network: related tracks
# near, unrelated ones at a distance of 1.5 or more {cite}`hadsell2006`. `listwise` brings the order of the
# tracks near that by relatedness {cite}`cao2007`. The `tagger` has one more layer, which tells from the
# embedding which tags a track carries, and knows nothing of relatedness.
#
# **What is not learned.** `musicnn` is the [encoder](encoders.ipynb) without a head. `timbre` is a Gaussian
# of 20 MFCC per track, compared by the symmetric Kullback-Leibler divergence {cite}`mandel2005`; `rhythm`
# is how strongly each part of the spectrum fluctuates at which rate {cite}`pampalk2002`; `timbre+rhythm` is
# the sum of both distances, each standardised. `untrained` is the paper's network with its initial weights,
# `random` are random vectors, and `tags` are the LSI vectors of the tags themselves.
#
# Thresholds of relatedness mean something else to each kind. Those of `overlap` were chosen such that it has
# about as many related pairs as LSI. Margin and learning rate of pairs and tagger, and the threshold of LDA,
# were chosen on validation tracks of three folds.
#
# ## Results
#
# Graded nDCG@10 for each tag set and their mean, and the gain over the paper's way with its 95 % interval;
# with everybody, then with the query's artist left out of its neighbours.

# %%
import pandas as pd

pd.concat(
    {
        (name, left_out): result_figures.comparison_table(tables[name], reference)
        for name in gathered
        for left_out, tables in compared.items()
    },
    names=["data", "left out", "system"],
).fillna("")

# %%
from myst_nb import glue

for name in gathered:
    for left_out, tables in compared.items():
        found = comparison.systems_by_verdict(tables[name].loc[list(variants)[1:]])
        for kind, systems in found.items():
            glue(f"related_{name}_{left_out}_{kind}", systems, display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** With the query's artist left out, better than the paper's way on MERGE are:
# {glue:text}`related_merge_artist_better`; worse: {glue:text}`related_merge_artist_worse`. On Emotify, better
# are: {glue:text}`related_emotify_artist_better`; worse: {glue:text}`related_emotify_artist_worse`. Among
# fourteen comparisons in a column, chance alone would let one seem better or worse more often than not.
#
# ## Any table of vectors
#
# What makes tracks related may come from anywhere: lyrics, reviews, covers, which the paper leaves to
# future work. `-p relatedness path/to/vectors.csv` takes a table with a vector for each track, and
# `-p encoder path/to/vectors.parquet` one to learn from. Here words of lyrics, made up for this example, are
# joined to the tags of the synthetic demo corpus before LSI. Words are many more than tags, and are scaled
# such that both weigh alike.

# %%
import numpy as np
from scipy import sparse

from tagspace.datasets import registry
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI

tags = tagsets.binary_matrix(registry.load_dataset("demo"))
themes = tags.tagset(tags.tagsets[-1])
generator = np.random.default_rng(0)
words_of_themes = generator.dirichlet(np.full(300, 0.05), size=themes.shape[1])
lyrics = np.log1p(generator.poisson(20 * themes @ words_of_themes))
alike = sparse.linalg.norm(tags.matrix) / np.linalg.norm(lyrics)
joined = sparse.hstack([tags.matrix, alike * lyrics], format="csr")
vectors = LSI().fit(joined).transform(joined, 16)
table = pd.DataFrame(vectors, index=tags.track_ids.rename("track_id"))
table.iloc[:3, :5].round(2)

# %% [markdown]
# `table.to_csv("lyrics.csv")` writes it.
