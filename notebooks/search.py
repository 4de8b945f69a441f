# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What a search computes
#
# **What counts as similar depends on the tags that a network was trained on.** For the query of this page, the
# {glue:text}`search_hits` nearest tracks by mood and the {glue:text}`search_hits` nearest by style have
# {glue:text}`search_common` in common. The page computes in code what the [explorer](../book/explore.md) shows.

# %% tags=["parameters"]
collection: str = ""  # an index, or its music folder; empty: the demo tracks of the book
query: str = ""  # a file, a part of a track's path, or tags; empty: the explorer's first track
models: str = ""  # two representations, joined by +; empty: the last two of the index

# %%
from compendium import searching

search = searching.open_search(globals())
searching.listen_table(search)

# %% [markdown]
# The first row is the query. The others are its nearest tracks by other artists, for two representations: the
# paper's network trained on moods, and the same network trained on styles of the demo corpus. The percentage
# is the score. The tags that a track shares with the query follow it, or else those predicted for both.
#
# *You will learn* how a query becomes a ranking, what the score means, and how representations are combined.
# *Four minutes.*
#
# ## From a query to a ranking
#
# An index holds one vector of unit length per track and representation. The similarity of two tracks is the
# cosine of their vectors. A query may be a track, several tracks, or tags. Tags are points among the tracks:
# in a model that was made by `tagspace model`, a tag lies at the mean of the training tracks that are related
# to it; in musicnn, it is the direction in which the network finds the tag more likely. The table ranks tracks by
# both representations together, with equal weights and without filters; `row` is a track's row in the index.

# %%
from tagspace.search.query import nearest

weights = dict.fromkeys(search.models, 1.0)
nearest(search.collection, [search.seed], weights=weights, number=5).round(2)

# %% [markdown]
# ## What the score means
#
# Cosines cannot be compared between representations: in one of them, random tracks may have a cosine of .1 on
# average, in another one .8. So each cosine is compared with those of random pairs of tracks of the
# collection. For a query of one track, a score of 99 means that 99 % of the pairs are less similar. For several
# tracks, or for tags, scores only order the hits. To combine representations, their
# cosines are standardised by the mean and standard deviation of the same pairs, and averaged with weights.
#
# ## Filters
#
# Tracks of the query's artist are often nearest, because they share voices, instruments and a studio. A
# search can leave them out, or list one track per artist or album. Of several copies of one recording, one
# is listed.

# %%
from myst_nb import glue

near = [set(search.hits(name, 10).index) for name in search.models]
common = set.intersection(*near)
glue("search_hits", len(near[0]), display=False)
glue("search_common", len(common), display=False)
print(f"in both lists of {len(near[0])} nearest tracks: {len(common)}")

# %% [markdown]
# **What we saw.** The same query has other neighbours by mood than by style. On the demo corpus this is so by
# construction: there, styles set tempo, metre, instruments and harmony, and moods set the mode and shift tempo,
# density of notes and brightness. On your own music, index it with a model for each tag set, and run this page with
# `-p collection FOLDER -p query "part of a file name" -p models moods+styles`.
