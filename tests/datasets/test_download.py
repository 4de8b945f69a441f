"""Downloading from a local server that simulates common failures."""

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from tagspace.datasets import download, jamendo, merge
from tagspace.datasets.base import Release
from tagspace.datasets.download import Remote, fetch, unpack
from tagspace.datasets.registry import load_dataset
from tagspace.errors import TagspaceError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
RELEASE = Release(
    "Invented", "1", "https://invented.example", "CC0", "Nobody 2020", ("moods",), "", 1
)


class Server(ThreadingHTTPServer):
    """Serve ``files`` by path and record the path and Range header of each request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests = {"/file.bin": CONTENT}, []
        self.breaks = 0  # how many of the next answers are cut in the middle
        self.refusals = 0  # how many of the next answers have status 503
        self.ranges = True  # whether the Range header is obeyed
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.requests.append((self.path, wanted))
        if self.path.startswith("/moved"):
            return self._answer(302, b"", Location=self.path.removeprefix("/moved"))
        if server.refusals:
            server.refusals -= 1
            return self._answer(503, b"")
        if self.path not in server.files:
            return self._answer(404, b"")
        content = server.files[self.path]
        if not (wanted and server.ranges):
            return self._answer(200, content)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return self._answer(416, b"", **{"Content-Range": f"bytes */{len(content)}"})
        return self._answer(206, content[start:])

    def _answer(self, code, body, **headers):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if code < 300 and self.server.breaks:
            self.server.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    monkeypatch.setattr(download, "CHUNK", 500)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server, folder, path="/file.bin", checksum=SHA):
    fetch(RELEASE, [Remote(server.url + path, "file.bin", checksum)], folder)
    return (folder / "file.bin").read_bytes()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("checksum", [SHA, f"md5:{hashlib.md5(CONTENT).hexdigest()}", None])
def test_a_file_is_downloaded_once_after_its_licence_is_printed(server, tmp_path, capsys, checksum):
    assert get(server, tmp_path, checksum=checksum) == CONTENT
    output = capsys.readouterr().out
    assert "CC0" in output
    assert "Nobody 2020" in output
    get(server, tmp_path)
    assert server.requests == [("/file.bin", None)]
    assert capsys.readouterr().out == ""
    assert names(tmp_path) == ["file.bin"]


def test_several_workers_download_a_file_once(server, tmp_path):
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: get(server, tmp_path), range(4)))
    assert found == [CONTENT] * 4
    assert server.requests == [("/file.bin", None)]


def test_a_download_is_resumed_after_a_broken_connection(server, tmp_path):
    server.breaks = 3
    assert get(server, tmp_path) == CONTENT
    starts = [0, 150_000, 225_000, 262_500]
    requested = [int((wanted or "bytes=0-")[6:-1]) for _, wanted in server.requests]
    assert requested == starts


def test_a_download_is_resumed_after_the_process_was_killed(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:100_000])
    assert get(server, tmp_path) == CONTENT
    assert server.requests == [("/file.bin", "bytes=100000-")]
    assert names(tmp_path) == ["file.bin"]


def test_a_complete_partial_file_is_accepted(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert get(server, tmp_path) == CONTENT


def test_a_partial_file_that_is_too_long_is_downloaded_again(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    assert get(server, tmp_path) == CONTENT


def test_without_range_support_the_whole_file_is_downloaded_again(server, tmp_path):
    server.ranges, server.breaks = False, 1
    assert get(server, tmp_path) == CONTENT
    assert len(server.requests) == 2


def test_redirects_keep_the_range(server, tmp_path):
    server.breaks = 1
    assert get(server, tmp_path, "/moved/file.bin") == CONTENT
    assert [path for path, _ in server.requests] == ["/moved/file.bin", "/file.bin"] * 2
    assert server.requests[-1][1] == "bytes=150000-"


def test_a_busy_server_is_retried(server, tmp_path):
    server.refusals = 2
    assert get(server, tmp_path) == CONTENT


def test_the_partial_file_is_kept_if_the_connection_keeps_breaking(server, tmp_path):
    server.breaks = 99
    with pytest.raises(
        TagspaceError, match=r"cannot be downloaded \(the connection broke .* is kept\)"
    ):
        get(server, tmp_path)
    part = (tmp_path / "file.bin.part").read_bytes()
    assert len(server.requests) == download.ATTEMPTS
    assert CONTENT.startswith(part)
    assert len(part) > 0.9 * len(CONTENT)


def test_a_wrong_checksum_raises_and_leaves_no_file(server, tmp_path):
    server.files["/file.bin"] = b"other" + CONTENT
    with pytest.raises(TagspaceError, match=rf"does not match its checksum \({SHA}\)"):
        get(server, tmp_path)
    assert names(tmp_path) == []


def test_a_partial_file_of_another_version_raises(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"x" * 100_000)
    with pytest.raises(TagspaceError, match="checksum"):
        get(server, tmp_path)
    assert get(server, tmp_path) == CONTENT


def test_a_missing_file_raises_without_retry(server, tmp_path):
    with pytest.raises(
        TagspaceError, match=r"^dataset: http.*/none cannot be downloaded .*404"
    ) as error:
        get(server, tmp_path, "/none")
    assert "\n" not in str(error.value)
    assert len(server.requests) == 1


def test_without_a_network_the_error_gives_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PAUSE_S", 0.0)
    with pytest.raises(
        TagspaceError, match=r"no connection.* put the file into .* yourself$"
    ) as error:
        fetch(RELEASE, [Remote("http://127.0.0.1:9/file.bin", "file.bin", SHA)], tmp_path)
    assert "\n" not in str(error.value)


def make_zip(*members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in members:
            file.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def make_tar(*members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return stream.getvalue()


each_format = pytest.mark.parametrize(("suffix", "pack"), [(".zip", make_zip), (".tar", make_tar)])


@each_format
def test_archives_are_unpacked_and_deleted(server, tmp_path, suffix, pack):
    server.files[f"/a{suffix}"] = pack(("one/x.mp3", b"x"), ("one/two/y.csv", b"y"))
    files = [Remote(f"{server.url}/a{suffix}", f"a{suffix}")]
    fetch(RELEASE, files, tmp_path)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a/one/x.mp3").read_bytes() == b"x"
    assert (tmp_path / "a/one/two/y.csv").read_bytes() == b"y"
    fetch(RELEASE, files, tmp_path)
    assert len(server.requests) == 1


@each_format
@pytest.mark.parametrize("path", ["../evil.txt", "one/../../evil.txt", "/evil.txt"])
def test_paths_outside_the_archive_raise(tmp_path, suffix, pack, path):
    archive = tmp_path / f"in/a{suffix}"
    archive.parent.mkdir()
    archive.write_bytes(pack(("good.txt", b"x"), (path, b"evil")))
    if suffix == ".tar" and path.startswith("/"):  # tar makes absolute paths relative
        unpack(archive, tmp_path / "in/a")
        assert (tmp_path / "in/a/evil.txt").read_bytes() == b"evil"
        return
    with pytest.raises(TagspaceError, match="contains a path outside its folder"):
        unpack(archive, tmp_path / "in/a")
    assert names(tmp_path) == ["in"]
    assert names(tmp_path / "in") == [archive.name]


def test_a_link_to_outside_the_archive_raises(tmp_path):
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc"
        file.addfile(link)
    with pytest.raises(TagspaceError, match="contains a path outside its folder"):
        unpack(archive, tmp_path / "a")


@each_format
def test_a_damaged_archive_raises(tmp_path, suffix, pack):
    archive = tmp_path / f"a{suffix}"
    archive.write_bytes(pack(("one.txt", b"x" * 5000))[:700])
    with pytest.raises(TagspaceError, match="cannot be unpacked"):
        unpack(archive, tmp_path / "a")
    assert names(tmp_path) == [archive.name]


# The data sets


def test_merge_is_downloaded_as_its_zenodo_record_says(server, tmp_path, monkeypatch):
    table = b"Song,Artist,MoodsAll,Genres,Themes,Styles\nA001,Ann,calm,Polka,Rain,Ska\n"
    archive = make_zip(("M/merge_audio_complete_metadata.csv", table), ("M/Q1/A001.mp3", b""))
    server.files["/content"] = archive
    checksum = f"md5:{hashlib.md5(archive).hexdigest()}"
    listed = {
        "key": merge.ARCHIVE,
        "checksum": checksum,
        "links": {"self": f"{server.url}/content"},
    }
    server.files["/record"] = json.dumps({"files": [{"key": "other.zip"}, listed]}).encode()
    monkeypatch.setattr(merge, "RECORD", f"{server.url}/record")
    for _ in range(2):
        dataset = load_dataset("merge", data_home=tmp_path)
        assert list(dataset.tracks.index) == ["A001"]
        assert dataset.tracks["path"].item().endswith("M/Q1/A001.mp3")
    assert [path for path, _ in server.requests] == ["/record", "/content"]


def test_a_zenodo_record_without_the_archive_raises(server, tmp_path, monkeypatch):
    server.files["/record"] = b'{"files": []}'
    monkeypatch.setattr(merge, "RECORD", f"{server.url}/record")
    with pytest.raises(TagspaceError, match="does not list MERGE_Audio_Complete.zip"):
        load_dataset("merge", data_home=tmp_path)


@pytest.fixture
def shards(server, monkeypatch):
    """Serve annotations of Jamendo and two shards of audio with their checksums."""
    monkeypatch.setattr(jamendo, "REPOSITORY", f"{server.url}/data")
    monkeypatch.setattr(jamendo, "AUDIO", f"{server.url}/audio")
    server.files["/data/autotagging.tsv"] = (
        b"TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
        b"track_1\tartist_1\talbum_1\t01/1.mp3\t10.0\tgenre---polka\n"
        b"track_2\tartist_2\talbum_2\t02/2.mp3\t10.0\tgenre---polka\n"
    )
    checksums = ""
    for number in (1, 2):
        name = jamendo.SHARD.format(number)
        server.files[f"/audio/{name}"] = make_tar((f"0{number}/{number}.low.mp3", b""))
        checksums += f"{hashlib.sha256(server.files[f'/audio/{name}']).hexdigest()} {name}\n"
    checksums_path = "/data/download/autotagging_moodtheme_audio-low_sha256_tars.txt"
    server.files[checksums_path] = checksums.encode()
    return server


def test_jamendo_is_downloaded_without_audio_by_default(shards, tmp_path):
    dataset = load_dataset("jamendo", data_home=tmp_path)
    assert dataset.tracks["path"].tolist() == ["", ""]
    assert [path for path, _ in shards.requests] == ["/data/autotagging.tsv"]


def test_only_missing_shards_are_downloaded(shards, tmp_path):
    assert (load_dataset("jamendo", "1", tmp_path).tracks["path"] != "").tolist() == [True, False]
    shards.requests.clear()
    assert (load_dataset("jamendo", "1-2", tmp_path).tracks["path"] != "").tolist() == [True, True]
    assert len(shards.requests) == 2  # one for the checksums, one for a shard
    shards.requests.clear()
    load_dataset("jamendo", "1-2", tmp_path)
    assert shards.requests == []


def test_a_shard_with_a_wrong_checksum_raises(shards, tmp_path):
    shards.files[f"/audio/{jamendo.SHARD.format(2)}"] += b"more"
    with pytest.raises(TagspaceError, match="does not match its checksum"):
        load_dataset("jamendo", "2", tmp_path)


@pytest.mark.usefixtures("shards")
def test_a_shard_without_a_checksum_raises(tmp_path):
    with pytest.raises(TagspaceError, match="no checksum of autotagging_moodtheme_audio-low-03"):
        load_dataset("jamendo", "3", tmp_path)


@pytest.mark.parametrize("given", ["x", "1-", "100", "-3", "1;2", "5 6", "9-3"])
def test_invalid_shards_raise(tmp_path, given):
    with pytest.raises(TagspaceError, match=r"^shards: .* is not accepted; accepted: numbers"):
        load_dataset("jamendo", given, tmp_path)


def test_shards_are_parsed_into_numbers():
    assert jamendo._shard_numbers("") == []
    assert jamendo._shard_numbers("3, 0-2,2,10") == [0, 1, 2, 3, 10]
