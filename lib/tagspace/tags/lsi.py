"""Latent Semantic Indexing of tags (Section III-B): one factorisation, every number of topics."""

from __future__ import annotations

import numpy as np
from scipy import linalg, sparse

from tagspace.errors import TagspaceError
from tagspace.tags.tagsets import TagMatrix


def gram(tracks_by_tags: sparse.csr_array | np.ndarray) -> np.ndarray:
    """Count how often tags stand together, shape (n_tags, n_tags): W times its transpose."""
    product = tracks_by_tags.T @ tracks_by_tags
    return product.toarray() if sparse.issparse(product) else product


class LSI:
    """Truncated SVD of the tags x tracks matrix W, through the tags' Gram matrix.

    The left singular vectors of W are the eigenvectors of W W^T, which is tags x tags: small,
    whatever the number of tracks. One decomposition gives every number of topics exactly, as k
    topics are the first k vectors.

    Attributes
    ----------
    components_ : numpy.ndarray, shape (rank, n_tags)
        The left singular vectors of W, one per row; the entry largest by magnitude is positive.
    singular_values_ : numpy.ndarray, shape (rank,)
        Descending.

    References
    ----------
    Schindler and Knees 2019, Section III-B; Deerwester et al. 1990.
    """

    components_: np.ndarray
    singular_values_: np.ndarray

    def fit(self, tracks_by_tags: sparse.csr_array | np.ndarray) -> LSI:
        """Factorise W, given with tracks as rows.

        Parameters
        ----------
        tracks_by_tags : array or sparse array, shape (n_tracks, n_tags)
            W transposed: 1 where a track carries a tag.

        Raises
        ------
        TagspaceError
            If no track carries a tag.
        """
        return self.fit_gram(gram(tracks_by_tags))

    def fit_gram(self, gram: np.ndarray) -> LSI:
        """Factorise W, given by the inner products of its rows.

        Parameters
        ----------
        gram : numpy.ndarray, shape (n_tags, n_tags)
            W times its transpose: how many tracks carry both tags.

        Raises
        ------
        TagspaceError
            If no track carries a tag.
        """
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
        """The largest number of topics."""
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
            The LSI vectors; their inner products are the cosines of Section III-A. A track
            without a known tag is the zero vector: related to none.

        Raises
        ------
        TagspaceError
            If ``topics`` is out of range.
        """
        self._check(topics)
        vectors = tracks_by_tags @ self.components_[:topics].T
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        # A track outside these topics has a norm of rounding errors only: their direction is noise.
        return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-8)

    def tag_cosines(self, topics: int) -> np.ndarray:
        """Compare tags by the tracks they stand on, as far as the first topics tell.

        Parameters
        ----------
        topics : int
            Number of topics k, 1 to :attr:`rank`.

        Returns
        -------
        numpy.ndarray, shape (n_tags, n_tags)
            Cosines of the rows of W, cut at k topics; 0 for a tag outside them.
        """
        self._check(topics)
        vectors = self.components_[:topics].T * self.singular_values_[:topics]
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-8)
        return vectors @ vectors.T

    def _check(self, topics: int) -> None:
        if not 1 <= topics <= self.rank:
            raise TagspaceError(f"topics: {topics} is not accepted; accepted: 1 to {self.rank}, "
                                "the rank of these tags")  # fmt: skip


class Topics:
    """The LSI models of every join of tag sets, from one pass over the tracks.

    The Gram matrix of all tags holds that of any of them, so that the 15 joins of the paper's four
    tag sets, with 40 numbers of topics each, take one product of matrices and 15 decompositions.

    Parameters
    ----------
    tags : TagMatrix
        Tags of all tracks, in all sets.
    train : numpy.ndarray of int
        Rows of the training tracks, from which alone topics are learned.
    """

    def __init__(self, tags: TagMatrix, train: np.ndarray) -> None:
        self.tags = tags
        self._gram = gram(tags.matrix[train])
        self._models: dict[tuple[str, ...], LSI] = {}

    def model(self, tagsets: tuple[str, ...]) -> LSI:
        """Return the LSI model of some tag sets, joined.

        Raises
        ------
        TagspaceError
            If no training track carries a tag of these sets.
        """
        if tagsets not in self._models:
            columns = self.tags.columns(tagsets)
            self._models[tagsets] = LSI().fit_gram(self._gram[np.ix_(columns, columns)])
        return self._models[tagsets]

    def vectors(self, tagsets: tuple[str, ...], topics: int) -> np.ndarray:
        """Compute the LSI vectors of all tracks.

        Parameters
        ----------
        tagsets : tuple of str
            The tag sets to join.
        topics : int
            Number of topics; cut at the rank of the training tags (21 genres give 21 at most).

        Returns
        -------
        numpy.ndarray, shape (n_tracks, min(topics, rank))
            See :meth:`LSI.transform`.

        Raises
        ------
        TagspaceError
            If no training track carries a tag of these sets.
        """
        model = self.model(tagsets)
        matrix = self.tags.matrix[:, self.tags.columns(tagsets)]
        return model.transform(matrix, min(topics, model.rank))
