"""Music collections with tags: the demo corpus, and readers of local folders."""

from __future__ import annotations

from pathlib import Path

from tagspace.datasets import fma, jamendo, magnatagatune, manifest, merge, msd
from tagspace.datasets.base import Dataset, build
from tagspace.errors import TagspaceError
from tagspace.support.cache import cache_folder

__all__ = ["NAMES", "Dataset", "build", "load"]

READERS = {
    "fma": fma,
    "jamendo": jamendo,
    "magnatagatune": magnatagatune,
    "manifest": manifest,
    "merge": merge,
    "msd": msd,
}
IN_PARTS = ("jamendo", "fma")
NAMES = ("demo", *(name for name in READERS if name != "manifest"))


def load(dataset: str, shards: str = "", data_home: Path | None = None) -> Dataset:
    """Load a data set by its name or from its place.

    Parameters
    ----------
    dataset : str
        One of :data:`NAMES`; or the path of a folder that holds such a release or a
        ``manifest.csv``; or the path of a manifest.
    shards : str
        Which parts of the audio to fetch, for a data set that has parts: ``0-4``, say.
    data_home : pathlib.Path, optional
        Where local copies lie under their names; by default ``datasets`` in the cache folder.

    Raises
    ------
    TagspaceError
        If there is nothing of that name or at that path, it cannot be read, or it has no tags.
    """
    if shards and dataset not in IN_PARTS:
        raise TagspaceError(
            f"shards: {shards!r} is accepted with dataset {' or '.join(IN_PARTS)} only, whose "
            "audio comes in parts"
        )
    loaded = _load(dataset, shards, data_home)
    if loaded.tags.empty:
        raise TagspaceError(f"dataset: {loaded.name} holds no tags; tracks are known by them")
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
                f"dataset: {dataset!r} is not at {folder}, and cannot be fetched; see "
                f"{reader.RELEASE.page}, and give the path of the release folder"
            )
        return reader.read(folder)
    return _read(Path(dataset).expanduser())


def _read(path: Path) -> Dataset:
    """Read what lies at a path, recognised by its files."""
    if not path.exists():
        raise TagspaceError(
            f"dataset: {str(path)!r} is neither a known data set ({', '.join(NAMES)}) "
            "nor a folder or manifest.csv that exists"
        )
    recognised = [name for name, reader in READERS.items() if reader.find(path)]
    if len(recognised) > 1:
        raise TagspaceError(
            f"dataset: {path} holds several data sets ({', '.join(recognised)}); "
            "give the folder of one, or the manifest.csv itself"
        )
    if not recognised:
        files = ", ".join(file for reader in READERS.values() for file in reader.FILES)
        raise TagspaceError(f"dataset: {path} holds none of the files looked for: {files}")
    return READERS[recognised[0]].read(path)
