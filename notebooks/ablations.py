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
# ```
# papermill notebooks/ablations.ipynb OUT.ipynb
# papermill notebooks/ablations.ipynb OUT.ipynb -p dataset ../shared/data/merge -p epochs 0 \
#     -p learning_rate 1e-4 -y "fold: [0, 1, 2, 3, 4]"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
variants: dict = {  # by name, what each changes of the defaults
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
    "tag sets: genres": {"tagsets": "genres"},
    "tag sets: styles": {"tagsets": "styles"},
    "tag sets: moods": {"tagsets": "moods"},
    "tag sets: themes": {"tagsets": "themes"},
}
pool: str = "validation"  # never choose by test
seed: int | list = 0
folds: int = 5
fold: int | list = [0, 1, 2]
epochs: int = 3  # few, so that two cores do all in an hour; 0: what data need
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from tagspace import sweep

grid = sweep.configure(globals())

# %% [markdown]
# ## On the demo corpus
#
# The demo corpus is synthetic, and has albums: it shows the album effect, which training and
# evaluation must both guard against. Graded nDCG@10 for each tag set and their mean, and how the mean
# compares with the default's, in pairs, fold by fold; brackets hold 95 % intervals, widened because
# folds share training tracks {cite}`nadeau2003`.

# %% tags=["nbval-skip"]
from tagspace import result_figures

outcome = sweep.run(grid)
print(result_figures.provenance(outcome.gathered))
outcome.failed

# %% tags=["nbval-skip"]
compared = result_figures.compare(outcome.gathered, "graded nDCG@10", "default")
result_figures.comparison_table(compared, "default")

# %% [markdown]
# ## The album effect
#
# Tracks of one album sound alike and carry the same tags. A network may learn the one for the other.
# The batch filter takes pairs of one album out of training; the second table leaves out the query's
# album when neighbours are sought, the third its artist.

# %% tags=["nbval-skip"]
import pandas as pd

filters = {
    left_out: result_figures.compare(
        outcome.gathered, "exact P@10", "default", filtered=left_out
    ).filter(regex="default|filter|untrained|tags$", axis=0)
    for left_out in ("none", "album", "artist")
}
pd.concat(
    {
        left_out: result_figures.comparison_table(table, "default")
        for left_out, table in filters.items()
    },
    names=["left out", "system"],
)

# %% [markdown]
# ## What each tag set buys
#
# A network trained on one set, on each task, beside that trained on all four together (`default`):

# %% tags=["nbval-skip"]
others = result_figures.compare(outcome.gathered, "graded nDCG@10", "default", filtered="artist")
result_figures.comparison_table(others.filter(regex="default|tag sets", axis=0), "default")
