# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How many anchors a batch holds
#
# **With many topics, random batches hold few triplets, and small ones may hold none.** A track can be an {term}`anchor`
# if its batch holds a related and an unrelated track. In random batches of 128 from a public part of the paper's data,
# {glue:text}`anchors_msd_16` of the tracks are anchors with 16 topics, and {glue:text}`anchors_msd_340` with 340. Batches
# of related tracks avoid this, but must drop every track that is related to no other: {glue:text}`alone_msd_340` with 340
# topics.
#
# ```{glue:figure} anchors
# :name: fig-anchors
# Tracks that are anchors in random batches of 128 (blue), and tracks that batches of related tracks must drop (orange), against the number of topics. Genuine tags of four data sets, all tag sets joined. Emotify has few tags, so more topics change almost nothing there.
# ```
#
# *You will learn* how many tracks of a batch can be anchors, how this depends on topics and on how batches are drawn,
# and whether it changes the score. *Five minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = ""  # a name or path: make the runs on it; empty: show the runs kept for this book
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
batch_size: int = 32  # a small share of the training set, like the paper's 600
pool: str = "validation"  # settings are never chosen on test tracks
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %% tags=["remove-cell"]
from compendium import measured, present, result_figures, tag_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("batches", globals())
measure = "graded nDCG@10"
compared = {name: comparison.compare(runs, measure, "16 topics") for name, runs in gathered.items()}

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
counted = measured.anchors().xs(128, level="batch").droplevel("tracks")
present.figure(
    "anchors",
    tag_figures.anchors_figure(counted, measured.TITLES),
    "Share of tracks that are anchors in random batches, and share that batches of related tracks drop, against the "
    "number of topics, for four data sets: the first falls, the second rises.",
)

# %% [markdown]
# ## Two kinds of batches
#
# *Random* batches draw tracks one by one, as in the paper. *Related* batches (`-p batches related`) put each track
# next to a related one, so that each is an anchor. A track that is related to no other cannot be in them.
#
# The paper's batches hold 600 tracks. More tracks mean more chances of a related pair: of the Million Song subset,
# {glue:text}`anchors_msd_600` of the tracks are anchors with 340 topics in batches of 600.

# %% tags=["hide-input"]
columns = {
    "uniform: anchors": "random: anchors (%)",
    "uniform: pairs": "random: pairs",
    "related: anchors": "related: anchors (%)",
    "related: pairs": "related: pairs",
    "alone": "related: dropped (%)",
}
shown = counted[list(columns)].rename(columns=columns)
percent = [name for name in shown if name.endswith("(%)")]
present.table(
    shown.assign(**{name: 100 * shown[name] for name in percent}),
    "Batches of 128: tracks that are anchors, mean number of related pairs, and tracks that related batches drop",
    digits=1,
)

# %% [markdown]
# ## Does it change the score?
#
# The paper sees precision rise with the number of topics up to a "glass ceiling". The ceiling may come from the topics,
# or from too few triplets. In the second case, batches of related tracks should raise it.
#
# ```{glue:figure} gains
# :name: fig-batches
# Graded {term}`nDCG`@10 (unfiltered, on validation tracks), as a relative difference from that with random batches and 16 topics. Lines: 95 % intervals over 15 runs, or over fewer where some runs found no triplet and could not be trained. Systems are {term}`heads <head>`, small networks
# on a frozen public encoder ([musicnn](encoders.ipynb)), trained by triplets in batches of 32. "1000 topics" are all topics; on Emotify, 40 are already all. All lines are grey: no difference is {term}`reliable`.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "gains",
    result_figures.gains_figure(
        {measured.title(name): table.loc[list(variants)[1:]] for name, table in compared.items()},
        "gain over 16 topics (%)",
    ),
    "Gain in graded nDCG@10 over random batches with 16 topics, for 16 topics to all, in random batches and in batches "
    "of related tracks, a panel for each data set; all intervals include zero.",
)

# %% tags=["remove-cell"]
paper_size = measured.anchors().loc["msd"].xs((600, 340), level=["batch", "topics"])
present.numbers({"anchors_msd_600": present.percent(paper_size["uniform: anchors"].iloc[0])})
for data, topics in [("msd", 16), ("msd", 340), ("merge", 16), ("merge", 340)]:
    row = counted.loc[(data, topics)]
    present.numbers(
        {
            f"anchors_{data}_{topics}": present.percent(row["uniform: anchors"]),
            f"alone_{data}_{topics}": present.percent(row["alone"]),
        }
    )
for name, runs in gathered.items():
    for topics in (16, 40, 100, 1000):
        over_random = comparison.compare(runs, measure, f"{topics} topics")
        gain = result_figures.say_gain(over_random.loc[f"{topics} topics, related"])
        present.numbers({f"batches_{name}_{topics}": gain})
    ceiling = result_figures.say_gain(compared[name].loc["100 topics"])
    present.numbers({f"batches_{name}_100_ceiling": ceiling})
if "merge" in gathered:
    trained = gathered["merge"].groupby("variant")["run"].nunique()
    for topics in (100, 1000):
        missing = trained.max() - trained[f"{topics} topics"]
        present.numbers({f"batches_failed_{topics}": missing})

# %% [markdown]
# On MERGE, random batches of 32 often hold no triplet: {glue:text}`batches_failed_1000` of 15 runs with all topics and
# {glue:text}`batches_failed_100` with 100 found no triplet in their first epoch. All runs with related batches could
# be trained; with 100 topics or more, they keep few of the tracks.
#
# **What we saw.** Neither the number of topics nor the kind of batch changed the score reliably: on MERGE, 100 topics
# instead of 16 changed it by {glue:text}`batches_merge_100_ceiling`, and related instead of random batches, with 100
# topics, by {glue:text}`batches_merge_100`. This test cannot show whether too few triplets cause the paper's ceiling:
# on MERGE, training a head at all does not change the score reliably ([](encoders.ipynb)), and on Emotify, topics
# hardly change the number of anchors.
