# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Results
#
# Does an embedding get better if more is asked of it? The paper trains one network for each of the
# 15 combinations of its four tag sets, and for 40 numbers of topics, and looks at how many of the
# hundred nearest tracks are hits: as [its numbers](precision.ipynb) are read here, tracks that carry
# exactly the tags of the query. This page shows its table, then the same table made here.

# %% tags=["parameters"]
dataset: str = "merge"  # whose records to show, by name or path
runs: str = ""  # a folder of records to show; empty: the figures kept for this book

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## The paper's Table II
#
# Precision at 100 {cite}`schindler2019`, for each combination of tag sets at two of its numbers of
# topics: the best one and a small one. In each block of one, two, three and four tag sets, the best
# values are bold.

# %%
from compendium import paper, result_figures
from tagspace.runs import comparison

published = paper.table_2()
result_figures.table_2_html(published)

# %% mystnb={"image": {"alt": "Six panels, one per task, of the paper's precision at 100 against the number of topics, a line for each combination of tag sets; all but the panel of genres rise with the number of topics and with the number of tag sets"}}
result_figures.topics_figure(published, "P@100")

# %%
from myst_nb import glue

best = published.groupby("tagsets", sort=False)["moods"].max()
glue("four_over_moods", f"{best.iloc[-1] / best['moods'] - 1:.0%}", display=False)
glue("album_share", result_figures.share_of_album(published, "moods"), display=False)

# %% [markdown]
# Joining helps: with all four sets, the best precision of moods is {glue:text}`four_over_moods`
# above that of training on moods alone. But look at the last column: a neighbour from the query's
# own album is {glue:text}`album_share` of what counts as a hit of moods (averages over both numbers of
# topics; of genres it is hardly any). Tags were given to albums, so tracks of one album carry the same
# set of tags by construction, and for moods the album is what an exact match mostly finds.
#
# ## What remains without the album
#
# As each neighbour from the query's album is a hit of each tag set, the published numbers say how
# many others are: with precision $P$ and the album's precision $A$, about $(P - A) / (1 - A)$ of the
# neighbours that are not of the album. (About, as the tracks that would take the album's place among
# the hundred are not known.) For each tag set, how far the best network trained on all four sets is
# above the best one trained on that set alone, with the album and without, and within which bounds,
# as all are known to four decimals; and how many hits and how many tracks from other albums of the
# query's artist are among the hundred neighbours of the former:

# %%
import pandas as pd

everything, half_digit = max(published.index.unique("tagsets"), key=len), 0.5e-4
rows = {}
for name in ["genres", "styles", "moods", "themes"]:
    joined, alone = (
        table.loc[table[name].idxmax()]
        for table in (published.loc[everything], published.loc[name])
    )
    hits, hits_alone = joined[name] - joined["album"], alone[name] - alone["album"]
    rows[name] = {
        "joining gains": joined[name] / alone[name] - 1,
        "without the album": hits / hits_alone * (1 - alone["album"]) / (1 - joined["album"]) - 1,
        "at least": (hits - 2 * half_digit) / (hits_alone + 2 * half_digit) - 1,
        "at most": (hits + 2 * half_digit) / (hits_alone - 2 * half_digit) - 1,
        "hits": 100 * hits,
        "of the artist": 100 * (joined["artist"] - joined["album"]),
    }
without_album = pd.DataFrame.from_dict(rows, orient="index")
for name, row in without_album.iterrows():
    glue(f"paper_{name}_joined", f"{row['joining gains']:+.0%}", display=False)
    glue(f"paper_{name}_left", f"{row['at least']:+.0%} to {row['at most']:+.0%}", display=False)
without_album.round(2)

# %% [markdown]
# Joining still helps: it is worth {glue:text}`paper_moods_left` for moods (with the album
# {glue:text}`paper_moods_joined`), {glue:text}`paper_themes_left` for themes
# ({glue:text}`paper_themes_joined`) and {glue:text}`paper_styles_left` for styles
# ({glue:text}`paper_styles_joined`); genres lose by it. But the last two columns set a limit to
# what can be concluded: for styles, moods and themes there are as many tracks from the artist's
# other albums among the neighbours as there are hits, or more. Whether these are the hits, the
# published numbers do not say. A network that knows artists better could look the same.

# %% [markdown]
# ## The same question, on real music
#
# The MERGE data set {cite}`louro2024` has {glue:text}`merge_tracks` clips of real music, of 30 seconds,
# with expert tags in all four sets. Of these, {glue:text}`real_tracks` were at hand, cut to 15 seconds;
# the whole release, which `-p dataset merge` fetches, gives other figures. That is little beside the
# paper's 143,587, and the figures below cannot be held against the paper's. They are averages over
# {glue:text}`real_folds` folds without a common artist, each of which was once for test; as a fold has
# fewer than a hundred tracks, precision is that at 10.

# %%
from compendium import measured
from tagspace.datasets import merge

gathered = measured.load(configuration.runs or "real", configuration.dataset)
clips = gathered.groupby("fold")["n_queries"].max()
glue("merge_tracks", f"{merge.RELEASE.tracks:,}", display=False)
glue("real_tracks", str(clips.sum()), display=False)
glue("real_folds", str(len(clips)), display=False)
print(result_figures.provenance(gathered))

# %%
result_figures.table_2_html(result_figures.arrange_table_2(gathered, "exact P@10"))

# %% [markdown]
# Among so few tracks an exact match is rare. Graded nDCG@10 measures how much the tags of the ten
# nearest tracks overlap with the query's, the nearest ones most of all. The networks, named by what
# they were trained on, beside what has heard no tags, and beside the LSI vectors of all tags (`tags`);
# and by how much their means differ from the untrained network's, fold by fold. Brackets hold 95 %
# intervals, widened because folds share training tracks {cite}`nadeau2003`:

# %%
named = result_figures.named_by_tagsets(gathered)
trained_on = [name for name in named["variant"].unique() if name != "all"] + ["all"]
over_untrained = comparison.compare(named, "graded nDCG@10", "untrained")
result_figures.comparison_table(over_untrained, "untrained")

# %% [markdown]
# Does joining help? For each choice of tags to train on, what it is worth for each tag set, and by how
# much the mean differs from that of training on all sets; with everybody among the neighbours, and with
# the query's artist left out (of these clips no album is known):

# %%
views = {}
for measure in ("graded nDCG@10", "exact P@10"):
    for left_out in ("none", "artist"):
        compared = comparison.compare(named, measure, "all", filtered=left_out)
        views[measure, left_out] = compared.loc[trained_on]
        for kind, names in comparison.systems_by_verdict(views[measure, left_out]).items():
            glue(f"joining_{measure[:6].strip()}_{left_out}_{kind}", names, display=False)
pd.concat(
    {view: result_figures.comparison_table(compared, "all") for view, compared in views.items()},
    names=["measure", "left out", "trained on"],
)

# %%
own = views["graded nDCG@10", "none"]
tasks = own.columns.intersection(own.index)
glue(
    "best_of_its_own", "; ".join(t for t in tasks if own[t].idxmax() == t) or "none", display=False
)
glue(
    "best_of_all", "; ".join(t for t in tasks if own[t].idxmax() == "all") or "none", display=False
)

# %% [markdown]
# These are means over four tag sets, of which a network that was trained on one set alone has heard
# one. For each set itself, the network trained on all sets beside the one trained on that set alone:

# %%
by_task = {}
for task in tasks:
    found = comparison.compare(named[named["task"] == task], "graded nDCG@10", task)
    by_task[task] = {"trained on it alone": found.loc[task, task], "on all": found.loc["all", task]}
    by_task[task] |= found.loc["all", ["runs", "gain", "low", "high"]]
columns = ["trained on it alone", "on all", "runs", "gain", "low", "high"]
by_task = pd.DataFrame.from_dict(by_task, orient="index", columns=columns)
for kind, names in comparison.systems_by_verdict(by_task).items():
    glue(f"joining_own_{kind}", names, display=False)
result_figures.comparison_table(by_task, "training on it alone")

# %% [markdown]
# The test folds were looked at before. The gain over the untrained network in each look:

# %%
looks = {"these runs": named}
if not configuration.runs:
    looks["second look"] = result_figures.named_by_tagsets(measured.load("real_second"))
    looks["first look"] = result_figures.named_by_tagsets(measured.load("real_first"))
gains = {
    look: comparison.compare(runs, "graded nDCG@10", "untrained").loc[
        [name for name in trained_on if name in set(runs["variant"])]
    ]
    for look, runs in looks.items()
}
gains = pd.concat(gains)
for (look, tagsets), row in gains.iterrows():
    name = f"{look} {tagsets}".replace(" ", "_")
    glue(name, f"{row['gain']:+.1%}", display=False)
    glue(f"{name}_interval", f"{row['low']:+.1%} to {row['high']:+.1%}", display=False)
result_figures.comparison_table(gains, "untrained")

# %% [markdown]
# **What we saw.** On real music, training on all four sets is worth {glue:text}`these_runs_all`
# ({glue:text}`these_runs_all_interval`) over the untrained network. Does joining help? By graded
# nDCG@10, training on these alone is worse than on all: {glue:text}`joining_graded_none_worse`; these are
# not told apart from it: {glue:text}`joining_graded_none_undecided`; better: {glue:text}`joining_graded_none_better`.
# With the artist left out, worse are: {glue:text}`joining_graded_artist_worse`. By the paper's measure, an
# exact match, worse are: {glue:text}`joining_exact_none_worse`. For each set itself, training on
# all sets is better than training on it alone for: {glue:text}`joining_own_better`; worse:
# {glue:text}`joining_own_worse`; not told apart: {glue:text}`joining_own_undecided`. What does each set buy
# on each task? On average, the network trained on a set alone is the best of all for that set in:
# {glue:text}`best_of_its_own`; the one trained on all sets in: {glue:text}`best_of_all`.
#
# In the first look at the test folds there were 12 topics, the learning rate was ten times as high,
# weights were not averaged, the last layer began otherwise, and training was longer. In the second,
# most folds had nearly the same validation tracks as one another. What was changed was decided on
# validation tracks of three folds; as each track is for test in one fold, many of these were test
# tracks of others. The runs of all sets are also on the page on [other systems](related.ipynb), beside
# those of other seeds.
