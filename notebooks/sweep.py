# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Table II, at any scale
#
# The paper's table is a sweep: each combination of tag sets with each number of topics, all else
# equal. Here it is one notebook (`make sweep`). A run that is on record is not made again, so that a
# sweep may be stopped, by whatever, and started again; and runs go to any number of workers, on this
# machine or on others ([](cost.ipynb)).
#
# ```
# papermill notebooks/sweep.ipynb OUT.ipynb -p dataset merge -p epochs 0 -p learning_rate 1e-4 \
#     -y "{topics: [10, 20, 40], seed: [0, 1]}"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str | list = "every combination"  # or a list, such as ["moods", "styles+moods"]
topics: int | list = [2, 4, 12, 36]  # seed and fold may be lists too
epochs: int = 3  # few, so that two cores do all in less than an hour; 0: what data need
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from tagspace.runs import sweep
from tagspace.runs.grid import read_grid

grid = read_grid(globals())

# %% [markdown]
# ## The runs
#
# The progress bar shows in the terminal too, and Dask's dashboard shows what each worker is doing.
# Where a combination has fewer tags than the topics asked for, it gets as many topics as tags. What
# cannot be run is listed, and does not keep the rest from it.

# %% tags=["nbval-skip"]
outcome = sweep.run_sweep(grid)
outcome.failed

# %% tags=["nbval-skip"]
from compendium import result_figures

print(result_figures.provenance(outcome.gathered))

# %% [markdown]
# ## Table II
#
# Precision at 10 of an exact match, the paper's measure at a depth that fits the number of test
# tracks. In each block, the best values are bold.

# %% tags=["nbval-skip"]
table = result_figures.arrange_table_2(outcome.gathered, "exact P@10")
result_figures.table_2_html(table)

# %% mystnb={"image": {"alt": "Precision at 10 against the number of topics, a panel for each task, a line for each combination of tag sets"}} tags=["nbval-skip"]
result_figures.topics_figure(table, "exact P@10")

# %% [markdown]
# The same runs by graded nDCG@10, with the query's artist left out of its neighbours:

# %% mystnb={"image": {"alt": "Graded nDCG@10 against the number of topics, a panel for each task, a line for each combination of tag sets"}} tags=["nbval-skip"]
graded = result_figures.arrange_table_2(outcome.gathered, "graded nDCG@10", filtered="artist")
result_figures.topics_figure(graded, "graded nDCG@10")

# %% [markdown]
# For each task, the combination that was best for it, and what training on all four sets or on the
# task's own set alone comes to; with everybody among the neighbours, and with the query's album or
# artist left out. The last column says how much of the first table's ranking of the combinations is
# left (a rank correlation, 1 for the same order).

# %% tags=["nbval-skip"]
import pandas as pd
from myst_nb import glue

first = table.groupby("tagsets").max()
everything = max(first.index, key=len)
views = [("exact P@10", left_out) for left_out in ("none", "album", "artist")]
rows = {}
for measure, left_out in [*views, ("graded nDCG@10", "artist")]:
    best = (
        result_figures.arrange_table_2(outcome.gathered, measure, left_out).groupby("tagsets").max()
    )
    for task in best.columns.intersection(best.index):
        rows[measure, left_out, task] = {
            "best combination": best[task].idxmax(),
            "its value": best[task].max(),
            "its own set alone": best.loc[task, task],
            "all sets": best.loc[everything, task],
            "ranking left": best[task].corr(first[task], method="spearman"),
        }
summary = pd.DataFrame.from_dict(rows, orient="index").rename_axis(["measure", "left out", "task"])
summary.round(3)

# %% tags=["nbval-skip"]
for (measure, left_out, task), row in summary.iterrows():
    name = f"{measure[:5]}_{left_out}_{task}"
    glue(f"{name}_alone", f"{row['its own set alone']:.3f}", display=False)
    glue(f"{name}_all", f"{row['all sets']:.3f}", display=False)
glue("sweep_album", result_figures.share_of_album(table, "moods"), display=False)

# %% [markdown]
# **What we saw.** By the paper's measure, networks trained on more sets come out ahead: precision of
# moods is {glue:text}`exact_none_moods_all` with all four sets and
# {glue:text}`exact_none_moods_alone` with moods alone. But of the same network untrained it is
# {glue:text}`../notebooks/train.ipynb::demo_exact_untrained_moods:s`: trained for three epochs on moods
# alone, it has not yet learned anything that shows here, and so this table cannot say that joining
# helps. And the album's precision is {glue:text}`sweep_album` of that of moods. With the album left out,
# {glue:text}`exact_album_moods_all` and {glue:text}`exact_album_moods_alone` are left. With the artist
# left out and the match graded, moods are at {glue:text}`grade_artist_moods_all` with all sets and
# {glue:text}`grade_artist_moods_alone` alone, styles at {glue:text}`grade_artist_styles_all` and
# {glue:text}`grade_artist_styles_alone`, genres at {glue:text}`grade_artist_genres_all` and
# {glue:text}`grade_artist_genres_alone`: for the sound of a style, asking for more at once is a
# compromise here. Each value is the best of up to four single runs with different numbers of topics, on
# synthetic music and few test tracks, so that small differences say nothing.
