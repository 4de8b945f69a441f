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
# **Of six readings of a hit, two fit the paper's numbers: the same tags, or nearly the same. By either, most hits for
# moods are tracks of the query's album.** The paper reports precision at 100: of the hundred nearest tracks, the share
# that are hits. It does not define a hit. Its own numbers rule out some definitions: by its own counts of tags, a random
# neighbour shares a mood with the query at least {glue:text}`any_moods` of the time, but its best network reaches
# {glue:text}`best_moods`.
#
# ```{glue:figure} readings
# :name: fig-readings
# How often two random tracks of the paper's data would be a hit (dots), for six readings of "hit", and what the paper's
# networks reach (grey, lowest to best of Table II). Blue: left of the grey. A reading fits if it is blue in all four panels. The axis is logarithmic. Computed on {glue:text}`readings_tracks` public tracks of the paper's data, in which Pop/Rock is more frequent than in all of it.
# ```
#
# *You will learn* which readings of "hit" fit the paper's numbers, what share of its hits are tracks of one album, and
# which measures this book uses. *Eight minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "merge"  # whose records to show, by name or path
runs: str = ""  # a folder of records to show; empty: the figures kept for this book

# %% tags=["remove-cell"]
import pandas as pd

from compendium import measured, paper, present, result_figures, tag_figures
from tagspace.configuration import read_parameters
from tagspace.runs import comparison

configuration = read_parameters(globals())

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
published = paper.table_2()
hits = measured.hits()
readings = hits.drop(columns="tracks").T
sets = list(readings.columns)
reached = published[sets].agg(["min", "max"])
present.figure(
    "readings",
    tag_figures.readings_figure(readings, reached),
    "Chance of a hit for six readings and four tag sets, on a logarithmic axis, beside what the paper's networks "
    "reach: only two thirds of all tags and the same tags lie below in every set.",
)

# %% [markdown]
# ## Is one common tag enough?
#
# Suppose it were. If the most frequent tag of a set is on a share $p$ of the tracks, two random tracks both carry it
# with probability $p^2$. So a random neighbour is a hit at least that often. Figure 2 of the paper has the most
# frequent tags, and Table I the number of tracks. The networks were trained on these tags, so the best of them should
# beat chance.

# %% tags=["hide-input"]
common = paper.figure_2().groupby("tagset", sort=False)["tracks"].max()
labelled = paper.table_1("all")["tracks"]
any_tag = pd.DataFrame(
    {"chance, at least": (common / labelled).pow(2), "best of Table II": published.max()}
).loc[sets]
ratio = any_tag["chance, at least"] / any_tag["best of Table II"]
present.table(
    any_tag.assign(**{"chance / best": ratio}).rename_axis("tag set"),
    "If one common tag were enough: precision of random neighbours, and the best of the paper",
    digits=4,
)

# %% [markdown]
# For styles, moods and themes, chance would be at least {glue:text}`times_above` times the paper's best precision. One
# common tag cannot be what counts. (Figure 2 counts all labelled tracks; Table II counts only those with a tag in every
# set. This difference would mislead only if the most frequent tags were far rarer among the tracks of Table II.)
#
# ## How many tags must be common?
#
# A neighbour may also count by the share of tags in common, that is, common tags divided by all tags that the two tracks
# carry. Or it may be a hit
#
# - if this share is at least one half, or at least two thirds;
# - if it carries all of the query's tags;
# - if it carries exactly the query's tags.
#
# Chance of each reading is computed from the [published labels](https://github.com/tuwien-musicir/msd), as far as they
# were available ({numref}`fig-readings`). Chance must be below what the networks reach. It should also rank the tag sets
# as the precisions do: in every row of Table II, moods are below themes, and themes below styles.

# %% tags=["hide-input"]
lowest, best = reached.to_numpy()
names = readings.columns + ", "
verdicts = pd.DataFrame(
    {
        "chance above every network for": ((readings > best) @ names).str.rstrip(", "),
        "chance below every network for": ((readings < lowest) @ names).str.rstrip(", "),
        "ranks sets as Table II does": (readings["moods"] < readings["themes"])
        & (readings["themes"] < readings["styles"]),
    }
)
present.table(verdicts.rename_axis("a hit has"), "Readings of a hit against Table II")

# %% [markdown]
# Two of the six readings fit: "two thirds of all tags" and "the same tags". For both, chance is below every network in
# every tag set. The numbers do not tell which of the two it is. This book takes the one without a threshold, `exact`: a
# neighbour is a hit if it carries exactly the query's tags of the set. "Half of all tags" is ruled out: for genres,
# chance is above the paper's best network (though these labels have too much Pop/Rock), and for styles and themes it is
# above the paper's lowest network.
#
# ## What follows for the paper's numbers
#
# Editors tagged albums, so a neighbour from the query's album is a hit by any of these readings. Table II also gives
# the precision of the album: the share of neighbours that are from the query's album. In each of its
# {glue:text}`readings_rows` rows, it is the smallest of the six precisions (four tag sets, artist, album): at most
# {glue:text}`album_best` of a hundred neighbours. The album's precision divided by that of a tag set is the share of
# hits that are from the album. It is about half, or more, for all sets but genres:

# %% tags=["hide-input"]
shares = published[sets].rdiv(published["album"], axis=0).agg(["min", "max"]).T
present.table(
    (100 * shares)
    .rename(columns={"min": "lowest (%)", "max": "highest (%)"})
    .rename_axis("tag set"),
    "Share of the paper's hits that are tracks of the query's album, in the rows of Table II",
    digits=0,
)

# %% [markdown]
# So Table II does not show whether a network learned moods or recognises albums. This book therefore reports its main
# results also with the {term}`artist filter`.
#
# ## The measures of this book
#
# For a query $q$ with tags $T_q$, and the neighbour at rank $r$ with tags $T_r$, the gain $g_r$ is
#
# - `exact`: 1 if $T_r = T_q$, else 0, the paper's as we read it;
# - `any`: 1 if $T_r \cap T_q \neq \emptyset$, else 0;
# - `graded`: $|T_r \cap T_q| \,/\, |T_r \cup T_q|$, the {term}`Jaccard index`.
#
# *Precision at* $k$ is the mean gain of the first $k$ neighbours. *R-precision* is that of the first $R$, where $R$ is
# the number of hits that exist, so that 1 can be reached. *nDCG at* $k$ discounts the gains by rank {cite}`jarvelin2002`:
#
# $$\text{nDCG}@k = \frac{\sum_{r=1}^{k} g_r / \log_2(r + 1)}{\text{the same sum for the best order}}$$
#
# `chance` is the expected value of a random order, `ceiling` that of the best order.
#
# The main measure of this book is graded nDCG@10. Exact matches are rare: even the best order of the tracks of MERGE
# reaches only {glue:text}`exact_ceiling` in `exact` P@10. One shared tag is frequent: a random order reaches
# {glue:text}`any_chance` in `any` P@10. Graded gains use all tags.
#
# The table has all measures for the systems of the page [Which encoder?](encoders.ipynb); `trained` is the paper's
# network, trained by triplets on all tag sets. Among the systems that use audio, all five measures rank musicnn first
# and `trained` second.

# %% tags=["hide-input"]
gathered = measured.load(configuration.runs or "encoders/merge", configuration.dataset)
if "variant" in gathered:
    is_network = gathered["variant"] == "network by triplets"
    gathered = gathered[is_network | (gathered["representation"] != "trained")]
selected = pd.concat(
    {name: comparison.select(gathered, name) for name in comparison.MEASURES}, names=["measure"]
)
everything = max(selected["tagsets"].unique(), key=len)
is_summary = selected["task"] == comparison.summary_task(selected["task"])
selected = selected[is_summary & (selected["tagsets"] == everything)]
values = selected.pivot_table(
    index="measure", columns="representation", values="value", sort=False, observed=True
)
bounds = selected.groupby("measure", sort=False)[["chance", "ceiling"]].mean()
present.table(
    values.join(bounds), "Each measure, mean over the tag sets of MERGE, unfiltered, by system"
)

# %% tags=["remove-cell"]
matched = comparison.select(gathered, "exact R-precision")
is_task = ~matched["task"].isin(["artist", "album", "mean"])
matched = matched[(matched["representation"] == "trained") & is_task]
matched = matched.groupby("task")["n_queries"].mean()
graded = comparison.select(gathered, "graded nDCG@10")
graded = graded[graded["task"].isin(sets)].groupby("task")["n_queries"].mean()
assert (published["album"] <= published[sets].min(axis=1)).all()
present.numbers(
    {
        "any_moods": present.percent(any_tag.loc["moods", "chance, at least"], 1),
        "best_moods": present.percent(any_tag.loc["moods", "best of Table II"], 2),
        "times_above": f"{ratio.drop('genres').min():.0f} to {ratio.drop('genres').max():.0f}",
        "readings_tracks": f"{hits['tracks'].iloc[0]:,}",
        "readings_rows": len(published),
        "album_best": f"{100 * published['album'].max():.2f}",
        "exact_ceiling": f"{bounds.loc['exact P@10', 'ceiling']:.3f}",
        "any_chance": f"{bounds.loc['any P@10', 'chance']:.3f}",
        "asked_least": f"{matched.min():.0f}",
        "asked_most": f"{matched.max():.0f}",
        "asked_of": f"{graded.min():.0f} to {graded.max():.0f}",
        **{f"album_of_{name}": result_figures.share_of_album(published, name) for name in sets},
    }
)

# %% [markdown]
# Exact R-precision uses only queries that some track matches exactly: between {glue:text}`asked_least` and
# {glue:text}`asked_most` per fold, depending on the tag set. Graded nDCG@10 uses all queries that share a tag of the
# set with another track, {glue:text}`asked_of` per fold.
#
# **What we saw.** Of six readings of a hit, only "two thirds of all tags" and "the same tags" fit the paper's numbers.
# By either, {glue:text}`album_of_moods` of the hits of moods are tracks of the query's album,
# {glue:text}`album_of_themes` of themes, {glue:text}`album_of_styles` of styles and {glue:text}`album_of_genres` of
# genres. Precision at 100 therefore measures in part how well a network recognises albums; the page on [the album
# effect](albums.ipynb) measures this on real music.
#
# With the whole release of the labels, chance of each reading is computed by
#
# ```
# from compendium import tag_tables
# from tagspace import load_dataset
# from tagspace.tags import tagsets
#
# tags = tagsets.binary_matrix(load_dataset("path/to/folder"))
# tag_tables.hits_table(tagsets.restrict(tags, tagsets.intersection(tags)))
# ```
