"""Load a data set by name or path."""

from __future__ import annotations

from pathlib import Path

from tagspace.datasets import emotify, fma, jamendo, magnatagatune, manifest, merge, msd
from tagspace.datasets.base import Dataset
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder

READERS = {
    "emotify": emotify,
    "fma": fma,
    "jamendo": jamendo,
    "magnatagatune": magnatagatune,
    "manifest": manifest,
    "merge": merge,
    "msd": msd,
}
SHARDED = ("jamendo", "fma")
NAMES = ("demo", *(name for name in READERS if name != "manifest"))


def load_dataset(dataset: str, shards: str = "", data_home: Path | None = None) -> Dataset:
    """Load a data set by its name or path.

    Parameters
    ----------
    dataset : str
        One of :data:`NAMES`; the path of a folder with one of these data sets or a
        ``manifest.csv``; or the path of a manifest.
    shards : str
        Parts of the audio to download, for example ``0-4``. Only :data:`SHARDED` data sets accept
        it.
    data_home : pathlib.Path, optional
        Folder of local copies, with one subfolder per name; by default ``datasets`` in the cache
        folder.

    Raises
    ------
    TagspaceError
        If the name or path is unknown, the data set cannot be read, or it has no tags.

    Examples
    --------
    >>> demo = load_dataset("demo")
    >>> demo.tagsets
    ('genres', 'styles', 'moods', 'themes')
    >>> sorted(demo.tags.loc[demo.tags["track_id"] == demo.tracks.index[0], "tagset"].unique())
    ['genres', 'moods', 'styles', 'themes']
    """
    if shards and dataset not in SHARDED:
        raise TagspaceError(
            f"shards: {shards!r} is not accepted with dataset {dataset}; leave shards empty, or "
            f"choose dataset {' or '.join(SHARDED)}"
        )
    loaded = _load(dataset, shards, data_home)
    if loaded.tags.empty:
        raise TagspaceError(f"dataset: {loaded.name} contains no tags; training needs tags")
    return loaded


def _load(dataset: str, shards: str, data_home: Path | None) -> Dataset:
    if dataset == "demo":
        from tagspace.datasets import demo

        return demo.load()
    if dataset in NAMES:
        reader = READERS[dataset]
        folder = (data_home or cache_folder() / "datasets") / dataset
        if hasattr(reader, "fetch"):
            reader.fetch(folder, shards)
        elif reader.find(folder) is None:
            raise TagspaceError(
                f"dataset: {dataset!r} is not in {folder} and cannot be downloaded automatically; "
                f"see {reader.RELEASE.page}, then give the path of its folder"
            )
        return reader.read(folder)
    return _read(Path(dataset).expanduser())


def recognise(path: Path) -> list[str]:
    """Name the data sets whose files are at a path."""
    return [name for name, reader in READERS.items() if reader.find(path)]


def _read(path: Path) -> Dataset:
    """Read the data set at a path with the reader that recognises its files."""
    if not path.exists():
        raise TagspaceError(
            f"dataset: {str(path)!r} is neither a known data set ({', '.join(NAMES)}) "
            "nor an existing folder or manifest.csv"
        )
    recognised = recognise(path)
    if len(recognised) > 1:
        raise TagspaceError(
            f"dataset: {path} contains several data sets ({', '.join(recognised)}); "
            "give the folder of one of them, or a manifest.csv"
        )
    if not recognised:
        files = ", ".join(file for reader in READERS.values() for file in reader.FILES)
        raise TagspaceError(
            f"dataset: {path} contains no known data set; it needs one of the files {files}"
        )
    return READERS[recognised[0]].read(path)
