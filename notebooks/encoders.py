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
# **A pretrained encoder matters more than the loss.** musicnn {cite}`pons2019` is a public network that was trained to
# tag 200,000 tracks. Its frozen vectors rank related clips better than the paper's network, trained from scratch by
# triplets: by {glue:text}`merge_frozen_over_network` on MERGE and by {glue:text}`emotify_frozen_over_network` on Emotify
# (graded {term}`nDCG`@10, unfiltered, 95 % intervals in brackets). The 200,000 tracks may include artists of both
# collections. A small {term}`head` trained on tags is above frozen musicnn on Emotify ({glue:text}`emotify_head_none`
# unfiltered, {glue:text}`emotify_head_artist` with the {term}`artist filter`); on MERGE it does not differ reliably
# ({glue:text}`merge_head_none` and {glue:text}`merge_head_artist`).
#
# ```{glue:figure} gains
# :name: fig-encoders
# Relative difference from frozen musicnn in graded nDCG@10, unfiltered, on two collections of real music. Lines: 95 %
# intervals over 15 runs (5-fold cross-validation split by artist, three seeds). Blue: better; orange: worse; grey: not
# {term}`reliable`. `head` and `network` have the listwise loss.
# ```
#
# *You will learn* what a frozen encoder, a head on it, and a network trained from scratch are, and how well each ranks
# real music. *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
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

# %% tags=["remove-cell"]
import pandas as pd
from IPython.display import display

from compendium import measured, present, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("encoders", globals())
measure, frozen = "graded nDCG@10", "musicnn"
compared = {name: comparison.compare(runs, measure, frozen) for name, runs in gathered.items()}

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
shown = [*variants, "timbre+rhythm", "untrained"]
present.figure(
    "gains",
    result_figures.gains_figure(
        {measured.title(name): table.loc[shown] for name, table in compared.items()},
        f"gain over {frozen} (%)",
    ),
    "Gain in graded nDCG@10 of each system over frozen musicnn, with 95 % intervals, a panel for each data set: heads "
    "near zero or above it; networks trained from scratch, hand-crafted features and the untrained network far below.",
)

# %% [markdown]
# ## The systems
#
# - `musicnn`, **frozen**: the 200 values of its penultimate layer. Each value is standardised on the training tracks; the
#   vector of a track is the mean over its excerpts; vectors are compared by their cosine.
# - `head`: a network with one hidden layer, trained on these vectors with the same batches and the same early stopping
#   as the paper's network. `head by triplets` has the paper's loss and {term}`LSI` with 16 topics. `head` has the
#   {term}`listwise loss` and tf-idf weighted LSI with 100 topics. These settings were chosen on validation tracks of
#   three folds of the same two collections, so they may favour `head` slightly.
# - `network` (listwise) and `network by triplets`: the paper's network, trained from scratch, with the same two losses.
# - `timbre+rhythm`: [hand-crafted features](baselines.ipynb). `untrained`: the paper's network with its initial weights.
#   `tags`: LSI vectors of the test tracks' own tags, with the settings of `head`; a reference but not an upper bound,
#   because topics fitted to all sets describe a single set only roughly.
#
# ## What each was trained on
#
# musicnn was trained on the Million Song Dataset with tags of Last.fm. That data may contain artists, and even tracks, of
# both collections, so part of its lead may come from artists that it was trained on. Heads and networks saw only the tags
# of the training tracks of their fold, about 270 clips.
#
# ## Results on two collections
#
# MERGE {cite}`louro2024`: 396 clips of 15 seconds by 288 artists, with tags in four sets; a part of the release, cut to
# 15 seconds. Emotify {cite}`aljanaki2016`: the first 15 seconds of 400 clips by 138 artists, with two tag sets: genres,
# and as moods the emotions that listeners reported. The tables have all systems and
# tag sets.
#
# With the artist filter, both heads rank better than frozen musicnn on Emotify ({glue:text}`emotify_head_artist` with
# the listwise loss, {glue:text}`emotify_triplets_artist` with triplets), and neither does on MERGE
# ({glue:text}`merge_head_artist` and {glue:text}`merge_triplets_artist`). A possible reason, which was not tested:
# MERGE has hundreds of tags for its 270 training clips, and Emotify about twenty. From scratch, the listwise loss and
# triplets do not differ reliably ({glue:text}`merge_listwise_over_network` on MERGE,
# {glue:text}`emotify_listwise_over_network` on Emotify).

# %% tags=["hide-input"]
filters = ["none", "artist"]
for name, runs in gathered.items():
    table = result_figures.filters_table(runs, measure, frozen, filters)
    display(
        present.table(
            table.swaplevel(),
            f"{measured.title(name)}: graded nDCG@10 by tag set, and gain over frozen musicnn with 95 % intervals",
        )
    )

# %% [markdown]
# ## Settings of the network
#
# Before the test tracks were used, four settings of the network were compared on the validation tracks of three folds,
# with one seed. In these, no setting differs reliably from triplets. The listwise loss has the highest mean on both
# collections, so it was taken for `network`. "Drawn batches" are [batches of related tracks](batches.ipynb).

# %% tags=["hide-input"]
settings = {}
for name in ("merge", "emotify"):
    over_triplets = comparison.compare(measured.load(f"settings/{name}"), measure, "triplets")
    for system in over_triplets.index[over_triplets.index.str.contains("triplets|100 topics")]:
        row = over_triplets.loc[system]
        gain = "" if system == "triplets" else result_figures.say_gain(row)
        of_system = settings.setdefault(system, {})
        title = measured.title(name)
        of_system |= {f"{title}: mean": f"{row['mean']:.3f}", f"{title}: gain over triplets": gain}
present.table(
    pd.DataFrame.from_dict(settings, orient="index").rename_axis("setting"),
    "Settings of the network on validation tracks: graded nDCG@10, and gain with its 95 % interval over three folds",
)

# %% [markdown]
# ## What each costs
#
# Each network receives the same five excerpts of six seconds, and computes in float32. The first row, reading and
# log-mel, is needed by all but musicnn. musicnn takes {glue:text}`speed_ratio` times as long as log-mel and the paper's
# network together.

# %% tags=["hide-input"]
speed = measured.encoder_speed()
present.table(
    speed.set_index("encoder")[["what", "milliseconds"]],
    f"Milliseconds per track of 30 s ({speed['cores'].iloc[0]} cores, {speed['machine'].iloc[0]})",
    digits=1,
)

# %% tags=["remove-cell"]
per_track = speed.set_index("encoder")["milliseconds"]
ratio = per_track["musicnn"] / (per_track["all but musicnn"] + per_track["network"])
present.numbers({"speed_ratio": f"{ratio:.0f}"})
for name, runs in gathered.items():
    for filtered in filters:
        over = comparison.compare(runs, measure, frozen, filtered=filtered)
        for system, label in {"head": "head", "head by triplets": "triplets"}.items():
            present.numbers(
                {f"{name}_{label}_{filtered}": result_figures.say_gain(over.loc[system])}
            )
    over_network = comparison.compare(runs, measure, "network by triplets")
    over_untrained = comparison.compare(runs, measure, "untrained")
    told = {
        "untrained": over_untrained.loc["network by triplets"],
        "frozen": over_network.loc[frozen],
    }
    present.numbers(
        {f"landing_{name}_{label}": result_figures.tell_gain(row) for label, row in told.items()}
    )
    for system, label in {"musicnn": "frozen", "network": "listwise"}.items():
        gain = result_figures.say_gain(over_network.loc[system])
        present.numbers({f"{name}_{label}_over_network": gain})
    for other in ("untrained", "timbre+rhythm"):
        row = comparison.compare(runs, measure, other).loc["network by triplets"]
        present.numbers({f"{name}_network_over_{other}": result_figures.say_gain(row)})

# %% [markdown]
# **What we saw.** The paper's network by triplets learned something from about 270 clips: it is above the same network
# untrained by {glue:text}`merge_network_over_untrained` on MERGE and by {glue:text}`emotify_network_over_untrained` on
# Emotify. Frozen musicnn is above it on both, far above on MERGE.
