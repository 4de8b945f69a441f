# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Search by example
#
# **The same track has other neighbours by mood than by style.** Of the {glue:text}`search_hits` tracks nearest by mood, a
# median of {glue:text}`search_median` are also among the {glue:text}`search_hits` nearest by style (all
# {glue:text}`search_tracks` tracks of this page; at random, {glue:text}`search_chance` on average). Choose a track and
# play its neighbours. The lists show the tracks nearest to it by three representations, and mark the tags that both
# tracks carry.
#
# ```{raw} html
# <link rel="stylesheet" href="../_static/explorer.css">
# <div id="explorer" data-shown="5"></div>
# <script src="../_static/explorer/data.js"></script>
# <script src="../_static/explorer.js"></script>
# ```
#
# *You will learn* how a query becomes a ranking, what the score means, how representations are combined, and how to
# search your own music. *Six minutes.*
#
# - *sound* is musicnn {cite}`pons2019`, a public network that was trained to tag music, used as it is.
# - *moods* and *styles* are the paper's network, trained from scratch on the moods, or on the styles, of the training
#   tracks of the demo corpus.
#
# The tracks are the test tracks of the synthetic {term}`demo corpus`; the networks were trained on tracks of other
# artists. A score of 99 % means that 99 of 100 pairs of tracks are less similar. The first track was chosen by a rule:
# most of its four nearest tracks by mood share moods but no styles with it, and its four nearest by style share styles
# but no moods. Most other tracks show a smaller difference.

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
collection: str = ""  # an index, or its music folder; empty: the demo tracks of the book
query: str = ""  # a file, a part of a track's path, or tags; empty: the explorer's first track
models: str = ""  # two representations, joined by +; empty: the last two of the index

# %% tags=["remove-cell"]
from compendium import present, searching

search = searching.open_search(globals())

# %% [markdown]
# ## On your own music
#
# Three commands index a music folder, search it, and write a page like the one above:
#
# ```
# .venv/bin/tagspace index MUSIC
# .venv/bin/tagspace search MUSIC "part of a file name"
# .venv/bin/tagspace explore MUSIC PAGE
# ```
#
# The page then has one list, *sound*. To compare moods with styles, train models on the data set MERGE first: `tagspace
# model merge MODELS`.
#
# ## From a query to a ranking
#
# An index holds one vector of unit length per track and representation. The similarity of two tracks is the cosine of
# their vectors. A query may be a track, several tracks, or tags. A tag can be a query because it has a vector, too. In a
# model made by `tagspace model`, this is the mean vector of the training tracks, weighted by how related each is to the
# tag. In musicnn, it is the direction in which the network finds the tag more likely.
#
# Here the tracks nearest to the query are searched by two representations at once, moods and styles, with equal weights
# and without filters:

# %%
from tagspace.search.query import nearest

weights = dict.fromkeys(search.models, 1.0)
found = nearest(search.collection, [search.seed], weights=weights, number=5)

# %% tags=["remove-input"]
titles = search.collection.tracks.loc[found.index, ["artist", "title"]].agg(": ".join, axis=1)
present.table(
    found.set_index(titles.rename("track")),
    "The five tracks nearest to the query by both models together: the score of both, and of each model",
    digits=1,
)

# %% [markdown]
# ## What the score means
#
# Cosines cannot be compared between representations: in one, random tracks may have a cosine of .1 on average, in another
# one .8. So each cosine is compared with those of random pairs of tracks of the collection. For a query of one track, a
# score of 99 means that 99 % of the pairs are less similar. For several tracks, or for tags, the score is not a share of
# pairs; it only orders the hits. To combine representations, their cosines are standardised by the mean and standard
# deviation of the same pairs, and averaged with weights.
#
# Tracks of the query's artist may share voices, instruments and a studio with it. A search can leave them out, or list
# one track per artist or album. Only one copy of a recording is listed.
#
# ## Listen
#
# The query and its nearest tracks by other artists, for each of the two models. The percentage is the score. After it
# come the tags that the track shares with the query or, if it shares none, tags that musicnn predicts for the track and
# for the query. The percentage behind such a tag is the share of its predictions that were right on MERGE and Emotify; it
# is left out for tags that were predicted too rarely there.

# %% tags=["hide-input", "nbval-ignore-output"]
searching.listen_table(search)

# %% tags=["remove-cell"]
common = searching.common_hits(search, number=10)
present.numbers(
    {
        "search_hits": 10,
        "search_tracks": len(common),
        "search_median": f"{common.median():.0f}",
        "search_chance": f"{100 / (len(common) - 1):.1f}",
    }
)

# %% [markdown]
# **What we saw.** What counts as similar depends on the tags that a network was trained on. On the demo corpus this is
# so by construction: styles set tempo, metre, instruments and harmony; moods set the mode and shift tempo, density of
# notes and brightness. To see it on your own music, index it with a model for each tag set, and run this page with
# `-p collection FOLDER -p query "part of a file name" -p models moods+styles`.
#
# ## Exercises
#
# 1. Search by the first of the two representations alone. How many of the five tracks under "From a query to a ranking" are still among the five nearest?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
alone = nearest(search.collection, [search.seed], weights={search.models[0]: 1.0}, number=5)
print(f"{len(set(found.index) & set(alone.index))} of 5; the others are near by {search.models[1]}")

# %% [markdown]
# 2. Search with two queries: this page's query and its nearest neighbour. How many of the five tracks of exercise 1
#    stay?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
from tagspace.search.seeds import of_row

second = of_row(search.collection, int(found.index[0]))
both = nearest(search.collection, [search.seed, second], weights=weights, number=5)
print(
    f"{len(set(found.index) & set(both.index))} of 5; the neighbour is now a query, and no longer a hit"
)
