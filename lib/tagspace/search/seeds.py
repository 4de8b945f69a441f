"""What a query names: a track of the collection, another file, or tags."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tagspace.audio.identity import content_id
from tagspace.audio.reading import log_mel_excerpts
from tagspace.audio.store import LOG_MEL
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.search.collection import Collection
from tagspace.search.indexing import (
    EXCERPTS,
    SOUND,
    heard_tags,
    load_model,
    read_file_metadata,
    standardise,
)
from tagspace.search.models import COUNTS, read_tags


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
    places = tag_places(collection)
    known = {tag for table in places.values() for tag in table.index}
    tags = [part.strip().lower() for part in text.split(",")]
    if set(tags) <= known:
        return _of_tags(places, text, tags)
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
    places = {}
    for name, one in collection.representations.items():
        if name == SOUND:
            directions = musicnn.tag_weights() * one.scale[1]
            table = pd.DataFrame(directions, index=list(musicnn.TAGS))
        else:
            table = read_tags(Path(one.source)).drop(columns=COUNTS, errors="ignore")
        table.index = pd.Index([str(tag).lower() for tag in table.index])
        places[name] = table.div(np.linalg.norm(table, axis=1), axis=0)
    return places


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
    heard = musicnn.excerpt_vectors(str(file), EXCERPTS, musicnn.fastest())[0][None]
    vectors = {}
    for name, one in collection.representations.items():
        if name == SOUND:
            vectors[name] = standardise(heard.mean(1), one.scale)[0]
            continue
        model = load_model(name, Path(one.source))
        if model.digest != one.digest:
            raise TagspaceError(
                f"model: {one.source} has changed; run tagspace index {collection.music} again"
            )
        is_dpnn = model.front_end is LOG_MEL
        given = log_mel_excerpts(file, EXCERPTS)[0][None] if is_dpnn else heard
        vectors[name] = model.embed(given)[0]
    about = {name: str(value) for name, value in read_file_metadata(file).items()}
    tags, heard_of_file = split_tags(about["tags"]), split_tags(heard_tags(heard)[0])
    return Seed(str(file), vectors, -1, about["artist"], about["album"], tags, heard_of_file)


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
