"""Means over queries with bootstrap intervals over the artists of the queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

N_DRAWS = 1000
# Of a table of figures; see :func:`tagspace.evaluation.retrieval.evaluate`.
KEYS = ["relevance", "filter", "task", "metric", "cutoff"]
COLUMNS = ["representation", *KEYS, "value", "low", "high", "chance", "ceiling", "n_queries"]


@dataclass(frozen=True)
class Figure:
    """A mean over queries: its ``value``, ``n_queries``, and its value in each bootstrap sample."""

    value: float
    n_queries: int
    draws: np.ndarray

    def interval(self) -> tuple[float, float]:
        """Return the bounds of the 95 % bootstrap interval."""
        low, high = np.nanpercentile(self.draws, [2.5, 97.5])
        return low, high

    @staticmethod
    def mean(figures: Sequence[Figure]) -> Figure:
        """Average figures of the same queries."""
        return Figure(
            float(np.mean([figure.value for figure in figures])),
            min(figure.n_queries for figure in figures),
            np.mean([figure.draws for figure in figures], axis=0),
        )


class ArtistBootstrap:
    """Draws artists with replacement, so that the tracks of an artist stay together.

    Parameters
    ----------
    artists : numpy.ndarray of int, shape (n_queries,)
        Code of the artist of each query.
    seed : int
        Draws the samples.
    """

    def __init__(self, artists: np.ndarray, seed: int) -> None:
        codes = np.unique(artists, return_inverse=True)[1]
        n_artists = codes.max() + 1
        generator = np.random.default_rng(seed)
        chances = np.full(n_artists, 1 / n_artists)
        self._weights = generator.multinomial(n_artists, chances, N_DRAWS).astype(float)
        self._queries_of = sparse.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))

    def figures(self, values: Mapping[str, np.ndarray]) -> dict[str, Figure]:
        """Average values over the queries that have them.

        Parameters
        ----------
        values : mapping of str to numpy.ndarray, shape (n_queries,)
            One value per query; NaN, in all of them, where a query has none.
        """
        table = np.stack(list(values.values()), axis=1)
        asked = np.isfinite(table).all(axis=1)
        # Sums of each artist come first: there are far fewer artists than queries.
        counts = self._weights @ (self._queries_of @ asked.astype(float))
        sums = self._weights @ (self._queries_of @ np.where(asked[:, None], table, 0))
        with np.errstate(invalid="ignore"):  # a sample may have no query: NaN
            draws = sums / counts[:, None]
        means = table[asked].mean(axis=0)
        return {
            name: Figure(float(mean), int(asked.sum()), column)
            for name, mean, column in zip(values, means, draws.T, strict=True)
        }
