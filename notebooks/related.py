# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Beside other systems
#
# What would one get without LSI, without triplets, or without a network? This page holds the method
# against other ways to learn from the same music and the same tags, and against what needs no
# learning. Each system is the notebook on training with other parameters; nothing else differs:
# the same tracks, the same initial weights, the same order of batches.
#
# ```
# papermill notebooks/related.ipynb OUT.ipynb
# papermill notebooks/related.ipynb OUT.ipynb -p dataset ../shared/data/merge -p epochs 0 \
#     -p learning_rate 1e-4 -y "seed: [0, 1, 2]"
# ```

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
variants: dict = {  # by name, what each system changes of a run
    "LSI, triplets": {},
    "overlap, triplets": {"relatedness": "overlap"},
    "LDA, triplets": {"relatedness": "lda"},
    "artist, triplets": {"relatedness": "artist"},
    "LSI, pairs": {"loss": "contrastive", "margin": 1.0},
    "tagger": {"loss": "tags"},
}
seed: int | list = 0
folds: int = 5
fold: int | list = [0, 1, 2, 3, 4]
epochs: int = 3  # few, so that two cores do all in half an hour; 0: what data need
learning_rate: float = 5.0e-4  # higher than the default, as epochs are few
scheduler: str = ""  # address of a Dask scheduler, or slurm; empty: this machine
workers: int = 0  # 0: one per core, or one where there is a GPU
runs: str = ""  # where records go; empty: runs/ in the project

# %%
from tagspace import sweep

grid = sweep.configure(globals())

# %% [markdown]
# ## What is compared
#
# **What makes tracks related.** `LSI` is the paper's way. `overlap` is the Jaccard index of the two
# sets of tags, what the paper argues against: to it, two tags are either the same or have nothing to
# do with each other. `LDA` describes tracks by mixtures of topics {cite}`blei2003`. `artist` knows
# no tags, only who plays {cite}`park2018`.
#
# **What is learned from it.** `triplets` are the paper's. `pairs` is the siamese network: related
# tracks near, unrelated ones at a distance of 1 or more {cite}`hadsell2006`. The `tagger` has the
# same two stacks of convolutions and one more layer, which tells from the embedding which tags a
# track carries: the obvious way, which knows nothing of relatedness.
#
# **What is not learned.** `timbre` is a Gaussian of 20 MFCC per track, compared by the symmetric
# Kullback-Leibler divergence {cite}`mandel2005`; `rhythm` is how strongly each part of the spectrum
# fluctuates at which rate {cite}`pampalk2002`; `timbre+rhythm` is the sum of both distances, each
# standardised. `untrained` is the network with its initial weights, and `random` is chance. `tags`
# are the topics of the tags that all others must hear.

# %% [markdown]
# ## What they find
#
# The demo corpus is synthetic: these figures show that the comparison can tell systems apart, and
# not how they do on music. Graded nDCG@10 for each tag set and their mean, averaged over the folds.
# The last column compares the means in pairs, fold by fold; brackets hold 95 % intervals, widened
# because folds share training tracks {cite}`nadeau2003`.

# %% tags=["nbval-skip"]
from tagspace import result_figures

outcome = sweep.run(grid)
print(result_figures.provenance(outcome.gathered))

# %% tags=["nbval-skip"]
reference = next(iter(variants))
compared = result_figures.compare(outcome.gathered, "graded nDCG@10", reference)
result_figures.comparison_table(compared, reference)

# %% mystnb={"image": {"alt": "Mean graded nDCG@10 of each system, a dot for each run and a line for their average"}} tags=["nbval-skip"]
result_figures.systems_figure(outcome.gathered, "graded nDCG@10")

# %% [markdown]
# Part of this is the sound of an artist or a record, heard again. With all tracks of the query's
# artist left out of its neighbours:

# %% tags=["nbval-skip"]
others = result_figures.compare(outcome.gathered, "graded nDCG@10", reference, filtered="artist")
result_figures.comparison_table(others, reference)

# %% [markdown]
# By the paper's measure, the share of neighbours that carry exactly the query's tags, here among the
# first ten:

# %% tags=["nbval-skip"]
exact = result_figures.compare(outcome.gathered, "exact P@10", reference)
result_figures.comparison_table(exact, reference)

# %% [markdown]
# ## Any table of vectors
#
# What makes tracks related may come from anywhere: lyrics, reviews, covers, which the paper leaves
# to future work. `relatedness` takes the path of a table with a vector for each track. Here a second
# bag of words is joined to the tags before LSI: words of lyrics, made up for this example from the
# tags of the last set, the themes.

# %%
import numpy as np
from scipy import sparse

from tagspace import corpus
from tagspace.configuration import Configuration

tracks = corpus.load(Configuration(dataset=dataset))
themes = tracks.tags.of(tracks.tags.tagsets[-1])
generator = np.random.default_rng(0)
words_of_themes = generator.dirichlet(np.full(300, 0.05), size=themes.shape[1])
lyrics = generator.poisson(20 * themes @ words_of_themes)
joined = sparse.hstack([tracks.tags.matrix, np.log1p(lyrics)], format="csr")
print(f"{tracks.tags.matrix.shape[1]} tags and {lyrics.shape[1]} words of {len(tracks)} tracks")

# %% [markdown]
# Topics are learned from the training tracks, as always, and all tracks are projected on them.

# %%
from pathlib import Path

import pandas as pd

from tagspace.lsi import LSI

vectors = LSI().fit(joined[tracks.split.train]).transform(joined, topics=16)
table = pd.DataFrame(vectors, index=tracks.tags.track_ids.rename("track_id"))
file = Path(grid.axes["runs"][0]) / "tags_and_lyrics.csv"
file.parent.mkdir(parents=True, exist_ok=True)
table.to_csv(file)

# %% tags=["nbval-skip"]
one_split = sweep.configure(
    {
        "dataset": dataset,
        "variants": {"tags": {}, "tags and lyrics": {"relatedness": str(file)}},
        "epochs": epochs,
        "learning_rate": learning_rate,
        "runs": runs,
    }
)
with_lyrics = sweep.run(one_split).gathered
result_figures.comparison_table(
    result_figures.compare(with_lyrics, "graded nDCG@10", "tags"), "tags"
)
