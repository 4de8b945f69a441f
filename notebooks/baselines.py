# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Baselines
#
# **No alternative to LSI triplets was reliably better.** We trained {term}`heads <head>` on a frozen encoder in seven
# other ways: six from the same tags, one from artist labels. On MERGE, none of them differed reliably from LSI triplets.
# On Emotify, siamese pairs ({glue:text}`baselines_emotify_none_LSI_pairs`) and artist labels
# ({glue:text}`baselines_emotify_none_artist_triplets`) were worse. A plain {term}`tagger` did not differ reliably from
# triplets ({glue:text}`baselines_merge_none_tagger` on MERGE, {glue:text}`baselines_emotify_none_tagger` on Emotify).
#
# ```{glue:figure} gains
# :name: fig-baselines
# Relative difference from LSI with triplets in graded {term}`nDCG`@10, unfiltered. Lines: 95 % intervals over 15 runs
# (5-fold cross-validation split by artist, three seeds). All systems but `musicnn` are heads on frozen
# [musicnn](encoders.ipynb). Blue: better; orange: worse; grey: not {term}`reliable`.
# ```
#
# *You will learn* which other ways there are to learn from the same tags, and what simpler baselines reach. *Six
# minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = ""  # a name or path: make the runs on it; empty: show the runs kept for this book
variants: dict = {  # by name, what each system changes of a run
    "LSI, triplets": {},
    "LSI, pairs": {"loss": "contrastive", "margin": 1.5},
    "tf-idf LSI, listwise": {"loss": "listwise", "relatedness": "tfidf", "topics": 100},
    "overlap, triplets": {
        "relatedness": "overlap",
        "positive_threshold": 0.25,
        "negative_threshold": 0.05,
    },
    "overlap, listwise": {"loss": "listwise", "relatedness": "overlap"},
    "LDA, triplets": {"relatedness": "lda"},
    "artist, triplets": {"relatedness": "artist", "batch_filter": "none"},
    "tagger": {"loss": "tags"},
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
from IPython.display import display

from compendium import measured, present, result_figures
from tagspace.runs import comparison

gathered = measured.load_or_run("baselines", globals())
measure, reference = "graded nDCG@10", next(iter(variants))
compared = {name: comparison.compare(runs, measure, reference) for name, runs in gathered.items()}

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
others = [name for name in compared[next(iter(compared))].index if name in [*variants, "musicnn"]]
others.remove(reference)
present.figure(
    "gains",
    result_figures.gains_figure(
        {measured.title(name): table.loc[others] for name, table in compared.items()},
        f"gain over {reference} (%)",
    ),
    "Gain in graded nDCG@10 of each way to learn over LSI and triplets, with 95 % intervals, a panel for each data "
    "set; on Emotify, pairs, artist labels and frozen musicnn are worse, and no other difference is reliable.",
)

# %% [markdown]
# ## Which relatedness?
#
# - `LSI` is the paper's choice, here with 16 topics; `tf-idf LSI` weights rare tags more and has 100 topics.
# - `overlap` is the {term}`Jaccard index` of the two sets of tags, which the paper argues against.
# - `LDA` describes tracks by mixtures of 16 topics {cite}`blei2003` and compares these by their cosine.
# - `artist`: tracks of one artist are related {cite}`park2018`; no tags are used.
#
# ## Which loss?
#
# - `triplets` is the paper's [loss](triplets.ipynb).
# - `pairs` trains a {term}`siamese network`: it pulls related tracks together and pushes unrelated ones to a distance of at
#   least 1.5 {cite}`hadsell2006`.
# - `listwise` trains each track's ranking of the others to match their ranking by relatedness {cite}`cao2007`.
# - `tagger` predicts the tags of a track from its embedding and uses no relatedness.
#
# Some settings were chosen on validation tracks of three folds: the margin and learning rate of pairs (five settings),
# the learning rate of the tagger (three), the threshold of LDA (two), the margin of triplets, and the system `tf-idf LSI,
# listwise`. The thresholds of overlap (0.25 and 0.05) were not.
#
# ## Baselines that are not trained here
#
# - `musicnn` is the encoder without a head.
# - `timbre` is a Gaussian of 20 mel-frequency cepstral coefficients per track, compared by the symmetric
#   Kullback-Leibler divergence {cite}`mandel2005`.
# - `rhythm` are fluctuation patterns: how strongly the loudness of each frequency band is modulated at each rate
#   {cite}`pampalk2002`. `timbre+rhythm` is the sum of both distances, each standardised.
# - `untrained` is the paper's network with its initial weights, `random` are random vectors, and `tags` ranks by LSI vectors of the test tracks' own tags, with 16 topics.
#
# ## Results
#
# On both collections, `timbre`, `rhythm`, `timbre+rhythm` and `untrained` are far below the heads; the tables have all
# systems, tag sets and filters.

# %% tags=["hide-input"]
for name, runs in gathered.items():
    table = result_figures.filters_table(runs, measure, reference, ["none", "artist"])
    display(
        present.table(
            table.swaplevel(),
            f"{measured.title(name)}: graded nDCG@10 by tag set, and gain over LSI with triplets, 95 % intervals",
        )
    )

# %% tags=["remove-cell"]
for name, runs in gathered.items():
    for filtered in ("none", "artist"):
        table = comparison.compare(runs, measure, reference, filtered=filtered)
        for system in others:
            label = f"baselines_{name}_{filtered}_{system}".replace(",", "").replace(" ", "_")
            present.numbers({label: result_figures.say_gain(table.loc[system])})

# %% [markdown]
# With the artist filter the verdicts are the same: on MERGE, no way to learn differed reliably from LSI triplets; on
# Emotify, pairs ({glue:text}`baselines_emotify_artist_LSI_pairs`) and artist labels
# ({glue:text}`baselines_emotify_artist_artist_triplets`) were worse, and the other five heads were statistically
# indistinguishable. Seven systems on two data sets give 14 intervals per filter. If no system differed, 0.7 of them
# would exclude zero on average; two do.
#
# **What we saw.** No way to learn was reliably better than LSI triplets. MERGE cannot separate these systems: even
# frozen musicnn without a head does not differ reliably from LSI triplets
# ({glue:text}`baselines_merge_artist_musicnn`, with the artist filter).
#
# ## Relatedness from other sources
#
# Relatedness may come from lyrics, reviews or images of album covers, which the paper leaves to future work. In the
# notebook on [training](train.ipynb), `-p relatedness path/to/vectors.csv` reads relatedness from a table with a vector
# for each track, and `-p encoder path/to/vectors.parquet` trains a head on a table of vectors. Here words of lyrics,
# invented for this example, are joined to the tags of the synthetic {term}`demo corpus` before LSI. There are many more
# words than tags; the words are scaled so that both have the same total weight.

# %%
import numpy as np
from scipy import sparse

from tagspace.datasets import registry
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI

tags = tagsets.binary_matrix(registry.load_dataset("demo"))
themes = tags.tagset(tags.tagsets[-1])
generator = np.random.default_rng(0)
words_of_themes = generator.dirichlet(np.full(300, 0.05), size=themes.shape[1])
lyrics = np.log1p(generator.poisson(20 * themes @ words_of_themes))
scale = sparse.linalg.norm(tags.matrix) / np.linalg.norm(lyrics)
joined = sparse.hstack([tags.matrix, scale * lyrics], format="csr")
vectors = LSI().fit(joined).transform(joined, 16)
table = pd.DataFrame(vectors, index=tags.track_ids.rename("track_id"))
table.iloc[:3, :5].round(2)

# %% [markdown]
# `table.to_csv("lyrics.csv")` writes this table.
