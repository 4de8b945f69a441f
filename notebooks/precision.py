# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What precision means
#
# The paper reports precision at 100: of the hundred nearest tracks, how many are hits? It does not
# say what a hit is. With one label per track there would be nothing to say; here a track has several
# tags in a set, and a neighbour may carry one of them, some, or all. The published numbers say what
# it cannot be.

# %% tags=["parameters"]
dataset: str = "merge"  # whose records to show, by name or path
runs: str = ""  # a folder of records to show; empty: the figures kept for this book

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Is one common tag enough?
#
# Suppose that it were. Two tracks drawn at random then match at least as often as both carry the
# most frequent tag: if that tag is on a share $p$ of the tracks, with probability $p^2$ or more.
# Figure 2 of the paper has the most frequent tags, Table I the number of tracks, Table II what its
# networks reached. They were trained on these tags, so that the best of them should beat chance:

# %%
from compendium import paper

common = paper.figure_2().groupby("tagset", sort=False)["tracks"].max()
labelled = paper.table_1("all")["tracks"]
published = paper.table_2()
any_tag = (
    (common / labelled)
    .pow(2)
    .to_frame("chance, at least")
    .assign(**{"best of Table II": published.max()})
)
any_tag.assign(ratio=any_tag["best of Table II"] / any_tag["chance, at least"]).round(4)

# %%
from myst_nb import glue

below = (any_tag["chance, at least"] / any_tag["best of Table II"]).drop("genres")
glue("times_above", f"{below.min():.0f} to {below.max():.0f}", display=False)

# %% [markdown]
# For styles, moods and themes, chance would be {glue:text}`times_above` times the best precision of the
# paper, or more. One common tag cannot be what counts. (Figure 2 counts all labelled tracks, Table II
# those with a tag in every set; their shares would have to differ enormously.)

# %% [markdown]
# ## How many must be common?
#
# A hit may also ask for half of all tags that the two tracks carry, or two thirds, or for all of the
# query's, or for exactly the same; or each neighbour may count by the share of tags in common. How
# often that happens by chance depends on which tags stand together. The
# [labels](https://github.com/tuwien-musicir/msd) themselves are published; of those that were at hand,
# tracks with a tag in every set, the means over all pairs of tracks are:

# %%
import pandas as pd

from compendium import measured

hits = measured.hits()
glue("readings_tracks", f"{hits['tracks'].iloc[0]:,}", display=False)
readings = hits.drop(columns="tracks").T
sets = list(readings.columns)
reached = published[sets].agg(["min", "max"]).set_axis(["lowest of Table II", "best of Table II"])
pd.concat([readings, reached]).rename_axis(columns=None).round(4)

# %% [markdown]
# If a reading fits, chance by it is below what the networks reached. One may also expect that it ranks
# the tag sets as the precisions do: in every row of Table II, moods are below themes, and these below
# styles.

# %%
lowest, best = reached.to_numpy()
names = readings.columns + ", "
moods, themes, styles = (readings[name] for name in ("moods", "themes", "styles"))
found = pd.DataFrame(
    {
        "above the best in": ((readings > best) @ names).str.rstrip(", "),
        "below all in": ((readings < lowest) @ names).str.rstrip(", "),
        "in the order of Table II": (moods < themes) & (themes < styles),
    }
)
fits = found.index[(readings < lowest).all(axis=1)]
glue("readings_that_fit", ", ".join(fits), display=False)
found

# %% [markdown]
# Chance is below all rows of Table II, in every tag set, by: {glue:text}`readings_that_fit`. So nearly
# all tags must be common. How nearly, these numbers do not tell. This book takes the reading that needs
# no threshold, and calls it `exact`: a neighbour is a hit if it carries the very same tags of the set
# as the query. For genres even that is no rare thing, as the most frequent genre alone is on many
# tracks: there, chance is not far below what the networks reached.
#
# These are {glue:text}`readings_tracks` tracks of a part of the labels, and that part was not drawn
# evenly from all: Pop/Rock is too frequent in it, so that chance for genres is too high. On genres alone
# rests only that *half of all tags* is too little, though it is so by far. With the whole release:
#
# ```
# from compendium import tag_figures
# from tagspace import load_dataset
# from tagspace.tags import tagsets
#
# tags = tagsets.binary_matrix(load_dataset("path/to/folder"))
# tag_figures.hits_table(tagsets.restrict(tags, tagsets.intersection(tags)))
# ```

# %% [markdown]
# ## What follows for its numbers
#
# Tags were given to albums, and the tracks of an album carry, as a rule, the same. So a neighbour from
# the query's album is a hit by any of these readings, and the album's precision should be the smallest
# in each row of Table II:

# %%
never = (published["album"] <= published[sets].min(axis=1)).all()
print(f"the album's precision is the smallest in all {len(published)} rows: {never}")

# %% [markdown]
# An album has a few tracks, the query among them. Were all of the same length, no more than these
# could be among a hundred neighbours; as some are longer, it is somewhat more:

# %%
tracks_per_album = paper.table_1("intersection").eval("tracks / albums").iloc[0]
pd.Series(
    {
        "tracks of an album": tracks_per_album,
        "album's precision at 100, at most, were all albums as long": (tracks_per_album - 1) / 100,
        "album's precision, best of Table II": published["album"].max(),
    }
).round(3).to_frame("")

# %% [markdown]
# And yet they are about half of what counts, or more, for all sets but genres. The smallest and the
# largest share of the hits that are tracks of the query's album, in the rows of Table II:

# %%
shares = published[sets].rdiv(published["album"], axis=0).agg(["min", "max"]).T
for name, share in shares.iterrows():
    glue(f"album_of_{name}", f"{share['min']:.0%} to {share['max']:.0%}", display=False)
shares.round(3)

# %% [markdown]
# So {glue:text}`album_of_moods` of the paper's hits of moods are tracks of the query's album,
# {glue:text}`album_of_themes` of themes, {glue:text}`album_of_styles` of styles, and
# {glue:text}`album_of_genres` of genres. Whether a
# network has learned moods, or how albums sound, this column cannot tell; that is why this book
# leaves the query's album, and its artist, out of the neighbours in a second look.

# %% [markdown]
# ## The measures of this book
#
# For a query $q$ with tags $T_q$ and a neighbour $i$ at rank $r$ with tags $T_i$, the gain $g_i$ is
#
# - `exact`: 1 if $T_i = T_q$, else 0, the paper's as we read it;
# - `any`: 1 if $T_i \cap T_q \neq \emptyset$, else 0;
# - `graded`: $|T_i \cap T_q| \,/\, |T_i \cup T_q|$, the Jaccard index: how much they overlap.
#
# *Precision at* $k$ is the mean gain of the first $k$ neighbours. *R-precision* is that of the first
# $R$, where $R$ is how many hits there are, so that 1 can be reached. *nDCG at* $k$ divides each gain
# by $\log_2(r + 1)$, sums the first $k$, and divides by the largest sum that any order could have
# {cite}`jarvelin2002`. `chance` is what a random order is expected to have, `ceiling` what the best
# order has. This book's leading measure is graded nDCG@10, as an exact match is rare and a common tag
# is not. On MERGE, for the [network](encoders.ipynb) that was trained by triplets on all tag sets, each
# measure, averaged over these:

# %%
from tagspace.runs import comparison

gathered = measured.load(configuration.runs or "encoders/merge", configuration.dataset)
if "variant" in gathered:
    is_network = gathered["variant"] == "network by triplets"
    gathered = gathered[is_network | (gathered["representation"] != "trained")]
rows = pd.concat(
    {name: comparison.select(gathered, name) for name in comparison.MEASURES}, names=["measure"]
)
everything = max(rows["tagsets"].unique(), key=len)
rows = rows[
    (rows["task"] == comparison.summary_task(rows["task"])) & (rows["tagsets"] == everything)
]
values = rows.pivot_table(
    index="measure", columns="representation", values="value", sort=False, observed=True
)
bounds = rows.groupby("measure", sort=False)[["chance", "ceiling"]].mean()
values.join(bounds).rename_axis(index=None).round(3)

# %%
matched = comparison.select(gathered, "exact R-precision")
matched = matched[
    (matched["representation"] == "trained") & ~matched["task"].isin(["artist", "album", "mean"])
]
matched = matched.groupby("task")["n_queries"].mean()
glue("asked_most", f"{matched.max():.0f}", display=False)
glue("asked_least", f"{matched.min():.0f}", display=False)
glue("rprecision_first", values.loc["exact R-precision"].drop("tags").idxmax(), display=False)
glue("asked_of", f"{rows['n_queries'].max():.0f}", display=False)

# %% [markdown]
# Exact R-precision puts systems in an order of its own (the highest, beside the tags:
# {glue:text}`rprecision_first`). It counts only queries that some track matches exactly, depending on
# the tag set {glue:text}`asked_least` to {glue:text}`asked_most` of the {glue:text}`asked_of` of a fold.
