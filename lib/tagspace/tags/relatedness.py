"""How related two tracks are, by what is known of them: a square matrix in [-1, 1]."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from tagspace.configuration import Configuration
from tagspace.corpus import Corpus
from tagspace.errors import TagspaceError
from tagspace.tags.lsi import Topics
from tagspace.tags.tagsets import parse

ITERATIONS = 50  # of LDA, whose mixtures hardly change from then on


class Relatedness(Protocol):
    """Gives the relatedness of all pairs of a batch."""

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the matrix of shape (n, n) for tracks ``rows``, shape (n,)."""


class Cosine:
    """Relatedness as the cosine of track vectors.

    Parameters
    ----------
    vectors : torch.Tensor, shape (n_tracks, n_dimensions), float32
        Of unit length, or zero for a track of which nothing is known.
    """

    def __init__(self, vectors: torch.Tensor) -> None:
        self.vectors = vectors

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the cosines of all pairs of ``rows``."""
        batch = self.vectors[rows]
        return batch @ batch.T


class Overlap:
    """Relatedness as the Jaccard index of the tags: what the paper argues against.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary.
    device : torch.device
        Where the matrices of batches go.
    """

    def __init__(self, tags: sparse.csr_array, device: torch.device) -> None:
        self.tags = tags.astype(np.float32)
        self.device = device

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the share of tags that both of a pair have among those that either has."""
        batch = self.tags[rows.cpu().numpy()]
        common = (batch @ batch.T).toarray()
        sizes = batch.sum(axis=1)
        either = sizes[:, None] + sizes[None, :] - common
        return torch.as_tensor(common / np.maximum(either, 1), device=self.device)


class SameArtist:
    """Relatedness as being of one artist, which needs no tags (Park et al. 2018).

    Parameters
    ----------
    artist : torch.Tensor of int, shape (n_tracks,)
        Equal for tracks of one artist.
    """

    def __init__(self, artist: torch.Tensor) -> None:
        self.artist = artist

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Return 1 for pairs of one artist, 0 for others."""
        batch = self.artist[rows]
        return (batch[:, None] == batch[None, :]).float()


def of(corpus: Corpus, configuration: Configuration, device: torch.device) -> Relatedness:
    """Make the relatedness that a run learns from.

    Parameters
    ----------
    corpus : Corpus
        The tracks.
    configuration : Configuration
        Says which, from which tag sets, and with how many topics.
    device : torch.device
        Where the matrices of batches are wanted.

    Raises
    ------
    TagspaceError
        If the tags or the table of vectors do not serve.
    """
    kind, train = configuration.relatedness, corpus.split.train
    tagsets = parse(configuration.tagsets, corpus.tags.tagsets)
    if kind == "artist":
        return SameArtist(torch.as_tensor(corpus.groups.artist, device=device))
    if kind == "overlap":
        return Overlap(corpus.tags.select(tagsets).matrix, device)
    if kind == "lda":
        tags = corpus.tags.select(tagsets).matrix
        vectors = lda(tags, train, configuration.topics, configuration.seed)
    elif kind == "tfidf":
        weighted = replace(corpus.tags, matrix=tf_idf(corpus.tags.matrix, train))
        vectors = Topics(weighted, train).vectors(tagsets, configuration.topics)
    elif kind == "lsi":
        vectors = corpus.topics.vectors(tagsets, configuration.topics)
    else:
        vectors = read_vectors(Path(kind).expanduser(), corpus.tags.track_ids)
    return Cosine(torch.as_tensor(vectors, dtype=torch.float32, device=device))


def tf_idf(tags: sparse.csr_array, train: np.ndarray) -> sparse.csr_array:
    """Let a tag count the more the fewer training tracks carry it.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary.
    train : numpy.ndarray of int
        Rows of the training tracks.
    """
    return TfidfTransformer(norm=None).fit(tags[train]).transform(tags)


def lda(tags: sparse.csr_array, train: np.ndarray, topics: int, seed: int) -> np.ndarray:
    """Describe tracks by mixtures of topics, by Latent Dirichlet Allocation.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary.
    train : numpy.ndarray of int
        Rows of the training tracks, from which alone topics are learned.
    topics, seed : int
        How many, and where the search begins.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, topics)
        Of unit length.

    References
    ----------
    Blei, Ng and Jordan 2003.
    """
    model = LatentDirichletAllocation(
        topics, random_state=seed, learning_method="batch", max_iter=ITERATIONS
    )
    return normalize(model.fit(tags[train]).transform(tags))


def read_vectors(file: Path, track_ids: pd.Index) -> np.ndarray:
    """Read a table of track vectors: of lyrics, reviews, covers, or whatever there is.

    Parameters
    ----------
    file : pathlib.Path
        CSV or Parquet: ``track_id``, and columns of numbers.
    track_ids : pandas.Index
        The tracks, in row order.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, n_columns)
        Of unit length; zero for a track that the table does not have: related to none.

    Raises
    ------
    TagspaceError
        If the table cannot be read, holds what is no number, or has none of the tracks.
    """
    try:
        if file.suffix == ".parquet":
            table = pd.read_parquet(file)
        else:  # ids as they are written: 001 is not 1, and NA is a name
            table = pd.read_csv(file, dtype={"track_id": str}, keep_default_na=False)
        table = table.astype({"track_id": str}).set_index("track_id").astype(float)
    except (OSError, KeyError, ValueError, TypeError):
        raise TagspaceError(
            f"relatedness: {file}: this is no table of track_id and columns of numbers"
        ) from None
    if table.empty:
        raise TagspaceError(f"relatedness: {file}: there are no tracks, or no numbers")
    if not table.index.is_unique or not np.isfinite(table.to_numpy()).all():
        raise TagspaceError(f"relatedness: {file}: a track is there twice, or a number is missing")
    if not table.index.isin(track_ids).any():
        raise TagspaceError(f"relatedness: {file}: none of the data set's tracks is there")
    return normalize(table.reindex(track_ids, fill_value=0).to_numpy())


def sample_cosines(vectors: np.ndarray, size: int = 2000, seed: int = 0) -> np.ndarray:
    """Compute the cosines of all pairs among a sample of tracks.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_dimensions)
        Of unit length, or zero.
    size : int
        Tracks in the sample, at most.
    seed : int
        Draws it.

    Returns
    -------
    numpy.ndarray, shape (n * (n - 1) / 2,)
        Each pair once.
    """
    rows = np.random.default_rng(seed).permutation(len(vectors))[:size]
    cosines = vectors[rows] @ vectors[rows].T
    return cosines[np.triu_indices(len(rows), 1)]
