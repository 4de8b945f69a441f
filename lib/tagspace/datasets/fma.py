"""Read FMA, the Free Music Archive: tracks with a hierarchy of genres (Defferrard et al. 2017)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tagspace.datasets import download
from tagspace.datasets.base import Dataset, Release, build
from tagspace.datasets.files import audio_by_stem, first_file
from tagspace.datasets.tables import check_width, read_rows, read_table
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="FMA",
    version="pre-publication release of 2017-05-09",
    page="https://github.com/mdeff/fma",
    licence="metadata CC BY 4.0; audio as chosen by each artist, mostly Creative Commons",
    citation="Defferrard et al. 2017, FMA: a dataset for music analysis",
    tagsets=("genres", "styles"),
    audio="clips of 30 s: 8,000 (small, 7.2 GiB), 25,000 (medium, 22 GiB), 106,574 (large, 93 GiB)",
    tracks=106_574,
    artists=16_341,
    albums=14_854,
    hours=888,
)
ARCHIVES = "https://os.unil.cloud.switch.ch/fma"
CHECKSUMS = {  # SHA-1, as published in the FMA repository
    "metadata": "f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
    "small": "ade154f733639d52e35e32f5593efe5be76c6d70",
    "medium": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
    "large": "497109f4dd721066b5ce5e5f250ec604dc78939e",
}
AUDIO = ("small", "medium", "large")
FILES = ("genres.csv", "tracks.csv")

# tracks.csv has two header lines: a group of columns, and the column's name in that group.
COLUMNS = (
    *(("artist", "name"), ("album", "id"), ("track", "title"), ("track", "genres_all")),
    ("set", "split"),
)
NO_PARENT = "0"
NO_ALBUM = ("", "-1")


def find(folder: Path) -> Path | None:
    """Return the path of ``genres.csv`` if ``tracks.csv`` is in the same folder, else None."""
    genres = first_file(folder, FILES[:1])
    return genres if genres and genres.with_name(FILES[1]).is_file() else None


def fetch(folder: Path, shards: str) -> None:
    """Download the metadata (0.3 GiB) and one subset of the audio, unless they exist.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files are stored.
    shards : str
        Subset of the audio: ``small``, ``medium`` or ``large``; empty for none.

    Raises
    ------
    TagspaceError
        If ``shards`` is anything else, or the download fails.
    """
    if shards and shards not in AUDIO:
        raise TagspaceError(f"shards: {shards!r} is not accepted; accepted: {', '.join(AUDIO)}")
    names = [] if find(folder) else ["metadata"]
    if shards:
        names.append(shards)
    files = [
        download.Remote(f"{ARCHIVES}/fma_{name}.zip", f"fma_{name}.zip", f"sha1:{CHECKSUMS[name]}")
        for name in names
    ]
    download.fetch(RELEASE, files, folder)


def read(folder: Path) -> Dataset:
    """Read the metadata and find the audio files.

    Parameters
    ----------
    folder : pathlib.Path
        Contains ``genres.csv`` and ``tracks.csv`` in one folder, at most two levels down. The audio
        files, named ``<six digits>.mp3``, may be at any depth.

    Returns
    -------
    Dataset
        ``genres`` contains the top level of the hierarchy, ``styles`` all lower levels. The tags
        of a track are its genres and all their ancestors. Albums are ids. The published split is
        called ``official``.

    Raises
    ------
    TagspaceError
        If a table is missing or its format is wrong.
    """
    file = find(folder)
    if file is None:
        raise TagspaceError(
            f"dataset: {folder} contains no folder with both {' and '.join(FILES)}; "
            "give the folder of the FMA metadata"
        )
    genres = read_table(file, "genre_id", ["parent", "title"])
    rows = list(_rows(file.with_name(FILES[1])))
    audio = audio_by_stem(folder)
    tracks = (
        (track_id, artist, _albums(album), title, audio.get(track_id.zfill(6), ""))
        for track_id, (artist, album, title, *_) in rows
    )
    track_genres = [
        (track_id, genre) for track_id, (*_, cell, _) in rows for genre in re.findall(r"\d+", cell)
    ]
    for track_id, genre in track_genres:
        if genre not in genres.index:
            raise TagspaceError(
                f"dataset: {folder}: track {track_id} has genre {genre}, which is not in {FILES[0]}"
            )
    tagsets = {
        genre: "genres" if parent == NO_PARENT else "styles"
        for genre, parent in genres["parent"].items()
    }
    titles = genres["title"].str.strip().to_dict()
    tags = ((track_id, tagsets[genre], titles[genre]) for track_id, genre in track_genres)
    parts = pd.Series({track_id: part for track_id, (*_, part) in rows}, dtype=str)
    dataset = build("fma", tracks, tags, RELEASE.tagsets)
    return replace(dataset, splits={"official": lambda: parts})


def _albums(album: str) -> tuple[str, ...]:
    return () if album in NO_ALBUM else (album,)


def _rows(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each track id with its cells of ``COLUMNS``."""
    rows = read_rows(file, ",")
    header = [next(rows, (line, []))[1] for line in (1, 2)]
    columns = list(zip(*header, strict=False))
    missing = [".".join(column) for column in COLUMNS if column not in columns]
    if missing:
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)} in its first two lines"
        )
    positions = [columns.index(column) for column in COLUMNS]
    for line, row in rows:
        if row[0] == "track_id":  # the third header line names only this column
            continue
        check_width(file, line, row, len(columns))
        yield row[0], [row[position].strip() for position in positions]
