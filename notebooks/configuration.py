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
# This page lists every parameter of a run, the runs that results come from, and the versions that made this book. The
# page of [deviations](../book/deviations.md) gives the reasons for the defaults.

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
seed: int = 0

# %% tags=["remove-cell"]
import importlib.metadata
import platform

import pandas as pd

from compendium import measured, present
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Parameters
#
# The notebook on [training](train.ipynb) has all of them, and `preset`, which sets many at once. Notebooks that make many
# runs take any of them too, with one value or a list of values. They also have `variants`, `scheduler` and `workers`,
# which comments in those notebooks explain. Other notebooks have only those that they need. Set them with `-p`, as in
# `papermill notebooks/train.ipynb OUT.ipynb -p topics 60`. A value that is not accepted ends the run at once, in one
# line.

# %% tags=["hide-input"]
present.table(configuration.table(), "All parameters of a run (unfold)")

# %% [markdown]
# ## Kept runs
#
# Pages on real music show runs that are kept with the book, because they take hours. All were made at one commit, and
# contain no names of tracks. The runs named `settings` are shown on the page [Which encoder?](encoders.ipynb). To repeat
# all runs, run
# `python benchmarks/measure.py RUNS MERGE EMOTIFY`.

# %% tags=["hide-input"]
present.table(
    measured.kept_runs().set_index(["page", "data"]),
    "Runs kept for the book; each ran on one core of a machine with two",
)

# %% [markdown]
# ## Versions
#
# The pages were computed with these versions. `constraints.txt` has those of every package.

# %% tags=["hide-input", "nbval-ignore-output"]
packages = [
    *("tagspace", "torch", "numpy", "scipy", "pandas", "scikit-learn", "seaborn"),
    *("matplotlib", "librosa", "soundfile", "soxr", "pydantic", "papermill", "jupytext"),
    *("jupyter-book", "myst-nb"),
]
versions = {name: importlib.metadata.version(name) for name in packages}
present.table(
    pd.Series({"Python": platform.python_version(), **versions}, name="version")
    .to_frame()
    .rename_axis("package"),
    "Versions of the main packages",
)
