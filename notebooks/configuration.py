# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Configuration and versions
#
# Every parameter of a run, and what made this book.

# %% tags=["parameters"]
seed: int = 0

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Parameters
#
# A notebook has those of them that stand in its first cell. The one on training has them all; those
# that make many runs take any, in lists too, and have `variants`, `scheduler` and `workers` beside.
# Give them with `-p`, as in `papermill notebooks/train.ipynb OUT.ipynb -p topics 60`; what is not
# accepted ends the run at once with one line. Why the defaults are what they are is told on the
# page of [deviations](../book/deviations.md).

# %% tags=["text-table"]
import pandas as pd

pd.set_option("display.max_colwidth", None)
configuration.table()

# %% [markdown]
# ## Versions
#
# The pages were computed with these versions. `constraints.txt` has those of every package.

# %% tags=["nbval-ignore-output", "text-table"]
import importlib.metadata
import platform

packages = [
    *("tagspace", "torch", "numpy", "scipy", "pandas", "scikit-learn", "seaborn"),
    *("matplotlib", "librosa", "soundfile", "soxr", "pydantic", "papermill", "jupytext"),
    *("jupyter-book", "myst-nb"),
]
versions = {name: importlib.metadata.version(name) for name in packages}
pd.Series({"Python": platform.python_version(), **versions}, name="version").to_frame()
