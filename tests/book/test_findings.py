"""Every verdict that a page words is what its measurements say: a test fails if they change."""

from pathlib import Path

import pytest

from compendium import claims, measured, tag_tables
from tagspace.runs import comparison, held_out_tags

ROOT = Path(__file__).parents[2]
NDCG = "graded nDCG@10"
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"


def prose(page):
    """Return the text of a page on one line, without the signs of comments."""
    scripts = list((ROOT / "notebooks").glob(f"{page}.py"))
    file = scripts[0] if scripts else ROOT / "book" / f"{page}.md"
    lines = file.read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines)


def verdict(row):
    """Say what the interval of a gain, or of a difference, says."""
    row = row.rename({"difference": "gain"})
    return comparison.verdict(row.to_frame().T).item()


# What a page says, and the kinds of relatedness that must differ so from a reference.
RELATEDNESS = [
    ("Binary LSI never beats plain overlap", "lsi", "msd", {WORSE, UNDECIDED}),
    ("Binary LSI never beats plain overlap", "lsi", "jamendo", {WORSE, UNDECIDED}),
    ("LDA is below overlap on both", "lda", "msd", {WORSE}),
    ("LDA is below overlap on both", "lda", "jamendo", {WORSE}),
    (
        "On MTG-Jamendo, nothing is reliably better than overlap",
        "tfidf",
        "jamendo",
        {WORSE, UNDECIDED},
    ),
]


@pytest.mark.parametrize(("said", "kind", "data", "accepted"), RELATEDNESS)
def test_a_kind_of_relatedness_differs_from_overlap_as_it_is_said(said, kind, data, accepted):
    assert said in prose("relatedness")
    kept = measured.relatedness()
    rows = tag_tables.held_out_means(kept[kept["data"] == data])
    rows = rows[rows["kind"] == kind]
    assert len(rows)
    assert {verdict(row) for _, row in rows.iterrows()} <= accepted


def test_tf_idf_weights_beat_overlap_from_40_topics_on():
    assert "is above overlap from 40 topics on" in prose("relatedness")
    kept = measured.relatedness()
    rows = tag_tables.held_out_means(kept[kept["data"] == "msd"])
    weighted = rows[(rows["kind"] == "tfidf") & (rows["topics"] >= 40)]
    assert len(weighted) >= 4
    assert (weighted["low"] > 0).all()
    less = rows[(rows["kind"] == "tfidf") & (rows["topics"] < 25)]
    assert (less["high"] < 0).all()


def test_lsi_improves_with_every_step_in_topics():
    assert "binary LSI improves with every step in topics" in prose("relatedness")
    assert "the cosine, which does not differ reliably from overlap" in prose("relatedness")
    kept = measured.relatedness()
    rows = tag_tables.held_out_means(kept[kept["data"] == "msd"]).set_index("kind")
    values = rows.loc["lsi"].set_index("topics")["value"].sort_index()
    assert values.is_monotonic_increasing
    assert rows.loc["cosine", "value"] > values.max()
    assert verdict(rows.loc["cosine"]) == UNDECIDED


def test_styles_predict_genres_best():
    assert "Styles alone predict genres" in prose("relatedness")
    kept = measured.relatedness()
    genres = tag_tables.held_out_matrix(kept[kept["data"] == "msd"], "overlap")["genres"]
    assert genres.idxmax() == "styles"
    assert genres["styles"] > genres[held_out_tags.OTHERS]


# Page, its words, kept runs, filter, system, reference, and what the interval must say.
VERDICTS = [
    ("encoders", "Its frozen vectors rank related clips better", "encoders/merge", "none",
     "musicnn", "network by triplets", BETTER),
    ("encoders", "Its frozen vectors rank related clips better", "encoders/emotify", "none",
     "musicnn", "network by triplets", BETTER),
    ("encoders", "is above frozen musicnn on Emotify", "encoders/emotify", "artist",
     "head", "musicnn", BETTER),
    ("encoders", "is above frozen musicnn on Emotify", "encoders/emotify", "none",
     "head", "musicnn", BETTER),
    ("encoders", "On MERGE the head does not differ reliably", "encoders/merge", "artist",
     "head", "musicnn", UNDECIDED),
    ("encoders", "learned something from about 270 clips", "encoders/merge", "none",
     "network by triplets", "untrained", BETTER),
    ("encoders", "learned something from about 270 clips", "encoders/emotify", "none",
     "network by triplets", "untrained", BETTER),
    ("encoders", "both heads are above frozen musicnn on Emotify", "encoders/emotify", "artist",
     "head by triplets", "musicnn", BETTER),
    ("encoders", "and neither is on MERGE", "encoders/merge", "artist",
     "head by triplets", "musicnn", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "none",
     "head, no pairs of an album", "head, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "album",
     "head, no pairs of an album", "head, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "artist",
     "head, no pairs of an album", "head, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "none",
     "network, no pairs of an album", "network, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "artist",
     "network, no pairs of an album", "network, all pairs", UNDECIDED),
    ("encoders", "the listwise loss and triplets do not differ reliably", "encoders/merge", "none",
     "network", "network by triplets", UNDECIDED),
    ("encoders", "the listwise loss and triplets do not differ reliably", "encoders/emotify",
     "none", "network", "network by triplets", UNDECIDED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "said", "name", "filtered", "system", "against", "expected"), VERDICTS
)
def test_a_system_differs_from_another_as_it_is_said(
    page, said, name, filtered, system, against, expected
):
    assert said in prose(page)
    compared = comparison.compare(measured.load(name), NDCG, against, filtered=filtered)
    assert verdict(compared.loc[system]) == expected


OTHER_WAYS = [
    "LSI, pairs", "tf-idf LSI, listwise", "overlap, triplets", "overlap, listwise",
    "LDA, triplets", "artist, triplets", "tagger",
]  # fmt: skip


@pytest.mark.parametrize("filtered", ["none", "artist"])
@pytest.mark.parametrize(("data", "worse"), [("merge", []), ("emotify", OTHER_WAYS[0:6:5])])
def test_other_ways_to_learn_differ_from_lsi_triplets_as_it_is_said(data, worse, filtered):
    page = prose("related")
    assert "No alternative to LSI triplets was reliably better" in page
    assert "On MERGE, none of them differed reliably from LSI triplets" in page
    assert "on Emotify, pairs" in page
    assert "and artist labels" in page
    assert "all others were statistically indistinguishable" in page
    kept = measured.load(f"related/{data}")
    compared = comparison.compare(kept, NDCG, "LSI, triplets", filtered=filtered)
    found = {name: verdict(compared.loc[name]) for name in OTHER_WAYS}
    assert found == {name: WORSE if name in worse else UNDECIDED for name in OTHER_WAYS}


@pytest.mark.parametrize("data", ["merge", "emotify"])
def test_topics_and_batches_change_no_score_as_it_is_said(data):
    assert "neither the number of topics nor the kind of batch changed the score reliably" in prose(
        "batches"
    )
    kept = measured.load(f"batches/{data}")
    compared = comparison.compare(kept, NDCG, "16 topics")
    others = [name for name in kept["variant"].unique() if name != "16 topics"]
    assert {verdict(compared.loc[name]) for name in others} == {UNDECIDED}
    for topics in (40, 100, 1000):
        over_random = comparison.compare(kept, NDCG, f"{topics} topics")
        assert verdict(over_random.loc[f"{topics} topics, related"]) == UNDECIDED


@pytest.fixture(scope="module")
def table_2():
    """The claims by triplets and by the listwise loss, unfiltered and with the artist filter."""
    kept = measured.load("results/merge")
    return {
        (way, filtered): claims.claims_table(runs, NDCG, filtered)
        for way, runs in kept.groupby("variant")
        for filtered in ("none", "artist")
    }


LISTWISE = "listwise, tf-idf"
VIEWS = [("triplets", "none"), ("triplets", "artist"), (LISTWISE, "none"), (LISTWISE, "artist")]
# What the page on results says, the claim, and what its interval must say in each view.
CLAIMS = [
    ("training on genres alone is better for genres and worse for moods and themes",
     "Genres over another set, for moods", [WORSE] * 4),
    ("training on genres alone is better for genres and worse for moods and themes",
     "Genres over another set, for themes", [WORSE] * 4),
    ("training on genres alone is better for genres and worse for moods and themes",
     "Genres over another set, for genres", [BETTER] * 4),
    ("for styles it made no reliable difference",
     "Genres over another set, for styles", [UNDECIDED] * 4),
    ("Training on moods or on styles made no reliable difference",
     "Moods over styles", [UNDECIDED] * 4),
    ("All four sets were better than one set only with the listwise loss",
     "All sets over one set", [UNDECIDED, UNDECIDED, BETTER, BETTER]),
    ("only for the listwise loss, unfiltered", "Most topics over fewest",
     [UNDECIDED, UNDECIDED, BETTER, UNDECIDED]),
    ("beyond 40 topics nothing changes reliably", "Most topics over 40",
     [UNDECIDED] * 4),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "expected"), CLAIMS)
def test_a_claim_of_the_paper_holds_or_not_as_it_is_said(table_2, said, claim, expected):
    assert said in prose("results")
    assert [verdict(table_2[view].loc[claim]) for view in VIEWS] == expected


def test_losses_differ_as_it_is_said():
    page = prose("ablations")
    assert "in 24 different comparisons" in page
    assert "One interval excludes zero: regression with LSI of 40 topics on MERGE" in page
    found = {}
    for data in ("merge", "emotify"):
        kept = measured.load(f"ablations/{data}")
        for weights in ("LSI", "tf-idf"):
            for topics in (16, 40, 100, 1000):
                same = f"{weights} {topics}"
                compared = comparison.compare(kept, NDCG, f"triplet, {same}")
                for loss in ("regression", "listwise"):
                    found[data, loss, same] = verdict(compared.loc[f"{loss}, {same}"])
        means = compared.loc[[name for name in kept["variant"].unique() if "," in name], "mean"]
        assert means.max() / means.min() < 1.04
    assert "the points of a panel differ by less than 4 %" in page
    assert len(found) == 32  # on Emotify, 40, 100 and all topics are the same model
    decided = {key: each for key, each in found.items() if each != UNDECIDED}
    assert decided == {("merge", "regression", "LSI 40"): BETTER}
    assert "regression does not differ reliably from it" in page
    for data in ("merge", "emotify"):
        kept = measured.load(f"ablations/{data}")
        over_listwise = comparison.compare(kept, NDCG, "listwise, tf-idf 100")
        assert verdict(over_listwise.loc["regression, tf-idf 100"]) == UNDECIDED


def test_other_settings_differ_as_it_is_said():
    page = prose("ablations")
    assert "only literal mining differed reliably: it was worse on Emotify" in page
    for data, differing in {"merge": {}, "emotify": {"mining: literal": WORSE}}.items():
        kept = measured.load(f"ablations/{data}")
        compared = comparison.compare(kept, NDCG, "triplet, LSI 16")
        others = [name for name in kept["variant"].unique() if ":" in name]
        assert len(others) == 15
        found = {name: verdict(compared.loc[name]) for name in others}
        assert {name: each for name, each in found.items() if each != UNDECIDED} == differing
        topics = [name for name in kept["variant"].unique() if name.startswith("triplet")][1:]
        assert {verdict(compared.loc[name]) for name in topics} == {UNDECIDED}


@pytest.mark.parametrize("data", ["merge", "emotify"])
def test_settings_of_the_network_differ_as_it_is_said(data):
    page = prose("encoders")
    assert "The listwise loss has the highest mean on both collections" in page
    assert "no setting differs reliably from triplets" in page
    kept = measured.load(f"settings/{data}")
    compared = comparison.compare(kept, NDCG, "triplets").loc[kept["variant"].unique()]
    assert compared["mean"].idxmax() == "listwise, tf-idf, 100 topics"
    assert {verdict(row) for _, row in compared.drop("triplets").iterrows()} == {UNDECIDED}


def test_the_album_of_the_query_is_found_as_it_is_said():
    page = prose("albums")
    assert "the query's own album three to four times as often as by chance" in page
    assert "All systems that use sound find the album more often than chance" in page
    rows = comparison.select(measured.load("albums/emotify"), "exact P@10")
    rows = rows[rows["task"] == "album"]
    times = rows.groupby("representation")["value"].mean() / rows["chance"].mean()
    network = rows[rows["variant"] == "network, no pairs of an album"]
    trained = network.loc[network["representation"] == "trained", "value"].mean()
    assert 3 < trained / rows["chance"].mean() < 4.1
    assert 3 < times["musicnn"] < 4.1
    assert (times.drop("random") > 1.5).all()
    assert times["random"] < 1.2
