# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Results: Table II
#
# **Training on genres helps genres and hurts moods and themes, as in the paper, but does not reliably hurt styles. The
# other claims are confirmed in part or not at all on MERGE.** Table II of the paper lists retrieval precision for each
# combination of tag sets that a network is trained on. On MERGE (396 clips of real music), training on genres instead of
# another single set changes graded {term}`nDCG`@10 by {glue:text}`genres_genres` for genres and by
# {glue:text}`genres_moods` for moods (triplets, unfiltered; 95 % intervals in brackets). With the listwise loss, training
# on all four sets was better than on one ({glue:text}`all_over_one_listwise`); with triplets it was not reliably better
# ({glue:text}`all_over_one`).
#
# ```{glue:figure} claims
# :name: fig-claims
# The claims of the paper's Section VI on MERGE. Each row compares two ways to train. Dot: relative difference in graded nDCG@10; line: its 95 % interval over 15 pairs of a fold and a seed (5 folds split by artist, 3 seeds). Blue: better; orange: worse; grey: not {term}`reliable`. In the paper, training on genres also lowers styles; on MERGE it does not reliably.
# ```
#
# *You will learn* what the paper's table says, which of its claims hold on other music, and what remains of them
# without the query's album or artist. *Ten minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = ""  # a name or path: make the runs on it; empty: show the runs kept for this book
tagsets: str | list = "every combination"  # or a list, such as ["moods", "styles+moods"]
topics: int | list = [10, 20, 40, 80, 160, 1000]  # 1000: as many as the tags have rank
variants: dict = {  # by name, what each changes of a run
    "triplets": {},
    "listwise, tf-idf": {"loss": "listwise", "relatedness": "tfidf"},
}
encoder: str = "musicnn"  # what heads are trained on; dpnn: train the network instead
seed: int | list = [0, 1, 2]
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %% tags=["remove-cell"]
import pandas as pd

from compendium import claims, measured, paper, present, result_figures

((name, gathered),) = measured.load_or_run("results", globals()).items()
measure = "graded nDCG@10"
ways = dict(list(gathered.groupby("variant", sort=False)))
found = {
    (way, filtered): claims.claims_table(runs, measure, filtered)
    for way, runs in ways.items()
    for filtered in ("none", "artist")
}
titled = {
    f"{way}, {result_figures.FILTER_NAMES[filtered]}": table
    for (way, filtered), table in found.items()
}

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "claims",
    result_figures.gains_figure(titled, "relative difference (%)"),
    "Each claim of the paper's Section VI as a gain with its 95 % interval: with triplets and with the listwise loss, "
    "unfiltered and with the artist filter.",
)

# %% [markdown]
# ## The paper's claims
#
# Section VI of the paper draws five conclusions from its table:
#
# 1. Moods teach more than styles.
# 2. Combinations with moods are better than others.
# 3. Genres serve genres only.
# 4. More topics help, up to a ceiling.
# 5. Joining tag sets helps.
#
# Here the same 15 combinations are trained on MERGE {cite}`louro2024`, with up to six numbers of topics; the largest
# uses all topics. The systems are {term}`heads <head>` on the frozen encoder [musicnn](encoders.ipynb), which ranks
# these few clips far better than a network trained from scratch. Both systems use {term}`LSI`. `triplets` has the
# paper's loss; `listwise, tf-idf` has the {term}`listwise loss`, and weights tags by tf-idf first. Rows without "for
# ..." are scored by the mean over the four tag sets. All rows but the last two are means over the numbers of topics.
# "Combinations with moods" are those of two or three sets.
#
# The column `paper` has the same comparison in the paper's precision at 100. The paper publishes one value for each
# combination and number of topics, so no interval can be computed. If no row had a true difference, two of the 40
# intervals would exclude zero on average.

# %% tags=["hide-input"]
first = next(iter(found.values()))
in_paper = (100 * first["paper"]).map(present.signed, na_action="ignore").add(" %").fillna("")
gains = {name: table.apply(result_figures.say_gain, axis=1) for name, table in titled.items()}
present.table(
    pd.DataFrame({"paper": in_paper, **gains}).rename_axis("claim"),
    "The claims of Section VI: gain in the paper's P@100, and in graded nDCG@10 on MERGE with 95 % intervals",
)

# %% [markdown]
# Of the gains over moods alone, only that of triplets with the artist filter is reliable
# ({glue:text}`all_over_moods_artist`). Training on moods instead of styles made no reliable difference
# ({glue:text}`moods_over_styles`); in the paper, moods gain {glue:text}`paper_moods_over_styles`.
#
# ## More topics
#
# With triplets, combinations differ: some improve with more topics, others do not. With the listwise loss most improve
# slightly. The most topics are better than the fewest only for the listwise loss, unfiltered
# ({glue:text}`most_topics_listwise`); beyond 40 topics nothing changes reliably ({glue:text}`ceiling` with triplets,
# {glue:text}`ceiling_listwise` with the listwise loss).
#
# ```{glue:figure} means
# :name: fig-means
# Mean graded nDCG@10 over the four sets against the number of topics, on MERGE, unfiltered. Thick blue: trained on all four; with names: on one; grey: on two or three.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
tables = {way: result_figures.arrange_table_2(runs, measure) for way, runs in ways.items()}
present.figure(
    "means",
    result_figures.means_figure(tables, measure),
    "Mean graded nDCG@10 against the number of topics, a panel for triplets and one for the listwise loss, a line for "
    "each combination of tag sets.",
)

# %% [markdown]
# ## The whole table on MERGE
#
# For each number of joined sets, the best value of each column is bold. The best values are scattered over combinations
# and numbers of topics.
#
# The kept table has {glue:text}`results_runs` runs, which took {glue:text}`results_hours` hours on one core. To make
# it on another data set, run `papermill notebooks/results.ipynb OUT.ipynb -p dataset NAME`.

# %% tags=["hide-input"]
present.table(
    tables["triplets"],
    "Graded nDCG@10 of each tag set on MERGE, by triplets",
    best=result_figures.best_of_blocks(tables["triplets"]),
)

# %% tags=["hide-input"]
exact = result_figures.arrange_table_2(ways["triplets"], "exact P@10")
present.table(
    100 * exact,
    "The paper's own kind of measure on MERGE: exact P@10 in percent, by triplets",
    digits=1,
    best=result_figures.best_of_blocks(exact),
)

# %% [markdown]
# ## The paper's table
#
# In the paper, nearly all precisions rise with the number of topics. Those of styles, moods and themes also rise with
# nearly every added tag set; that of genres does not. Except for genres they are small: precision of moods is at most
# {glue:text}`paper_moods_best` %, about one hit among a hundred neighbours.
#
# ```{glue:figure} published
# :name: fig-published
# Table II of the paper {cite}`schindler2019talk`: precision at 100 in percent against the number of topics, for six
# tasks. Thick blue: trained on all four tag sets; with names: on one; grey: on two or three.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
published = paper.table_2()
present.figure(
    "published",
    result_figures.topics_figure(100 * published, "P@100 (%)"),
    "Six panels, one per task, of the paper's precision at 100 against the number of topics, a line for each "
    "combination of tag sets; nearly all lines rise.",
)

# %% tags=["hide-input"]
present.table(
    100 * published,
    "Table II of the paper: precision at 100 in percent, at a small and at the best number of topics",
    digits=2,
    best=result_figures.best_of_blocks(published),
)

# %% [markdown]
# ## Without the query's album
#
# In the paper's table, precision of moods with all four sets is {glue:text}`four_over_moods` above that with moods
# alone. But {glue:text}`album_share` of the hits of moods are tracks of the query's own album (the column `album`
# divided by `moods`; lowest and highest of all rows). Editors tagged whole albums, so all tracks of an album carry the
# same tags.
#
# Since every neighbour from the query's album is a hit, the other hits can be computed. With precision $P$ and the
# album's precision $A$, about $(P - A) / (1 - A)$ of the neighbours from other albums are hits. This estimates the
# precision without the album; the tracks that would then move up into the hundred are unknown.

# %% tags=["remove-cell"]
everything, half_digit = max(published.index.unique("tagsets"), key=len), 0.5e-4
rows = {}
for task in ["genres", "styles", "moods", "themes"]:
    joined, alone = (
        table.loc[table[task].idxmax()]
        for table in (published.loc[everything], published.loc[task])
    )
    hits, hits_alone = joined[task] - joined["album"], alone[task] - alone["album"]
    others = (1 - alone["album"]) / (1 - joined["album"])
    rows[task] = {
        "with the album": joined[task] / alone[task] - 1,
        "without the album (estimate)": others * hits / hits_alone - 1,
        "at least": others * (hits - 2 * half_digit) / (hits_alone + 2 * half_digit) - 1,
        "at most": others * (hits + 2 * half_digit) / (hits_alone - 2 * half_digit) - 1,
        "hits from other albums": 100 * hits,
        "tracks from the artist's other albums": 100 * (joined["artist"] - joined["album"]),
    }
without_album = pd.DataFrame.from_dict(rows, orient="index")

# %% tags=["hide-input"]
present.table(
    (100 * without_album.iloc[:, :4]).map(present.signed, digits=0).rename_axis("task") + " %",
    "Gain in precision of the best network on all four sets over the best one on the task's own set (Table II); bounds "
    "allow for rounding",
)

# %% [markdown]
# For moods, joining gains {glue:text}`paper_moods_joined` with the album, and {glue:text}`paper_moods_left` without it
# (the range comes from rounding): the album explains at most about half of the gain. For styles, it explains more than
# half ({glue:text}`paper_styles_joined` with, {glue:text}`paper_styles_left` without); for themes, about a third
# ({glue:text}`paper_themes_joined` and {glue:text}`paper_themes_left`). For genres, joining lowers precision.
#
# Part of the gain that remains without the album may be an artist effect. For styles, moods and themes, the neighbours
# from other albums include at least as many tracks of the query's artist as hits. The published numbers do not show
# whether these tracks *are* the hits: a network that recognises artists could give the same numbers.

# %% tags=["hide-input"]
present.table(
    without_album.iloc[:, 4:].rename_axis("task"),
    "Among 100 neighbours: hits from other albums, and tracks from the artist's other albums, hits or not (Table II, "
    "best network on all four sets)",
    digits=1,
)

# %% tags=["remove-cell"]
best = published.groupby("tagsets", sort=False)["moods"].max()
hours = measured.hours().set_index("name").loc["results"]
present.numbers(
    {
        "four_over_moods": present.percent(best.iloc[-1] / best["moods"] - 1),
        "paper_moods_best": f"{100 * published['moods'].max():.2f}",
        "album_share": result_figures.share_of_album(published, "moods"),
        "results_runs": f"{hours['runs']:,}",
        "results_hours": f"{hours['hours']:.1f}",
    }
)
for task, row in without_album.iterrows():
    left = f"{100 * row['at least']:.0f} to {100 * row['at most']:.0f} %"
    present.numbers(
        {f"paper_{task}_joined": present.percent(row["with the album"]), f"paper_{task}_left": left}
    )
sides = {"none": "", "artist": "_artist"}
losses = {"triplets": "", "listwise, tf-idf": "_listwise"}
for label, claim in {
    "genres_moods": "Genres over another set, for moods",
    "genres_genres": "Genres over another set, for genres",
    "genres_styles": "Genres over another set, for styles",
    "all_over_one": "All sets over one set",
    "all_over_moods": "All sets over moods alone",
    "moods_over_styles": "Moods over styles",
    "with_moods": "Combinations with moods over those without",
    "most_topics": "Most topics over fewest",
    "ceiling": f"Most topics over {claims.MANY}",
}.items():
    for (way, filtered), table in found.items():
        if claim in table.index:
            gain = result_figures.say_gain(table.loc[claim])
            present.numbers({f"{label}{losses.get(way, way)}{sides[filtered]}": gain})
    if claim in first.index and first.loc[claim, "paper"] == first.loc[claim, "paper"]:
        present.numbers({f"paper_{label}": present.percent(first.loc[claim, "paper"])})

# %% [markdown]
# **What we saw.** In the paper, joining all sets gains {glue:text}`paper_all_over_one` over one set; on MERGE it gains
# {glue:text}`all_over_one_listwise` with the listwise loss ({glue:text}`all_over_one_listwise_artist` with the artist
# filter), and with triplets the gain is not reliable ({glue:text}`all_over_one`). With both losses, unfiltered and with
# the artist filter, training on genres alone is better for genres and worse for moods and themes; for styles it made no
# reliable difference. On MERGE, a head trained on all sets does not score reliably differently from the frozen encoder
# ([](encoders.ipynb)), so comparisons of heads can miss small effects.
