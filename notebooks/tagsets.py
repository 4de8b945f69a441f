# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tags
#
# **Two albums rarely carry the same moods.** In the paper's data, {glue:text}`moods_albums` albums have
# {glue:text}`moods_combinations` different combinations of moods, three for every four albums. So "the same tags" cannot
# be what makes two tracks related. Relatedness must be graded.
#
# ```{glue:figure} per_combination
# :name: fig-per-combination
# Different combinations of tags per 100 albums in the paper's data (Table I, tracks with a tag in every set). If each
# album had tags of its own, there would be 100.
# ```
#
# *You will learn* what the four {term}`tag sets <tag set>` are, which tags are frequent, and which occur together.
# *Five minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path

# %% tags=["remove-cell"]
import pandas as pd

from compendium import paper, present, tag_figures, tag_tables
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
published = paper.table_1("intersection")
present.figure(
    "per_combination",
    tag_figures.combinations_figure(published),
    "Bars of the number of combinations of tags per 100 albums: few for genres, about 40 for styles and themes, 75 for "
    "moods.",
)

# %% [markdown]
# ## Where the tags come from
#
# The paper learns from tags of the AllMusic guide. Its editors tag albums, not tracks. They choose from four
# vocabularies:
#
# - **genres**, such as *Jazz* or *Pop/Rock*;
# - **styles**, finer than genres, such as *Hard Bop*;
# - **moods**, such as *Wistful*;
# - **themes**, occasions and subjects, such as *Late Night*.
#
# A track takes the tags of its album. The paper uses a track only if it has a tag in every set; these tracks are the
# {term}`intersection`. Equal words in two sets stay two tags: *Playful* is a mood and a theme.
#
# ## Table I
#
# The paper's data are the Million Song Dataset with these tags. Most tracks lack a tag in at least one set: the
# intersection keeps {glue:text}`kept_tracks` of the tracks that have a genre. The demo corpus has the same four tag
# sets, at a small size.

# %% tags=["hide-input"]
halves = {half: paper.table_1(half) for half in ("all", "intersection")}
present.table(
    pd.concat(halves, names=["selection", "tag set"]).rename(
        columns={"tracks": "number of tracks"}
    ),
    "Table I of the paper: all tracks with a tag in the set, and the intersection",
)

# %% tags=["remove-cell"]
from tagspace.datasets import registry
from tagspace.tags import tagsets

collection = registry.load_dataset(configuration.dataset)
everything = tagsets.binary_matrix(collection)
common = tagsets.restrict(everything, tagsets.intersection(everything))

# %% tags=["hide-input"]
own = {"all": everything, "intersection": common}
counts = {half: tag_tables.counts_table(collection, tags) for half, tags in own.items()}
present.table(
    pd.concat(counts, names=["selection", "tag set"]).rename(
        columns={"tracks": "number of tracks"}
    ),
    f"The same counts for the data set of this page: {collection.name}",
)

# %% [markdown]
# ## Which tags are frequent?
#
# In the paper's data, one genre dominates: *Pop/Rock* is on more than half of the tracks that have a genre. Moods are
# more evenly spread.
#
# ```{glue:figure} figure_2
# :name: fig-paper-2
# Figure 2 of the paper: the ten most frequent tags of each set. The numbers were read off the bars of the authors'
# talk {cite}`schindler2019talk`, to within 400 tracks.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "figure_2",
    tag_figures.frequencies_figure(paper.figure_2()),
    "Four bar charts of the ten most frequent genres, styles, moods and themes in the paper; one genre, Pop/Rock, is "
    "on more tracks than all others together.",
)

# %% [markdown]
# ```{glue:figure} frequencies
# :name: fig-frequencies
# The ten most frequent tags of each set of the demo corpus, in the intersection. No genre dominates.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "frequencies",
    tag_figures.frequencies_figure(tag_tables.frequencies(common)),
    "Four bar charts of the ten most frequent genres, styles, moods and themes of the data set.",
)

# %% [markdown]
# ## Which tags occur together?
#
# Some tags often occur on the same tracks, also across sets. This is what [topics](topics.ipynb) are made of.
#
# ```{glue:figure} cooccurrence
# :name: fig-cooccurrence
# How often the most frequent tags of each set of the demo corpus occur together: tracks with both tags,
# divided by tracks with at least one of them. Names have the colours of their tag sets in {numref}`fig-frequencies`.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "cooccurrence",
    tag_figures.cooccurrence_figure(common),
    "A heat map of how often the most frequent tags of each set occur on the same track.",
)

# %% tags=["remove-cell"]
share = published["tracks"].iloc[0] / paper.table_1("all").loc["genres", "tracks"]
present.numbers(
    {
        "moods_combinations": f"{published.loc['moods', 'combinations']:,}",
        "moods_albums": f"{published.loc['moods', 'albums']:,}",
        "kept_tracks": present.percent(share),
    }
)

# %% [markdown]
# **What we saw.** There are three different combinations of moods for every four albums. Two tracks with exactly the same
# moods are therefore often from one album ([](precision.ipynb)). The [next page](topics.ipynb) grades the relatedness of
# any two tracks, also of different albums.
#
# ## Exercises
#
# 1. Which two themes of the demo corpus occur together most often?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
import numpy as np

table = tag_tables.cooccurrence_table(common.select(collection.tagsets[-1:]), top=20)
values = np.triu(table, 1)
first, second = np.unravel_index(values.argmax(), values.shape)
names = table.index.get_level_values("tag")
print(f"{names[first]} and {names[second]}: {values.max():.2f}")

# %% [markdown]
# 2. How many tracks are left if only genres and styles are required, and how many if all four sets are?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
fewer = everything.select(collection.tagsets[:2])
print(
    f"{tagsets.intersection(fewer).sum()} and {len(common.track_ids)} of {len(everything.track_ids)} tracks"
)
