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
# **A pretrained encoder matters more than the loss.** musicnn {cite}`pons2019` is a public network that was
# trained to tag 200,000 tracks; these may include artists of the two collections. Its frozen vectors rank related clips
# better than the paper's network trained from scratch: by {glue:text}`merge_frozen_over_network` on MERGE and by
# {glue:text}`emotify_frozen_over_network` on Emotify (graded nDCG@10, unfiltered). A small head trained on tags
# is above frozen musicnn on Emotify ({glue:text}`emotify_head_none` unfiltered, {glue:text}`emotify_head_artist` with the
# artist filter). On MERGE the head does not differ reliably from frozen musicnn ({glue:text}`merge_head_none` and
# {glue:text}`merge_head_artist`).

# %% tags=["parameters"]
dataset: str = ""  # a name or path: make the runs on it; empty: show the runs kept for this book
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
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("encoders", globals())
measure, frozen = "graded nDCG@10", "musicnn"
compared = {name: comparison.compare(runs, measure, frozen) for name, runs in gathered.items()}

# %% mystnb={"image": {"alt": "Gain in graded nDCG@10 of each system over frozen musicnn, with 95 % intervals, a panel for each data set: heads near zero or above it, networks trained from scratch, hand-crafted features and the untrained network far below"}}
shown = ["timbre+rhythm", "untrained", *reversed(variants), "tags"]
result_figures.gains_figure({name: table.loc[shown] for name, table in compared.items()}, frozen)

# %% [markdown]
# A dot is the relative difference from frozen musicnn in mean graded nDCG@10; a line is its 95 % interval
# over 15 runs (5-fold cross-validation split by artist, repeated with three seeds). Graded nDCG@10 scores
# the ten nearest tracks by the tags that they share with the query; 1 is the best order.
#
# *You will learn* what a frozen encoder, a head on it, and a network trained from scratch are, what each was
# trained on, and how well each ranks two collections of real music. *Six minutes.*
#
# ## The systems
#
# - **frozen** (`musicnn`): the 200 values of its penultimate layer. Each is standardised on the training
#   tracks; a track's vector is the mean over its excerpts; vectors are compared by their cosine.
# - **head**: a network with one hidden layer, trained on these vectors with the same batches and the same
#   early stopping as the paper's network. `head by triplets` has the paper's loss and LSI with 16 topics.
#   `head` has the listwise loss and tf-idf weighted LSI with 100 topics. These settings were chosen on
#   validation tracks of three folds of the same two collections, so they may favour `head` slightly. Over
#   15 runs of the [ablations](ablations.ipynb), the losses do not differ reliably.
# - **network**: the paper's network, trained from scratch with the same two losses.
# - **timbre+rhythm** are [hand-crafted features](related.ipynb). `untrained` is the paper's network with its
#   initial weights. `tags` ranks by LSI vectors of the test tracks' own tags, with the settings of `head`. It
#   is a reference and no upper bound, because topics of all sets are coarse for a single one.
#
# ## What each was trained on
#
# musicnn was trained on the Million Song Dataset with tags of Last.fm. Both collections may share artists,
# and even tracks, with that data set. Part of musicnn's lead may come from artists that it was trained on.
# Heads and networks were trained on the training tracks of their fold only. So the gain of a head over frozen
# musicnn comes from the tags of about 270 clips. Hand-crafted features need no training.
#
# ## Results on two collections
#
# MERGE {cite}`louro2024`: 396 clips of 15 seconds, 288 artists, tags in four sets; these are a part of the
# release, cut to 15 seconds. Emotify {cite}`aljanaki2016`: the first 15 seconds of 400 clips of 138 artists,
# with genres and felt emotions. The table lists graded nDCG@10 of each tag set, their mean, and the gain over
# frozen musicnn with its 95 % interval.

# %%
import pandas as pd

filters = ["none", "artist"]
pd.concat(
    {
        name: result_figures.filters_table(runs, measure, frozen, filters)
        for name, runs in gathered.items()
    },
    names=["data"],
).fillna("")

# %% [markdown]
# ## Settings of the network
#
# Before the test tracks were used, four settings of the network were compared on the validation tracks of three
# folds, with one seed. The table lists mean graded nDCG@10, unfiltered, and the gain over triplets with its
# 95 % interval over the three folds. The listwise loss has the highest mean on both collections, so it was taken
# for `network`; no setting differs reliably from triplets.

# %%
settings = {}
for name in ("merge", "emotify"):
    over_triplets = comparison.compare(measured.load(f"settings/{name}"), measure, "triplets")
    for system in over_triplets.index[over_triplets.index.str.contains("triplets|100 topics")]:
        row = over_triplets.loc[system]
        mean = f"{row['mean']:.3f}"
        gain = "" if system == "triplets" else result_figures.say_gain(row)
        settings[system, name] = {"mean": mean, "gain over triplets": gain}
pd.DataFrame.from_dict(settings, orient="index").unstack().swaplevel(axis=1).sort_index(axis=1)

# %% [markdown]
# ## What each costs
#
# Milliseconds per track of 30 seconds, with all cores. Each network receives the same five excerpts of six
# seconds. musicnn takes about twelve times as long as log-mel and the paper's network together.

# %%
speed = measured.encoder_speed()
print(f"{speed['cores'].iloc[0]} cores, {speed['machine'].iloc[0]}")
speed[["encoder", "what", "milliseconds"]].round(1)

# %%
from myst_nb import glue

for name, runs in gathered.items():
    for filtered in filters:
        over = comparison.compare(runs, measure, frozen, filtered=filtered)
        for system, label in {"head": "head", "head by triplets": "triplets"}.items():
            gain = result_figures.say_gain(over.loc[system])
            glue(f"{name}_{label}_{filtered}", gain, display=False)
    over_network = comparison.compare(runs, measure, "network by triplets")
    for system, label in {"musicnn": "frozen", "network": "listwise"}.items():
        gain = result_figures.say_gain(over_network.loc[system])
        glue(f"{name}_{label}_over_network", gain, display=False)
    for other in ("untrained", "timbre+rhythm"):
        row = comparison.compare(runs, measure, other).loc["network by triplets"]
        glue(f"{name}_network_over_{other}", result_figures.say_gain(row), display=False)
print(result_figures.provenance(pd.concat(gathered.values())))

# %% [markdown]
# **What we saw.** The paper's network learned something from about 270 clips: it is above the same network
# untrained by {glue:text}`merge_network_over_untrained` on MERGE and by
# {glue:text}`emotify_network_over_untrained` on Emotify. Frozen musicnn is far above the trained network on both. With the
# artist filter, both heads are above frozen musicnn on Emotify ({glue:text}`emotify_head_artist` with the
# listwise loss, {glue:text}`emotify_triplets_artist` with triplets), and neither is on MERGE
# ({glue:text}`merge_head_artist` and {glue:text}`merge_triplets_artist`). A possible reason: MERGE has hundreds of
# tags for its 270 training clips, and Emotify about twenty. This was not tested. From scratch, the listwise loss and triplets do not differ
# reliably: {glue:text}`merge_listwise_over_network` on MERGE, {glue:text}`emotify_listwise_over_network` on
# Emotify.
