"""Index a music folder: vectors of every track, for each representation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.nn import functional

from tagspace.audio import features, reading
from tagspace.audio.features import Features
from tagspace.audio.store import LOG_MEL, FrontEnd
from tagspace.audio.stored import Values
from tagspace.datasets import groups
from tagspace.datasets.artists import normalise_artists
from tagspace.datasets.base import NAME_COLUMNS, TRACK_COLUMNS, Dataset, albums_of
from tagspace.datasets.embedded import read_metadata
from tagspace.datasets.files import ALL_SUFFIXES, audio_paths
from tagspace.encoders import musicnn
from tagspace.encoders.embedding import SMALLEST, Network, embed
from tagspace.encoders.heard import TAGS
from tagspace.errors import TagspaceError
from tagspace.runs.records import WEIGHTS, Record
from tagspace.search import collection, copies
from tagspace.search.collection import SOUND, Collection, Representation
from tagspace.support.cache import cache_folder
from tagspace.support.progress import Progress

EXCERPTS = 5  # of six seconds, per track
HEARD_TAGS = 5  # predicted tags that are kept, per track
BLOCK = 2048  # tracks whose features are in memory at a time
METADATA = [*NAME_COLUMNS, "tags", "seconds"]


def index(
    music: Path, folder: Path | None = None, models: Mapping[str, Path] | None = None
) -> Collection:
    """Index a music folder, or bring its collection up to date.

    Files are known by their content: a file that was moved, renamed or touched is not decoded
    again, nor one that an interrupted run has decoded.

    Parameters
    ----------
    music : Path
        Contains audio files at any depth.
    folder : Path, optional
        Where the collection is kept; by default, in the user's data folder.
    models : mapping of str to Path, optional
        Further representations: a name, and the folder of a run's record. Those of an earlier index
        are kept.

    Returns
    -------
    Collection

    Raises
    ------
    TagspaceError
        If there is no audio that can be read, or a model cannot be used.
    """
    music = music.expanduser().absolute()
    if not music.is_dir():
        raise TagspaceError(f"collection: {music} is not a folder; give the folder of your music")
    folder = (folder or collection.default_folder(music)).expanduser()
    old = collection.load(folder) if (folder / collection.DATABASE).is_file() else None
    of_old = {name: Path(one.source) for name, one in old.representations.items()} if old else {}
    of_old.pop(SOUND, None)
    loaded = {
        name: load_model(name, source) for name, source in {**of_old, **(models or {})}.items()
    }
    dataset, store = _dataset(music), cache_folder() / "features"
    hearing = musicnn.front_end(musicnn.fastest())
    front_ends = {hearing, *(model.front_end for model in loaded.values())}
    found = {each: features.extract(dataset, store, EXCERPTS, each) for each in front_ends}
    raw = found[hearing]
    contents = raw.index["content_id"]
    pairs = collection.random_pairs(len(contents))
    sound, heard = _sound(raw, pairs)
    representations = {SOUND: sound}
    for name, model in loaded.items():
        known = _known(old, name, model.digest)
        vectors = _embed(model, found[model.front_end], contents, known, name)
        cosines = _cosines(vectors, pairs)
        representations[name] = Representation(
            vectors, model.source, model.digest, cosines, np.empty((2, 0))
        )
    tracks = pd.DataFrame({"path": contents.index, "content": contents.to_numpy()})
    tracks = tracks.join(_metadata(music, tracks, old)).assign(heard=heard)
    artists = normalise_artists(list(tracks["artist"])).keys
    albums = ["".join(album) for album in albums_of(artists, tracks["album"])]
    tracks["artist_code"] = groups.group_codes(artists)
    tracks["album_code"] = groups.group_codes(albums)
    tracks["recording"] = copies.find(sound.vectors, raw.index, dataset, store, EXCERPTS)
    failures = raw.failures[["track_id", "reason"]].set_axis(["path", "reason"], axis=1)
    return collection.save(folder, music, tracks, failures, representations)


class Model(NamedTuple):
    """A trained head or network: ``source`` is its record, ``digest`` a hash of its weights."""

    network: Network
    front_end: FrontEnd
    source: str
    digest: str

    def embed(self, excerpts: Values) -> np.ndarray:
        """Embed tracks: from shape (n_tracks, n_excerpts, ...) to vectors of unit length."""
        return functional.normalize(embed(self.network, excerpts), dim=1).numpy()


def load_model(name: str, path: Path) -> Model:
    """Load a network, or a head on musicnn, from the record of a run.

    Raises
    ------
    TagspaceError
        If the name is taken, or there is no such record.
    """
    if name == SOUND or not name.isidentifier():
        raise TagspaceError(
            f"model: {name!r} is not accepted; accepted: a name of letters, digits and _ that "
            f"begins with a letter, and is not {SOUND}"
        )
    record = Record(path.expanduser().absolute())
    if damage := record.damage([WEIGHTS]):
        raise TagspaceError(
            f"model: {record.folder} is not the record of a run ({damage}); give one with --model "
            f"{name}=RUN"
        )
    front_ends = {"musicnn": musicnn.front_end(musicnn.fastest()), "dpnn": LOG_MEL}
    encoder = record.parameters["encoder"]
    if encoder not in front_ends:
        raise TagspaceError(
            f"model: {record.folder} was trained on {encoder}; accepted are runs with -p encoder "
            f"{' or '.join(front_ends)}"
        )
    digest = hashlib.sha256((record.folder / WEIGHTS).read_bytes()).hexdigest()
    return Model(record.network(), front_ends[encoder], str(record.folder), digest)


def standardise(vectors: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Subtract a mean, divide by a deviation, and scale to unit length.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, d)
        Of tracks, each the mean of its excerpts.
    scale : numpy.ndarray, shape (2, d)
        Mean and deviation.
    """
    scaled = torch.as_tensor((vectors - scale[0]) / scale[1])
    return functional.normalize(scaled, dim=1).numpy()


def heard_tags(vectors: np.ndarray) -> list[str]:
    """Name the most likely of musicnn's tags for each track, ``|`` between them.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, n_excerpts, 200)
        See :func:`tagspace.encoders.musicnn.excerpt_vectors`.
    """
    chances = musicnn.tag_chances(vectors).mean(axis=1)
    most = np.argsort(-chances, axis=1, kind="stable")[:, :HEARD_TAGS]
    return ["|".join(TAGS[column] for column in row) for row in most]


def _dataset(music: Path) -> Dataset:
    """Describe the audio files of a folder as tracks, named by their relative paths."""
    files = list(audio_paths(music, ALL_SUFFIXES))
    if not files:
        raise TagspaceError(
            f"collection: {music} contains no audio files ({', '.join(sorted(ALL_SUFFIXES))})"
        )
    names = pd.Index([file.relative_to(music).as_posix() for file in files], name="track_id")
    tracks = pd.DataFrame("", names, TRACK_COLUMNS).assign(path=[str(file) for file in files])
    tags = pd.DataFrame(columns=["track_id", "tagset", "tag"], dtype=str)
    return Dataset(music.name, tracks, tags, ())


def _sound(raw: Features, pairs: np.ndarray) -> tuple[Representation, list[str]]:
    """Return musicnn's vectors, each dimension standardised, and the tags that it predicts."""
    means, heard = [], []
    total, squares, count = 0.0, 0.0, 0
    for paths in _blocks(raw.index.index):
        vectors = raw.take(paths)[:]
        heard += heard_tags(vectors)
        means.append(vectors.mean(1))
        each = vectors.reshape(-1, vectors.shape[-1]).astype(np.float64)
        total, squares, count = total + each.sum(0), squares + (each**2).sum(0), count + len(each)
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, SMALLEST**2))
    scale = np.stack([mean, deviation]).astype(np.float32)
    vectors = standardise(np.concatenate(means), scale)
    cosines = _cosines(vectors, pairs)
    return Representation(vectors, musicnn.PACKAGE, musicnn.SHA256, cosines, scale), heard


def _embed(
    model: Model, found: Features, contents: pd.Series, known: Mapping[str, np.ndarray], name: str
) -> np.ndarray:
    """Embed the tracks whose content is not known yet."""
    new = contents[~contents.isin(known)]
    parts = [
        model.embed(found.take(paths))
        for paths in Progress(list(_blocks(new.index)), desc=name, unit="block")
    ]
    made = dict(zip(new, np.concatenate(parts) if parts else (), strict=True))
    return np.stack([made[content] if content in made else known[content] for content in contents])


def _known(old: Collection | None, name: str, digest: str) -> dict[str, np.ndarray]:
    """Return the vectors that the same model gave in an earlier index, by content."""
    one = old.representations.get(name) if old else None
    if old is None or one is None or one.digest != digest:
        return {}
    return dict(zip(old.tracks["content"], one.vectors, strict=True))


def _blocks(paths: pd.Index) -> Iterator[pd.Index]:
    for start in range(0, len(paths), BLOCK):
        yield paths[start : start + BLOCK]


def _cosines(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    first, second = pairs.T
    return np.einsum("ij,ij->i", vectors[first], vectors[second])


def _metadata(music: Path, tracks: pd.DataFrame, old: Collection | None) -> pd.DataFrame:
    """Read length and embedded metadata of each file whose content is new."""
    known = {} if old is None else old.tracks.set_index("content")[METADATA].to_dict("index")
    new = tracks[~tracks["content"].isin(known)]
    for path, content in Progress(new[["path", "content"]].to_numpy(), desc="metadata"):
        known[content] = read_file_metadata(music / path)
    return pd.DataFrame([known[content] for content in tracks["content"]], tracks.index, METADATA)


def read_file_metadata(file: Path) -> dict[str, object]:
    """Read names, tags and length of a file; empty where its metadata is damaged."""
    try:
        found = read_metadata(file)
    except TagspaceError:
        found = dict.fromkeys([*NAME_COLUMNS, "genres", "moods"], "")
    tags = "|".join(filter(None, (found.pop("genres"), found.pop("moods"))))
    return {**found, "tags": tags, "seconds": reading.duration(file)}
