"""Relatedness of tracks: a graded similarity in [-1, 1] for each pair (Section III-B).

The thresholds that make pairs positive or negative are in :mod:`tagspace.model.mining`.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from tagspace.errors import TagspaceError
from tagspace.tags.lsi import LSI

Kind = Literal["lsi", "tfidf", "lda", "overlap"]
LDA_ITERATIONS = 50  # the mixtures hardly change after that


class Relatedness(Protocol):
    """Gives the relatedness of tracks."""

    def __call__(self, rows: Tensor, others: Tensor | None = None) -> Tensor:
        """Return the matrix ``rows`` x ``others``; without others, of all pairs of ``rows``."""


class Cosine:
    """Relatedness as the cosine of track vectors.

    Parameters
    ----------
    vectors : torch.Tensor, shape (n_tracks, n_dimensions), float32
        Of unit length, or zero for a track without known tags or without a vector in a table.
    """

    def __init__(self, vectors: Tensor) -> None:
        self.vectors = vectors

    def __call__(self, rows: Tensor, others: Tensor | None = None) -> Tensor:
        """Return the cosines of ``rows`` and ``others``."""
        return self.vectors[rows] @ self.vectors[rows if others is None else others].T


class Overlap:
    """Relatedness as the Jaccard index of the tags of two tracks. The paper argues against it.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary.
    device : torch.device or str
        Device of the matrices that it returns.
    """

    def __init__(self, tags: sparse.csr_array, device: torch.device | str = "cpu") -> None:
        self.tags = tags.astype(np.float32)
        self.device = device

    def __call__(self, rows: Tensor, others: Tensor | None = None) -> Tensor:
        """Return the Jaccard index of ``rows`` and ``others``."""
        left, right = (
            self.tags[each.cpu().numpy()] for each in (rows, rows if others is None else others)
        )
        return torch.as_tensor(jaccard(left, right), device=self.device)


class SameGroup:
    """Relatedness 1 for tracks of one group, such as an artist, else 0 (Park et al. 2018).

    Parameters
    ----------
    group : torch.Tensor of int, shape (n_tracks,)
        Equal for tracks of one group.
    """

    def __init__(self, group: Tensor) -> None:
        self.group = group

    def __call__(self, rows: Tensor, others: Tensor | None = None) -> Tensor:
        """Return 1 for pairs of one group, else 0."""
        right = self.group[rows if others is None else others]
        return (self.group[rows][:, None] == right[None, :]).float()


def relatedness_from_tags(
    tags: sparse.csr_array,
    train: np.ndarray,
    kind: Kind = "lsi",
    topics: int = 16,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Relatedness:
    """Return a function that computes the relatedness of tracks from their tags.

    Parameters
    ----------
    tags : scipy.sparse.csr_array, shape (n_tracks, n_tags)
        Binary: which track carries which tag, or which document holds which term.
    train : numpy.ndarray of int
        Rows from which topics and document frequencies are learned; other rows are projected.
    kind : {"lsi", "tfidf", "lda", "overlap"}
        The paper's Latent Semantic Indexing; LSI on tf-idf weighted tags (``tfidf``); topic
        mixtures by Latent Dirichlet Allocation (``lda``); or the Jaccard index (``overlap``).
    topics : int
        Number of topics. LSI uses no more than the rank of the training tags.
    seed : int
        Initialises LDA.
    device : torch.device or str
        Device of the relatedness matrices.

    Raises
    ------
    TagspaceError
        If no training track carries a tag.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from scipy import sparse
    >>> tags = sparse.csr_array(np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    >>> related = relatedness_from_tags(tags, train=np.arange(3), topics=2)
    >>> related(torch.arange(3)).round(decimals=2)
    tensor([[1., 1., 0.],
            [1., 1., 0.],
            [0., 0., 1.]])
    """
    if not tags[train].sum():
        raise TagspaceError("tagsets: no training track carries any of these tags")
    if kind == "overlap":
        return Overlap(tags, device)
    if kind == "lda":
        vectors = _lda_vectors(tags, train, topics, seed)
    else:
        vectors = lsi_vectors(tf_idf(tags, train) if kind == "tfidf" else tags, train, topics)
    return Cosine(torch.as_tensor(vectors, dtype=torch.float32, device=device))


def lsi_vectors(tags: sparse.csr_array, train: np.ndarray, topics: int) -> np.ndarray:
    """Compute LSI vectors of all tracks, with topics learned from the training tracks.

    Parameters
    ----------
    tags, train, topics
        See :func:`relatedness_from_tags`; the tags may be weighted.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, min(topics, rank))
        Of unit length; see :meth:`tagspace.tags.lsi.LSI.transform`.
    """
    model = LSI().fit(tags[train])
    return model.transform(tags, min(topics, model.rank))


def tf_idf(tags: sparse.csr_array, train: np.ndarray) -> sparse.csr_array:
    """Weight each tag by its inverse document frequency among the training tracks."""
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(norm=None).fit(tags[train]).transform(tags)


def _lda_vectors(tags: sparse.csr_array, train: np.ndarray, topics: int, seed: int) -> np.ndarray:
    """Compute mixtures of topics (Blei et al. 2003), scaled to unit length."""
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.preprocessing import normalize

    model = LatentDirichletAllocation(
        topics, random_state=seed, learning_method="batch", max_iter=LDA_ITERATIONS
    )
    return normalize(model.fit(tags[train]).transform(tags))


def jaccard(left: sparse.csr_array, right: sparse.csr_array) -> np.ndarray:
    """Compare sets by the Jaccard index: the size of the intersection over that of the union.

    Parameters
    ----------
    left, right : scipy.sparse.csr_array, shapes (n_left, n_members) and (n_right, n_members)
        Binary; each row is a set.

    Returns
    -------
    numpy.ndarray, shape (n_left, n_right)
        0 for two empty sets.
    """
    # Only the left sets become a dense matrix: callers pass few left sets and many right sets.
    common = np.ascontiguousarray((right @ left.toarray().T).T)
    union = left.sum(axis=1)[:, None] + right.sum(axis=1)[None, :] - common
    return common / np.maximum(union, 1)
