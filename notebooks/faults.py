# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What can go wrong
#
# Training on a large collection takes hours or days. People then cite the figures. This package
# makes three promises:
#
# 1. Nothing that was computed is lost.
# 2. Nothing that is wrong is passed over in silence.
# 3. The same input gives the same figures on the same machine.
#
# This page says how each promise is tested. Its tables come from `python benchmarks/survive.py`, or
# are made here.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Damaged audio
#
# The header of an audio file may be wrong. The library therefore uses what can be decoded. If a read
# falls short, it determines the true length. Excerpts are placed within the true length. The
# report of the features counts every file that is unusual, and names each file that was left out. A
# run stops if more than 10 % of the files are lost (`max_lost`).
#
# Here one track of the data set is damaged in ten ways:

# %% tags=["nbval-ignore-output"]
import pandas as pd

from compendium import audio_figures, fault_tables, measured
from tagspace.datasets import registry

pd.set_option("display.max_colwidth", None)
files = audio_figures.audio_files(registry.load_dataset(configuration.dataset))
fault_tables.damaged_files(files[0])

# %% [markdown]
# ## Damaged tables and wrong calls
#
# Programs write lists, numbers and missing values into cells that should hold tags. Unchecked, such
# cells would silently become tags. Each table below is refused. The error is one line that names the
# file, the line and, for a wrong cell, the column:

# %%
fault_tables.damaged_tables()

# %% [markdown]
# A wrong parameter is refused in the same way, before any audio is read: it names the parameter, the
# value and what is accepted. The tests hold a list of such calls of all notebooks and commands.

# %% [markdown]
# ## Many damaged inputs
#
# Nobody can list all kinds of damage. Tests therefore also damage tables, audio files, records,
# checkpoints and the store of features at random: bytes are changed, inserted, moved, cut and
# blanked. Each input must give a right answer or one clear error. `make fuzz` tries new inputs each
# time. The last recorded trial:

# %%
from myst_nb import glue

survived = measured.survived()
damaged = survived[survived["kind"] == "damaged input"]
glue("faults_cases", f"{damaged['cases'].sum():,}", display=False)
glue("faults_lost", f"{damaged['lost'].sum()}", display=False)
damaged.set_index("what")[["cases", "lost"]].rename(columns={"lost": "neither"})

# %% [markdown]
# ## Interruptions
#
# A checkpoint is written after each epoch: both networks, the optimiser, all random generators and
# the history. A run that was killed continues from there. It must end with the bits of a run that
# was left alone. Records and tables are written under another name and then renamed. A full disk or
# a killed process therefore leaves no incomplete file under the final name.

# %%
killed = survived[survived["kind"] == "interruption"].iloc[0]
glue("faults_kills", str(killed["cases"]), display=False)
print(f"{killed['what']}: {killed['cases']} times")
print("weights, metrics and embeddings are equal:", killed["lost"] == 0)

# %% [markdown]
# A sweep lists each run that could not be made with its reason, and makes the others. A record that
# was damaged later is noticed by its checksums, moved aside, and made anew.

# %% [markdown]
# ## Differences between threads and processors
#
# The same run on the same machine gives the same bits. Processors round differently, and training
# enlarges differences. The table shows graded nDCG@10 on the moods of the demo corpus after five
# epochs. The instruction sets of older processors were chosen by the settings of the libraries, on
# one machine.

# %%
differences = measured.differences()
shown = ["untrained", "trained", "timbre+rhythm"]
differences.set_index(["precision", "what"])[shown].round(4)

# %%
grouped = differences.groupby("precision")[shown]
spread = grouped.max() - grouped.min()
for name in ("untrained", "trained"):
    glue(f"faults_{name}", f"{spread[name].max():.4f}", display=False)
spread.round(5)

# %% [markdown]
# The id of a run depends on its parameters, with the precision that was used, its data, the content of
# its audio and the version of the results. It does not otherwise depend on the machine or on the
# version of Python.

# %% [markdown]
# ## Trust
#
# - The library unpickles no file, because a pickled object can run any code. It stores text, Parquet,
#   safetensors and raw arrays.
# - Archives are unpacked into a folder of their own. A path that leads out of it is refused.
# - Names and tags from data are shown as text. No page or notebook runs anything from data.
# - A sweep trusts its scheduler: Dask sends pickled calls to its workers. Start a scheduler only in
#   a network that you trust.
# - `constraints.txt` locks the versions that were tested.
#
# Nothing is downloaded unless you ask for it. These downloads are possible:

# %%
fault_tables.downloads()

# %% [markdown]
# **What we saw.** Of {glue:text}`faults_cases` damaged inputs, {glue:text}`faults_lost` gave neither
# a right answer nor one clear error. A run that was killed {glue:text}`faults_kills` times ended
# with the bits of a run left alone. Across thread counts and instruction sets on one machine, graded
# nDCG@10 differed by up to {glue:text}`faults_untrained` for the untrained and by up to
# {glue:text}`faults_trained` for the trained network.
