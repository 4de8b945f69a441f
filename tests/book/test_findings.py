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
    ("On MTG-Jamendo, overlap is best", "tfidf", "jamendo", {WORSE, UNDECIDED}),
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
    assert "improves with every step in topics and ends at the level of overlap" in prose(
        "relatedness"
    )
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
    ("encoders", "adds {glue:text}`emotify_head_artist` to it on Emotify", "encoders/emotify",
     "artist", "head", "musicnn", BETTER),
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
     "head, album left out", "head, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "album",
     "head, album left out", "head, all pairs", UNDECIDED),
    ("albums", "the album filter made no reliable difference", "albums/emotify", "artist",
     "head, album left out", "head, all pairs", UNDECIDED),
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
    assert "neither the number of topics nor the kind of batch changed the score" in prose(
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
    """The claims by triplets and by the graded loss, unfiltered and with the artist filter."""
    kept = measured.load("results/merge")
    return {
        (way, filtered): claims.claims_table(runs, NDCG, filtered)
        for way, runs in kept.groupby("variant")
        for filtered in ("none", "artist")
    }


VIEWS = [("triplets", "none"), ("triplets", "artist"), ("graded", "none"), ("graded", "artist")]
# What the page on results says, the claim, and what its interval must say in each view.
CLAIMS = [
    ("Training on genres alone is worse for moods in each of the four comparisons",
     "Genres serve moods", [WORSE] * 4),
    ("Moods did not teach more than styles", "Moods teach more than styles", [UNDECIDED] * 4),
    ("did not differ reliably from one set alone", "All sets teach more than one",
     [UNDECIDED] * 4),
    ("only for the graded loss, unfiltered", "The most topics are better than the fewest",
     [UNDECIDED, UNDECIDED, BETTER, UNDECIDED]),
    ("beyond 40 topics nothing changes reliably", "More topics are better than 40",
     [UNDECIDED] * 4),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "expected"), CLAIMS)
def test_a_claim_of_the_paper_holds_or_not_as_it_is_said(table_2, said, claim, expected):
    assert said in prose("results")
    assert [verdict(table_2[view].loc[claim]) for view in VIEWS] == expected


def test_genres_serve_genres_as_it_is_said(table_2):
    assert "For genres it is better with triplets and the artist filter" in prose("results")
    assert verdict(table_2["triplets", "artist"].loc["Genres serve genres"]) == BETTER


def test_losses_differ_as_it_is_said():
    page = prose("ablations")
    assert "regression is above triplets with the same relatedness" in page
    assert "On Emotify the losses do not differ reliably" in page
    found = {}
    for data in ("merge", "emotify"):
        kept = measured.load(f"ablations/{data}")
        for weights in ("LSI", "tf-idf"):
            for topics in (16, 40, 100, 1000):
                same = f"{weights} {topics}"
                compared = comparison.compare(kept, NDCG, f"triplet, {same}")
                for loss in ("regression", "listwise"):
                    found[data, loss, same] = verdict(compared.loc[f"{loss}, {same}"])
    assert found["merge", "regression", "tf-idf 100"] == BETTER
    assert {each for (data, *_), each in found.items() if data == "emotify"} == {UNDECIDED}


def test_other_settings_differ_as_it_is_said():
    page = prose("ablations")
    assert "No other setting was reliably better than the default on either collection" in page
    assert "only semihard mining differs reliably, and only on Emotify, where it is worse" in page
    for data, differing in {"merge": {}, "emotify": {"mining: semihard": WORSE}}.items():
        kept = measured.load(f"ablations/{data}")
        compared = comparison.compare(kept, NDCG, "triplet, LSI 16")
        others = [name for name in kept["variant"].unique() if ":" in name]
        found = {name: verdict(compared.loc[name]) for name in others}
        assert {name: each for name, each in found.items() if each != UNDECIDED} == differing
        topics = [name for name in kept["variant"].unique() if name.startswith("triplet")][1:]
        assert {verdict(compared.loc[name]) for name in topics} == {UNDECIDED}
