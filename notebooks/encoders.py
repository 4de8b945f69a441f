# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which encoder?
#
# **A good ear matters more than the loss, and tags still teach it something.** musicnn
# {cite}`pons2019` is a public network that learned to tag 200,000 tracks. Frozen, it ranks related tracks
# of MERGE better than the network that is trained here from its initial weights, by
# {glue:text}`merge_frozen_over_network`, and tracks of Emotify by
# {glue:text}`emotify_frozen_over_network`. A small head, learned from the relatedness of tags, adds
# {glue:text}`emotify_head_artist` to it on Emotify and {glue:text}`merge_head_artist` on MERGE, with the
# query's artist left out.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each system changes of a run
    "head": {"encoder": "musicnn", "loss": "listwise", "relatedness": "tfidf", "topics": 100},
    "head by triplets": {"encoder": "musicnn"},
    "network": {"loss": "listwise", "relatedness": "tfidf", "topics": 100},
    "network by triplets": {},
}
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
pool: str = "test"  # validation: to choose settings
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("encoders", globals())
measure, frozen = "graded nDCG@10", "musicnn"

# %% mystnb={"image": {"alt": "Gain in graded nDCG@10 of each system over frozen musicnn, with 95 % intervals, a panel for each data set: heads at or above zero, networks trained from their initial weights, hand-made features and the untrained network far below"}}
compared = {
    filtered: {
        name: comparison.compare(runs, measure, frozen, filtered=filtered)
        for name, runs in gathered.items()
    }
    for filtered in ("none", "artist")
}
shown = ["timbre+rhythm", "untrained", *dict.fromkeys(reversed(variants)), "tags"]
result_figures.gains_figure(
    {name: table.loc[shown] for name, table in compared["artist"].items()}, frozen
)

# %% [markdown]
# Each line is a 95 % interval over fifteen runs: five folds without a common artist, cut anew for each
# of three seeds. The query's artist is left out of its neighbours.
#
# *You will learn* what a frozen encoder, a head on it, and a network from scratch are, what each has
# heard before, and what each is worth on two collections of real music. *Six minutes.*
#
# ## The systems
#
# - **frozen** (`musicnn`): the 200 values before its last layer, each standardised on the training tracks,
#   averaged over the excerpts of a track, and compared by their cosine.
# - **head**: one hidden layer on these values, learned from the relatedness of tags like the paper's
#   network: the same batches, validation and records. `head by triplets` has the paper's loss and LSI with
#   16 topics; `head` has the listwise loss and LSI of tf-idf weighted tags with 100 topics, which were
#   [chosen on validation tracks](ablations.ipynb).
# - **network**: the paper's, from its initial weights, with the losses of the two heads.
# - **timbre+rhythm** are [hand-made features](related.ipynb), `untrained` is the network before
#   training, and `tags` are the LSI vectors of the tags, which nothing that hears can be expected to reach.
#
# ## What each has heard
#
# musicnn was trained on the Million Song Dataset with tags of Last.fm. That may include artists, and even
# tracks, of the test folds: neither collection says which. The networks trained here, and the heads beyond
# musicnn, have heard only the training tracks of their fold. What is hand-made has heard nothing. So a gain
# of a head over frozen musicnn is learned from the tags of the training tracks; the lead of musicnn over the
# network may partly be that it knows the artists.
#
# ## On two collections
#
# MERGE {cite}`louro2024`: clips of 15 seconds with tags in all four sets. Emotify {cite}`aljanaki2016`:
# clips of 15 seconds of Magnatune, with genres and the emotions that listeners felt. Mean graded nDCG@10 of
# each tag set and gain over `musicnn`, with everybody and with the query's artist left out of its
# neighbours:

# %%
import pandas as pd

systems = pd.concat(
    {
        (name, filtered): result_figures.comparison_table(tables[name], frozen)
        for filtered, tables in compared.items()
        for name in tables
    },
    names=["data", "left out", "system"],
)
systems.fillna("").sort_index(level="data", ascending=False, sort_remaining=False)

# %% [markdown]
# ## What each costs
#
# Milliseconds per track of 30 seconds, from the file on: reading five excerpts, the spectrogram, and the
# encoder. Training a head takes seconds, training the network takes a minute or two on clips as few as
# these.

# %%
speed = measured.encoder_speed()
print(f"{speed['cores'].iloc[0]} cores, {speed['machine'].iloc[0]}")
speed[["encoder", "what", "milliseconds"]].round(1)

# %%
from myst_nb import glue

for name, runs in gathered.items():
    for filtered in ("none", "artist"):
        over = compared[filtered][name]
        for system, label in {"head": "head", "head by triplets": "triplets"}.items():
            glue(
                f"{name}_{label}_{filtered}",
                result_figures.say_gain(over.loc[system]),
                display=False,
            )
        glue(f"{name}_best_{filtered}", f"{over['mean'].drop('tags').max():.3f}", display=False)
    over_network = comparison.compare(runs, measure, "network by triplets")
    for system, label in {"musicnn": "frozen", "network": "listwise"}.items():
        text = result_figures.say_gain(over_network.loc[system])
        glue(f"{name}_{label}_over_network", text, display=False)
    for other in ("untrained", "timbre+rhythm"):
        row = comparison.compare(runs, measure, other).loc["network by triplets"]
        glue(f"{name}_network_over_{other}", result_figures.say_gain(row), display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** The paper's network, trained on about 270 clips, is above the same network untrained, by
# {glue:text}`merge_network_over_untrained` on MERGE and {glue:text}`emotify_network_over_untrained` on
# Emotify. Frozen musicnn is far above it. A head with the graded loss differs from musicnn by
# {glue:text}`merge_head_none` on MERGE and {glue:text}`emotify_head_none` on Emotify, and with the artist
# left out by {glue:text}`merge_head_artist` and {glue:text}`emotify_head_artist`; with the paper's triplets
# these are {glue:text}`merge_triplets_artist` and {glue:text}`emotify_triplets_artist`.
