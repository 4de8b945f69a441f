"""What a query names: a track of the collection, another file, or tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.audio.identity import content_id
from tagspace.encoders.heard import TAGS
from tagspace.errors import TagspaceError
from tagspace.search.collection import SOUND, Collection
from tagspace.search.places import COUNTS, read_tags


@dataclass(frozen=True)
class Seed:
    """Music or tags that hits should be near to, or far from.

    Attributes
    ----------
    name : str
        What it is, for people.
    vectors : dict of str to numpy.ndarray, shape (d,)
        Of unit length, by representation.
    row : int
        Its row in the collection; -1 if it is not a track of it.
    artist, album : str
        As embedded in the file.
    tags, heard : list of str
        Its tags, and those that musicnn predicts.
    """

    name: str
    vectors: dict[str, np.ndarray]
    row: int = -1
    artist: str = ""
    album: str = ""
    tags: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)


def seed(collection: Collection, text: str) -> Seed:
    """Find what a text names.

    Parameters
    ----------
    collection : Collection
        Where to search.
    text : str
        The path of an audio file; or tags, with commas between them; or a part of the path of one
        track of the collection.

    Raises
    ------
    TagspaceError
        If it names nothing or several tracks, or the file cannot be read.
    """
    file = Path(text).expanduser()
    (rows,) = np.nonzero(collection.tracks["path"] == _path_in(collection, file))
    if len(rows):
        return of_row(collection, int(rows[0]))
    if _is_file(file):
        return _of_file(collection, file)
    known = {tag for names in _tag_names(collection).values() for tag in names}
    tags = [part.strip().lower() for part in text.split(",")]
    if set(tags) <= known:
        return _of_tags(tag_places(collection), text, tags)
    named = collection.tracks["path"].str.contains(text, case=False, regex=False)
    rows = np.flatnonzero(named)
    if len(rows) == 1:
        return of_row(collection, int(rows[0]))
    if len(rows):
        some = ", ".join(collection.tracks["path"].iloc[rows[:3]])
        raise TagspaceError(
            f"query: {text!r} is in the paths of {len(rows)} tracks, such as {some}; give more of "
            "the path"
        )
    raise TagspaceError(
        f"query: {text!r} is neither a file, nor a part of the path of a track, nor tags; tags "
        f"are, for example, {', '.join(sorted(known)[:8])}"
    )


def of_row(collection: Collection, row: int) -> Seed:
    """Take a track of the collection as a seed."""
    track = collection.tracks.iloc[row]
    vectors = {name: np.array(one.vectors[row]) for name, one in collection.representations.items()}
    tags, heard = split_tags(track["tags"]), split_tags(track["heard"])
    return Seed(track["path"], vectors, row, track["artist"], track["album"], tags, heard)


def split_tags(cell: str) -> list[str]:
    """Split a cell of tags."""
    return [tag for tag in cell.split("|") if tag]


def tag_places(collection: Collection) -> dict[str, pd.DataFrame]:
    """Return the vectors of tags, by representation.

    In a representation that :func:`tagspace.search.models.learn` made, a tag is placed among the
    tracks that are related to it. In the sound, it is the direction in which musicnn finds the tag
    more likely.

    Returns
    -------
    dict of str to pandas.DataFrame
        Rows are vectors of unit length; the index is the tag in lower case.
    """
    from tagspace.encoders import musicnn  # torch takes seconds to import

    places = {}
    for name, tags in _tag_names(collection).items():
        one = collection.representations[name]
        if name == SOUND:
            vectors = musicnn.tag_weights() * one.scale[1]
        else:
            vectors = read_tags(Path(one.source)).drop(columns=COUNTS, errors="ignore").to_numpy()
        places[name] = pd.DataFrame(vectors / np.linalg.norm(vectors, axis=1)[:, None], tags)
    return places


def _tag_names(collection: Collection) -> dict[str, list[str]]:
    """Return the tags that each representation knows, in lower case."""
    names = {
        name: TAGS if name == SOUND else read_tags(Path(one.source)).index
        for name, one in collection.representations.items()
    }
    return {name: [str(tag).lower() for tag in tags] for name, tags in names.items()}


def _path_in(collection: Collection, file: Path) -> str:
    """Return a path as the collection names it: relative to the music, if it is below it."""
    try:
        return file.absolute().relative_to(collection.music.absolute()).as_posix()
    except ValueError:
        return file.as_posix()


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # the text is too long for a path
        return False


def _of_file(collection: Collection, file: Path) -> Seed:
    rows = np.flatnonzero(collection.tracks["content"] == content_id(file))
    if len(rows):
        return of_row(collection, int(rows[0]))
    from tagspace.search import outside  # torch takes seconds to import

    vectors, heard, about = outside.embed_file(collection, file)
    artist, album, tags = (str(about[name]) for name in ("artist", "album", "tags"))
    return Seed(str(file), vectors, -1, artist, album, split_tags(tags), split_tags(heard))


def _of_tags(places: dict[str, pd.DataFrame], text: str, tags: list[str]) -> Seed:
    vectors = {}
    for name, table in places.items():
        if set(tags) <= set(table.index):
            mean = table.loc[tags].to_numpy(np.float32).mean(axis=0)
            vectors[name] = mean / np.linalg.norm(mean)
    if not vectors:
        raise TagspaceError(
            f"query: no representation knows all of the tags in {text!r}; search for one of them"
        )
    return Seed(text, vectors, tags=tags, heard=tags)
