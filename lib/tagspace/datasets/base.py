"""Define :class:`Dataset`: the tracks and tags that every reader returns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from tagspace.datasets.artists import artist_key
from tagspace.errors import TagspaceError

NAME_COLUMNS = ["artist", "album", "title"]
TRACK_COLUMNS = [*NAME_COLUMNS, "path"]
TAG_COLUMNS = ["track_id", "tagset", "tag"]
# No tag set may have these names, because options and results use them with other meanings.
RESERVED = ("all", "mean", "artist", "album")


@dataclass(frozen=True)
class Release:
    """A published data set: its source, licence, citation and size.

    Attributes
    ----------
    title, version : str
        Name and version of the data set.
    page : str
        Address of its web page.
    licence : str
        Licence of the annotations and of the audio.
    citation : str
        Publication to cite.
    tagsets : tuple of str
        Tag sets that the data set may contain.
    audio : str
        Which audio exists, how to get it, and its size.
    tracks : int
        Number of tracks, as published.
    artists, albums : int, optional
        Numbers of artists and albums, if published.
    hours : float, optional
        Duration of the audio in hours.
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

    def notice(self) -> str:
        """Return the title, page, licence and citation as three lines of text."""
        return (
            f"{self.title}, {self.version} ({self.page})\n"
            f"Licence: {self.licence}\nCite: {self.citation}"
        )


@dataclass(frozen=True)
class Dataset:
    """A music collection with tags in several tag sets.

    Attributes
    ----------
    name : str
        Short name, used in the records of runs.
    tracks : pandas.DataFrame
        One row per track, indexed by ``track_id`` (str). Columns: ``artist`` (str, empty if
        unknown), ``album`` (tuple of str: every album that contains the track, empty if unknown),
        ``title`` (str), ``path`` (str: absolute path of the audio file, empty if there is none).
    tags : pandas.DataFrame
        One row per track, tag set and tag. Columns ``track_id``, ``tagset``, ``tag`` (all str).
    tagsets : tuple of str
        The tag sets, in the order of the data set.
    make_audio : callable, optional
        Creates missing audio files at ``path``. It is called before the first file is read.
    recipe : str
        Name and version of the program that makes the audio, if one does. It stands for the content
        of the files, whose bytes may differ between machines.
    splits : mapping of str to callable
        Splits that were published with the data set, by name. Each call returns the part of each
        track, indexed by track id: a name in :data:`tagspace.datasets.splits.PARTS`.
    """

    name: str
    tracks: pd.DataFrame
    tags: pd.DataFrame
    tagsets: tuple[str, ...]
    make_audio: Callable[[], None] | None = field(default=None, compare=False)
    recipe: str = ""
    splits: Mapping[str, Callable[[], pd.Series]] = field(default_factory=dict, compare=False)


def albums_of(artists: Iterable[str], titles: Iterable[str]) -> list[tuple[str, ...]]:
    """Identify the album of each track by artist and album title, for data sets without album ids.

    The result for a track is ``("artist: album title",)``, or an empty tuple without album title.
    The artist is in the normal form of :func:`tagspace.datasets.artists.artist_key`.
    """
    pairs = zip(artists, titles, strict=True)
    return [
        (f"{artist_key(artist) or artist}: {title}",) if title else () for artist, title in pairs
    ]


def tracks_frame(track_ids: pd.Index, names: pd.DataFrame, paths: Sequence[str]) -> pd.DataFrame:
    """Combine names and audio paths into ``Dataset.tracks``, for data sets without album ids.

    Parameters
    ----------
    track_ids : pandas.Index
        The tracks, in the order of the result.
    names : pandas.DataFrame
        ``artist``, ``album`` (its title) and ``title``, indexed by track id. Tracks and columns may
        be missing; their cells become empty.
    paths : sequence of str
        Audio path of each track.
    """
    tracks = names.reindex(columns=NAME_COLUMNS, fill_value="").reindex(track_ids).fillna("")
    return tracks.assign(album=albums_of(tracks["artist"], tracks["album"]), path=paths)


def build(
    name: str,
    tracks: Iterable[tuple[str, str, tuple[str, ...], str, str]],
    tags: Iterable[tuple[str, str, str]],
    tagsets: tuple[str, ...],
    make_audio: Callable[[], None] | None = None,
) -> Dataset:
    """Build a :class:`Dataset` from rows and check its consistency.

    Parameters
    ----------
    name : str
        Short name of the data set.
    tracks : iterable of (track_id, artist, album, title, path)
        ``album`` is a tuple of album names or ids.
    tags : iterable of (track_id, tagset, tag)
        Duplicate rows are removed.
    tagsets : tuple of str
        The tag sets in order.
    make_audio : callable, optional
        See :class:`Dataset`.

    Raises
    ------
    TagspaceError
        See :func:`from_frames`.
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
    """Build a :class:`Dataset` from data frames and check its consistency.

    Tag sets without any tag are left out, with a warning.

    Parameters
    ----------
    name, tagsets, make_audio
        See :func:`build`.
    tracks : pandas.DataFrame
        Indexed by track id, with the columns of ``Dataset.tracks``.
    tags : pandas.DataFrame
        Columns of ``Dataset.tags``. Duplicate rows are removed.

    Raises
    ------
    TagspaceError
        If there are no tracks, a track id is repeated, an id or path contains a line break, or the
        name of a tag set is reserved or contains +.
    """
    for tagset in tagsets:
        if tagset in RESERVED or "+" in tagset:
            raise TagspaceError(
                f"dataset: {name} has a tag set named {tagset!r}; rename it: a name may not "
                f"contain + or be one of {', '.join(RESERVED)}"
            )
    if tracks.empty:
        raise TagspaceError(f"dataset: {name} contains no tracks")
    for texts in (tracks.index, tracks["path"]):
        broken = list(texts[texts.str.contains("[\r\n]")])
        if broken:
            raise TagspaceError(
                f"dataset: {name} has a line break in {broken[0]!r}; "
                "remove line breaks from track ids and paths"
            )
    repeated = tracks.index[tracks.index.duplicated()]
    if len(repeated):
        raise TagspaceError(
            f"dataset: {name} lists track_id {repeated[0]!r} more than once "
            f"({len(repeated)} repeated rows); each track needs its own id"
        )
    empty = sorted(set(tagsets) - set(tags["tagset"].unique()), key=tagsets.index)
    if empty and len(empty) < len(tagsets):
        warnings.warn(f"dataset: {name} has no tags in {', '.join(empty)}", stacklevel=2)
    used = tuple(tagset for tagset in tagsets if tagset not in empty)
    return Dataset(name, tracks, tags.drop_duplicates(ignore_index=True), used, make_audio)
