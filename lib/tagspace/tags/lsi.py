"""Latent Semantic Indexing (Section III-B), factorised once for any number of topics."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from tagspace.errors import TagspaceError

ROUNDING = 1e-8  # a vector shorter than this is rounding error, and becomes zero


class LSI:
    """Truncated SVD of the tags x tracks matrix W, computed from the Gram matrix of the tags.

    The left singular vectors of W are the eigenvectors of W W^T, a small matrix of tags x tags. One
    decomposition serves every number of topics k: its first k vectors are those of the truncated
    SVD.

    Attributes
    ----------
    components_ : numpy.ndarray, shape (rank, n_tags)
        The left singular vectors of W, one per row. The entry with the largest magnitude is
        positive.
    singular_values_ : numpy.ndarray, shape (rank,)
        In descending order.

    References
    ----------
    Schindler and Knees 2019, Section III-B; Deerwester et al. 1990.

    Examples
    --------
    Documents are rows, terms are columns; the last two documents share no term with the first two.

    >>> import numpy as np
    >>> documents = np.array([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    >>> vectors = LSI().fit(documents).transform(documents, topics=2)
    >>> (vectors @ vectors.T).round(2)
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]])
    """

    components_: np.ndarray
    singular_values_: np.ndarray

    def fit(self, tracks_by_tags: sparse.csr_array | np.ndarray) -> LSI:
        """Factorise W.

        Parameters
        ----------
        tracks_by_tags : array or sparse array, shape (n_tracks, n_tags)
            W transposed: 1, or a weight, where a track carries a tag.

        Raises
        ------
        TagspaceError
            If no track carries a tag.
        """
        product = tracks_by_tags.T @ tracks_by_tags
        gram = product.toarray() if sparse.issparse(product) else product
        if not gram.any():
            raise TagspaceError("tagsets: no training track carries any of these tags")
        eigenvalues, vectors = linalg.eigh(gram, driver="evd", check_finite=False)
        eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
        noise = eigenvalues[0] * len(eigenvalues) * np.finfo(float).eps
        rank = int((eigenvalues > noise).sum())
        components = vectors[:, :rank].T
        largest = np.abs(components).argmax(axis=1)
        signs = np.sign(components[np.arange(rank), largest])
        self.components_ = np.ascontiguousarray(components * signs[:, None])
        self.singular_values_ = np.sqrt(eigenvalues[:rank])
        return self

    @property
    def rank(self) -> int:
        """The largest possible number of topics: the rank of W."""
        return len(self.singular_values_)

    def transform(self, tracks_by_tags: sparse.csr_array | np.ndarray, topics: int) -> np.ndarray:
        """Project tracks on the first topics and scale them to unit length.

        Parameters
        ----------
        tracks_by_tags : array or sparse array, shape (n_tracks, n_tags)
            Any tracks, with the same tags as in :meth:`fit`.
        topics : int
            Number of topics k, 1 to :attr:`rank`.

        Returns
        -------
        numpy.ndarray, shape (n_tracks, topics)
            The LSI vectors; their inner products are the cosines of Section III-A. A track without
            a known tag has the zero vector. Its cosine with every track is 0, so with the default
            thresholds it is a negative of every anchor.

        Raises
        ------
        TagspaceError
            If ``topics`` is out of range.
        """
        if not 1 <= topics <= self.rank:
            accepted = f"1 to {self.rank}, the rank of these tags"
            raise TagspaceError(f"topics: {topics} is not accepted; accepted: {accepted}")
        return unit_length(tracks_by_tags @ self.components_[:topics].T)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Scale rows to unit length; rounding errors become zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > ROUNDING)
