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
# **Every system finds the query's own album more often than chance.** Tracks of one album share their tags, and are
# recorded and mixed alike ({term}`album effect`). On Emotify (400 clips of real music), {glue:text}`albums_own_network`
# of the ten tracks nearest by the trained network are from the query's album, and {glue:text}`albums_own_musicnn` of
# those nearest by frozen musicnn; chance is {glue:text}`albums_own_chance`. Leaving pairs of one album out of training,
# as the paper does, made no reliable difference.
#
# ```{glue:figure} own
# :name: fig-own-album
# Share of the ten nearest tracks that are from the query's own album, on Emotify. Mean over 15 runs (5-fold cross-validation split by artist, three seeds). `network` is the paper's, trained from scratch without pairs of one album; `musicnn` is a frozen
# public [encoder](encoders.ipynb); `timbre+rhythm` are hand-crafted features; `tags` are the tracks' own tags. Dotted:
# neighbours in random order.
# ```
#
# *You will learn* how often systems find the query's own album, what the filters do, and whether it helps to leave such
# pairs out of training. *Four minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
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

# %% tags=["remove-cell"]
import pandas as pd

from compendium import measured, present, result_figures
from tagspace.runs import comparison

((name, gathered),) = measured.load_or_run("albums", globals()).items()
measure, filters = "graded nDCG@10", ("none", "album", "artist")

# %% [markdown]
# ## In evaluation
#
# Of the two collections that results are shown for, only Emotify {cite}`aljanaki2016` has known albums: 400 clips of 229
# albums by 138 artists. Each test track is a query among the test tracks of its fold. The query's album is found more
# often than chance by every system that uses sound. For a trained system, shared tags may explain this: `tags`, which
# hears nothing, finds the album more often than the trained network. The untrained network knows no tags; what it finds
# is due to sound.

# %% tags=["hide-input"]
rows = comparison.select(gathered, "exact P@10")
systems = rows["representation"].astype(str)
rows["system"] = systems.where(systems != "trained", rows["variant"])
own = rows.pivot_table(index="system", columns="task", values=["value", "chance"])
found = own["value"][["album", "artist"]]
found.loc["chance"] = own["chance"].iloc[0]
shown = ["network, no pairs of an album", "musicnn", "timbre+rhythm", "untrained", "tags"]
present.table(
    (100 * found.loc[[*shown, "chance"]]).rename(
        columns={"album": "of the album (%)", "artist": "of the artist (%)"}
    ),
    "Share of the ten nearest tracks that are of the query's album, or of its artist (its album included)",
    digits=1,
)

# %% [markdown]
# The filters lower every score, even that of random vectors, because they also hide tracks that carry the same tags. So a
# fall alone does not show an album effect:

# %% tags=["hide-input"]
exact = pd.DataFrame(
    {
        result_figures.FILTER_NAMES[filtered]: comparison.compare(
            gathered, "exact P@10", "musicnn", filtered=filtered
        )["mean"]
        for filtered in filters
    }
)
present.table(
    exact.loc[[*shown, "random"]].rename_axis("system"),
    "Exact P@10 by filter: share of the ten nearest tracks with exactly the query's tags, mean over genres and moods",
)

# %% [markdown]
# ## In training
#
# The paper leaves pairs of one album out of its triplets, so that the network cannot learn to recognise albums instead of
# tags. This made no reliable difference, for {term}`heads <head>` on frozen musicnn or for the paper's network.

# %% tags=["hide-input"]
gains: dict = {filtered: {} for filtered in filters}
for filtered in filters:
    for kind in ("head", "network"):
        over_all = comparison.compare(gathered, measure, f"{kind}, all pairs", filtered=filtered)
        for system in (f"{kind}, no pairs of an album", f"{kind}, no pairs of an artist"):
            if system in over_all.index:
                gains[filtered][system] = result_figures.say_gain(over_all.loc[system])
present.table(
    pd.DataFrame(gains).rename(columns=result_figures.FILTER_NAMES).rename_axis("trained with"),
    "Gain in graded nDCG@10 over training on all pairs, with 95 % intervals, by filter of the evaluation",
)

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "own",
    result_figures.own_album_figure(found.loc[[*shown, "chance"], "album"]),
    "Bars of the share of the ten nearest tracks that are from the query's album, for five systems; all are above the "
    "dotted line of chance.",
)

# %% tags=["remove-cell"]
for label, system in {"network": shown[0], "musicnn": "musicnn", "chance": "chance"}.items():
    present.numbers({f"albums_own_{label}": present.percent(found.loc[system, "album"], 1)})
for filtered in filters:
    for kind in ("head", "network"):
        gain = gains[filtered][f"{kind}, no pairs of an album"]
        present.numbers({f"albums_{kind}_{filtered}": gain})

# %% [markdown]
# **What we saw.** A score without the {term}`artist filter` reflects in part how well a system recognises an album or an
# artist. In training, the album filter made no reliable difference: with the artist filter in evaluation, graded
# nDCG@10 of heads changes by {glue:text}`albums_head_artist`, and that of the network by
# {glue:text}`albums_network_artist`.
