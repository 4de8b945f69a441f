"""Colours and layout of figures."""

import re

import pandas as pd
import pytest

from compendium import style
from tagspace.runs import comparison


def drawn(seed=0):
    figure, axes = style.panel("a title")
    axes.plot([0, 1], [seed, 1], color=style.ORANGE)
    axes.set(xlabel="topics")
    return figure


def test_every_representation_has_its_own_colour():
    assert set(style.SYSTEM_COLOURS) == set(comparison.REPRESENTATIONS)
    assert len(set(style.SYSTEM_COLOURS.values())) == len(comparison.REPRESENTATIONS)
    assert style.system_colour("musicnn") == style.INK


def contrast(first, second):
    """Return the contrast of two colours, as WCAG defines it."""
    light, dark = sorted(map(luminance, (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_colours_of_names_can_be_read_on_white():
    for colour in style.VARIABLES:
        assert contrast(colour, "#ffffff") > 4.5 or colour == style.FAINT


def test_the_same_figure_gives_the_same_svg():
    assert style.svg(drawn()) == style.svg(drawn())
    assert style.svg(drawn()) != style.svg(drawn(seed=2))


def test_an_svg_takes_its_colours_and_font_from_the_page():
    text = style.svg(drawn())
    assert text.startswith("<svg width=")
    assert "stroke: var(--orange, #c24a00)" in text
    assert "#000000" not in text
    assert "font-family" not in text
    assert "<style" not in text
    assert re.search(r">a title</text>", text)


def test_no_text_is_lost_or_rounded():
    figure, axes = style.panel()
    axes.set(xscale="log", xlim=(1, 1000), ylim=(0.4562, 0.4564))
    axes.set_yticks([0.45625], ["0.45625"])
    text = style.svg(figure)
    shown = re.findall(r"<text[^>]*>(.*?)</text>", text, re.DOTALL)
    assert "0.45625" in shown
    assert all(re.sub("<[^>]*>|\\s", "", each) for each in shown)
    powers = ["".join(re.findall(r">(\d+)</tspan>", each)) for each in shown]
    assert [power for power in powers if power] == ["100", "101", "102", "103"]


def test_bars_stand_in_order_from_the_top_with_their_texts():
    _, axes = style.bars(pd.Series({"a": 2.0, "b": 4.0}), ["two", "four"], "length")
    assert [bar.get_width() for bar in axes.patches] == [2, 4]
    assert [(text.get_text(), text.xy) for text in axes.texts] == [
        ("two", (2, 0)),
        ("four", (4, 1)),
    ]
    assert axes.yaxis_inverted()
    assert axes.get_xlabel() == "length"


def test_names_at_the_ends_of_lines_do_not_overlap():
    _, axes = style.panel()
    axes.set_ylim(0, 1)
    ends = [(1, 0.5, "c", "#000000"), (1, 0.5, "b", "#000000"), (1, 0.1, "a", "#000000")]
    style.label_ends(axes, ends)
    heights = {text.get_text(): text.xy[1] for text in axes.texts}
    assert heights["a"] == pytest.approx(0.1)
    assert sorted(heights[name] for name in "bc") == pytest.approx([0.5, 0.5 + style.LABEL_GAP])


def test_the_name_of_a_line_that_ends_early_stands_above_its_end():
    _, axes = style.panel()
    axes.set_ylim(0, 1)
    style.label_ends(axes, [(3, 0.5, "early", "#000000"), (4, 0.5, "late", "#000000")])
    early, late = axes.texts
    assert early.xy == (3, pytest.approx(0.5))
    assert late.xy == (4, pytest.approx(0.5))
    assert [early.get_va(), late.get_va()] == ["bottom", "center"]


def test_a_name_is_at_the_end_of_its_line_if_no_limits_were_set():
    _, axes = style.panel()
    axes.plot([1, 2, 3], [600, 500, 550])
    style.label_ends(axes, [(3, 550, "a", "#000000")])
    assert axes.texts[0].xy == (3, pytest.approx(0.5))
