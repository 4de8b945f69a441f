"""Every verdict that a page words is what its measurements say: it fails when they change sides."""

from pathlib import Path

import pytest

from compendium import claims, measured
from tagspace.runs import comparison, held_out_tags

ROOT = Path(__file__).parents[2]
NDCG = "graded nDCG@10"
BETTER, WORSE, UNDECIDED = "better", "worse", "undecided"


def words(page):
    """Return the prose of a page, without line breaks and comment signs."""
    file = next(iter((ROOT / "notebooks").glob(f"{page}.py")), ROOT / "book" / f"{page}.md")
    lines = file.read_text(encoding="utf-8").splitlines()
    return " ".join(line.removeprefix("#").strip() for line in lines)


# Page, its words, kept runs, filter, system, reference, and what their interval must say.
VERDICTS = []


@pytest.mark.parametrize(("page", "said", "name", "left_out", "system", "against", "verdict"), VERDICTS)
def test_a_page_says_of_a_system_what_its_interval_says(
    page, said, name, left_out, system, against, verdict
):
    assert said in words(page)
    compared = comparison.compare(measured.load(name), NDCG, against, filtered=left_out)
    assert comparison.verdict(compared)[system] == verdict
