"""Download files of a release: resume, verify checksums, unpack archives."""

from __future__ import annotations

import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePosixPath

import pooch
import requests
from filelock import FileLock

from tagspace.datasets.base import Release
from tagspace.errors import TagspaceError
from tagspace.support.progress import Progress

ATTEMPTS = 5  # per file; each attempt resumes where the previous one stopped
PAUSE_S = 1.0  # before the second attempt; doubled before each later one
TIMEOUT_S = 60
CHUNK = 1 << 16  # bytes written at a time; a broken connection loses at most one chunk
ARCHIVES = (".zip", ".tar")
CONNECTION_ERRORS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


@dataclass(frozen=True)
class Remote:
    """A file to download.

    Attributes
    ----------
    url : str
        Address of the file.
    name : str
        Local file name. A ``.zip`` or ``.tar`` is unpacked into a folder of the same name without
        suffix.
    checksum : str, optional
        Published checksum: ``sha256:...``, ``sha1:...`` or ``md5:...``.
    """

    url: str
    name: str
    checksum: str | None = None

    @property
    def target(self) -> str:
        """Name of the downloaded file, or of the folder into which an archive is unpacked."""
        return self.name.removesuffix(".zip").removesuffix(".tar")


def missing(files: Sequence[Remote], folder: Path) -> list[Remote]:
    """Return the files that are not yet in a folder."""
    return [file for file in files if not (folder / file.target).exists()]


def fetch(release: Release, files: Sequence[Remote], folder: Path) -> None:
    """Download the missing files of a release and unpack its archives.

    An interrupted download is resumed. An archive that the user put into the folder is verified
    like a downloaded one; any other file is used as it is. Archives are deleted after unpacking.

    Parameters
    ----------
    release : Release
        Its notice is printed before the download starts.
    files : sequence of Remote
        All files that the folder should contain.
    folder : Path
        Created if it does not exist.

    Raises
    ------
    TagspaceError
        If a download fails, a checksum is wrong, or an archive cannot be unpacked.
    """
    if not missing(files, folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # one of several processes downloads, the others wait
        wanted = missing(files, folder)
        if wanted:
            names = [file.name for file in wanted]
            listed = ", ".join(names if len(names) <= 3 else [*names[:3], "..."])
            print(
                f"Downloading {len(wanted)} files ({listed}) into {folder}\n{release.notice()}",
                flush=True,
            )
        for file in wanted:
            path = _retrieve(file, folder)
            if path.suffix in ARCHIVES:
                unpack(path, folder / file.target)
                path.unlink()


def get(url: str) -> requests.Response:
    """Request a small file or an API answer.

    Raises
    ------
    TagspaceError
        If the request fails.
    """
    try:
        response = requests.get(url, timeout=TIMEOUT_S)
        response.raise_for_status()
    except requests.RequestException as error:
        raise _download_error(url, error) from error
    return response


def _retrieve(file: Remote, folder: Path) -> Path:
    """Download one file unless it exists, verify its checksum and return its path."""
    pooch.get_logger().setLevel("WARNING")
    downloader = _ResumingDownloader(folder / f"{file.name}.part")
    try:
        return Path(
            pooch.retrieve(file.url, file.checksum, file.name, folder, downloader=downloader)
        )
    except TagspaceError:
        raise
    except ValueError as error:
        raise TagspaceError(
            f"dataset: {file.url} does not match its checksum ({file.checksum}); the download was "
            "deleted: try again, or look for a newer version of the data set"
        ) from error


class _ResumingDownloader:
    """A pooch downloader that keeps incomplete data in a file ``part`` and resumes from it."""

    def __init__(self, part: Path) -> None:
        self.part = part

    def __call__(self, url: str, output_file: str, _: object) -> None:
        advice = f", or put the file into {self.part.parent} yourself"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._resume(url)
                break
            except requests.HTTPError as error:
                raise _download_error(url, error, advice) from error
            except CONNECTION_ERRORS as error:
                if attempt == ATTEMPTS:
                    raise _download_error(url, error, advice) from error
                time.sleep(PAUSE_S * 2 ** (attempt - 1))
        self.part.replace(output_file)

    def _resume(self, url: str) -> None:
        start = self.part.stat().st_size if self.part.exists() else 0
        # Without compression, sizes and ranges in the headers refer to the file itself.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self._check_complete(response, start)
                return
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise requests.ConnectionError(f"{response.status_code} {response.reason}")
            response.raise_for_status()
            # Some servers ignore the range and send the whole file.
            resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
            start = start if resumed else 0
            total = start + int(response.headers.get("Content-Length", 0)) or None
            with (
                self.part.open("ab" if resumed else "wb") as stream,
                Progress(
                    desc=self.part.stem, total=total, initial=start, unit="B", unit_scale=True
                ) as bar,
            ):
                for chunk in response.iter_content(CHUNK):
                    stream.write(chunk)
                    bar.update(len(chunk))

    def _check_complete(self, response: requests.Response, size: int) -> None:
        """Accept the partial file if it has the full size, else delete it and raise an error."""
        full_size = response.headers.get("Content-Range", "").rpartition("/")[2]
        if full_size != str(size):
            self.part.unlink()
            raise requests.ConnectionError("the earlier download belongs to another file")


def _download_error(url: str, error: Exception, advice: str = "") -> TagspaceError:
    match error:
        case requests.HTTPError(response=requests.Response(status_code=code, reason=reason)):
            cause = f"{code} {reason}"
        case requests.Timeout():
            cause = f"no answer within {TIMEOUT_S} s"
        case requests.exceptions.ChunkedEncodingError():
            cause = "the connection broke repeatedly; the downloaded part is kept"
        case _:
            cause = "no connection"
    return TagspaceError(f"dataset: {url} cannot be downloaded ({cause}); try again{advice}")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive into a new folder.

    The folder appears only when all files are unpacked.

    Raises
    ------
    TagspaceError
        If the archive is damaged, or contains a path outside the folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        draft = Path(temporary)
        members = _unzip(archive, draft) if archive.suffix == ".zip" else _untar(archive, draft)
        try:
            for _ in Progress(members, desc=f"unpacking {archive.name}", unit="file"):
                pass
        except TagspaceError:
            raise
        except tarfile.FilterError as error:
            raise _unsafe_archive(archive, str(error)) from error
        except Exception as error:  # what zipfile and tarfile raise for damage has many types
            if isinstance(error, OSError) and error.errno is not None:
                raise TagspaceError(
                    f"dataset: {folder}: cannot be written: {error.strerror}"
                ) from error
            raise TagspaceError(
                f"dataset: {archive} cannot be unpacked ({error}); delete it and try again"
            ) from error
        draft.chmod(0o755)
        draft.rename(folder)


def _unzip(archive: Path, folder: Path) -> Iterator[None]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            path = PurePosixPath(member.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts:
                raise _unsafe_archive(archive, repr(member.filename))
            file.extract(member, folder)
            yield


def _untar(archive: Path, folder: Path) -> Iterator[None]:
    with tarfile.open(archive) as file:
        for member in file:
            file.extract(member, folder, filter="data")
            yield


def _unsafe_archive(archive: Path, detail: str) -> TagspaceError:
    return TagspaceError(
        f"dataset: {archive} contains a path outside its folder ({detail}); do not use this file"
    )
