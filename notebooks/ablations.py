# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What each part brings
#
# **A graded loss is at least as good as the paper's triplets, at any number of topics.** The paper calls
# pairs related or unrelated by two thresholds. Losses that use the grade of every pair score
# {glue:text}`ablations_merge_graded` above triplets on validation tracks of MERGE, and
# {glue:text}`ablations_emotify_graded` on those of Emotify. Most of the other settings that the paper
# leaves open make no difference that these collections could tell.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run; LSI 1000 is LSI with all topics
    "triplet, LSI 16": {},
    "triplet, LSI 40": {"topics": 40},
    "triplet, LSI 100": {"topics": 100},
    "triplet, LSI 1000": {"topics": 1000},
    "triplet, tf-idf 16": {"relatedness": "tfidf"},
    "triplet, tf-idf 40": {"relatedness": "tfidf", "topics": 40},
    "triplet, tf-idf 100": {"relatedness": "tfidf", "topics": 100},
    "triplet, tf-idf 1000": {"relatedness": "tfidf", "topics": 1000},
    "regression, LSI 16": {"loss": "regression"},
    "regression, LSI 40": {"loss": "regression", "topics": 40},
    "regression, LSI 100": {"loss": "regression", "topics": 100},
    "regression, LSI 1000": {"loss": "regression", "topics": 1000},
    "regression, tf-idf 16": {"loss": "regression", "relatedness": "tfidf"},
    "regression, tf-idf 40": {"loss": "regression", "relatedness": "tfidf", "topics": 40},
    "regression, tf-idf 100": {"loss": "regression", "relatedness": "tfidf", "topics": 100},
    "regression, tf-idf 1000": {"loss": "regression", "relatedness": "tfidf", "topics": 1000},
    "listwise, LSI 16": {"loss": "listwise"},
    "listwise, LSI 40": {"loss": "listwise", "topics": 40},
    "listwise, LSI 100": {"loss": "listwise", "topics": 100},
    "listwise, LSI 1000": {"loss": "listwise", "topics": 1000},
    "listwise, tf-idf 16": {"loss": "listwise", "relatedness": "tfidf"},
    "listwise, tf-idf 40": {"loss": "listwise", "relatedness": "tfidf", "topics": 40},
    "listwise, tf-idf 100": {"loss": "listwise", "relatedness": "tfidf", "topics": 100},
    "listwise, tf-idf 1000": {"loss": "listwise", "relatedness": "tfidf", "topics": 1000},
    "mining: semihard": {"mining": "semihard"},
    "mining: hard": {"mining": "hard"},
    "mining: literal": {"mining": "literal"},
    "margin: 0.1": {"margin": 0.1},
    "margin: 0.5": {"margin": 0.5},
    "thresholds: 0.5 and 0.2": {"positive_threshold": 0.5},
    "thresholds: 0.8 and 0.5": {"negative_threshold": 0.5},
    "batch: 64": {"batch_size": 64},
    "batch: 256": {"batch_size": 256},
    "dimensions: 64": {"dimensions": 64},
    "dimensions: 1024": {"dimensions": 1024},
    "unit norm: none": {"unit_norm": "none"},
    "excerpts: 1": {"excerpts": 1},
    "learning rate: 0.0003": {"learning_rate": 3.0e-4},
    "learning rate: 0.003": {"learning_rate": 3.0e-3},
}
encoder: str = "musicnn"  # what heads are trained on; dpnn: train the network instead
pool: str = "validation"  # settings are never chosen on test tracks
seed: int | list = [0, 1]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("ablations", globals())
measure, reference = "graded nDCG@10", next(iter(variants))

# %% mystnb={"image": {"alt": "Graded nDCG@10 on validation tracks against the number of topics, a panel for each data set, a line for each loss with LSI and with tf-idf weights; the graded losses lie above the triplets"}}
compared = {name: comparison.compare(runs, measure, reference) for name, runs in gathered.items()}
result_figures.losses_figure(compared)

# %% [markdown]
# *You will learn* which loss, which relatedness and how many topics serve a head on a frozen encoder, and
# what mining, margin and the other settings do. *Five minutes.*
#
# ## How it is measured
#
# Heads on frozen [musicnn](encoders.ipynb) train in seconds, so that each setting is trained ten
# times: in five folds without a common artist, and with two seeds, which cut the folds anew. All is
# measured on validation tracks, among themselves. These also chose the epoch of each training, so that all
# figures are a little higher than on test tracks. The reference is the paper's loss with LSI of 16 topics.
#
# ## Loss, weights and topics
#
# Gain over the reference, with the 95 % interval; `regression` brings the cosine of two embeddings near
# the relatedness of the tracks, and `listwise` the order of all others by embedding near that by relatedness
# {cite}`cao2007`.

# %%
import pandas as pd

graded = [name for name in variants if ":" not in name]
pd.concat(
    {
        name: result_figures.comparison_table(table.loc[graded], reference).iloc[:, -2:]
        for name, table in compared.items()
    },
    axis=1,
)

# %% [markdown]
# ## Everything else
#
# What each changes of the reference, alone:

# %% mystnb={"image": {"alt": "Gain over the paper's loss of other mining, margins, thresholds, batch sizes, dimensions and learning rates, with 95 % intervals, a panel for each data set"}}
others = [name for name in variants if ":" in name]
result_figures.gains_figure(
    {name: table.loc[others] for name, table in compared.items()}, "the reference"
)

# %%
from myst_nb import glue

for name, table in compared.items():
    found = comparison.systems_by_verdict(table.loc[others])
    for kind, systems in found.items():
        glue(f"ablations_{name}_{kind}", systems, display=False)
    best = result_figures.say_gain(table.loc["listwise, tf-idf 100"])
    glue(f"ablations_{name}_graded", best, display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** Of these settings, better than the reference are, on MERGE:
# {glue:text}`ablations_merge_better`; on Emotify: {glue:text}`ablations_emotify_better`. Worse are, on
# MERGE: {glue:text}`ablations_merge_worse`; on Emotify: {glue:text}`ablations_emotify_worse`.
