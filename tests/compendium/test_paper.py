"""The paper's own figures, as far as they check one another."""

import pytest

from compendium import paper

SETS = ["genres", "styles", "moods", "themes"]


def test_table_1_has_both_halves():
    everything, intersection = paper.table_1("all"), paper.table_1("intersection")
    assert everything.index.tolist() == intersection.index.tolist() == SETS
    assert intersection["tags"].sum() == 1305
    assert set(intersection["tracks"]) == {143_587}
    assert (intersection <= everything).all(axis=None)


def test_figure_2_has_the_ten_most_frequent_tags_of_each_set():
    bars = paper.figure_2()
    assert bars.groupby("tagset", sort=False).size().to_dict() == dict.fromkeys(SETS, 10)
    assert all(rows["tracks"].is_monotonic_decreasing for _, rows in bars.groupby("tagset"))
    limits = paper.table_1("all")["tracks"]
    assert (bars["tracks"] <= bars["tagset"].map(limits)).all()
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
    assert table.index.get_level_values("topics").min() == 3
    assert table.index.get_level_values("topics").max() == 400
    moods = table.loc[("moods", 160)]
    assert moods["album"] / moods["moods"] == pytest.approx(0.77, abs=0.005)
    # Tracks of one album share their tags: no column of tags lies below that of the album.
    assert all((table["album"] <= table[name]).all() for name in SETS)
