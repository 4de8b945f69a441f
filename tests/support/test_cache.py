"""The cache folder."""

from pathlib import Path

from tagspace.support.cache import cache_folder


def test_the_cache_folder_is_that_of_the_environment_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"


def test_the_cache_folder_may_be_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", "~/mine")
    assert cache_folder() == Path.home() / "mine"


def test_the_default_cache_folder_is_that_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("TAGSPACE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().is_absolute()
    assert "tagspace" in cache_folder().parts
