# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The album effect
#
# **Search finds the query's album and artist, and leaving albums out of training does not change that.** On
# Emotify, {glue:text}`albums_exact_none` of the ten nearest tracks by the trained network carry exactly the
# query's tags. With the album filter {glue:text}`albums_exact_album` do, and with the artist filter
# {glue:text}`albums_exact_artist`. Heads on a frozen encoder score the same whether or not training leaves out
# pairs of one album.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run
    "head, album left out": {"encoder": "musicnn"},
    "head, artist left out": {"encoder": "musicnn", "batch_filter": "artist"},
    "head, all pairs": {"encoder": "musicnn", "batch_filter": "none"},
    "network, album left out": {},
}
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

((name, gathered),) = measured.load_or_run("albums", globals()).items()
measure, filters = "graded nDCG@10", ("none", "album", "artist")

# %% mystnb={"image": {"alt": "Graded nDCG@10 of each system with nobody, the query's album or its artist left out of its neighbours: all fall from left to right"}}
result_figures.filters_figure(
    gathered, measure, ["musicnn", "network, album left out", "untrained", "tags"]
)

# %% [markdown]
# Mean graded nDCG@10 over 15 runs (5-fold cross-validation split by artist, repeated with three seeds).
# `network` is the paper's, trained from scratch; `musicnn` is a frozen public [encoder](encoders.ipynb).
#
# *You will learn* how much of a score comes from the query's own album and artist, and whether it helps to
# leave such pairs out of training. *Four minutes.*
#
# ## In evaluation
#
# Emotify is the one collection here with audio and known albums: 400 clips of 229 albums by 138 artists. Each
# test track is a query among the test tracks of its fold. The album filter hides the tracks of the query's
# album; the artist filter hides all tracks of its artist. The table lists exact P@10, the share of the ten
# nearest tracks with exactly the query's tags, as a mean over genres and moods. Part of its fall is inevitable:
# the filters also hide tracks that carry the same tags.

# %%
import pandas as pd

exact = pd.DataFrame(
    {
        left_out: comparison.compare(gathered, "exact P@10", "musicnn", filtered=left_out)["mean"]
        for left_out in filters
    }
)
exact.round(3)

# %% [markdown]
# ## In training
#
# The paper leaves pairs of one album out of its triplets, so that the network cannot learn to recognise albums
# instead of tags. For heads on frozen musicnn, the table compares this with leaving out all pairs of an artist,
# and with training on all pairs.

# %%
all_pairs = "head, all pairs"
heads = [name for name in variants if name.startswith("head")]
pd.concat(
    {
        left_out: result_figures.comparison_table(
            comparison.compare(gathered, measure, all_pairs, filtered=left_out).loc[heads],
            all_pairs,
        )
        for left_out in filters
    },
    names=["filter", "trained"],
)

# %%
from myst_nb import glue

network = "network, album left out"
for left_out in filters:
    glue(f"albums_exact_{left_out}", f"{exact.loc[network, left_out]:.1%}", display=False)
    glue(f"albums_exact_tags_{left_out}", f"{exact.loc['tags', left_out]:.1%}", display=False)
    over_all = comparison.compare(gathered, measure, all_pairs, filtered=left_out)
    gain = result_figures.say_gain(over_all.loc["head, album left out"])
    glue(f"albums_head_{left_out}", gain, display=False)
print(result_figures.provenance(gathered))

# %% [markdown]
# **What we saw.** With the album filter, exact P@10 of the trained network falls from
# {glue:text}`albums_exact_none` to {glue:text}`albums_exact_album`. The ranking by the test tracks' own tags falls
# too, from {glue:text}`albums_exact_tags_none` to {glue:text}`albums_exact_tags_album`, so most of the fall is
# inevitable. In training, the album filter made no reliable difference to heads on musicnn: graded nDCG@10
# changes by {glue:text}`albums_head_none` unfiltered, by {glue:text}`albums_head_album` with the album filter
# and by {glue:text}`albums_head_artist` with the artist filter. A network that is trained from scratch could
# learn more of an album's sound; this was not measured.
