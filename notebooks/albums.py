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
# an album out of training, as the paper does, is worth {glue:text}`albums_filter_gain` to the network.

# %% tags=["parameters"]
dataset: str = ""  # a name or path to make the runs on; empty: the runs kept for this book
variants: dict = {  # by name, what each changes of a run
    "network, album left out": {},
    "network, all pairs": {"batch_filter": "none"},
    "head, album left out": {"encoder": "musicnn"},
    "head, artist left out": {"encoder": "musicnn", "batch_filter": "artist"},
    "head, all pairs": {"encoder": "musicnn", "batch_filter": "none"},
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

exact = {
    filtered: comparison.mean_table(
        gathered[gathered["variant"] == next(iter(variants))], "exact P@10", filtered
    )
    for filtered in filters
}
pd.concat({left_out: table["mean"] for left_out, table in exact.items()}, axis=1).round(3)

# %% [markdown]
# ## In training
#
# The paper leaves pairs of one album out of its triplets, so that the network cannot learn the sound of an
# album for its tags. For each part of the neighbours, mean graded nDCG@10 and the gain of leaving out
# nothing, or the whole artist, over leaving out the album:

# %%
network, head = "network, album left out", "head, album left out"
shown = ["head, album left out", "head, artist left out", "head, all pairs"]
pd.concat(
    {
        part: pd.concat(
            {
                left_out: result_figures.comparison_table(
                    comparison.compare(gathered, measure, reference, filtered=left_out).loc[
                        systems
                    ],
                    reference,
                )
                .iloc[:, -2:]
                .set_axis(["mean", "gain"], axis=1)
                for left_out in filters
            },
            names=["left out of neighbours"],
        )
        for part, reference, systems in [
            ("network", network, [each for each in variants if each.startswith("network")]),
            ("head", head, [each for each in variants if each.startswith("head")]),
        ]
    },
    names=["trained"],
)

# %%
from myst_nb import glue

for left_out, table in exact.items():
    glue(f"albums_exact_{left_out}", f"{table.loc['trained', 'mean']:.3f}", display=False)
    glue(f"albums_exact_tags_{left_out}", f"{table.loc['tags', 'mean']:.3f}", display=False)
    for part, reference in {"network": network, "head": head}.items():
        over_all = comparison.compare(gathered, measure, f"{part}, all pairs", filtered=left_out)
        label = f"albums_{part}_{left_out}"
        glue(label, result_figures.say_gain(over_all.loc[reference]), display=False)
glue(
    "albums_filter_gain",
    result_figures.say_gain(
        comparison.compare(gathered, measure, "network, all pairs", filtered="album").loc[network]
    ),
    display=False,
)
print(result_figures.provenance(gathered))

# %% [markdown]
# **What we saw.** Without the query's album, exact matches of the trained network fall from
# {glue:text}`albums_exact_none` to {glue:text}`albums_exact_album`, and those of the tags themselves from
# {glue:text}`albums_exact_tags_none` to {glue:text}`albums_exact_tags_album`. Leaving an album's pairs out of
# training differs from training on all pairs by {glue:text}`albums_network_none` with everybody among the
# neighbours, {glue:text}`albums_network_album` without the album and {glue:text}`albums_network_artist`
# without the artist; for a head on musicnn by {glue:text}`albums_head_none`,
# {glue:text}`albums_head_album` and {glue:text}`albums_head_artist`.
