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
# **Neighbours come from the query's own album three to four times as often as by chance.** On Emotify,
# {glue:text}`albums_own_network` of the ten nearest tracks by the trained network are of the query's album, and
# {glue:text}`albums_own_musicnn` by frozen musicnn; chance is {glue:text}`albums_own_chance`. Leaving pairs of one album
# out of training, as the paper does, made no reliable difference to heads ({glue:text}`albums_head_none`) or to the
# network ({glue:text}`albums_network_none`).

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run
    "head, no pairs of an album": {"encoder": "musicnn"},
    "head, no pairs of an artist": {"encoder": "musicnn", "batch_filter": "artist"},
    "head, all pairs": {"encoder": "musicnn", "batch_filter": "none"},
    "network, no pairs of an album": {},
    "network, all pairs": {"batch_filter": "none"},
}
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

((name, gathered),) = measured.load_or_run("albums", globals()).items()
measure, filters = "graded nDCG@10", ("none", "album", "artist")

# %% mystnb={"image": {"alt": "Graded nDCG@10 of four systems, unfiltered, with the album filter and with the artist filter: all fall from left to right"}}
result_figures.filters_figure(
    gathered, measure, ["musicnn", "network, no pairs of an album", "untrained", "tags"]
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
# test track is a query among the test tracks of its fold. The table lists what share of the ten nearest tracks
# are of the query's album, or of its artist (which includes its album). All systems that use sound find the
# album more often than chance. Even the untrained network does.

# %%
rows = comparison.select(gathered, "exact P@10")
systems = rows["representation"].astype(str)
rows["system"] = systems.where(systems != "trained", rows["variant"])
own = rows.pivot_table(index="system", columns="task", values=["value", "chance"])
found = own["value"][["album", "artist"]]
found.loc["chance"] = own["chance"].iloc[0]
shown = ["network, no pairs of an album", "musicnn", "timbre+rhythm", "untrained", "tags"]
found.loc[[*shown, "chance"]].rename_axis(index=None, columns=None).round(3)

# %% [markdown]
# In Emotify, each clip was tagged separately. With the filters, exact P@10
# (the share of the ten nearest tracks with exactly the query's tags, as a mean over genres and moods) falls. It
# falls by about the same share for random vectors, because the filters hide tracks that carry the same tags. So
# the fall alone shows no album effect.

# %%
import pandas as pd

exact = pd.DataFrame(
    {
        left_out: comparison.compare(gathered, "exact P@10", "musicnn", filtered=left_out)["mean"]
        for left_out in filters
    }
)
exact.loc[[*shown, "random"]].rename(columns=result_figures.FILTER_NAMES).round(3)

# %% [markdown]
# ## In training
#
# The paper leaves pairs of one album out of its triplets, so that the network cannot learn to recognise albums
# instead of tags. The table lists the change in graded nDCG@10 from training on all pairs, with its 95 %
# interval: for heads on frozen musicnn and for the paper's network trained from scratch, a column for each
# filter of the evaluation.

# %%
gains: dict = {left_out: {} for left_out in filters}
for left_out in filters:
    for kind in ("head", "network"):
        over_all = comparison.compare(gathered, measure, f"{kind}, all pairs", filtered=left_out)
        for name in (f"{kind}, no pairs of an album", f"{kind}, no pairs of an artist"):
            if name in over_all.index:
                gains[left_out][name] = result_figures.say_gain(over_all.loc[name])
pd.DataFrame(gains).rename(columns=result_figures.FILTER_NAMES)

# %%
from myst_nb import glue

for label, system in {"network": shown[0], "musicnn": "musicnn", "chance": "chance"}.items():
    glue(f"albums_own_{label}", f"{found.loc[system, 'album']:.1%}", display=False)
for left_out in filters:
    for kind in ("head", "network"):
        gain = gains[left_out][f"{kind}, no pairs of an album"]
        glue(f"albums_{kind}_{left_out}", gain, display=False)
print(result_figures.provenance(gathered))

# %% [markdown]
# **What we saw.** In training, the album filter made no reliable difference. For heads, graded nDCG@10 changes by
# {glue:text}`albums_head_none` unfiltered, by {glue:text}`albums_head_album` with the album filter and by
# {glue:text}`albums_head_artist` with the artist filter; for the network, by {glue:text}`albums_network_none`,
# {glue:text}`albums_network_album` and {glue:text}`albums_network_artist`. In evaluation, the query's album is
# found more often than by chance by every system. A score without the artist filter therefore says in part how
# well a system recognises an album or an artist.
