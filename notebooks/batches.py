# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What batches see
#
# **With many topics, few tracks of a random batch have a related one, and triplets learn from few
# tracks.** Of {glue:text}`batches_msd_tracks` training tracks with the paper's tags, in batches of 128,
# {glue:text}`anchors_msd_16` are anchors with 16 topics and {glue:text}`anchors_msd_340` with 340.
# Batches of related tracks make all of their tracks anchors. On MERGE the scores of such batches differ
# from those of random ones by {glue:text}`batches_merge_1000` with all topics.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run; 1000 topics are all topics
    "16 topics": {},
    "16 topics, drawn": {"batches": "related"},
    "40 topics": {"topics": 40},
    "40 topics, drawn": {"topics": 40, "batches": "related"},
    "100 topics": {"topics": 100},
    "100 topics, drawn": {"topics": 100, "batches": "related"},
    "1000 topics": {"topics": 1000},
    "1000 topics, drawn": {"topics": 1000, "batches": "related"},
}
encoder: str = "musicnn"  # what heads are trained on; dpnn: train the network instead
batch_size: int = 32  # small beside the data, as the paper's 600 tracks are
pool: str = "validation"  # settings are never chosen on test tracks
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("batches", globals())
measure = "graded nDCG@10"
compared = {name: comparison.compare(runs, measure, "16 topics") for name, runs in gathered.items()}

# %% mystnb={"image": {"alt": "Gain in graded nDCG@10 over random batches with 16 topics, for 16 topics to all, in random batches and in batches of related tracks, a panel for each data set"}}
result_figures.gains_figure(
    {name: table.loc[list(variants)] for name, table in compared.items()}, "16 topics"
)

# %% [markdown]
# *You will learn* how many tracks of a batch can be anchors, how that depends on topics and on how batches
# are drawn, and what it does to the score. *Four minutes.*
#
# ## How many tracks are anchors
#
# A track is an anchor if its batch holds a related and an unrelated track, by the thresholds .8 and .2.
# For genuine tags, with all sets of each data set together: the share of tracks that are anchors, the mean
# number of related pairs in a batch, and the share of batches without any. `drawn` batches put each track
# beside a related one; tracks that are related to no other track are left out, and `alone` is their share.

# %%
anchors = measured.anchors().xs(128, level="batch")
anchors.round(3)

# %% [markdown]
# With 16 topics, most tracks of a random batch of 128 are anchors. From 100 topics on, about nine of
# ten are not, and learn nothing in that epoch. Drawing batches mends this only where related tracks exist: of
# the few clips of MERGE, {glue:text}`alone_merge_340` are then related to no other clip at all.
#
# ## What it does to the score
#
# The paper sees precision rise with topics up to a "glass ceiling". Is the ceiling one of topics, or of
# triplets that run out? Here heads on frozen [musicnn](encoders.ipynb) learn by triplets from batches of
# 32 clips, random or drawn, and are scored on validation tracks:

# %%
import pandas as pd

pd.concat(
    {
        name: result_figures.comparison_table(table.loc[list(variants)], "16 topics").iloc[:, -2:]
        for name, table in compared.items()
    },
    axis=1,
)

# %%
from myst_nb import glue

of_msd = anchors.xs("msd")
glue("batches_msd_tracks", f"{of_msd.index.get_level_values('tracks')[0]:,}", display=False)
for data, topics in [("msd", 16), ("msd", 340), ("merge", 16), ("merge", 340)]:
    row = anchors.xs((data, topics), level=["data", "topics"]).iloc[0]
    glue(f"anchors_{data}_{topics}", f"{row['uniform: anchors']:.0%}", display=False)
    glue(f"alone_{data}_{topics}", f"{row['alone']:.0%}", display=False)
for name, runs in gathered.items():
    for topics in (16, 40, 100, 1000):
        over_random = comparison.compare(runs, measure, f"{topics} topics")
        text = result_figures.say_gain(over_random.loc[f"{topics} topics, drawn"])
        glue(f"batches_{name}_{topics}", text, display=False)
    text = result_figures.say_gain(compared[name].loc["1000 topics"])
    glue(f"batches_{name}_ceiling", text, display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** With random batches, all topics differ from 16 by {glue:text}`batches_merge_ceiling` on
# MERGE and {glue:text}`batches_emotify_ceiling` on Emotify. Drawn batches differ from random ones by
# {glue:text}`batches_merge_16` with 16 topics, {glue:text}`batches_merge_100` with 100 and
# {glue:text}`batches_merge_1000` with all on MERGE, and by {glue:text}`batches_emotify_16` and
# {glue:text}`batches_emotify_1000` with 16 and all on Emotify.
