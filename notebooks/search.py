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
# **The same track has other neighbours by mood than by style.** Choose a track and play its neighbours. The lists show
# the tracks nearest to it in three respects, and mark the tags that both tracks carry. For the first track shown, the
# {glue:text}`search_hits` nearest by mood and the {glue:text}`search_hits` nearest by style have
# {glue:text}`search_common` in common.
#
# ```{raw} html
# <link rel="stylesheet" href="../_static/explorer.css">
# <div id="explorer"></div>
# <script src="../_static/explorer/data.js"></script>
# <script src="../_static/explorer.js"></script>
# ```
#
# *You will learn* how a query becomes a ranking, what the score means, how respects are combined, and how to search
# your own music. *Six minutes.*
#
# - *sound* is musicnn {cite}`pons2019`, a public network that was trained to tag music, used as it is.
# - *trained_on_moods* and *trained_on_styles* are the paper's network, trained from scratch on the moods, or on the
#   styles, of the training tracks of the demo corpus.
#
# The tracks are the test tracks of the synthetic {term}`demo corpus`; the networks were trained on tracks of other
# artists. A score of 99 % means that 99 of 100 pairs of tracks are less similar. The first track was chosen by a rule:
# many of its ten nearest tracks by other artists share a mood with it (trained on moods) or a style (trained on
# styles), and the two lists have few tracks in common. Most other tracks show a smaller difference.

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
# The page then has one list, *sound*. To compare moods with styles, train models first: `tagspace model merge MODELS`.
#
# ## From a query to a ranking
#
# An index holds one vector of unit length per track and respect. The similarity of two tracks is the cosine of their
# vectors. A query may be a track, several tracks, or tags. Tags are points among the tracks. In a model made by
# `tagspace model`, a tag lies at the mean of the training tracks that are related to it. In musicnn, it is the
# direction in which the network finds the tag more likely.
#
# Here the query is searched in two respects at once, with equal weights and without filters:

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
# Cosines cannot be compared between respects: in one, random tracks may have a cosine of .1 on average, in another
# one .8. So each cosine is compared with those of random pairs of tracks of the collection. For a query of one track,
# a score of 99 means that 99 % of the pairs are less similar. For several tracks, or for tags, scores only order the
# hits. To combine respects, their cosines are standardised by the mean and standard deviation of the same pairs, and
# averaged with weights.
#
# Tracks of the query's artist are often nearest, because they share voices, instruments and a studio. A search can
# leave them out, or list one track per artist or album. Of several copies of one recording, one is listed.
#
# ## Listen
#
# The query and its nearest tracks by other artists, for each of the two models. The percentage is the score. The tags
# that a track shares with the query follow it, or else those predicted for both.

# %% tags=["hide-input", "nbval-ignore-output"]
searching.listen_table(search)

# %% tags=["remove-cell"]
near = [set(search.hits(name, 10).index) for name in search.models]
present.numbers({"search_hits": len(near[0]), "search_common": len(set.intersection(*near))})

# %% [markdown]
# **What we saw.** What counts as similar depends on the tags that a network was trained on. On the demo corpus this is
# so by construction: styles set tempo, metre, instruments and harmony; moods set the mode and shift tempo, density of
# notes and brightness. On your own music, index it with a model for each tag set, and run this page with
# `-p collection FOLDER -p query "part of a file name" -p models moods+styles`.
#
# ## Exercises
#
# 1. Search by the first model alone. How many of the five tracks stay?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
alone = nearest(search.collection, [search.seed], weights={search.models[0]: 1.0}, number=5)
print(f"{len(set(found.index) & set(alone.index))} of 5")

# %% [markdown]
# 2. Take the nearest track as a second query. Both should be near to what is found. How many of the five tracks stay?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
from tagspace.search.seeds import of_row

second = of_row(search.collection, int(found.index[0]))
both = nearest(search.collection, [search.seed, second], weights=weights, number=5)
print(f"{len(set(found.index) & set(both.index))} of 5")
