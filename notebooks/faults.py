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
# **All {glue:text}`faults_cases` damaged inputs gave valid data or one clear error.** A sweep takes hours or days, and
# its results are then published. So nothing that was computed may be lost, and nothing wrong may pass unnoticed. This
# package makes three promises:
#
# 1. An interruption costs at most one epoch.
# 2. Every problem that the package notices is reported.
# 3. The same input gives the same results on the same machine with the same number of threads.
#
# ```{glue:figure} differences
# :name: fig-differences
# The machine changes results little. Mean graded {term}`nDCG`@10
# over the tag sets of the demo corpus, for a network trained on moods for five epochs, on one machine. In float32 and
# in bfloat16, the run was repeated, and made with one thread. In float32, it was also made with the instruction sets of
# older processors. All values lie within {glue:text}`faults_range` of one another.
# ```
#
# *You will learn* how damaged files and tables are handled, what happens when a run is killed, and how far results depend
# on the machine. *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path

# %% tags=["remove-cell"]
from compendium import fault_tables, listening, measured, present, result_figures
from tagspace.configuration import read_parameters
from tagspace.datasets import registry

configuration = read_parameters(globals())
survived, differences = measured.survived(), measured.differences()

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "differences",
    result_figures.differences_figure(differences),
    "Graded nDCG@10 of the trained network under several conditions: all dots lie within a thousandth.",
)

# %% [markdown]
# ## Damaged audio
#
# The header of an audio file may be wrong, so the library uses what can be decoded. If less audio can be decoded than the
# header says, the library determines the true length and places the excerpts within it. The report of the features counts
# every file that is unusual, and names each file that was left out. A run stops if more than 10 % of the files are lost
# (`max_lost`).
#
# Here one track of the data set is damaged in ten ways:

# %% tags=["hide-input", "nbval-ignore-output"]
files = listening.audio_files(registry.load_dataset(configuration.dataset))
present.table(
    fault_tables.damaged_files(files[0]).rename_axis("what was done"),
    "Damaged files, and the answer",
)

# %% [markdown]
# ## Damaged tables and wrong calls
#
# Programs write lists, numbers and missing values into cells that should hold tags. Unchecked, such cells would become
# tags. Each table below is refused, in one line that names the file, the line and, for a wrong cell, the column. A wrong
# parameter is refused in the same way, before any audio is read.

# %% tags=["hide-input"]
present.table(
    fault_tables.damaged_tables().rename_axis("what is wrong"), "Damaged tables, and the answer"
)

# %% [markdown]
# ## Many damaged inputs
#
# Nobody can list all kinds of damage. Tests therefore also damage tables, audio files and records (with their
# checkpoints) at random: bytes are changed, inserted, moved, cut and blanked. Each input must give valid data or one
# clear error. Valid means: excerpts hold only finite numbers; a data set meets every rule for data sets (such as one row
# per track); a record is read as it was written. `make fuzz` tries new inputs each time.

# %% tags=["hide-input"]
damaged = survived[survived["kind"] == "damaged input"]
present.table(
    damaged.set_index("what")[["cases", "lost"]].rename(columns={"lost": "neither"}),
    "Damaged inputs of the last recorded trial, and those that gave neither valid data nor one clear error",
)

# %% [markdown]
# ## Interruptions
#
# A checkpoint is written after each epoch: the network, its averaged copy, the optimiser, all random generators and the
# history. A run that was killed continues from there, and gives the same bits as an uninterrupted run. Records and tables
# are written under another name and then renamed, so a full disk or a killed process leaves no incomplete file under the
# final name.
#
# In the last recorded trial, {glue:text}`faults_kills` runs were killed at random moments and resumed;
# {glue:text}`faults_equal` gave the same weights, metrics and embeddings as an uninterrupted run.
#
# If a run cannot be made, a sweep lists it, with the reason, and makes the others. A record that was damaged later is
# noticed by its checksums, moved aside, and made anew.
#
# ## Differences between threads and processors
#
# The same run on the same machine gives the same bits. Another number of threads, or another processor, rounds
# differently, and training enlarges differences. {numref}`fig-differences` shows one machine: older processors were
# imitated by limiting the instruction sets of the libraries.

# %% tags=["hide-input"]
columns = ["trained", "untrained", "timbre+rhythm"]
present.table(
    differences.set_index(["precision", "what"])[columns],
    "Mean graded nDCG@10 over the tag sets of the demo corpus; the network was trained on moods for five epochs",
    digits=4,
)

# %% tags=["remove-cell"]
spread = differences[columns].max() - differences[columns].min()
killed = survived[survived["kind"] == "interruption"].iloc[0]
present.numbers(
    {
        "faults_cases": f"{damaged['cases'].sum():,}",
        "faults_kills": killed["cases"],
        "faults_equal": killed["cases"] - killed["lost"],
        "faults_range": f"{spread['trained']:.4f}",
    }
)

# %% [markdown]
# The id of a run is computed from its parameters, the precision that was used, its data, the content of its audio, and
# a version number that rises when the code gives other results. By default, the number format (`precision`) depends on
# the processor. Otherwise the id depends neither on the machine nor on Python's version.
#
# ## Trust
#
# - The library unpickles no file, because a pickled object can run any code. It stores text, Parquet, safetensors and raw
#   arrays.
# - Archives are unpacked into a folder of their own. Paths outside it are refused.
# - Names and tags from data are shown as text. No page or notebook runs anything from data.
# - A sweep trusts its scheduler: Dask sends pickled calls to its workers. Start a scheduler only in a network that you
#   trust.
# - `constraints.txt` locks the versions that were tested.
#
# Nothing is downloaded unless you ask for it. These downloads are possible:

# %% tags=["hide-input"]
present.table(fault_tables.downloads(), "What is downloaded on request, and how it is checked")

# %% [markdown]
# **What we saw.** Damaged inputs gave valid data or one clear error. Interrupted runs ended as if they had not been
# interrupted. Across threads and instruction sets on one machine, graded nDCG@10 of the untrained network did not differ
# to four digits, and that of the trained network differed by up to {glue:text}`faults_range`, float32 and bfloat16
# together.
