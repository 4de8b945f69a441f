"""Files that are not in a collection."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tagspace.audio.reading import log_mel_excerpts
from tagspace.audio.store import LOG_MEL
from tagspace.encoders import musicnn
from tagspace.errors import TagspaceError
from tagspace.search import indexing
from tagspace.search.collection import SOUND, Collection
from tagspace.search.indexing import EXCERPTS


def embed_file(
    collection: Collection, file: Path
) -> tuple[dict[str, np.ndarray], str, dict[str, object]]:
    """Embed an audio file with the models of a collection.

    Parameters
    ----------
    collection : Collection
        Names the models.
    file : Path
        An audio file.

    Returns
    -------
    dict of str to numpy.ndarray, shape (d,)
        Vectors of unit length, by representation.
    str
        The tags that musicnn predicts, ``|`` between them.
    dict of str to object
        See :func:`tagspace.search.indexing.read_file_metadata`.

    Raises
    ------
    TagspaceError
        If the file cannot be read, or a model has changed since the collection was indexed.
    """
    heard = musicnn.excerpt_vectors(str(file), EXCERPTS, musicnn.fastest())[0][None]
    vectors = {}
    for name, one in collection.representations.items():
        if name == SOUND:
            vectors[name] = indexing.standardise(heard.mean(1), one.scale)[0]
            continue
        model = indexing.load_model(name, Path(one.source))
        if model.digest != one.digest:
            raise TagspaceError(
                f"model: {one.source} has changed; run tagspace index {collection.music} again"
            )
        is_dpnn = model.front_end is LOG_MEL
        given = log_mel_excerpts(file, EXCERPTS)[0][None] if is_dpnn else heard
        vectors[name] = model.embed(given)[0]
    return vectors, indexing.heard_tags(heard)[0], indexing.read_file_metadata(file)
