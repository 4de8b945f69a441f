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
# **With many topics, few tracks of a random batch have a related track in it.** An anchor is
# a track with a related and an unrelated track in its batch. In random batches of 128 from a subset of the paper's data,
# {glue:text}`anchors_msd_16` of the tracks are anchors with 16 topics, and {glue:text}`anchors_msd_340` with 340.
# Batches of related tracks raise this share, but drop every track that is related to no other:
# {glue:text}`alone_msd_340` there, and {glue:text}`alone_merge_340` on MERGE (real music, about 400 clips). Where
# training was possible, neither the number of topics nor the kind of batch changed the score reliably.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run; 1000 topics are all topics
    "16 topics": {},
    "16 topics, related": {"batches": "related"},
    "40 topics": {"topics": 40},
    "40 topics, related": {"topics": 40, "batches": "related"},
    "100 topics": {"topics": 100},
    "100 topics, related": {"topics": 100, "batches": "related"},
    "1000 topics": {"topics": 1000},
    "1000 topics, related": {"topics": 1000, "batches": "related"},
}
encoder: str = "musicnn"  # what heads are trained on; dpnn: train the network instead
batch_size: int = 32  # small relative to the training set, as the paper's 600 is
pool: str = "validation"  # settings are never chosen on test tracks
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
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
# A dot is the relative difference from random batches with 16 topics in mean graded nDCG@10, unfiltered, on
# validation tracks; a line is its 95 % interval over 15 runs, or over those that could be trained (see below).
# The systems are heads on frozen
# [musicnn](encoders.ipynb), trained by triplets in batches of 32. 1000 topics stand for all topics. The tags of
# Emotify have a rank of about 20, so its larger numbers of topics are the same model.
#
# *You will learn* how many tracks of a batch can be anchors, how this depends on topics and on how batches
# are drawn, and what it does to the score. *Four minutes.*
#
# ## How many tracks are anchors
#
# A track is an anchor if its batch holds a related and an unrelated track, by the thresholds .8 and .2. The
# table counts them for the tags of four data sets, all sets joined, in batches of 128. `uniform` batches are
# random. In `related` batches each track comes with a related one. `anchors` is the share of tracks that are
# anchors, `pairs` the mean number of related pairs in a batch, `empty` the share of batches without any, and
# `alone` the share of tracks that are related to no other track and are dropped. `tracks` counts
# training tracks.

# %%
anchors = measured.anchors().xs(128, level="batch")
anchors.round(3)

# %% [markdown]
# The paper's batches hold 600 tracks. In these, {glue:text}`anchors_msd_600` of the tracks with its tags are
# anchors with 340 topics.
#
# ## What it does to the score
#
# The paper sees precision rise with the number of topics up to a "glass ceiling". Is it a ceiling of the topics,
# or of triplets that run out? If triplets run out, batches of related tracks should raise it.

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
paper_size = measured.anchors().loc["msd"].xs((600, 340), level=["batch", "topics"])
glue("anchors_msd_600", f"{paper_size['uniform: anchors'].iloc[0]:.0%}", display=False)
for data, topics in [("msd", 16), ("msd", 340), ("merge", 16), ("merge", 340)]:
    row = anchors.xs((data, topics), level=["data", "topics"]).iloc[0]
    glue(f"anchors_{data}_{topics}", f"{row['uniform: anchors']:.0%}", display=False)
    glue(f"alone_{data}_{topics}", f"{row['alone']:.0%}", display=False)
for name, runs in gathered.items():
    for topics in (16, 40, 100, 1000):
        over_random = comparison.compare(runs, measure, f"{topics} topics")
        text = result_figures.say_gain(over_random.loc[f"{topics} topics, related"])
        glue(f"batches_{name}_{topics}", text, display=False)
    text = result_figures.say_gain(compared[name].loc["100 topics"])
    glue(f"batches_{name}_100_ceiling", text, display=False)
if "merge" in gathered:
    trained = gathered["merge"].groupby("variant")["run"].nunique()
    for topics in (100, 1000):
        failed = str(trained.max() - trained[f"{topics} topics"])
        glue(f"batches_failed_{topics}", failed, display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** On MERGE, random batches of 32 run out of triplets: {glue:text}`batches_failed_1000` of 15 runs
# with all topics and {glue:text}`batches_failed_100` with 100 found no triplet in their first epoch and could not
# be trained. All runs with related batches could be trained. Where runs with random batches could be, the score
# did not change reliably with more topics ({glue:text}`batches_merge_100_ceiling` with 100 topics), and related batches did not
# differ reliably from them ({glue:text}`batches_merge_16` with 16 topics, {glue:text}`batches_merge_100` with 100).
# These heads cannot explain the paper's ceiling: on MERGE they do not differ reliably from the frozen encoder
# that they are trained on ([](encoders.ipynb)).
