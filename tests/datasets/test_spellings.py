"""Spellings of tags are found within a tag set, and merged into the most frequent one."""

import pandas as pd

from tagspace.datasets.spellings import merge_spellings, other_spellings, spelling_key

ROWS = [
    *(("a", "genres", "Hip-Hop"), ("b", "genres", "Hip-Hop"), ("c", "genres", "hip hop")),
    *(("d", "genres", "HipHop"), ("c", "genres", "Hip-Hop"), ("a", "moods", "hip hop")),
    *(
        ("a", "moods", "Caf\u00e9"),
        ("b", "moods", "Cafe\u0301"),
        ("b", "moods", "!"),
        ("c", "moods", "?"),
    ),
]
TAGS = pd.DataFrame(ROWS, columns=["track_id", "tagset", "tag"])


def test_the_most_frequent_spelling_of_each_tag_set_is_found():
    assert other_spellings(TAGS).to_numpy().tolist() == [
        ["genres", "HipHop", "Hip-Hop"],
        ["genres", "hip hop", "Hip-Hop"],
        ["moods", "Caf\u00e9", "Cafe\u0301"],
    ]


def test_merged_tags_are_listed_once_per_track():
    merged = merge_spellings(TAGS)
    assert set(merged.itertuples(index=False, name=None)) == {
        *((track, "genres", "Hip-Hop") for track in "abcd"),
        *(("a", "moods", tag) for tag in ("hip hop", "Cafe\u0301")),
        *(("b", "moods", tag) for tag in ("Cafe\u0301", "!")),
        ("c", "moods", "?"),
    }
    assert len(merged) == 9


def test_tags_of_one_spelling_stay_as_they_are():
    tags = pd.DataFrame([("a", "x", "one"), ("b", "x", "two")], columns=TAGS.columns)
    assert other_spellings(tags).empty
    pd.testing.assert_frame_equal(merge_spellings(tags), tags)


def test_tags_without_letters_or_digits_stay_different():
    assert spelling_key("!") != spelling_key("?")
    assert spelling_key("\u97f3\u697d") == "\u97f3\u697d"
