"""Add launch buttons to the book: python book/launch.py OWNER/NAME.

Only the publisher of the book knows where its repository is. The configuration gets the buttons,
and each notebook a first cell, hidden in the book, that installs the package where it is missing:
Colab opens a notebook without its repository. Run this on a branch of its own, and build from it.
"""

import sys
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
BRANCH = "launch"
INSTALL = """import importlib.util
import sys

if not importlib.util.find_spec("compendium"):
    !git clone --quiet --depth 1 https://github.com/{repository} tagspace-book
    %pip install --quiet "./tagspace-book[notebooks]"
    sys.path.append("tagspace-book/lib")
"""
# Binder has no GPU, and accepts the Python version only in this form.
BINDER = """dependencies:
  - python=3.12
  - pip
  - pip:
      - --extra-index-url https://download.pytorch.org/whl/cpu
      - --editable ..[notebooks]
"""


def main(repository: str) -> None:
    """Change ``_config.yml`` and all notebooks in place, and write Binder's environment."""
    path = ROOT / "_config.yml"
    configuration = yaml.safe_load(path.read_text(encoding="utf-8"))
    configuration["html"]["use_repository_button"] = True
    configuration["repository"] = {"url": f"https://github.com/{repository}", "branch": BRANCH}
    configuration["launch_buttons"] = {
        "binderhub_url": "https://mybinder.org",
        "colab_url": "https://colab.research.google.com",
    }
    path.write_text(yaml.safe_dump(configuration, sort_keys=False), encoding="utf-8")
    (ROOT / "binder").mkdir()
    (ROOT / "binder" / "environment.yml").write_text(BINDER, encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        cell = nbformat.v4.new_code_cell(INSTALL.format(repository=repository), id="install")
        cell.metadata["tags"] = ["remove-cell"]
        notebook.cells.insert(1, cell)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1])
