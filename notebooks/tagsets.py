# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tag sets
#
# The paper learns from tags that editors give to albums, in four sets: genres, styles, moods and
# themes. This page counts them: how many there are, which are frequent, which stand together.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Table I
#
# A track takes part in the experiments if it has at least one tag in every set. The table has both
# halves: all tracks that have a tag in the set, and the intersection. *Combinations* are the
# distinct sets of tags that tracks carry; a track's album has as a rule given it all of its tags.

# %%
import pandas as pd

from compendium import tag_tables
from tagspace.datasets import registry
from tagspace.tags import tagsets

collection = registry.load_dataset(configuration.dataset)
everything = tagsets.binary_matrix(collection)
intersection = tagsets.restrict(everything, tagsets.intersection(everything))
halves = {"all": everything, "intersection": intersection}

# %%
own = {half: tag_tables.counts_table(collection, tags) for half, tags in halves.items()}
pd.concat(own).map("{:,}".format)

# %% [markdown]
# The paper's counts, of the Million Song Dataset with the tags of AllMusic:

# %%
from compendium import paper

pd.concat({half: paper.table_1(half) for half in halves}).map("{:,}".format)

# %% [markdown]
# ## The most frequent tags
#
# The ten most frequent tags of each set, as in the paper's Figure 2, in the tracks at hand.

# %% mystnb={"image": {"alt": "Four bar charts: the ten most frequent genres, styles, moods and themes of the data set, by number of tracks"}}
from compendium import tag_figures

frequencies = tag_tables.frequencies(everything)
tag_figures.frequencies_figure(frequencies)

# %% [markdown]
# And in the paper's data. Its tags are far from equally frequent: Pop/Rock alone is on more than
# half of all tracks.

# %% mystnb={"image": {"alt": "Four bar charts: the ten most frequent genres, styles, moods and themes in the paper; one genre, Pop/Rock, is on more tracks than all others together"}}
tag_figures.frequencies_figure(paper.figure_2())

# %% [markdown]
# ## Tags that stand together
#
# The Jaccard index of two tags is the share of tracks with both among the tracks with either. What
# stands together across the sets is what makes a joined space possible, and what latent semantic
# indexing finds.

# %% mystnb={"image": {"alt": "A heat map of how often the most frequent tags of each set stand on the same track"}}
tag_figures.cooccurrence_figure(intersection)

# %%
from myst_nb import glue

published = paper.table_1("intersection")
glue("moods_combinations", f"{published.loc['moods', 'combinations']:,}", display=False)
glue("moods_albums", f"{published.loc['moods', 'albums']:,}", display=False)

# %% [markdown]
# **What we saw.** Tags are many and few of them are frequent, and their combinations are many more:
# in the paper's data {glue:text}`moods_combinations` of moods on {glue:text}`moods_albums` albums. Two
# tracks with exactly the same moods are often tracks of one album. To say that two tracks of
# different albums are related, relatedness must be graded.
