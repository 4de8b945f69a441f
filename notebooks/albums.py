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
# **Tracks of one album sound alike and carry the same tags, and a search finds them first.** On Emotify,
# the share of neighbours with exactly the query's tags falls from {glue:text}`albums_exact_none` to
# {glue:text}`albums_exact_album` when the query's album is left out of its neighbours. Leaving the pairs of
# an album out of training, as the paper does, is worth {glue:text}`albums_head_album` to a head on a frozen
# encoder.

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
# *You will learn* what part of a score is owed to the query's own album and artist, and whether leaving
# such pairs out of training helps. *Four minutes.*
#
# ## In evaluation
#
# Emotify is the one collection here whose clips have sound and whose albums are known: 400 clips of 229
# albums by 138 artists. Each track is a query among the test tracks of its fold; no artist is in two folds.
# Then tracks of the query's album, or of its artist, are left out of its neighbours. By the share of the
# first ten with exactly the query's tags:

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
# The paper leaves pairs of one album out of its triplets, so that the network cannot learn the sound of an
# album for its tags. For a head on frozen musicnn: mean graded nDCG@10, and the gain of leaving out no pair,
# or all pairs of an artist, over leaving out those of an album:

# %%
head = "head, album left out"
heads = [name for name in variants if name.startswith("head")]
pd.concat(
    {
        left_out: result_figures.comparison_table(
            comparison.compare(gathered, measure, head, filtered=left_out).loc[heads], head
        )
        for left_out in filters
    },
    names=["left out of neighbours", "trained"],
)

# %%
from myst_nb import glue

network = "network, album left out"
for left_out in filters:
    glue(f"albums_exact_{left_out}", f"{exact.loc[network, left_out]:.3f}", display=False)
    glue(f"albums_exact_tags_{left_out}", f"{exact.loc['tags', left_out]:.3f}", display=False)
    over_all = comparison.compare(gathered, measure, "head, all pairs", filtered=left_out)
    glue(f"albums_head_{left_out}", result_figures.say_gain(over_all.loc[head]), display=False)
print(result_figures.provenance(gathered))

# %% [markdown]
# **What we saw.** Without the query's album, exact matches of the trained network fall from
# {glue:text}`albums_exact_none` to {glue:text}`albums_exact_album`, and those of the tags themselves from
# {glue:text}`albums_exact_tags_none` to {glue:text}`albums_exact_tags_album`. For a head on musicnn, leaving
# an album's pairs out of training differs from training on all pairs by {glue:text}`albums_head_none` with
# everybody among the neighbours, {glue:text}`albums_head_album` without the album and
# {glue:text}`albums_head_artist` without the artist.
