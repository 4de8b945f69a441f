"""Tables, figures and code are shown as they are."""

import re

import pandas as pd
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from compendium import present, style
from compendium.topics_slider import topics_slider
from tagspace.tags.lsi import LSI, unit_length


@pytest.fixture
def glued(monkeypatch):
    """What is glued, by name."""
    found = {}
    monkeypatch.setattr(present, "glue", lambda name, value, **_: found.update({name: value}))
    return found


def test_numbers_are_given_as_text(glued):
    present.numbers({"a": 3, "b": "4 %"})
    assert glued == {"a": "3", "b": "4 %"}


def test_a_figure_has_its_panels_and_an_alternative_text(glued):
    panels = [style.panel(title)[0] for title in ("one", "two")]
    present.figure("name", panels, 'a "figure" & more')
    page = glued["name"].data
    assert page.count("<svg") == 2
    assert 'role="img" aria-label="a &quot;figure&quot; &amp; more"' in page


def test_a_real_shell_glues_figures_and_numbers():
    shell = InteractiveShell.instance()
    publisher = CapturingDisplayPublisher()
    previous, shell.display_pub = shell.display_pub, publisher
    try:
        present.numbers({"a": 3})
    finally:
        shell.display_pub = previous
    (output,) = publisher.outputs
    assert output["metadata"]["scrapbook"]["name"] == "a"


def rows_of(page):
    return [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)
    ]


def test_a_table_has_one_header_row_and_three_digits():
    index = pd.MultiIndex.from_tuples([("a", 2), ("b", 3)], names=["set", "topics"])
    columns = pd.MultiIndex.from_tuples([("x", "mean"), ("y", "")])
    frame = pd.DataFrame([[0.12345, 1000], [1.0, 2]], index, columns)
    assert rows_of(present.table(frame, "a & b").data) == [
        ["set", "topics", "x, mean", "y"],
        ["a", "2", "0.123", "1,000"],
        ["b", "3", "1", "2"],
    ]


def test_a_plain_index_is_not_shown():
    page = present.table(pd.DataFrame({"what": ["<b>"], "met": [True]}), "x").data
    assert rows_of(page) == [["what", "met"], ["&lt;b&gt;", "yes"]]


def test_addresses_are_links():
    page = present.table(pd.DataFrame({"page": ["https://x.org/?a&b"]}), "x").data
    assert '<a href="https://x.org/?a&amp;b">https://x.org/?a&amp;b</a>' in page


def test_missing_values_are_empty():
    page = present.table(pd.DataFrame({"x": [float("nan"), 0.5]}, index=["a", "b"]), "x").data
    assert rows_of(page)[1:] == [["a", ""], ["b", "0.500"]]


def test_numbers_are_to_the_right_and_words_to_the_left():
    frame = pd.DataFrame({"n": [1], "gain": ["+1.0 % [+0.5, +1.5]"], "why": ["as 1"]}, index=["a"])
    page = present.table(frame, "x").data
    kinds = re.findall(r'<td class="(\w+)">', page)
    assert kinds == ["number", "number", "text"]


def test_the_best_cells_are_bold():
    frame = pd.DataFrame({"x": [1.5, 2.5]}, index=["a", "b"])
    page = present.table(frame, "x", best=frame == 2.5).data
    assert "<b>2.500</b>" in page
    assert "<b>1.500</b>" not in page


def test_a_long_table_is_folded_under_its_caption():
    frame = pd.DataFrame({"x": range(present.LONG + 1)})
    assert "<details" in present.table(frame, "a caption").data
    assert "<summary>a caption</summary>" in present.table(frame, "a caption").data
    assert "<figcaption>a caption</figcaption>" in present.table(frame.iloc[1:], "a caption").data


def test_code_is_that_of_the_library_without_docstrings():
    text = present.source(LSI.transform, unit_length).data
    assert "def transform(self" in text
    assert "return unit_length(tracks_by_tags @ self.components_[:topics].T)" in text
    assert "def unit_length(" in text
    assert '"""' not in text


def test_the_slider_has_a_step_for_each_number_of_topics(tags):
    page = topics_slider(tags, [1, 2, 3], start=2, thresholds=(0.8, 0.2)).data
    assert 'max="2" value="1"' in page
    assert page.count('"topics": ') == 3
    assert page.count("<rect") == 40
    assert page.count('class="related"') == 4 + 1  # bars from 0.8, and the share
    for tag in ("Folk", "calm", "flute"):
        assert f">{tag} (" in page
