# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What Table II costs
#
# This page estimates the cost of the experiments of Table II on 143,587 tracks. `python
# benchmarks/cost.py FOLDER` measured the time per track of each stage on one machine. The tags,
# spectrograms and embeddings are synthetic, and as many as the paper's. Training time is
# extrapolated from a few steps.

# %% tags=["parameters"]
epochs: int = 10  # of each experiment; the default of this package at the paper's size
batch_size: int = 128

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Measured
#
# Seconds are wall-clock time, with all cores of the machine working on one task.

# %%
from compendium import measured

cost = measured.cost()
print(cost["cores"].iloc[0], "cores,", cost["machine"].iloc[0])
told = cost.assign(value=cost["value"].map("{:.4g}".format))
told.set_index(["stage", "what"])[["value", "unit"]]

# %% [markdown]
# ## Total cost
#
# LSI takes little time: one Gram matrix covers the tags of all 15 combinations, and a model with
# fewer topics is a truncation of a larger one. Features are computed once. The untrained network
# and the other baselines are embedded once per worker. Most of the cost is training: each
# experiment processes every training track once per epoch.

# %%
from compendium import paper
from tagspace.runs.grid import joined_tagsets

tracks, train, validation, test = 143_587, 122_766, 6_461, 14_358
sizes = paper.table_1("intersection")["tags"]
# 10, 20, ... topics, as many as the joined sets have tags for, 400 at most.
joined = [sizes[name.split("+")].sum() for name in joined_tagsets(list(sizes.index))]
experiments = sum(min(size, 400) // 10 for size in joined)
print(f"{experiments} experiments")
value = cost.set_index("what")["value"]
step = value[f"a track in training, batches of {configuration.batch_size}"]
looking = validation * value["a track embedded"] + value["nDCG of the validation tracks"]
hearing = test * value["a track embedded"]
further = 6  # representations beside the trained one, of which a record has figures
searching = test * (
    value["a query, tags and the first representation"]
    + further * value["a query, each further representation"]
)
seconds = {
    "features, once": tracks * value["one excerpt of a track"],
    "LSI, once": value["Gram matrix of all tags"] + value["15 decompositions"],
    "LSI vectors": experiments * value["vectors of all tracks, 200 topics"],
    "training": experiments * configuration.epochs * train * step,
    "validation": experiments * configuration.epochs * looking,
    "evaluation": experiments * (hearing + searching),
}

# %%
import pandas as pd

hours = pd.Series(seconds, name="hours of this machine") / 3600
hours.loc["all"] = hours.sum()
total = hours.to_frame()
total["share"] = (hours / hours["all"]).map("{:.2%}".format)
total.round(2)

# %%
from myst_nb import glue

from compendium import network_figures
from tagspace.model.dpnn import DPNN

cores = cost["cores"].iloc[0]
layers = network_figures.layers_table(DPNN())
flop = 3e6 * layers["mflop"].sum() * experiments * configuration.epochs * train
glue("core_hours", f"{cores * hours['all']:,.0f}", display=False)
glue("training_share", f"{hours['training'] / hours['all']:.0%}", display=False)
glue("experiments", str(experiments), display=False)
glue("cost_epochs", str(configuration.epochs), display=False)
glue("days", f"{cores * hours['all'] / 100 / 24:,.0f}", display=False)
glue("exaflop", f"{flop / 1e18:.1f}", display=False)
private = cost.loc[cost["what"].str.endswith("private memory"), "value"].max()
glue("private", f"{private / 1024:.1f}", display=False)
card = measured.card()
told = "No GPU was available, so no card was measured."
if len(card):
    hours_of = card.set_index("what")["value"].filter(like="experiments of")
    names = ", ".join(f"{what}: {value:.1f} hours" for what, value in hours_of.items())
    told = f"On one GPU ({card['device'].iloc[0]}), {names}."
glue("card", told, display=False)
glue(
    "disk",
    f"{tracks * value['disk for an excerpt'] / 1e9:.1f}",
    display=False,
)

# %% [markdown]
# **What we saw.** The {glue:text}`experiments` experiments of Table II take {glue:text}`core_hours`
# core-hours on this machine, with one excerpt per track (as in the paper) and
# {glue:text}`cost_epochs` epochs. Training takes {glue:text}`training_share` of that; its cost is
# proportional to the number of epochs (the paper: 100, without early stopping). Features take
# {glue:text}`disk` GB on disk. With five excerpts, the default, features, validation and evaluation
# take five times as long, and features five times the space. Training takes the same time, because
# it uses one excerpt per track and epoch. The experiments are independent: on 100 such cores they
# take {glue:text}`days` days. Training needs {glue:text}`exaflop` x 10^18 floating-point operations.
# {glue:text}`card`
#
# ## Memory
#
# Features stay on disk. A run reads the next batches while it trains on the current one. All runs
# on a machine share the page cache of the operating system. With five excerpts of each of the
# paper's tracks, one run used at most {glue:text}`private` GiB of private memory.
#
# ## How it grows
#
# Features and training grow linearly with the number of tracks. Evaluation time grows with queries
# x tracks; its memory hardly grows, because more tracks mean smaller blocks of queries. Validation
# embeds its tracks in linear time and compares them in quadratic time. LSI takes cubic time in the
# number of tags: some seconds for 1,305 tags. LSI vectors grow linearly with the number of topics.
# Mining takes at most cubic time in the batch size; in the table of `make bench` it takes less than
# a hundredth of a step.
#
# Training several networks in lockstep on the same batches, as grouped convolutions, was tried. On
# a processor it is no faster than one after another (`make bench`), so a sweep does not do it. On a
# GPU, `python benchmarks/gpu.py` measures both.
#
# ## Distance from the lower bound
#
# The table compares a stage with the part of it that cannot be avoided, such as decoding the audio.
# Both were measured in the same run of `make bench`.

# %%
bench = measured.bench()
print(bench["machine"].iloc[0])
limits = bench[bench["ratio"].str.contains("limit")]
limits.set_index("what")[["ratio", "target", "met"]]

# %%
ratios = bench.set_index("what")["ratio"].str.extract(r"([\d.]+)")[0].astype(float)
step = ratios.filter(like="convolutions alone").item()
glue("step_ratio", step, display=False)
glue(
    "mel_ratio", ratios.filter(like="log-mel of an mp3, one thread; decoding").item(), display=False
)
glue("seek_ratio", ratios.filter(like="variable").item(), display=False)
glue("two_workers", ratios.filter(like="efficiency of two workers").item(), display=False)

# %% [markdown]
# A training step takes {glue:text}`step_ratio:.1f` times as long as its convolutions alone. The rest
# is batch normalisation and pooling, in separate kernels of PyTorch. Fusing these kernels needs a
# compiler, and would delay the first run. A log-mel spectrogram of an mp3 takes
# {glue:text}`mel_ratio:.1f` times as long as decoding the same audio. Reading five excerpts from an
# mp3 of variable bit rate takes {glue:text}`seek_ratio:.1f` times as long as decoding 30 s in one
# piece, because seeking must scan all earlier frames. Two workers with one core each have a parallel
# efficiency of {glue:text}`two_workers:.2f` (ideal: 1), because they share memory bandwidth and
# clock speed.
#
# ## On more machines
#
# A sweep runs wherever Dask's workers are. They must see the same files: this project, the cache
# folder (`TAGSPACE_CACHE`) and the folder of records.
#
# - **Several machines.** `dask scheduler` on one, `dask worker ADDRESS --nthreads 1` on all, then
#   `papermill notebooks/sweep.ipynb OUT.ipynb -p scheduler ADDRESS`.
# - **Slurm.** `-p scheduler slurm -p workers 100` submits a job for each worker, with what
#   `~/.config/dask/jobqueue.yaml` says of a job, for example:
#
# ```yaml
# jobqueue:
#   slurm:
#     cores: 1
#     processes: 1
#     memory: 8GB        # at the paper's size
#     walltime: "24:00:00"
#     queue: null        # or the name of a partition
#     job-script-prologue: ["export TAGSPACE_CACHE=/shared/cache"]
# ```
#
# If a job ends early, another worker repeats its unfinished runs. If the sweep itself stops, run the
# same command again; it makes only the missing runs.
