"""Scores of embeddings, for tests."""

import numpy as np

from tagspace.evaluation import retrieval


def mean_ndcg(embeddings, gains, excluded=None, cutoff=10):
    """Average nDCG with every track as a query among all others."""
    everything, measures = np.arange(len(embeddings)), {"": retrieval.Euclidean(embeddings)}
    each = retrieval.ndcg(measures, gains, everything, len(embeddings), excluded, cutoff)
    return each[""].nanmean().item()
