"""Files are written whole or not at all, and what is no file is refused."""

import errno
import os

import pytest

from tagspace.errors import TagspaceError
from tagspace.support.files import check_regular, keep_bytes, write_whole


def test_a_file_is_written_in_a_new_folder(tmp_path):
    write_whole(tmp_path / "new" / "a.txt", lambda path: path.write_text("whole"))
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"
    assert len(list((tmp_path / "new").iterdir())) == 1


def fill_the_disk(path):
    path.write_text("half of ")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_failure_keeps_the_old_file_and_leaves_no_draft(tmp_path):
    file = tmp_path / "a.txt"
    for before in (None, "old"):
        with pytest.raises(TagspaceError, match=r"^.*a.txt: cannot be written: No space left.*$"):
            write_whole(file, fill_the_disk)
        assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] * (before is not None)
        file.write_text("old")
    assert file.read_text() == "old"


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TagspaceError, match="cannot be written: "):
        write_whole(tmp_path / "file" / "a.txt", lambda path: path.touch())


@pytest.mark.parametrize("name", ["missing", ".", "nul\0"])
def test_what_is_no_regular_file_is_refused(tmp_path, name):
    with pytest.raises(TagspaceError, match="cannot be read: "):
        check_regular(tmp_path / name)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:8] + b[10:], lambda _: b"", lambda b: b + b"\0"]
)
def test_kept_bytes_are_made_anew_where_they_are_damaged(tmp_path, damage):
    file, made = tmp_path / "kept", []

    def make():
        made.append(1)
        return b"a\n\0b"

    for times in (1, 1):
        assert keep_bytes(file, make) == b"a\n\0b"
        assert len(made) == times
    file.write_bytes(damage(file.read_bytes()))
    assert keep_bytes(file, make) == keep_bytes(file, make) == b"a\n\0b"
    assert len(made) == 2


def test_what_cannot_be_kept_is_made_each_time(tmp_path):
    (tmp_path / "file").touch()
    assert keep_bytes(tmp_path / "file" / "kept", lambda: b"content") == b"content"
