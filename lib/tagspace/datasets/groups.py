"""Which tracks share an artist or an album: the album effect's two masks (Section III-A)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from tagspace.datasets.splits import group_codes


@dataclass(frozen=True)
class Groups:
    """Artists and albums of tracks.

    Attributes
    ----------
    artist : numpy.ndarray of int, shape (n_tracks,)
        Equal for tracks of one artist; a track without an artist shares its number with none.
    albums : scipy.sparse.csr_array, shape (n_tracks, n_albums)
        1 where the track is on the album; an empty row where no album is known.
    """

    artist: np.ndarray
    albums: sparse.csr_array

    @property
    def album_known(self) -> np.ndarray:
        """Mask of the tracks whose album is known, shape (n_tracks,)."""
        return np.diff(self.albums.indptr) > 0

    def take(self, rows: np.ndarray) -> Groups:
        """Keep some tracks."""
        return Groups(self.artist[rows], self.albums[rows])

    def same_artist(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Compare tracks: shape (len(rows), len(columns)), True where the artist is the same."""
        return self.artist[rows][:, None] == self.artist[columns][None, :]

    def same_album(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Compare tracks: True where two tracks are on one album, be it one of many."""
        return (self.albums[rows] @ self.albums[columns].T).toarray() > 0

    def same(self, batch_filter: str, rows: np.ndarray) -> np.ndarray:
        """Find the pairs of a batch that may form no triplet.

        Parameters
        ----------
        batch_filter : {"album", "artist", "none"}
            ``album`` takes the artist where the album of one of the two is not known.
        rows : numpy.ndarray of int, shape (n,)
            The tracks of the batch.

        Returns
        -------
        numpy.ndarray of bool, shape (n, n)
        """
        if batch_filter == "none":
            return np.zeros((len(rows), len(rows)), dtype=bool)
        same_artist = self.same_artist(rows, rows)
        if batch_filter == "artist":
            return same_artist
        known = self.album_known[rows]
        unknown = ~(known[:, None] & known[None, :])
        return self.same_album(rows, rows) | (unknown & same_artist)


def groups(tracks: pd.DataFrame) -> Groups:
    """Give each artist and album of tracks a number.

    Parameters
    ----------
    tracks : pandas.DataFrame
        With columns ``artist`` and ``album``; see :class:`tagspace.datasets.base.Dataset`.
    """
    lengths = tracks["album"].map(len).to_numpy()
    codes, names = pd.factorize(tracks["album"].explode().dropna())
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    albums = sparse.csr_array(
        (np.ones(len(codes)), codes, indptr), shape=(len(tracks), max(len(names), 1))
    )
    return Groups(group_codes(list(tracks["artist"])), albums)
