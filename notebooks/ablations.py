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
# The paper fixes many things without saying why, and leaves others open. Here each is changed alone,
# with all else as in the defaults. Everything on this page is measured on validation tracks, among
# themselves: settings are chosen here, and test tracks are for what was chosen.
#
# As it stands, the notebook does so on the demo corpus, in short trainings. On music of one's own, or
# of MERGE, in trainings half as long as the default:
#
# ```
# papermill notebooks/ablations.ipynb OUT.ipynb -p dataset merge -p epochs 18 -p learning_rate 2e-4 \
#     -p augment always -y "fold: [0, 1, 2]"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
variants: dict = {  # by name, what each changes of a run
    "default": {},
    "mining: semihard": {"mining": "semihard"},
    "mining: hard": {"mining": "hard"},
    "mining: literal": {"mining": "literal"},
    "thresholds: 0.5 and 0.2": {"positive": 0.5},
    "thresholds: 0.8 and 0.5": {"negative": 0.5},
    "batch filter: none": {"batch_filter": "none"},
    "batch filter: artist": {"batch_filter": "artist"},
    "unit norm: weights": {"unit_norm": "weights"},
    "unit norm: none": {"unit_norm": "none"},
    "margin: 0.1": {"margin": 0.1},
    "margin: 0.5": {"margin": 0.5},
    "batch: 64": {"batch_size": 64},
    "batch: 256": {"batch_size": 256},
    "dimensions: 32": {"dimensions": 32},
    "dimensions: 1024": {"dimensions": 1024},
    "excerpts: 1": {"excerpts": 1},
    "augmentation: always": {"augment": "always"},
    "augmentation: never": {"augment": "never"},
    "topics: 4": {"topics": 4},
    "topics: 40": {"topics": 40},
    "tags: tf-idf": {"relatedness": "tfidf"},
    "learning rate: 0.002": {"learning_rate": 2.0e-3},
    "length: by default": {"epochs": 0, "learning_rate": 1.0e-4},
}
pool: str = "validation"  # never choose by test
seed: int | list = 0
folds: int = 5
fold: int | list = 0
epochs: int = 3  # few, so that two cores do all in half an hour; 0: what data need
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
augment: str = "auto"
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from tagspace import sweep

grid = sweep.configure(globals())

# %% [markdown]
# ## On real music
#
# The clips of MERGE {cite}`louro2024` that were at hand, in three folds; trainings are half as long
# as by default, and learn twice as fast. Graded nDCG@10 for each tag set and their mean, and by how
# much the mean differs from the default's, in pairs, fold by fold; brackets hold 95 % intervals,
# widened because folds share training tracks {cite}`nadeau2003`.

# %%
from tagspace import measured, result_figures

real = measured.load("ablations")
print(result_figures.provenance(real))

# %%
compared = result_figures.compare(real, "graded nDCG@10", "default")
result_figures.comparison_table(compared, "default")

# %% mystnb={"image": {"alt": "Mean graded nDCG@10 of each variant on validation tracks of real music, a dot for each fold and a line for their average"}}
result_figures.systems_figure(real, "graded nDCG@10")

# %%
from myst_nb import glue

for kind, names in result_figures.verdicts(compared).items():
    glue(f"ablations_{kind}", names, display=False)

# %% [markdown]
# **What we saw.** By intervals without zero, these are better than the default:
# {glue:text}`ablations_better`. These are worse: {glue:text}`ablations_worse`. Of these the folds do
# not tell: {glue:text}`ablations_alike`.

# %% [markdown]
# ## On the demo corpus
#
# The demo corpus is synthetic: these figures show that the comparison runs anywhere, and not what
# matters for music. Graded nDCG@10 for each tag set and their mean, and by how much the mean differs
# from the default's, in one run each, so that nothing is known of how much of it is chance.

# %% tags=["nbval-skip"]
outcome = sweep.run(grid)
print(result_figures.provenance(outcome.gathered))
outcome.failed

# %% tags=["nbval-skip"]
result_figures.comparison_table(
    result_figures.compare(outcome.gathered, "graded nDCG@10", "default"), "default"
)

# %% [markdown]
# ## The album effect
#
# Tracks of one album sound alike and carry the same tags. A network may learn the one for the other.
# The batch filter keeps it from that in training, as pairs of one album form no triplets; in
# evaluation, the query's album, or its artist, can be left out of its neighbours. Of the demo corpus
# the albums are known; the same networks in three folds, precision at 10 of an exact match:

# %% tags=["nbval-skip"]
names = ["default", "batch filter: artist", "batch filter: none"]
filters = sweep.configure(
    {
        **{name: values[0] for name, values in grid.axes.items()},
        "variants": {name: variants[name] for name in names},
        "fold": [0, 1, 2],
        "scheduler": scheduler,
        "workers": workers,
    }
)
filtered = sweep.run(filters).gathered
result_figures.left_out_table(filtered, "exact P@10", "default", ["none", "album", "artist"])
