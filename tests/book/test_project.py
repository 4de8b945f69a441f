"""The project's own promises: notebooks are paired, executed and thin; versions live once."""

import ast
import importlib.util
import re
import runpy
import shutil
import tomllib
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from jupytext.compare import compare_notebooks

from compendium import measured, searching
from tagspace.configuration import Configuration
from tagspace.runs.grid import read_grid

ROOT = Path(__file__).parents[2]
MEASURE = runpy.run_path(str(ROOT / "benchmarks" / "measure.py"))
MAKES_RUNS = ("read_grid(", "measured.load_or_run(")
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
notebook = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)


def executed(script):
    return nbformat.read(script.with_suffix(".ipynb"), as_version=4)


def test_there_is_a_script_for_each_notebook():
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks == {path.stem for path in SCRIPTS}
    assert "train" in notebooks


def test_every_page_is_in_the_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])}
    prose = {f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")}
    assert listed == prose | {f"notebooks/{script.stem}" for script in SCRIPTS}


@pytest.mark.parametrize("name", MEASURE["PLANS"])
def test_the_runs_that_are_kept_are_those_of_the_page(name):
    plan = MEASURE["PLANS"][name]
    given = {**MEASURE["parameters"](plan.notebook), **plan.changes}
    found = measured.load_or_run(name, given)
    assert list(found) == sorted(plan.datasets)
    for runs in found.values():
        assert list(runs["variant"].unique()) == list(given["variants"])


@notebook
def test_script_and_notebook_agree(script):
    compare_notebooks(executed(script), jupytext.read(script), fmt="py:percent")


@notebook
def test_every_code_cell_was_executed_in_order_and_without_error(script):
    cells = [cell for cell in executed(script).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@notebook
def test_every_figure_has_an_alternative_text_and_is_not_compared_with_its_rerun(script):
    for cell in executed(script).cells:
        for output in cell.get("outputs", []):
            assert "image/png" not in output.get("data", {})
            page = "".join(output.get("data", {}).get("text/html", ""))
            if 'class="panels"' in page:
                (alternative,) = re.findall(
                    r'<div class="panels" role="img" aria-label="(.*?)">', page
                )
                assert len(alternative) > 40
                assert {"nbval-ignore-output", "nbval-skip"} & set(cell.metadata["tags"])
                assert "remove-output" in cell.metadata["tags"]  # the text places it


@notebook
def test_every_figure_that_is_given_has_its_place_in_the_text(script):
    text = script.read_text(encoding="utf-8")
    outputs = [output for cell in executed(script).cells for output in cell.get("outputs", [])]
    figures = {
        output.metadata["scrapbook"]["name"]
        for output in outputs
        if 'class="panels"' in "".join(output.get("data", {}).get("text/html", ""))
    }
    assert figures == set(re.findall(r"\{glue:figure\} (\w+)", text))


@notebook
def test_a_page_begins_with_its_finding_and_ends_with_what_was_seen(script):
    if script.stem == "configuration":
        return
    texts = [cell.source for cell in jupytext.read(script).cells if cell.cell_type == "markdown"]
    first = texts[0]
    title, _, finding = first.partition("\n\n")
    assert re.fullmatch(r"# [^\n]+", title)
    assert finding.startswith("**")
    assert "{glue:figure}" in first or "explorer" in first
    assert re.search(r"\*You will learn\*.*\*\w+\s+minutes\.\*", first, re.DOTALL)
    (saw,) = re.findall(r"\*\*What we saw\.\*\* (.*?)(?:\n\n|\Z)", "\n\n".join(texts), re.DOTALL)
    said = re.sub(r"\([^()]*\)|`[^`]*`", "", saw)
    assert 2 <= len(re.findall(r"[.?](?:\s|$)", said)) <= 3


@notebook
def test_notebooks_define_no_function_or_class(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert not [node for node in ast.walk(tree) if isinstance(node, definitions)]


@notebook
def test_parameters_come_first_and_are_those_of_the_library(script):
    code = [cell for cell in jupytext.read(script).cells if cell.cell_type == "code"]
    tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert tagged == code[:1]
    assigned = ast.parse(code[0].source).body
    names = [node.target.id for node in assigned]
    fields = Configuration.model_fields
    defaults = {node.target.id: ast.literal_eval(node.value) for node in assigned}
    if any(call in script.read_text(encoding="utf-8") for call in MAKES_RUNS):
        read_grid({**defaults, "dataset": defaults["dataset"] or "demo"})
        return
    if script.stem == "search":
        assert names == list(searching.PARAMETERS)
        return
    if script.stem == "train":
        assert defaults.pop("preset") == ""
    assert [name for name in names if name not in (*fields, "preset")] == []
    Configuration.check(defaults)
    if script.stem == "train":
        assert defaults == {name: field.default for name, field in fields.items()}


# Numbers that a text may hold: settings, definitions and examples. Results come from a cell.
SETTINGS = {"95 %", "99 %", "70 %", "10 %", "5 %", "4 %"}


@pytest.mark.parametrize("page", [*SCRIPTS, *(ROOT / "book").glob("*.md")], ids=lambda p: p.stem)
def test_results_in_a_text_are_computed(page):
    if page.stem in ("deviations", "glossary"):  # definitions only
        return
    cells = jupytext.read(page).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"```(?!\{).*?```|`[^`]*`|\$[^$]*\$", "", text, flags=re.DOTALL)
    shares = set(re.findall(r"[\d.]+ %", text))
    assert shares <= SETTINGS
    assert not re.findall(r"(?<![\w.:])\d?\.\d{3,}", text)
    assert not re.findall(r"[+\N{MINUS SIGN}]\d", text)


def test_the_picture_of_the_readme_is_the_one_in_the_notebook():
    assert "](book/results.svg)" in (ROOT / "README.md").read_text(encoding="utf-8")
    picture = runpy.run_path(str(ROOT / "book" / "picture.py"))
    assert picture["PICTURE"].read_text(encoding="utf-8") == picture["drawn"]()


def test_conda_users_get_the_same_packages_as_pip_users():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert f"python{project['requires-python']}" in environment["dependencies"]
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["--constraint constraints.txt", "--editable .[book,dev,export,formats,sweep]"]
    assert {"book", "dev"} <= set(project["optional-dependencies"])


def test_every_dependency_is_constrained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for group in optional for name in group)]
    names = {requirement.split(">")[0].split("<")[0].lower() for requirement in wanted}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert names <= {line.split("==")[0] for line in lines}
    assert not [line for line in lines if "+cpu" in line]


def test_launch_buttons_lead_to_notebooks_that_install_the_package(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("launch", ROOT / "book" / "launch.py")
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    launch.main("someone/tagspace")
    before, after = (
        yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
        for folder in (ROOT, tmp_path)
    )
    assert after.pop("repository")["url"] == "https://github.com/someone/tagspace"
    assert set(after.pop("launch_buttons")) == {"binderhub_url", "colab_url"}
    assert after["html"].pop("use_repository_button")
    assert not before["html"].pop("use_repository_button")
    assert after == before
    for script in SCRIPTS:
        changed = nbformat.read(tmp_path / "notebooks" / f"{script.stem}.ipynb", as_version=4)
        install = changed.cells.pop(1)
        assert "git clone --quiet --depth 1 https://github.com/someone/tagspace" in install.source
        assert install.metadata["tags"] == ["remove-cell"]
        assert changed == executed(script)
    yaml.safe_load((tmp_path / "binder" / "environment.yml").read_text(encoding="utf-8"))
