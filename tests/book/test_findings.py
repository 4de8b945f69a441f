"""Every verdict that a page words is what its measurements say: a test fails if they change."""

from pathlib import Path

import pytest

from compendium import measured, tag_tables
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
    """Say what an interval says."""
    return BETTER if row["low"] > 0 else WORSE if row["high"] < 0 else UNDECIDED


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
    ("encoders", "where the interval contains zero", "encoders/merge", "none",
     "head", "musicnn", UNDECIDED),
    ("encoders", "Its frozen vectors rank related clips better", "encoders/merge", "none",
     "musicnn", "network by triplets", BETTER),
    ("encoders", "Its frozen vectors rank related clips better", "encoders/emotify", "none",
     "musicnn", "network by triplets", BETTER),
    ("encoders", "learned something from about 270 clips", "encoders/merge", "none",
     "network by triplets", "untrained", BETTER),
    ("encoders", "learned something from about 270 clips", "encoders/emotify", "none",
     "network by triplets", "untrained", BETTER),
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
