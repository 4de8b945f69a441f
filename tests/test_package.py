"""The installed package: its public interface, its wheel, and what it imports."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tagspace

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
HEAVY = ["torch", "librosa", "sklearn", "pandas", "numpy", "pydantic"]
# Imports every module of the wheel, runs every example, and asks for a sweep without Dask.
IN_AN_EMPTY_ENVIRONMENT = """
import doctest, importlib, pkgutil
import tagspace
from tagspace.errors import TagspaceError
names = [m.name for m in pkgutil.walk_packages(tagspace.__path__, "tagspace.")]
names.remove("tagspace.__main__")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
tried = failed = 0
for name in names:
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    tried, failed = tried + result.attempted, failed + result.failed
print(len(names), "modules,", tried, "lines of examples,", failed, "failures,", tagspace.__file__)
from tagspace.runs import sweep
from tagspace.runs.grid import read_grid
try:
    sweep.run_sweep(read_grid({}))
except TagspaceError as error:
    print(error)
"""


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def test_every_public_name_is_found_and_has_a_runnable_example():
    names = [name for name in tagspace.__all__ if name != "__version__"]
    assert 15 <= len(names) <= 20
    for name in names:
        assert ">>> " in getattr(tagspace, name).__doc__, name
    assert set(tagspace.__all__) == set(dir(tagspace))
    with pytest.raises(AttributeError, match="nothing"):
        tagspace.nothing  # noqa: B018


def test_import_loads_no_heavy_library():
    code = f"import sys, tagspace; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(sys.executable, "-c", code) == "[]\n"


def test_the_console_command_is_the_module():
    by_name = run(Path(sys.executable).with_name("tagspace"), "--help")
    assert by_name == run(sys.executable, "-m", "tagspace", "--help")
    assert "manifest" in by_name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # From a copy, because a build leaves files in its source folder.
    source = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT / "lib", source / "lib", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    run(UV, "build", "--quiet", "--wheel", source)
    (file,) = (source / "dist").glob("*.whl")
    return file


@pytest.mark.slow
def test_the_wheel_holds_the_library_alone(wheel):
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    library = (ROOT / "lib").rglob("tagspace/**/*")
    kinds = {".py", ".csv", ".html", ".css", ".js"}
    sources = {str(path.relative_to(ROOT / "lib")) for path in library if path.suffix in kinds}
    assert files == sources | {"tagspace/py.typed"}


@pytest.mark.slow
def test_the_wheel_works_in_an_empty_environment(wheel, tmp_path):
    environment = tmp_path / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, environment)
    python = environment / "bin" / "python"
    constraints = ROOT / "constraints.txt"
    run(UV, "pip", "install", "--quiet", "--python", python, "-c", constraints, wheel)
    report, message = run(python, "-c", IN_AN_EMPTY_ENVIRONMENT, cwd=tmp_path).splitlines()[-2:]
    assert " 0 failures" in report
    assert str(environment) in report
    assert message == "sweep: needs Dask; install it with: pip install 'tagspace[sweep]'"
