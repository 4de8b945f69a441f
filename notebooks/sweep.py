# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sweep: Table II at any scale
#
# **One notebook makes Table II at any size, and resumes after an interruption.** It trains each combination of tag sets
# with each number of topics, all else equal. Recorded runs are not repeated. Runs go to any number of workers, on this
# machine or on others ([](cost.ipynb)). This page runs it on the synthetic {term}`demo corpus`, with a short training.
#
# ```{glue:figure} graded
# :name: fig-sweep
# After only three epochs, many networks rank no better than the untrained one
# (dotted). Graded {term}`nDCG`@10 on the demo corpus against the number of topics, with the {term}`artist filter`, a
# panel for each tag set. Thick blue: trained on all four; with names: on one tag set; grey: on two or three. For genres
# and styles, some trained networks are far above the untrained network and others far below. For moods, they lie on
# both sides of it; for themes, most are below. Each point is one run, so small differences are noise.
# ```
#
# *You will learn* how to make many runs, how to read the table, and why a short training must be compared with no
# training. *Four minutes.*
#
# This command makes another sweep, on MERGE, with a training of full length (`epochs 0` chooses it by the size of the
# data):
#
# ```
# papermill notebooks/sweep.ipynb OUT.ipynb -p dataset merge -p epochs 0 -p learning_rate 1e-4 \
#     -y "{topics: [10, 20, 40], seed: [0, 1]}"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str | list = "every combination"  # or a list, such as ["moods", "styles+moods"]
topics: int | list = [2, 4, 12, 36]  # seed and fold may be lists too
epochs: int = 3  # few, so that two cores do all in less than an hour; 0: by the size of the data
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per GPU, or per core where there is none
runs: str = ""  # where records go; empty: runs/ in the project

# %% tags=["remove-cell"]
import pandas as pd

from compendium import present, result_figures
from tagspace.runs import comparison, sweep
from tagspace.runs.grid import read_grid

# %% [markdown]
# ## The runs
#
# Progress is shown in the terminal; Dask's dashboard shows what each worker does. A combination with fewer tags than
# topics gets as many topics as tags. If a run fails, it is listed, with the reason, and the others are made. The list below
# is empty: all runs were made.

# %%
grid = read_grid(globals())

# %% tags=["nbval-skip"]
outcome = sweep.run_sweep(grid)
outcome.failed

# %% tags=["hide-input", "remove-output", "nbval-skip"]
graded = result_figures.arrange_table_2(outcome.gathered, "graded nDCG@10", filtered="artist")
exact = result_figures.arrange_table_2(outcome.gathered, "exact P@10")
sets = graded.columns.intersection(graded.index.unique("tagsets"), sort=False)
rows = comparison.select(outcome.gathered, "graded nDCG@10", "artist")
untrained = rows[rows["representation"] == "untrained"].groupby("task")["value"].mean()
present.figure(
    "graded",
    result_figures.topics_figure(graded[sets], "graded nDCG@10", untrained),
    "Graded nDCG@10 against the number of topics, a panel for each tag set, a line for each combination of tag sets.",
)

# %% [markdown]
# ## The table
#
# As we [read the paper](precision.ipynb), a neighbour is a hit if it carries exactly the query's tags. Precision is taken
# over the first ten neighbours, because there are few test tracks.

# %% tags=["hide-input", "nbval-skip"]
present.table(
    100 * exact,
    "Table II on the demo corpus: exact P@10 in percent, unfiltered",
    digits=1,
    best=result_figures.best_of_blocks(exact),
)

# %% [markdown]
# For each tag set, the best value of any combination, of the set alone, and of all four sets:

# %% tags=["hide-input", "nbval-skip"]
rows: dict = {}
views = [("exact P@10", filtered) for filtered in ("none", "album", "artist")]
for measure, filtered in [*views, ("graded nDCG@10", "artist")]:
    arranged = result_figures.arrange_table_2(outcome.gathered, measure, filtered)
    best = arranged.groupby("tagsets").max()
    everything = max(best.index, key=len)
    for tagset in best.columns.intersection(best.index, sort=False):
        rows[measure, result_figures.FILTER_NAMES[filtered], tagset] = {
            "best combination": best[tagset].idxmax(),
            "its value": best[tagset].max(),
            "the set alone": best.loc[tagset, tagset],
            "all sets": best.loc[everything, tagset],
        }
summary = pd.DataFrame.from_dict(rows, orient="index")
present.table(
    summary.rename_axis(["measure", "filter", "tag set"]),
    "Best values by measure and filter; each is the best of up to four runs with different numbers of topics",
)

# %% tags=["remove-cell", "nbval-skip"]
for (measure, filtered, tagset), row in summary.iterrows():
    name = f"{measure.split()[0]}_{filtered.split()[0]}_{tagset}"
    present.numbers(
        {f"{name}_alone": f"{row['the set alone']:.3f}", f"{name}_all": f"{row['all sets']:.3f}"}
    )
present.numbers({"sweep_album": result_figures.share_of_album(exact, "moods")})

# %% [markdown]
# The best of four runs reaches an exact P@10 for moods of {glue:text}`exact_unfiltered_moods_all` with all four sets,
# and of {glue:text}`exact_unfiltered_moods_alone` with moods alone. The untrained network reaches
# {glue:text}`train.ipynb::demo_exact_untrained_moods:s`. The share of neighbours from the query's album is
# {glue:text}`sweep_album` of the precision of moods: nearly all hits for moods are tracks of that album.
#
# **What we saw.** With one run per setting, we cannot say whether any of them is better than another; this table is no
# evidence that joining helps. Results on real music, with heads on a pretrained encoder, are on the page [Results:
# Table II](results.ipynb).
