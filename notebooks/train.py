# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training
#
# One experiment of the paper from end to end: choose the tag sets, learn an embedding from them,
# and search by example among tracks of artists that the network has never heard.
#
# The parameters below are all there are. Change them here, or from a terminal:
#
# ```
# papermill notebooks/train.ipynb OUT.ipynb -p tagsets styles+moods -p topics 60
# ```

# %% tags=["parameters"]
preset: str = ""  # paper: the paper's own settings; best: the best found; both print what they set
dataset: str = "demo"  # a name from the page of data sets, or a path
shards: str = ""  # parts of the audio to fetch: 0-4 of jamendo, small of fma
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
spellings: str = "keep"  # merge: join tags that differ only in case and punctuation
topics: int = 16  # LSI topics; no more than the tags' rank are used
relatedness: str = "lsi"  # tfidf, lda, overlap, artist, or a table of track vectors
encoder: str = (
    "dpnn"  # or of what a head is trained: musicnn, a record's folder, a table of vectors
)
excerpts: int = 5  # of six seconds per track; 1 is the paper's
loss: str = "triplet"  # contrastive, regression, listwise, tags
mining: str = "all"  # all, semihard, hard, literal
positive_threshold: float = 0.8  # related from this cosine on
negative_threshold: float = 0.2  # unrelated below this cosine
batch_filter: str = "album"  # album, artist, none: whose pairs take no part in triplets
augment: str = "auto"  # always, never; auto: if a track is heard more than 20 times
margin: float = 0.2
unit_norm: str = "output"  # output, weights, none
dimensions: int = 256  # of the embedding
epochs: int = 0  # 0: 10 to 100, the more the smaller the data
patience: int = 20  # epochs without gain on the validation split
batch_size: int = 128
batches: str = "uniform"  # related: each track with a related one; tracks without one are left out
learning_rate: float = 0.0  # 0: 1e-4 for dpnn, 1e-3 for a head
precision: str = "auto"  # float32, bfloat16; auto: bfloat16 where the device is faster at it
split: str = "artist"  # or a published split: official (fma), split-0 (jamendo), column (manifest)
folds: int = 0  # 0: the paper's split; k: artist-grouped cross-validation
fold: int = 0  # which fold is for test
pool: str = "test"  # test, all, or validation (to choose settings): where neighbours are sought
seed: int = 0
max_lost: float = 0.1  # share of the audio files that may be unusable before a run stops
device: str = "auto"
runs: str = ""  # where records go; empty: runs/ in the project

# %% [markdown]
# A parameter that is unknown, of a wrong type or out of range ends the run here; so does a device
# that does not exist, or a folder of records that cannot be written.

# %%
from tagspace.configuration import read_parameters
from tagspace.runs import experiment

configuration = read_parameters(globals())
experiment.check_machine(configuration)

# %% [markdown]
# ## Data
#
# A data set gives tracks and, in each of its tag sets, tags. The demo corpus is synthetic: music
# composed and played by this package, so that everything runs anywhere. What is measured on it
# shows that the method works here; it says nothing about real music. What can be known to be wrong
# with tags, artists or paths is said here, before the audio is read.

# %%
from tagspace import corpus
from tagspace.datasets import registry

collection = registry.load_dataset(configuration.dataset, configuration.shards)
corpus.check(collection, configuration)
chosen = configuration.choose_tagsets(collection.tagsets)
print(f"{collection.name}: {len(collection.tracks)} tracks; trained on {' + '.join(chosen)}")

# %% [markdown]
# ## Features
#
# Five excerpts of six seconds, each a log-mel spectrogram of 80 bands x 130 frames, computed once and
# kept on disk.

# %% tags=["nbval-ignore-output"]
from tagspace.audio import features
from tagspace.support.cache import cache_folder

store = features.extract(collection, cache_folder() / "features", configuration.excerpts)
print(store.report())

# %% [markdown]
# ## Tags
#
# As in the paper, only tracks with at least one tag in every set are used, and no artist is in two
# of the training, validation and test splits.

# %%
from compendium.tag_tables import counts_table

tracks = corpus.assemble(collection, store, configuration)
counts_table(collection, tracks.tags)

# %%
tracks.summary()

# %% [markdown]
# ## Training
#
# Each batch embeds every track once; related and unrelated pairs come from the cosines of the
# tracks' LSI vectors, triplets from the pairs. A run that is on record is taken from there.

# %% tags=["nbval-ignore-output"]

record = experiment.run_experiment(tracks, configuration)
print(record.describe())

# %% mystnb={"image": {"alt": "Loss, number of violating triplets and validation score by epoch, with the epoch whose weights were kept marked"}} tags=["nbval-ignore-output"]
from compendium import result_figures
from tagspace.runs import comparison

result_figures.history_figure(record.history, record.info["best_epoch"])

# %% [markdown]
# ## What was learned
#
# Every test track queries the others. Graded nDCG@10 measures whether the ten nearest tracks share
# tags with the query (the Jaccard index of the two sets), the nearest ones most of all. Brackets
# hold 95 % bootstrap intervals over artists. `untrained` has the same initial weights, `timbre` and
# `rhythm` are hand-made features, and `tags` knows the tags that the others must hear.

# %% tags=["nbval-ignore-output"]
from myst_nb import glue

for left_out in ("none", "artist"):
    means = comparison.mean_table(record.metrics, "graded nDCG@10", left_out).iloc[:, -1]
    for name, value in means.items():
        glue(f"demo_{name}_{left_out}", f"{value:.3f}", display=False)
by_set = comparison.mean_table(record.metrics, "graded nDCG@10").iloc[:, :-1]
ahead = by_set.columns[by_set.loc["timbre+rhythm"] > by_set.loc["trained"]]
glue("demo_by_hand_ahead", " and ".join(ahead) or "none of the sets", display=False)
exact = comparison.mean_table(record.metrics, "exact P@10")
for task, value in exact.loc["untrained"].items():
    glue(f"demo_exact_untrained_{task}", f"{value:.3f}", display=False)
result_figures.results_table(record.metrics, "graded nDCG@10")

# %% mystnb={"image": {"alt": "Graded nDCG@10 with its 95 % interval for each representation, one panel per tag set and one for their mean"}} tags=["nbval-ignore-output"]
result_figures.results_figure(record.metrics, "graded nDCG@10")

# %% [markdown]
# Part of this may be the sound of an artist or a record, heard again. With all tracks of the query's
# artist left out of its neighbours, what is above `untrained` must come from the tags:

# %% tags=["nbval-ignore-output"]
result_figures.results_table(record.metrics, "graded nDCG@10", filtered="artist")

# %% [markdown]
# The paper's measure, as [its numbers](precision.ipynb) are read here, counts a neighbour only if it
# carries exactly the same set of tags. As tags are given to albums, that mostly finds tracks of the
# query's own album where combinations of tags are many, as those of moods and themes are.

# %% tags=["nbval-ignore-output"]
result_figures.results_table(record.metrics, "exact P@10")

# %% [markdown]
# With the query's album left out of its neighbours, this remains:

# %% tags=["nbval-ignore-output"]
result_figures.results_table(record.metrics, "exact P@10", filtered="album")

# %% [markdown]
# ## To be heard
#
# The first test track, the three tracks of other artists that the network puts nearest to it, and
# the one that it puts farthest away.

# %% tags=["nbval-ignore-output"]
from compendium import audio_figures

glue("search", audio_figures.search_table(collection, record.embeddings))

# %% [markdown]
# ## The record
#
# Parameters, versions, history, weights, embeddings and all figures of the run lie here:

# %% tags=["nbval-ignore-output"]
import os

print(os.path.relpath(record.folder))

# %% [markdown]
# **What we saw.** On the demo corpus, graded nDCG@10 of the trained network is
# {glue:text}`demo_trained_none` on average over the tag sets. It is {glue:text}`demo_untrained_none` of
# the same network untrained, {glue:text}`demo_timbre+rhythm_none` of timbre and rhythm by hand, which
# do well on music that was composed by tempo and metre, and are ahead of the trained network on
# {glue:text}`demo_by_hand_ahead`, and {glue:text}`demo_tags_none` of the tags themselves. With the query's artist left out it is
# {glue:text}`demo_trained_artist`, where timbre and rhythm have {glue:text}`demo_timbre+rhythm_artist`
# and the untrained network {glue:text}`demo_untrained_artist`. Not all of the fall is the sound of an
# artist: the tags themselves fall to {glue:text}`demo_tags_artist`, as tracks of an artist share tags.
# On another processor, which rounds otherwise, weights of another epoch may be kept, and the figures be
# others by a few percent. How real music does is on the page on [results](results.ipynb).
