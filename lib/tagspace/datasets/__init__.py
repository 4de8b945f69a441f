"""Music collections with tags: the demo corpus, and readers of local folders."""

from __future__ import annotations

from pathlib import Path

from tagspace.cache import cache_folder
from tagspace.datasets import jamendo, manifest, merge, msd
from tagspace.datasets.base import Dataset, build
from tagspace.errors import TagspaceError

__all__ = ["NAMES", "Dataset", "build", "load"]

NAMES = ("demo", "jamendo", "merge", "msd")
READERS = {"jamendo": jamendo, "manifest": manifest, "merge": merge, "msd": msd}


def load(dataset: str, data_home: Path | None = None) -> Dataset:
    """Load a data set by its name or from its place.

    Parameters
    ----------
    dataset : str
        ``demo``, ``jamendo``, ``merge`` or ``msd``; or the path of a folder that holds such a
        release or a ``manifest.csv``; or the path of a manifest.
    data_home : pathlib.Path, optional
        Where local copies lie under their names; by default ``datasets`` in the cache folder.

    Raises
    ------
    TagspaceError
        If there is nothing of that name or at that path, or it cannot be read.
    """
    if dataset == "demo":
        from tagspace.datasets import demo  # the synthesiser is loaded only for its own corpus

        return demo.load()
    if dataset in NAMES:
        return READERS[dataset].read(_local_copy(dataset, data_home))
    return _read(Path(dataset).expanduser())


def _local_copy(name: str, data_home: Path | None) -> Path:
    folder = (data_home or cache_folder() / "datasets") / name
    if not folder.is_dir():
        raise TagspaceError(
            f"dataset: {name!r} has no local copy at {folder}; "
            "give the path of the release folder instead of its name"
        )
    return folder


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
