# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What each part brings
#
# The paper fixes many things without saying why, and leaves others open. Here each is changed alone.
# All is measured on validation tracks, among themselves: settings are chosen here, and test tracks
# are for what was chosen. The same tracks chose the epoch of each training, so that trained networks
# look better here than on test tracks, the more so the more epochs there were to choose from.
#
# Many runs must be short ones: the reference is a `short training`, with all but its length and
# learning rate as by default for few tracks, and each variant differs from it in what its name says.
# `full training` is as long as by default too. As it stands, the notebook trains on the demo corpus,
# in about half an hour on two cores. On MERGE, or music of one's own, in three folds:
#
# ```
# papermill notebooks/ablations.ipynb OUT.ipynb -p dataset merge -p epochs 18 -p learning_rate 2e-4 \
#     -y "fold: [0, 1, 2]"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
variants: dict = {  # by name, what each changes of a run
    "short training": {},
    "full training": {"epochs": 0, "learning_rate": 1.0e-4},
    "learning rate: 0.001": {"learning_rate": 1.0e-3},
    "learning rate: 0.00005": {"learning_rate": 5.0e-5},
    "augmentation: never": {"augment": "never"},
    "excerpts: 1": {"excerpts": 1},
    "batch: 64": {"batch_size": 64},
    "batch: 256": {"batch_size": 256},
    "dimensions: 32": {"dimensions": 32},
    "dimensions: 1024": {"dimensions": 1024},
    "unit norm: weights": {"unit_norm": "weights"},
    "unit norm: none": {"unit_norm": "none"},
    "margin: 0.1": {"margin": 0.1},
    "margin: 0.5": {"margin": 0.5},
    "mining: semihard": {"mining": "semihard"},
    "mining: hard": {"mining": "hard"},
    "mining: literal": {"mining": "literal"},
    "batch filter: none": {"batch_filter": "none"},
    "thresholds: 0.5 and 0.2": {"positive_threshold": 0.5},
    "thresholds: 0.8 and 0.5": {"negative_threshold": 0.5},
    "topics: 4": {"topics": 4},
    "topics: 40": {"topics": 40},
    "tags: tf-idf": {"relatedness": "tfidf"},
}
pool: str = "validation"  # never choose by test
seed: int | list = 0
folds: int = 5
fold: int | list = 0
epochs: int = 3  # few, so that two cores do all in half an hour; 0: what data need
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
augment: str = "always"  # as by default in longer trainings
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from tagspace.runs import sweep

grid = sweep.read_grid(globals())

# %% [markdown]
# ## On real music
#
# The clips of MERGE {cite}`louro2024` that were at hand, in three folds; a short training is half as
# long as a full one, and learns twice as fast. Graded nDCG@10 for each tag set and their mean, and by
# how much the mean differs from that of a short training, fold by fold; brackets hold 95 %
# intervals, widened because folds share training tracks {cite}`nadeau2003`.

# %%
from compendium import measured, result_figures
from tagspace.runs import comparison

real = measured.load("ablations")
kept = list(real["variant"].unique())
reference = kept[0]
print(result_figures.provenance(real))

# %%
compared = comparison.compare(real, "graded nDCG@10", reference)
result_figures.comparison_table(compared, reference)

# %% mystnb={"image": {"alt": "Mean graded nDCG@10 of each variant on validation tracks of real music, a dot for each fold and a line for their average"}}
result_figures.systems_figure(real, "graded nDCG@10")

# %%
from myst_nb import glue

trained = compared.loc[kept]
for kind, names in comparison.systems_by_verdict(trained).items():
    glue(f"ablations_{kind}", names, display=False)
glue("ablations_above", "; ".join(trained.index[trained["gain"] > 0]), display=False)
n_queries = real.groupby("run")["n_queries"].max()
glue("ablations_queries", f"{n_queries.min():.0f} to {n_queries.max():.0f}", display=False)
glue("ablations_count", str(len(kept) - 1), display=False)
for name in ("full training", "untrained"):
    row = compared.loc[name]
    told = f"{row['gain']:+.1%}, {row['low']:+.1%} to {row['high']:+.1%}"
    glue(f"ablations_{name.split()[0]}", told, display=False)

# %%
repeated = measured.load("ablations_repeated")
again = comparison.compare(repeated, "graded nDCG@10", reference)
glue("ablations_again_commit", repeated["commit"].iloc[0][:7], display=False)
moved = (again["mean"] - trained["mean"]).abs()
glue("ablations_moved_median", f"{moved.median():.4f}", display=False)
glue("ablations_moved_most", f"{moved.max():.3f}", display=False)
glue("ablations_moved", moved.idxmax(), display=False)
glue("ablations_again_above", "; ".join(again.index[again["gain"] > 0]), display=False)
glue("ablations_again_worse", comparison.systems_by_verdict(again)["worse"], display=False)

# %% [markdown]
# **What we saw.** Three folds of {glue:text}`ablations_queries` validation tracks decide little. Not even
# the untrained network is told from the short training
# ({glue:text}`ablations_untrained`). By intervals without zero, these variants are better than it:
# {glue:text}`ablations_better`; these are worse: {glue:text}`ablations_worse`. Of
# {glue:text}`ablations_count` comparisons, chance alone would let about one seem so. Of all others the
# folds do not tell, which does not say that they make no difference. Above the reference on average,
# by however little, are: {glue:text}`ablations_above`. So of what was tried, nothing has been found that
# is better by more than chance, and the defaults of this package stay those of `full training`
# ({glue:text}`ablations_full`). A few settings were tried at that length, on the page of
# [other systems](related.ipynb).
#
# Even the same runs, made a second time (commit {glue:text}`ablations_again_commit`, which trains alike),
# are not the same, as processors round sums in different orders. Mean nDCG@10 differed by
# {glue:text}`ablations_moved_median` (median) and by {glue:text}`ablations_moved_most` at most
# ({glue:text}`ablations_moved`). By the other runs, above the reference are:
# {glue:text}`ablations_again_above`; worse by interval: {glue:text}`ablations_again_worse`.
#
# With the batch, the number of steps changes too: in as many epochs, batches of half the size make
# twice as many steps, and those of twice the size half as many. A batch of 256 is nearly all training
# tracks of a fold, so that nothing is left for larger ones, by caching gradients, to bring; with as
# many steps it was tried on the page of other systems.
#
# Some things were tried that are no parameters. Weights averaged over the last steps, and a learning
# rate that falls along a cosine, are in the package, as single steps on few tracks are noisy.
# Spectrograms of two tracks mixed, in shares of .7 to 1, were tried in the same three folds, brought
# nothing that could be told, and are not in the package.

# %% [markdown]
# ## On the demo corpus
#
# The demo corpus is synthetic: these figures show that the comparison runs anywhere, and not what
# matters for music. Each variant is trained once, so that there are no intervals, and small
# differences say nothing.

# %% tags=["nbval-skip"]
outcome = sweep.run_sweep(grid)
print(result_figures.provenance(outcome.gathered))
print(outcome.failed.to_string() if len(outcome.failed) else "No run failed.")

# %% tags=["nbval-skip"]
first = next(iter(variants))
result_figures.comparison_table(
    comparison.compare(outcome.gathered, "graded nDCG@10", first), first
)

# %% [markdown]
# ## The album effect
#
# Tracks of one album sound alike and carry the same tags, and a network may learn the one for the
# other. The batch filter keeps it from that in training, as two tracks of one album form no triplet;
# in evaluation, the query's album, or its artist, can be left out of its neighbours.
#
# Of the clips of real music no album is known: the filter leaves out pairs of one artist, or, in the
# runs of `batch filter: none`, no pair at all. With nobody and with the query's artist left out of
# its neighbours:

# %%
unfiltered = real[real["variant"].isin([reference, "batch filter: none"])]
result_figures.filters_table(unfiltered, "graded nDCG@10", reference, ["none", "artist"])

# %%
for left_out in ("none", "artist"):
    found = comparison.compare(real, "graded nDCG@10", reference, filtered=left_out)
    row = found.loc["batch filter: none"]
    told = f"{row['gain']:+.1%} ({row['low']:+.1%} to {row['high']:+.1%})"
    glue(f"unfiltered_{left_out}", told, display=False)

# %% [markdown]
# Of the synthetic demo corpus the albums are known: three filters, three folds, and the share of
# neighbours among the first ten that carry exactly the query's tags.

# %% tags=["nbval-skip"]
filters = sweep.read_grid(
    {
        **{name: values[0] for name, values in grid.axes.items()},
        "variants": {name: {"batch_filter": name} for name in ["album", "artist", "none"]},
        "fold": [0, 1, 2],
        "scheduler": scheduler,
        "workers": workers,
    }
)
filtered = sweep.run_sweep(filters).gathered
result_figures.filters_table(filtered, "exact P@10", "album", ["none", "album", "artist"])

# %% [markdown]
# **What we saw.** On real music, training without the filter is worth {glue:text}`unfiltered_none` with
# everybody among the neighbours, and {glue:text}`unfiltered_artist` with the query's artist left out:
# the direction that the album effect would have, and too little to be told from chance. On the demo
# corpus, exact P@10 does not tell the short trainings of these three folds from the untrained network,
# and the filters have hardly anything to differ in.
