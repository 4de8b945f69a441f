"""Write the explorer: a page that shows a collection as a map, and neighbours side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
import torch

from tagspace.search.collection import Collection, Representation
from tagspace.search.explanation import predicted_tags
from tagspace.search.seeds import split_tags

PAGE = Path(__file__).parent / "page"
NEIGHBOURS = 60  # per track and representation; filters of the page leave enough
FAITHFUL = 10  # neighbours that the map should keep
PERPLEXITY = 30.0  # of t-SNE
FEWEST = 60  # tracks for t-SNE


def write(collection: Collection, out: Path) -> None:
    """Write the page of a collection into a folder; its players read the music.

    Parameters
    ----------
    collection : Collection
        The tracks.
    out : Path
        Is created; open its ``explorer.html``.
    """
    shutil.copytree(PAGE, out, dirs_exist_ok=True)
    write_data(collection, out)


def write_data(
    collection: Collection,
    out: Path,
    tags: Mapping[str, Sequence[Sequence[str]]] | None = None,
    start: int = 0,
) -> None:
    """Write what the page shows of a collection: ``data.js``.

    Parameters
    ----------
    collection : Collection
        The tracks.
    out : Path
        An existing folder. Music below it is addressed from there.
    tags : mapping of str to sequence of sequence of str, optional
        For each tag set, the tags of each track. By default, those embedded in the files, and
        predicted ones, which are shown only when they are chosen.
    start : int
        The track that is chosen first.
    """
    predicted = predicted_tags(collection) if tags is None else {}
    if tags is None:
        tags = {"in the file": [split_tags(cell) for cell in collection.tracks["tags"]]}
    shown = {**tags, **predicted}
    first = next(iter(collection.representations))
    places, note = project(collection.representations[first].vectors)
    tracks = [
        {
            "title": track["title"] or Path(track["path"]).stem,
            "artist": track["artist"],
            "album": track["album"],
            "audio": _address(collection.music / track["path"], out),
            "tags": {name: list(of_name[row]) for name, of_name in shown.items()},
        }
        for row, track in enumerate(collection.tracks.to_dict("records"))
    ]
    data = {
        "tracks": tracks,
        "places": places.round(4).tolist(),
        "neighbours": {n: _neighbours(one) for n, one in collection.representations.items()},
        "start": start,
        "predicted": list(predicted),
        "note": f"Tracks that are near each other on the map are near by {first} {note}",
    }
    # "</" would end the script element if the file were inlined; JSON allows "<\\/".
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("</", "<\\/")
    # The script's own address is the base of those of the music.
    script = f"window.TAGSPACE={text};\nTAGSPACE.base=document.currentScript.src;\n"
    (out / "data.js").write_text(script, encoding="utf-8")


def _address(file: Path, out: Path) -> str:
    """Return the address of a file, relative to the page if it is below it."""
    file, out = file.absolute(), out.absolute()
    return quote(str(file.relative_to(out))) if out in file.parents else file.as_uri()


def project(vectors: np.ndarray) -> tuple[np.ndarray, str]:
    """Place tracks in the unit square, near ones near each other.

    Parameters
    ----------
    vectors : numpy.ndarray, shape (n_tracks, d)
        Of unit length.

    Returns
    -------
    numpy.ndarray, shape (n_tracks, 2)
        From 0 to 1.
    str
        The method, and how faithful the map is: the trustworthiness of the ten nearest tracks
        (Venna and Kaski 2001).
    """
    from sklearn.manifold import TSNE, trustworthiness

    given = np.array(vectors)
    if len(given) < FEWEST:
        left, scales, _ = np.linalg.svd(given - given.mean(0), full_matrices=False)
        places, note = np.zeros((len(given), 2)), "(two principal components)."
        places[:, : len(scales)] = (left * scales)[:, :2]
    else:
        found = TSNE(init="pca", metric="cosine", random_state=0, perplexity=PERPLEXITY)
        places = found.fit_transform(given)
        faithful = trustworthiness(given, places, n_neighbors=FAITHFUL, metric="cosine")
        note = f"(t-SNE; trustworthiness of {FAITHFUL} neighbours: {faithful:.2f} of 1)."
    low, high = places.min(0), places.max(0)
    return (places - low) / np.maximum(high - low, 1e-9), note


def _neighbours(one: Representation) -> list[list[list[float]]]:
    """List the nearest tracks of each track, with the percentage of pairs that are less similar."""
    vectors, scale = torch.as_tensor(np.array(one.vectors)), np.sort(one.cosines)
    found: list[list[list[float]]] = []
    for block in vectors.split(1024):
        best = (block @ vectors.T).topk(min(NEIGHBOURS + 1, len(vectors)))
        scores = 100 * np.searchsorted(scale, best.values.numpy()) / max(len(scale), 1)
        for near, of_near in zip(best.indices.tolist(), scores.round(2).tolist(), strict=True):
            own = len(found)
            found.append([[r, s] for r, s in zip(near, of_near, strict=True) if r != own])
    return found
