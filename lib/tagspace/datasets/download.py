"""Fetching a release: resumed where it stopped, checked, unpacked, its licence told first."""

from __future__ import annotations

import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pooch
import requests
from filelock import FileLock

from tagspace.datasets.base import Release
from tagspace.errors import TagspaceError
from tagspace.support.progress import Progress

ATTEMPTS = 5  # on a connection that breaks; each goes on where the last one stopped
PAUSE_S = 1.0  # before the second attempt, doubled with each further one
TIMEOUT_S = 60
CHUNK = 1 << 16  # bytes at a time; what a connection that breaks can cost
ARCHIVES = (".zip", ".tar")
BROKEN = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


@dataclass(frozen=True)
class Remote:
    """A file of a release.

    Attributes
    ----------
    url : str
        Where it is fetched from.
    name : str
        What it is called here; a ``.zip`` or ``.tar`` is unpacked into a folder of that name.
    checksum : str, optional
        ``sha256:...``, ``sha1:...`` or ``md5:...`` as its publisher states it.
    """

    url: str
    name: str
    checksum: str | None = None

    @property
    def place(self) -> str:
        """What is there once it was fetched: the file, or the folder of an archive."""
        return self.name.removesuffix(".zip").removesuffix(".tar")


def missing(files: Sequence[Remote], folder: Path) -> list[Remote]:
    """Return the files that a folder does not have yet."""
    return [file for file in files if not (folder / file.place).exists()]


def fetch(release: Release, files: Sequence[Remote], folder: Path) -> None:
    """Fetch the files of a release that are not there yet.

    An interrupted download goes on where it stopped. A file that was put into the folder by hand is
    checked like one that was fetched. Archives are removed once they are unpacked.

    Parameters
    ----------
    release : Release
        Is told before anything is fetched.
    files : sequence of Remote
        All that is wanted.
    folder : Path
        Where they go.

    Raises
    ------
    TagspaceError
        If a file cannot be reached, is not what its checksum says, or cannot be unpacked.
    """
    if not missing(files, folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # of several workers, one fetches and the others wait
        wanted = missing(files, folder)
        if wanted:
            names = ", ".join(file.name for file in wanted[:3]) + ", ..." * (len(wanted) > 3)
            told = f"Fetching {len(wanted)} files ({names}) into {folder}\n{release.told()}"
            print(told, flush=True)
        for file in wanted:
            path = _retrieve(file, folder)
            if path.suffix in ARCHIVES:
                unpack(path, folder / file.place)
                path.unlink()


def ask(url: str) -> requests.Response:
    """Get a small answer.

    Raises
    ------
    TagspaceError
        If there is none.
    """
    try:
        response = requests.get(url, timeout=TIMEOUT_S)
        response.raise_for_status()
    except requests.RequestException as error:
        raise _unreachable(url, error) from error
    return response


def _retrieve(file: Remote, folder: Path) -> Path:
    pooch.get_logger().setLevel("WARNING")
    part = folder / f"{file.name}.part"
    try:
        return Path(
            pooch.retrieve(file.url, file.checksum, file.name, folder, downloader=_Resuming(part))
        )
    except ValueError as error:
        if isinstance(error, TagspaceError):
            raise
        raise TagspaceError(
            f"dataset: {file.url} is not what its checksum says ({file.checksum}); "
            "what was fetched is removed: try again, or see whether there is a newer release"
        ) from error


class _Resuming:
    """A downloader for pooch that goes on where an earlier one stopped."""

    def __init__(self, part: Path) -> None:
        self.part = part
        self.by_hand = f", or put the file into {part.parent} by hand"

    def __call__(self, url: str, output_file: str, _: object) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._go_on(url)
                break
            except requests.HTTPError as error:
                raise _unreachable(url, error, self.by_hand) from error
            except BROKEN as error:
                if attempt == ATTEMPTS:
                    raise _unreachable(url, error, self.by_hand) from error
                time.sleep(PAUSE_S * 2 ** (attempt - 1))
        self.part.replace(output_file)

    def _go_on(self, url: str) -> None:
        start = self.part.stat().st_size if self.part.exists() else 0
        # Uncompressed, so that sizes and ranges are those of the file itself.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self._judge_whole(response, start)
                return
            if response.status_code >= requests.codes.server_error:
                raise requests.ConnectionError(f"{response.status_code} {response.reason}")
            response.raise_for_status()
            # A server may answer with the whole file instead.
            goes_on = response.status_code == requests.codes.partial_content
            start = start if goes_on else 0
            total = start + int(response.headers.get("Content-Length", 0)) or None
            with (
                self.part.open("ab" if goes_on else "wb") as stream,
                Progress(
                    desc=self.part.stem, total=total, initial=start, unit="B", unit_scale=True
                ) as bar,
            ):
                for chunk in response.iter_content(CHUNK):
                    stream.write(chunk)
                    bar.update(len(chunk))

    def _judge_whole(self, response: requests.Response, start: int) -> None:
        """Nothing lies beyond the part: it is whole, or of another file."""
        size = response.headers.get("Content-Range", "").rpartition("/")[2]
        if size != str(start):
            self.part.unlink()
            raise requests.ConnectionError("what was fetched earlier is of another file")


def _unreachable(url: str, error: Exception, by_hand: str = "") -> TagspaceError:
    match error:
        case requests.HTTPError():
            reason = f"{error.response.status_code} {error.response.reason}"
        case requests.Timeout():
            reason = f"no answer within {TIMEOUT_S} s"
        case requests.exceptions.ChunkedEncodingError():
            reason = "the connection breaks again and again; what has come is kept"
        case _:
            reason = "no connection"
    return TagspaceError(f"dataset: {url} cannot be fetched ({reason}); try again{by_hand}")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar file into a new folder, which appears whole or not at all.

    Raises
    ------
    TagspaceError
        If the archive is broken, or holds a path that leads out of the folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        draft = Path(temporary)
        members = _unzip(archive, draft) if archive.suffix == ".zip" else _untar(archive, draft)
        try:
            for _ in Progress(members, desc=f"unpacking {archive.name}", unit="file"):
                pass
        except tarfile.FilterError as error:
            raise TagspaceError(
                f"dataset: {archive} holds a path that leads out of it: {error}"
            ) from error
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise TagspaceError(f"dataset: {archive} cannot be unpacked: {error}") from error
        draft.chmod(0o755)
        draft.rename(folder)


def _unzip(archive: Path, folder: Path) -> Iterator[None]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise TagspaceError(
                    f"dataset: {archive} holds a path that leads out of it: {member.filename!r}"
                )
            file.extract(member, folder)
            yield


def _untar(archive: Path, folder: Path) -> Iterator[None]:
    with tarfile.open(archive) as file:
        for member in file:
            file.extract(member, folder, filter="data")
            yield
