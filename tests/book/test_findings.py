"""Every verdict that a page words is what its measurements say: a test fails if they change."""

import re
from pathlib import Path

import jupytext
import pytest

from compendium import claims, measured, paper, tag_tables
from tagspace.runs import comparison, held_out_tags

ROOT = Path(__file__).parents[2]
NDCG = "graded nDCG@10"
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"


def prose(page):
    """Return the text of a page on one line, without the signs of comments and of links."""
    scripts = list((ROOT / "notebooks").glob(f"{page}.py"))
    file = scripts[0] if scripts else ROOT / "book" / f"{page}.md"
    lines = file.read_text(encoding="utf-8").splitlines()
    text = " ".join(line.removeprefix("#").strip() for line in lines)
    return re.sub(r"\{term\}`([^`<]*?)(?: <[^>]*>)?`", r"\1", text)


def recorded(page):
    """Return the numbers that the notebook gave to its text when it was executed."""
    notebook = jupytext.read(ROOT / "notebooks" / f"{page}.ipynb")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return {
        output["metadata"]["scrapbook"]["name"]: "".join(*output["data"].values()).strip("'")
        for output in outputs
        if len(output.get("data", {})) == 1 and "scrapbook" in output.get("metadata", {})
    }


def verdict(row):
    """Say what the interval of a gain, or of a difference, says."""
    row = row.rename({"difference": "gain"})
    return comparison.verdict(row.to_frame().T).item()


# What a page says, and the kinds of relatedness that must differ so from a reference.
RELATEDNESS = [
    ("Binary LSI was never reliably better", "lsi", "msd", {WORSE, UNDECIDED}),
    ("Binary LSI was never reliably better", "lsi", "jamendo", {WORSE, UNDECIDED}),
    ("On MTG-Jamendo, nothing is reliably better", "lsi", "jamendo", {WORSE, UNDECIDED}),
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
    assert "tf-idf weighting is above overlap from 40 topics on" in prose("relatedness")
    kept = measured.relatedness()
    rows = tag_tables.held_out_means(kept[kept["data"] == "msd"])
    weighted = rows[(rows["kind"] == "tfidf") & (rows["topics"] >= 40)]
    assert len(weighted) >= 4
    assert (weighted["low"] > 0).all()
    less = rows[(rows["kind"] == "tfidf") & (rows["topics"] < 25)]
    assert (less["high"] < 0).all()


def test_weights_help_as_it_is_said():
    page = prose("relatedness")
    assert "Binary LSI was never reliably better than plain overlap of tags" in page
    assert (
        "With more weight on rare tags, LSI was reliably better than overlap on one data set of two"
        in page
    )
    assert "and more topics add little" in page
    assert "(the `cosine`) it does not differ reliably from overlap" in page
    kept = measured.relatedness()
    rows = tag_tables.held_out_means(kept[kept["data"] == "msd"]).set_index(["kind", "topics"])
    assert rows.loc["tfidf"]["value"].max() > rows.loc["lsi"]["value"].max()
    assert rows.loc["tfidf"]["value"].max() - rows.loc[("tfidf", 100), "value"] < 0.005
    assert verdict(rows.loc["tfidf", 100]) == BETTER
    assert verdict(rows.loc["cosine", 0]) == UNDECIDED


def test_styles_predict_genres_best():
    assert "Genres are predicted best from styles alone" in prose("relatedness")
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
    ("encoders", "on MERGE it does not differ reliably", "encoders/merge", "artist",
     "head", "musicnn", UNDECIDED),
    ("encoders", "learned something from about 270 clips", "encoders/merge", "none",
     "network by triplets", "untrained", BETTER),
    ("encoders", "learned something from about 270 clips", "encoders/emotify", "none",
     "network by triplets", "untrained", BETTER),
    ("encoders", "both heads rank better than frozen musicnn on Emotify", "encoders/emotify",
     "artist", "head by triplets", "musicnn", BETTER),
    ("encoders", "neither does on MERGE", "encoders/merge", "artist",
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
    *(
        ("introduction", said, f"encoders/{data}", "none", system, against, BETTER)
        for data in ("merge", "emotify")
        for said, system, against in [
            ("The method works with few tracks", "network by triplets", "untrained"),
            ("A pretrained encoder matters more than the loss", "musicnn", "network by triplets"),
        ]
    ),
    *(
        ("introduction", "by the listwise loss instead of the paper's triplets made no reliable",
         f"encoders/{data}", "none", "network", "network by triplets", UNDECIDED)
        for data in ("merge", "emotify")
    ),
    ("conclusions", "above hand-crafted timbre and rhythm on Emotify", "encoders/emotify", "none",
     "network by triplets", "timbre+rhythm", BETTER),
    ("conclusions", "on MERGE it does not differ reliably from them", "encoders/merge", "none",
     "network by triplets", "timbre+rhythm", UNDECIDED),
    ("conclusions", "A pretrained encoder helps more than the choice of loss",
     "encoders/emotify", "none", "musicnn", "network by triplets", BETTER),
    ("conclusions", "on MERGE it makes no reliable difference", "encoders/merge", "artist",
     "head", "musicnn", UNDECIDED),
    ("conclusions", "the listwise loss makes no reliable difference from triplets",
     "encoders/emotify", "none", "network", "network by triplets", UNDECIDED),
    ("baselines", "even frozen musicnn without a head does not differ reliably",
     "baselines/merge", "artist", "musicnn", "LSI, triplets", UNDECIDED),
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
    page = prose("baselines")
    assert "No alternative to LSI triplets was reliably better" in page
    assert "On MERGE, none of them differed reliably from LSI triplets" in page
    assert "on Emotify, pairs" in page
    assert "and artist labels" in page
    assert "the other five heads were statistically indistinguishable" in page
    assert "only siamese pairs are reliably worse, on Emotify" in prose("conclusions")
    kept = measured.load(f"baselines/{data}")
    compared = comparison.compare(kept, NDCG, "LSI, triplets", filtered=filtered)
    found = {name: verdict(compared.loc[name]) for name in OTHER_WAYS}
    assert found == {name: WORSE if name in worse else UNDECIDED for name in OTHER_WAYS}


@pytest.mark.parametrize("data", ["merge", "emotify"])
def test_topics_and_batches_change_no_score_as_it_is_said(data):
    assert "Neither the number of topics nor the kind of batch changed the score reliably" in prose(
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
    ("Training on moods instead of styles made no reliable difference",
     "Moods over styles", [UNDECIDED] * 4),
    ("With the listwise loss, training on all four sets was better than on one",
     "All sets over one set", [UNDECIDED, UNDECIDED, BETTER, BETTER]),
    ("only for the listwise loss, unfiltered", "Most topics over fewest",
     [UNDECIDED, UNDECIDED, BETTER, UNDECIDED]),
    ("beyond 40 topics nothing changes reliably", "Most topics over 40",
     [UNDECIDED] * 4),
    ("The other claims are confirmed in part or not at all on MERGE",
     "Combinations with moods over those without", [UNDECIDED] * 4),
]  # fmt: skip


@pytest.mark.parametrize(("said", "claim", "expected"), CLAIMS)
def test_a_claim_of_the_paper_holds_or_not_as_it_is_said(table_2, said, claim, expected):
    assert said in prose("results")
    assert [verdict(table_2[view].loc[claim]) for view in VIEWS] == expected


def test_losses_differ_as_it_is_said():
    page = prose("ablations")
    assert "This makes 16 comparisons on MERGE." in page
    assert "are the same there, which leaves 8." in page
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
    said = "tf-idf weighted LSI does not differ reliably from binary LSI at any number of topics"
    assert said in page
    for data in ("merge", "emotify"):
        for topics in (16, 40, 100, 1000):
            kept = measured.load(f"ablations/{data}")
            compared = comparison.compare(kept, NDCG, f"triplet, LSI {topics}")
            assert verdict(compared.loc[f"triplet, tf-idf {topics}"]) == UNDECIDED
    assert "regression with the same weights and topics does not differ reliably from it" in page
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
    assert "Every system finds the query's own album more often than chance" in page
    assert "by every system that uses sound" in page
    assert "finds the album more often than the trained network" in page
    rows = comparison.select(measured.load("albums/emotify"), "exact P@10")
    rows = rows[rows["task"] == "album"]
    times = rows.groupby("representation", observed=True)["value"].mean() / rows["chance"].mean()
    assert (times.drop("random") > 1.5).all()
    assert times["random"] < 1.2
    networks = rows[rows["variant"].str.startswith("network")]
    trained = networks[networks["representation"] == "trained"]["value"].mean()
    assert rows[rows["representation"] == "tags"]["value"].mean() > trained


def test_readings_of_a_hit_fit_as_it_is_said():
    page = prose("precision")
    assert 'only "two thirds of all tags" and "the same tags" fit' in page
    assert "for genres, chance is above the paper's best network" in page
    assert "for styles and themes it is above the paper's lowest network" in page
    readings = measured.hits().drop(columns="tracks")
    lowest = paper.table_2()[list(readings.index)].min()
    fits = readings.lt(lowest, axis=0)
    assert list(fits.columns[fits.all()]) == ["two thirds of all tags", "the same tags"]
    assert fits["half of all tags"].to_dict() == {
        "genres": False, "styles": False, "moods": True, "themes": False,
    }  # fmt: skip
    best = paper.table_2()[list(readings.index)].max()
    is_above = readings["half of all tags"] > best
    assert is_above["genres"]
    assert not is_above.drop("genres").any()


def test_three_quarters_of_the_hits_for_moods_are_of_the_album():
    assert (
        "Three quarters of the neighbours that the paper counts as right for moods "
        "come from the query's own album" in prose("introduction")
    )
    published = paper.table_2()
    assert (published["album"] / published["moods"]).between(0.7, 0.8).all()


def test_triplets_learn_or_do_not_as_it_is_said():
    page, found = prose("triplets"), recorded("triplets")
    assert "The easiest triplets are soon solved" in page
    assert found["active_literal"] == "0"
    assert "none of these violates the margin, and learning stops" in page
    assert int(found["active_all"].replace(",", "")) > 100
    assert "the mean distance falls to {glue:text}`spread_hard`" in page
    assert float(found["spread_hard"]) < 0.1 < float(found["spread_all"])


def test_both_stacks_react_as_it_is_said():
    page, found = prose("dpnn"), recorded("dpnn")
    assert "Both stacks hear both time and frequency" in page
    assert "A tendency agrees with the paper's roles" in page
    assert "The untrained network has the same tendency" in page
    for state in ("untrained", "trained"):
        changes = {
            name.removeprefix(f"{state}_"): float(text)
            for name, text in found.items()
            if name.startswith(f"{state}_")
        }
        assert min(changes.values()) > 0.5
        assert changes["left_frames"] < changes["right_frames"]
        assert changes["left_bands"] > changes["right_bands"]


def test_training_on_the_demo_corpus_helps_as_it_is_said():
    assert "ranks related tracks better than the same network untrained" in prose("train")
    found = recorded("train")
    for filtered in ("none", "artist"):
        assert float(found[f"demo_trained_{filtered}"]) > float(found[f"demo_untrained_{filtered}"])


def test_training_is_nearly_all_of_the_cost():
    assert "**Training takes {glue:text}`training_share` of the cost.**" in prose("cost")
    assert int(recorded("cost")["training_share"].rstrip(" %")) >= 90


def test_few_topics_relate_tracks_without_a_common_tag():
    assert "With few topics, tracks that share no tag can be related" in prose("topics")
    assert 2 <= int(recorded("topics")["topics_strangers"]) <= 8


def test_related_batches_cure_what_random_batches_lack():
    assert "With many topics, random batches hold few triplets" in prose("batches")
    msd = measured.anchors().loc["msd"].xs(128, level="batch").droplevel("tracks")
    assert msd["uniform: anchors"].is_monotonic_decreasing
    assert msd.loc[340, "uniform: anchors"] < 0.1
    assert (msd["related: anchors"] > 0.99).all()


def test_no_damaged_input_was_lost():
    assert "damaged inputs gave valid data or one clear error.**" in prose("faults")
    assert "did not differ to four digits" in prose("faults")
    assert measured.differences().groupby("precision")["untrained"].nunique().eq(1).all()
    assert measured.survived()["lost"].sum() == 0


def test_all_measures_rank_the_systems_as_it_is_said():
    assert "all five measures rank musicnn first and `trained` second" in prose("precision")
    kept = measured.load("encoders/merge")
    network = kept["variant"] == "network by triplets"
    kept = kept[network | (kept["representation"] != "trained")]
    tables = [comparison.mean_table(kept, measure) for measure in comparison.MEASURES]
    found = [table["mean"].drop(["tags", "random"]) for table in tables if len(table)]
    assert [list(values.nlargest(2).index) for values in found] == [["musicnn", "trained"]] * 5
