"""What every data set gives: tracks, and tags on tracks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pandas as pd

from tagspace.errors import TagspaceError

TRACK_COLUMNS = ["artist", "album", "title", "path"]
TAG_COLUMNS = ["track_id", "tagset", "tag"]
RESERVED = ("all", "mean", "artist", "album")  # as names of tag sets


@dataclass(frozen=True)
class Release:
    """What to know of a data set before using it.

    Attributes
    ----------
    title, version : str
        What it is called.
    page : str
        Where to read about it.
    licence : str
        Of the annotations and of the audio.
    citation : str
        The publication to cite.
    tagsets : tuple of str
        The tag sets it can have.
    audio : str
        What audio there is, how to come by it, and its size.
    tracks : int
        How many, as its publication counts them.
    artists, albums : int, optional
        How many, where it says so.
    hours : float, optional
        Of audio.
    """

    title: str
    version: str
    page: str
    licence: str
    citation: str
    tagsets: tuple[str, ...]
    audio: str
    tracks: int
    artists: int | None = None
    albums: int | None = None
    hours: float | None = None

    def told(self) -> str:
        """Say what the release is and what it asks of its users, in a few lines."""
        return (
            f"{self.title}, {self.version} ({self.page})\n"
            f"Licence: {self.licence}\nCite: {self.citation}"
        )


@dataclass(frozen=True)
class Dataset:
    """A music collection with tags in several sets.

    Attributes
    ----------
    name : str
        Short name, as it stands in run records.
    tracks : pandas.DataFrame
        One row per track, indexed by ``track_id`` (str). Columns: ``artist`` (str, empty where
        unknown), ``album`` (tuple of str: every album that holds the track, empty where unknown),
        ``title`` (str), ``path`` (str: absolute path of the audio file, empty where there is none).
    tags : pandas.DataFrame
        One row per track, tag set and tag. Columns ``track_id``, ``tagset``, ``tag`` (all str).
    tagsets : tuple of str
        The tag sets in the data set's own order.
    make_audio : callable, optional
        Makes the files under ``path`` where they are not there yet; called before the first file
        is read.
    """

    name: str
    tracks: pd.DataFrame
    tags: pd.DataFrame
    tagsets: tuple[str, ...]
    make_audio: Callable[[], None] | None = field(default=None, compare=False)


def albums_of(artists: Iterable[str], titles: Iterable[str]) -> list[tuple[str, ...]]:
    """Name albums that have no ids by artist and title; none where there is no title."""
    named = zip(artists, titles, strict=True)
    return [(f"{artist}: {title}",) if title else () for artist, title in named]


def build(
    name: str,
    tracks: Iterable[tuple[str, str, tuple[str, ...], str, str]],
    tags: Iterable[tuple[str, str, str]],
    tagsets: tuple[str, ...],
    make_audio: Callable[[], None] | None = None,
) -> Dataset:
    """Make a :class:`Dataset` from plain rows and check that they fit together.

    Parameters
    ----------
    name : str
        Short name of the data set.
    tracks : iterable of (track_id, artist, album, title, path)
        ``album`` is a tuple of album names or ids.
    tags : iterable of (track_id, tagset, tag)
        Repeated rows are merged.
    tagsets : tuple of str
        The tag sets in order.
    make_audio : callable, optional
        See :class:`Dataset`.

    Raises
    ------
    TagspaceError
        If there are no tracks, or a track id stands twice.
    """
    frame = pd.DataFrame(tracks, columns=["track_id", *TRACK_COLUMNS]).set_index("track_id")
    return from_frames(name, frame, pd.DataFrame(tags, columns=TAG_COLUMNS), tagsets, make_audio)


def from_frames(
    name: str,
    tracks: pd.DataFrame,
    tags: pd.DataFrame,
    tagsets: tuple[str, ...],
    make_audio: Callable[[], None] | None = None,
) -> Dataset:
    """Make a :class:`Dataset` from frames, for readers that never hold single rows.

    Parameters
    ----------
    name, tagsets, make_audio
        See :func:`build`.
    tracks : pandas.DataFrame
        Indexed by track id, with the columns of ``Dataset.tracks``.
    tags : pandas.DataFrame
        The columns of ``Dataset.tags``. Repeated rows are merged.

    Raises
    ------
    TagspaceError
        If there are no tracks, a track id stands twice, an id or path has a line break, or the name
        of a tag set means something else.
    """
    for tagset in tagsets:
        if tagset in RESERVED or "+" in tagset:
            raise TagspaceError(
                f"dataset: {name} has a tag set {tagset!r}; "
                f"any other name is accepted but {', '.join(RESERVED)}, without a +"
            )
    if tracks.empty:
        raise TagspaceError(f"dataset: {name} holds no tracks")
    for texts in (tracks.index, tracks["path"]):
        broken = list(texts[texts.str.contains("[\r\n]")])
        if broken:
            raise TagspaceError(f"dataset: {name} has a line break within {broken[0]!r}")
    repeated = tracks.index[tracks.index.duplicated()]
    if len(repeated):
        raise TagspaceError(
            f"dataset: {name} lists track_id {repeated[0]!r} more than once "
            f"({len(repeated)} repeated rows); each track may stand there once"
        )
    return Dataset(name, tracks, tags.drop_duplicates(ignore_index=True), tagsets, make_audio)
