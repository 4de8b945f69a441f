"""FMA, the Free Music Archive as a data set: genres in a hierarchy (Defferrard et al. 2017)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tagspace.datasets import download
from tagspace.datasets.base import Dataset, Release, build
from tagspace.datasets.files import audio_files, first_file
from tagspace.datasets.tables import check_width, read_rows, read_table
from tagspace.errors import TagspaceError

RELEASE = Release(
    title="FMA",
    version="pre-publication release of 2017-05-09",
    page="https://github.com/mdeff/fma",
    licence="metadata CC BY 4.0; audio as each artist chose, most of it Creative Commons",
    citation="Defferrard et al. 2017, FMA: a dataset for music analysis",
    tagsets=("genres", "styles"),
    audio="clips of 30 s: 8,000 (small, 7.2 GiB), 25,000 (medium, 22 GiB), 106,574 (large, 93 GiB)",
    tracks=106_574,
    artists=16_341,
    albums=14_854,
    hours=888,
)
ARCHIVES = "https://os.unil.cloud.switch.ch/fma"
CHECKSUMS = {  # as the repository states them
    "metadata": "f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
    "small": "ade154f733639d52e35e32f5593efe5be76c6d70",
    "medium": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
    "large": "497109f4dd721066b5ce5e5f250ec604dc78939e",
}
AUDIO = tuple(CHECKSUMS)[1:]
FILES = ("genres.csv", "tracks.csv")

# The table of tracks has two lines of header: what a column is about, and its name.
COLUMNS = (("artist", "name"), ("album", "id"), ("track", "title"), ("track", "genres_all"))
TOP = "0"  # the parent of a genre that has none
NO_ALBUM = ("", "-1")


def find(folder: Path) -> Path | None:
    """Find the table of genres, if that of the tracks lies beside it."""
    genres = first_file(folder, FILES[:1])
    return genres if genres and genres.with_name(FILES[1]).is_file() else None


def fetch(folder: Path, shards: str) -> None:
    """Fetch the metadata (0.3 GiB) and one of the releases of audio, as far as they are not there.

    Parameters
    ----------
    folder : pathlib.Path
        Where they go.
    shards : str
        ``small``, ``medium`` or ``large``; empty: no audio.

    Raises
    ------
    TagspaceError
        See :func:`tagspace.datasets.download.fetch`; and if ``shards`` is none of these.
    """
    if shards and shards not in AUDIO:
        raise TagspaceError(f"shards: {shards!r} is not accepted; accepted: {', '.join(AUDIO)}")
    wanted = [*([] if find(folder) else ["metadata"]), *([shards] if shards else [])]
    files = [
        download.Remote(f"{ARCHIVES}/fma_{name}.zip", f"fma_{name}.zip", f"sha1:{CHECKSUMS[name]}")
        for name in wanted
    ]
    download.fetch(RELEASE, files, folder)


def read(folder: Path) -> Dataset:
    """Read the metadata, and find the audio that is there.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``genres.csv`` and ``tracks.csv`` side by side, at most two folders down, and anywhere
        below it the audio as ``<six digits>.mp3``.

    Returns
    -------
    Dataset
        ``genres`` has the top of the hierarchy, ``styles`` all that lies below; a track has the
        genres given to it and their ancestors. Albums are ids.

    Raises
    ------
    TagspaceError
        If a table is missing or not as expected.
    """
    file = find(folder)
    if file is None:
        raise TagspaceError(f"dataset: {folder} holds no {' beside '.join(FILES)}")
    genres = read_table(file, "genre_id", ["parent", "title"])
    rows = list(_rows(file.with_name(FILES[1])))
    audio = audio_files(folder)
    tracks = (
        (track_id, artist, _albums(album), title, audio.get(track_id.zfill(6), ""))
        for track_id, (artist, album, title, _) in rows
    )
    given = [
        (track_id, genre) for track_id, (*_, listed) in rows for genre in re.findall(r"\d+", listed)
    ]
    for track_id, genre in given:
        if genre not in genres.index:
            raise TagspaceError(f"dataset: {folder}: track {track_id} has genre {genre}, which "
                                f"{FILES[0]} does not have")  # fmt: skip
    sets = genres["parent"].map(lambda parent: "genres" if parent == TOP else "styles").to_dict()
    titles = genres["title"].str.strip().to_dict()
    tags = ((track_id, sets[genre], titles[genre]) for track_id, genre in given)
    return build("fma", tracks, tags, RELEASE.tagsets)


def _albums(album: str) -> tuple[str, ...]:
    return () if album in NO_ALBUM else (album,)


def _rows(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield track ids, and the wanted columns of each."""
    rows = read_rows(file, ",")
    header = [next(rows, (line, []))[1] for line in (1, 2)]
    names = list(zip(*header, strict=False))
    missing = [".".join(column) for column in COLUMNS if column not in names]
    if missing:
        raise TagspaceError(
            f"dataset: {file} has no column {', '.join(missing)} in its first lines"
        )
    places = [names.index(column) for column in COLUMNS]
    for line, row in rows:
        if row[0] == "track_id":  # a third line of header names the first column alone
            continue
        check_width(file, line, row, len(names))
        yield row[0], [row[place].strip() for place in places]
