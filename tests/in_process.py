"""Run notebooks in this process, which takes a fraction of the time of a kernel."""

from pathlib import Path

import jupytext

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run_notebook(name, given):
    """Run the cells of a notebook, with parameters as papermill injects them."""
    namespace = {"__name__": "__main__"}
    for cell in jupytext.read(NOTEBOOKS / f"{name}.py").cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
            if "parameters" in cell.metadata.get("tags", ()):
                namespace.update(given)
    return namespace
