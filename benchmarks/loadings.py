"""Compute the topics of the paper's tags, as in its Figure 3.

    python benchmarks/loadings.py LABELS

LABELS is the folder of ``msd_amglabels_all.csv``. Replaces
``lib/compendium/measured/loadings.csv``, which has the tags of three topics and names no tracks.
"""

from __future__ import annotations

import sys

from compendium import measured
from compendium.tag_tables import loadings_table
from tagspace.datasets import registry
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI

TOPICS = (1, 2, 3)


def main(folder: str) -> None:
    """Write the table."""
    tags = tagsets.binary_matrix(registry.load_dataset(folder))
    common = tagsets.restrict(tags, tagsets.intersection(tags))
    table = loadings_table(LSI().fit(common.matrix), common.vocabulary, TOPICS)
    table = table.assign(tracks=len(common.track_ids))
    table.to_csv(measured.FOLDER / "loadings.csv", index=False, float_format="%.3f")


if __name__ == "__main__":
    main(sys.argv[1])
