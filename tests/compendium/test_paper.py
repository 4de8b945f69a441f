"""The paper's published results are complete and agree with one another."""

import pytest

from compendium import paper

SETS = ["genres", "styles", "moods", "themes"]


def test_table_1_has_both_halves():
    labelled, intersection = paper.table_1("all"), paper.table_1("intersection")
    assert labelled.index.tolist() == intersection.index.tolist() == SETS
    assert intersection["tags"].sum() == 1305
    assert set(intersection["tracks"]) == {143_587}
    assert (intersection <= labelled).all(axis=None)


def test_figure_2_has_the_ten_most_frequent_tags_of_each_set():
    bars = paper.figure_2()
    assert bars.groupby("tagset", sort=False).size().to_dict() == dict.fromkeys(SETS, 10)
    assert all(rows["tracks"].is_monotonic_decreasing for _, rows in bars.groupby("tagset"))
    n_labelled = paper.table_1("all")["tracks"]
    assert (bars["tracks"] <= bars["tagset"].map(n_labelled)).all()
    playful = bars[bars["tag"] == "Playful"].set_index("tagset")["tracks"]
    assert playful.to_dict() == {"moods": 51_600, "themes": 14_800}


def test_table_2_has_thirty_rows_of_fifteen_combinations():
    table = paper.table_2()
    assert len(table) == 30
    assert table.index.is_unique
    combinations = table.index.get_level_values("tagsets").unique()
    assert len(combinations) == 15
    assert combinations[[0, 4, -1]].tolist() == ["genres", "genres+moods", "+".join(SETS)]
    assert table.columns.tolist() == [*SETS, "artist", "album"]
    assert table.index[0] == ("genres", 3)
    topics = table.index.get_level_values("topics")
    assert (topics.min(), topics.max()) == (3, 400)


def test_table_2_has_no_precision_below_that_of_the_album():
    # Tracks of one album share their tags, so every track of the album is a hit.
    table = paper.table_2()
    assert all((table["album"] <= table[name]).all() for name in SETS)
    moods = table.loc[("moods", 160)]
    assert moods["album"] / moods["moods"] == pytest.approx(0.77, abs=0.005)
