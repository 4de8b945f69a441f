"""Artists, albums and copies of tracks, and the training filters: album (III-A) and artist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

BatchFilter = Literal["album", "artist", "none"]


@dataclass(frozen=True)
class Groups:
    """Artists and albums of tracks, and which tracks are copies of one recording.

    Attributes
    ----------
    artist : numpy.ndarray of int, shape (n_tracks,)
        Code of the artist of each track. A track without an artist has a code of its own.
    albums : scipy.sparse.csr_array, shape (n_tracks, n_albums)
        Above 0 where the track is on the album. A track may be on several albums. The row of a
        track without a known album is empty.
    recording : numpy.ndarray of int, shape (n_tracks,), optional
        Code of the recording of each track; see :func:`tagspace.audio.duplicates.recordings`. If
        left out, no track is a copy of another.
    """

    artist: np.ndarray
    albums: sparse.csr_array
    recording: np.ndarray | None = None

    @property
    def album_known(self) -> np.ndarray:
        """Mask of the tracks whose album is known, shape (n_tracks,)."""
        return np.diff(self.albums.indptr) > 0

    def take(self, rows: np.ndarray) -> Groups:
        """Select tracks by row."""
        recording = None if self.recording is None else self.recording[rows]
        return Groups(self.artist[rows], self.albums[rows], recording)

    def inseparable(self) -> np.ndarray:
        """Return codes of the groups that a split must not divide: shape (n_tracks,).

        Tracks are joined by artist, and artists by a common recording.
        """
        if self.recording is None or not len(self.artist):
            return self.artist
        n_artists = self.artist.max() + 1
        ends = self.artist, n_artists + self.recording
        size = n_artists + self.recording.max() + 1
        links = sparse.coo_array((np.ones(len(self.artist)), ends), shape=(size, size))
        return connected_components(links, directed=False)[1][self.artist]

    def same_artist(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Compare artists: shape (len(rows), len(columns)), True where they are the same."""
        return self.artist[rows][:, None] == self.artist[columns][None, :]

    def same_album(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Compare albums: True where two tracks have at least one album in common."""
        return (self.albums[rows] @ self.albums[columns].T).toarray() > 0

    def same_recording(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Compare recordings: True for copies, and for a track and itself."""
        recording = np.arange(len(self.artist)) if self.recording is None else self.recording
        return recording[rows][:, None] == recording[columns][None, :]

    def excluded_pairs(
        self, rows: np.ndarray, others: np.ndarray, batch_filter: BatchFilter
    ) -> np.ndarray:
        """Mask the pairs that the album or artist filter excludes from training and validation.

        The album filter of the evaluation differs: it never excludes a track whose album is
        unknown; see :func:`tagspace.evaluation.retrieval.evaluate`.

        Parameters
        ----------
        rows, others : numpy.ndarray of int, shapes (n,) and (m,)
            The tracks.
        batch_filter : {"album", "artist", "none"}
            ``album`` excludes pairs of one album, and pairs of one artist where an album is
            unknown; ``artist`` excludes pairs of one artist; ``none`` excludes only what all
            filters exclude: copies of one recording, and a track and itself.

        Returns
        -------
        numpy.ndarray of bool, shape (n, m)
        """
        excluded = self.same_recording(rows, others)
        if batch_filter == "none":
            return excluded
        same_artist = self.same_artist(rows, others)
        if batch_filter == "artist":
            return excluded | same_artist
        known = self.album_known[rows][:, None] & self.album_known[others][None, :]
        return excluded | self.same_album(rows, others) | (~known & same_artist)


def from_tracks(tracks: pd.DataFrame) -> Groups:
    """Collect the artists and albums of tracks.

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


def group_codes(names: Sequence[str]) -> np.ndarray:
    """Assign a number to each distinct name; every empty name gets its own number.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Equal for equal names.

    Examples
    --------
    >>> group_codes(["Ann", "", "Ann", ""]).tolist()
    [0, 1, 0, 2]
    """
    keys = [name or ("", row) for row, name in enumerate(names)]
    codes: dict[object, int] = {}
    return np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=int)
