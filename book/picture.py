"""Save the picture of the README: the results drawn in ``notebooks/train.ipynb``."""

import re
from pathlib import Path

import jupytext

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "book" / "results.svg"
FIGURE = "results"  # its name in the notebook


def drawn() -> str:
    """Return the figure as an SVG file: with a font and a background of its own."""
    notebook = jupytext.read(PROJECT / "notebooks" / "train.ipynb")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    (page,) = (
        output["data"]["text/html"]
        for output in outputs
        if output.get("metadata", {}).get("scrapbook", {}).get("name") == FIGURE
    )
    (drawing,) = re.findall(r"<svg.*</svg>", page, re.DOTALL)
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    opening = f'<svg {spaces} font-family="sans-serif" style="background: white"'
    return drawing.replace("<svg", opening, 1).replace("currentColor", "black") + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
