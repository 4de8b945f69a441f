"""A slider for the number of topics, which works without a network or a kernel."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import HTML

from compendium import present, tag_tables
from tagspace.tags.lsi import LSI
from tagspace.tags.tagsets import TagMatrix

SCRIPT = Path(__file__).with_suffix(".js")
EDGES = np.linspace(-1, 1, 41)  # of the histogram


def topics_slider(
    tags: TagMatrix, topics: Sequence[int], start: int, thresholds: tuple[float, float]
) -> HTML:
    """Make a slider that shows the cosines of tracks, and the nearest tags, by number of topics.

    Parameters
    ----------
    tags : TagMatrix
        The tracks and their tags.
    topics : sequence of int
        The positions of the slider.
    start : int
        The number of topics that is shown first.
    thresholds : (float, float)
        A pair is related from the first on, and unrelated below the second.

    Returns
    -------
    IPython.display.HTML
        With the most frequent tag of each tag set to choose from.
    """
    model = LSI().fit(tags.matrix)
    most = tag_tables.frequencies(tags).groupby("tagset", sort=False).first()["tag"]
    steps = [_step(model, tags, number, most.items(), thresholds) for number in topics]
    data = {"steps": steps, "most": max(max(step["pairs"]) for step in steps)}
    positive, negative = thresholds
    bars = "".join(
        f'<rect x="{place}" width="0.9" y="100" height="0" class="{_kind(edge, thresholds)}"/>'
        for place, edge in enumerate(EDGES[:-1])
    )
    options = "".join(
        f'<option value="{place}">{html.escape(tag)} ({html.escape(name)})</option>'
        for place, (name, tag) in enumerate(most.items())
    )
    first = min(range(len(topics)), key=lambda place: abs(topics[place] - start))
    # In JSON, "<\/" is "</", which would end the script.
    encoded = json.dumps(data).replace("</", "<\\/")
    return HTML(
        f'<div class="topics-slider"><script type="application/json">{encoded}</script>'
        f'<p><label>Number of topics <input type="range" min="0" max="{len(topics) - 1}" '
        f'value="{first}"></label> <output></output></p>'
        '<div class="both"><div><svg viewBox="0 0 40 100" preserveAspectRatio="none" role="img" '
        f'aria-label="Histogram of the cosines of pairs of tracks">{bars}</svg>'
        '<p class="axis"><span>-1</span><span>cosine of two tracks</span><span>1</span></p>'
        f'<p>Unrelated (below {negative}): <b class="unrelated"></b> of pairs; '
        f'related (from {positive}): <b class="related"></b>.</p></div>'
        f"<div><label>Nearest to <select>{options}</select></label><ol></ol></div></div>"
        f"<script>{SCRIPT.read_text(encoding='utf-8')}</script></div>"
    )


def _step(
    model: LSI, tags: TagMatrix, topics: int, chosen: Any, thresholds: tuple[float, float]
) -> dict[str, Any]:
    cosines = tag_tables.sample_cosines(model.transform(tags.matrix, topics))
    counts, _ = np.histogram(cosines, EDGES)
    near = [
        tag_tables.nearest_tags(model, tags.vocabulary, name, tag, topics) for name, tag in chosen
    ]
    positive, negative = thresholds
    return {
        "topics": topics,
        "pairs": (counts / counts.sum()).round(5).tolist(),
        "related": present.percent((cosines >= positive).mean(), 1),
        "unrelated": present.percent((cosines < negative).mean(), 1),
        "nearest": [
            list(zip(table["tag"], table["cosine"].round(2), strict=True)) for table in near
        ],
    }


def _kind(edge: float, thresholds: tuple[float, float]) -> str:
    positive, negative = thresholds
    centre = edge + (EDGES[1] - EDGES[0]) / 2
    return "related" if centre >= positive else "unrelated" if centre < negative else "neither"
