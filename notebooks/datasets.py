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
# **Of the collections listed here, only MERGE has audio and all four tag sets, for 3,554 clips.** The Million Song
# Dataset has tags for forty times as many tracks, but its audio, previews of 7digital, is no longer available. This page
# lists what can be used instead, and how to use your own music.
#
# ```{glue:figure} sizes
# :name: fig-sizes
# Tracks of each collection that this package reads, and how their audio can be obtained.
# ```
#
# *You will learn* what each collection offers, how to fetch it, and how to describe your own. *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name of the first table, or a path

# %% tags=["remove-cell"]
import pandas as pd

from compendium import measured, present, tag_figures, tag_tables
from tagspace.configuration import read_parameters
from tagspace.datasets import registry, splits
from tagspace.runs import experiment
from tagspace.tags import tagsets

configuration = read_parameters(globals())
releases = {name: reader.RELEASE for name, reader in registry.READERS.items() if name != "manifest"}

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
audio = dict.fromkeys(releases, "manual download")
audio |= dict.fromkeys(("fma", "jamendo", "merge"), "fetched on request")
audio |= {"msd": "no audio", "jamendo": "in part fetched on request"}
present.figure(
    "sizes",
    tag_figures.sizes_figure({name: each.tracks for name, each in releases.items()}, audio),
    "Bars of the number of tracks by collection, with how the audio can be obtained.",
)

# %% [markdown]
# ## Collections
#
# Every notebook on data takes these names as `-p dataset NAME`. Downloads go to the cache folder (`TAGSPACE_CACHE`, or
# the platform's own). A download continues where it stopped. Audio is checked against its publisher's checksums. The
# licence is printed first. Instead of a name, `dataset` may be a path: a release folder, or a
# `manifest.csv`.

# %% tags=["hide-input"]
offers = {
    name: {"tag sets": ", ".join(release.tagsets), "audio": release.audio}
    for name, release in releases.items()
}
present.table(
    pd.DataFrame.from_dict(offers, orient="index").rename_axis("name"), "Tag sets and audio"
)

# %% [markdown]
# The next table estimates the time to compute features and to train once with the default settings, at the speed of the
# machine on the [page on cost](cost.ipynb), as if all tracks had audio and a tag in every set. The row `msd` counts only
# tracks with a tag in every set. In `jamendo`, less than a fifth of the tracks have a tag in every set, so its real times
# are lower.

# %% tags=["hide-input"]
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
        "features, minutes": release.tracks * speed["5 excerpts of a track"] / 60,
        "training, minutes": heard * speed["a track in training, batches of 128"] / 60,
    }
present.table(
    pd.DataFrame.from_dict(sizes, orient="index", dtype=float).rename_axis("name"),
    "Size as published, and estimated time",
    digits=0,
)

# %% tags=["hide-input"]
terms = {
    name: {"licence": release.licence, "cite": release.citation, "page": release.page}
    for name, release in releases.items()
}
present.table(
    pd.DataFrame.from_dict(terms, orient="index").rename_axis("name"), "Licence and source"
)

# %% [markdown]
# `msd` and `merge` have the paper's four sets. `jamendo` has genres, instruments, and one set of moods and themes. `fma` has a
# hierarchy of genres: its top level serves as genres, the rest as styles. `magnatagatune` has a single set.
#
# Large audio comes in parts: `-p shards 0-4` fetches the first five of the hundred parts of `jamendo`, `-p shards small`
# the smallest release of `fma`. Tracks are split by artist at random. The published splits are used
# with `-p split split-0` (to `split-4`) for `jamendo` and `-p split official` for `fma`.
#
# ## If you have the Million Song Dataset
#
# `-p dataset path/to/folder` reads `msd_amglabels_all.csv`, `track_metadata.db` and the audio below that folder: as
# `<track id>.mp3` in folders of any depth, or at the paths listed in `msd_audio.csv` (columns `track_id,path`).
#
# To add tags of albums from another source, match the names of artist and release, as in Section V of the paper:
#
# ```
# python -m tagspace match albums.csv path/to/msd path/to/out
# ```
#
# `albums.csv` has the columns `artist,release,genres,styles,moods,themes`, with `|` between tags. Matching
# ignores case, accents, punctuation, a leading "the", featured artists ("feat.") and marks of editions ("Deluxe"). If
# several albums with different tags fit, the track is listed in `ambiguous.csv` and gets no tags.
#
# ## Your own music
#
# A `manifest.csv` describes any collection. It has the columns `track_id` and `path`; `artist`, `album` and `title`, if
# known; and one column per tag set with `|` between the tags. `-p split column` takes the split from a column named
# `split`, with the values `train`, `validation` and `test`. `python -m tagspace manifest FOLDER` makes a manifest from
# the tags embedded in the files of a folder.
#
# Fill in the columns `artist` and `album`: the first keeps each artist in one split, the second keeps pairs of one album
# out of the triplets. Leave out a column of tags that is mostly empty, because only tracks with a tag in every set are
# used.
#
# ## The data set of this page

# %% tags=["hide-input"]
collection = registry.load_dataset(configuration.dataset)
tags = tagsets.binary_matrix(collection)
artists = collection.tracks["artist"].nunique()
present.table(
    tag_tables.counts_table(collection, tags).rename_axis("tag set"),
    f"{collection.name}: {len(collection.tracks):,} tracks, {artists} artists, "
    f"{tagsets.intersection(tags).sum()} tracks with a tag in every set",
)

# %% [markdown]
# **What we saw.** The Million Song Dataset has the tags that the paper needs, at its size, but its audio is no longer
# available. Of the collections listed here, only MERGE has audio and all four sets. The demo corpus is synthetic: it
# shows that everything runs, and says nothing about music.
