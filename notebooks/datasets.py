# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Data sets
#
# The paper's audio was previews of 7digital, which most people can no longer get. This page says
# what can be used instead, what each collection offers, and how to bring one's own.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## What there is
#
# Every notebook on data takes these names as `-p dataset NAME`. What can be fetched is fetched into the
# cache folder (`TAGSPACE_CACHE`, or the platform's own), resumed where it stopped, and held against
# its publisher's checksums; its licence is told before. A path instead of a name is read where it
# lies: a release folder, or a `manifest.csv`.

# %% tags=["text-table"]
import pandas as pd

from tagspace.datasets import registry

releases = {name: reader.RELEASE for name, reader in registry.READERS.items() if name != "manifest"}
offers = {
    name: {"tag sets": ", ".join(release.tagsets), "audio": release.audio}
    for name, release in releases.items()
}
pd.set_option("display.max_colwidth", None)
pd.DataFrame.from_dict(offers, orient="index")

# %% [markdown]
# Their size, as their publications count it; which of the paper's four tag sets they have; and how
# long features and the steps of one training with the default settings would take, at the speed
# that was measured on the machine of the [page on cost](cost.ipynb), if all tracks had audio and a
# tag in every set. `msd` is counted where they do; of `jamendo` they are less than a fifth.

# %%
from compendium import measured
from tagspace.datasets import splits
from tagspace.runs import experiment

speed = measured.cost().set_index("what")["value"]
sizes = {}
for name, release in releases.items():
    train = round((1 - splits.TEST_SHARE) * (1 - splits.VALIDATION_SHARE) * release.tracks)
    heard = train * experiment.default_epochs(train)
    sizes[name] = {
        "tracks": release.tracks,
        "artists": release.artists,
        "albums": release.albums,
        "hours of audio": release.hours,
        "of the four sets": len({"genres", "styles", "moods", "themes"} & set(release.tagsets)),
        "features, minutes": release.tracks * speed["5 excerpts of a track"] / 60,
        "training, minutes": heard * speed["a track in training, batches of 128"] / 60,
    }
table = pd.DataFrame.from_dict(sizes, orient="index", dtype=float)
table.map("{:,.0f}".format, na_action="ignore").fillna("")

# %% tags=["text-table"]
terms = {
    name: {"licence": release.licence, "cite": release.citation, "page": release.page}
    for name, release in releases.items()
}
pd.DataFrame.from_dict(terms, orient="index")

# %% [markdown]
# The paper's four sets are those of `msd` and of `merge`; `jamendo` has instruments in the place of
# styles and themes, `fma` genres in a hierarchy whose top serves as genres and whose rest as
# styles, and `magnatagatune` a single set. Audio comes in parts where it is large: `-p shards 0-4`
# fetches the first five of the hundred parts of `jamendo`, `-p shards small` the smallest release
# of `fma`. Tracks are split by artist at random, as in the paper; the published splits of these two
# are used with `-p split split-0` (to `split-4`) and `-p split official`.
#
# ## Whoever holds the Million Song Dataset
#
# `-p dataset path/to/folder` reads `msd_amglabels_all.csv` `track_metadata.db` and the
# audio below that folder, as `<track id>.mp3` in folders of any depth, or where a table
# `msd_audio.csv` with the columns `track_id,path` says. Tags of albums from elsewhere are brought
# onto its tracks as in the paper's Section V, by matching names of artist and release:
#
# ```
# python -m tagspace match albums.csv path/to/msd path/to/out
# ```
#
# `albums.csv` has the columns `artist,release,genres,styles,moods,themes`, with `|` between tags.
# Names are compared without case, then without accents, punctuation, a leading "the", guests
# and what tells editions apart. What several albums with different tags would fit is listed in
# `ambiguous.csv`, and not guessed.
#
# ## One's own music
#
# A `manifest.csv` describes any collection: the columns `track_id` and `path`, if known `artist`,
# `album` and `title`, and one column per tag set with `|` between the tags. A column `split` with
# `train`, `validation` or `test` in it is used with `-p split column`. `python -m tagspace
# manifest FOLDER` makes it from the tags embedded in the files of a folder. Artists matter: no
# artist is in two splits, and two tracks of one album form no triplet. A column that is mostly empty
# does harm: only tracks with a tag in every set are used.
#
# ## The collection at hand

# %%
from compendium import tag_tables
from tagspace.tags import tagsets

collection = registry.load_dataset(configuration.dataset)
tags = tagsets.binary_matrix(collection)
print(
    f"{collection.name}: {len(collection.tracks)} tracks of "
    f"{collection.tracks['artist'].nunique()} artists, "
    f"{tagsets.intersection(tags).sum()} with a tag in every set"
)
tag_tables.counts_table(collection, tags)

# %% [markdown]
# **What we saw.** Only the Million Song Dataset has all that the paper needs at its size, and its
# audio is gone; MERGE is the one open collection with audio and all four sets. The demo corpus is
# synthetic: it shows that the pipeline works, anywhere, and nothing about music.
