"""Train a head for each tag set, and place its tags among the tracks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.encoders.embedding import embed
from tagspace.runs import experiment
from tagspace.runs.records import Record
from tagspace.search.places import TAGS, predicted
from tagspace.support.files import write_whole
from tagspace.tags.lsi import LSI

FEWEST = 5  # training tracks that must carry a tag


def learn(corpus: Corpus, configuration: Configuration) -> dict[str, Record]:
    """Train a head on frozen vectors for each tag set of a corpus.

    Parameters
    ----------
    corpus : Corpus
        With vectors, such as those of musicnn.
    configuration : Configuration
        All parameters but ``tagsets``. With the preset ``best`` and the corpus of a data set, the
        records are of use to :func:`tagspace.search.indexing.index`.

    Returns
    -------
    dict of str to Record
        By tag set. The places of the tags are kept with each record; see
        :func:`tagspace.search.places.read_tags`.

    Raises
    ------
    TagspaceError
        If there are too few tracks or tags to learn from.
    """
    records = {}
    for tagset in corpus.tags.tagsets:
        chosen = configuration.model_copy(update={"tagsets": tagset})
        records[tagset] = experiment.run_experiment(corpus, chosen)
        _write_tags(records[tagset], corpus, tagset)
    return records


def _write_tags(record: Record, corpus: Corpus, tagset: str) -> None:
    """Place each tag at the mean of the training tracks, weighted by their relatedness to it.

    How often a predicted tag is right is counted on the tracks that were not trained on.
    """
    tags, split = corpus.tags.select((tagset,)), corpus.split
    assert corpus.vectors is not None
    embedded = embed(record.network(), corpus.vectors).numpy()
    model = LSI().fit(tags.matrix[split.train])
    topics = min(int(record.parameters["topics"]), model.rank)
    of_tags = model.transform(np.eye(tags.matrix.shape[1]), topics)
    related = np.maximum(of_tags @ model.transform(tags.matrix[split.train], topics).T, 0)
    places = related @ embedded[split.train]
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    carried = tags.matrix.toarray() > 0
    known = carried[split.train].sum(axis=0) >= FEWEST
    names = tags.vocabulary["tag"][known]
    others = np.concatenate([split.validation, split.test])
    right, times = _count_right(embedded[others] @ places[known].T, carried[others][:, known])
    table = pd.DataFrame(places[known], names).rename(columns="d{:03d}".format)
    write_whole(record.folder / TAGS, table.assign(right=right, times=times).to_parquet)


def _count_right(cosines: np.ndarray, carried: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count how often each tag is right where it is predicted, and how often it is predicted."""
    is_predicted = np.zeros(cosines.shape, dtype=bool)
    np.put_along_axis(is_predicted, predicted(cosines), values=True, axis=1)
    return (is_predicted & carried).sum(axis=0), is_predicted.sum(axis=0)
