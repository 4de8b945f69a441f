"""Save the picture of the README: the results drawn in ``notebooks/train.ipynb``."""

import base64
from pathlib import Path

import jupytext

PROJECT = Path(__file__).resolve().parents[1]
PICTURE = PROJECT / "book" / "results.png"


def drawn() -> bytes:
    """Return the last picture among the notebook's outputs."""
    notebook = jupytext.read(PROJECT / "notebooks" / "train.ipynb")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    return base64.b64decode(pictures[-1])


if __name__ == "__main__":
    PICTURE.write_bytes(drawn())
