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
# Hundreds of experiments on 143,587 tracks: can anybody do that? This page adds it up, from what
# `python benchmarks/cost.py FOLDER` measured per track and stage on one machine. The tags,
# spectrograms and embeddings it measured on are synthetic, as many as the paper's; training is
# extrapolated from some steps.

# %% tags=["parameters"]
epochs: int = 10  # of each experiment; the default of this package at the paper's size
batch_size: int = 128

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Measured
#
# Seconds are those of the whole machine, all its cores at work on one thing.

# %%
from compendium import measured

cost = measured.cost()
print(cost["cores"].iloc[0], "cores,", cost["machine"].iloc[0])
told = cost.assign(value=cost["value"].map("{:.4g}".format))
told.set_index(["stage", "what"])[["value", "unit"]]

# %% [markdown]
# ## The whole of it
#
# Tags cost next to nothing: one Gram matrix holds those of all 15 combinations, and a number of
# topics is a cut. Features are computed once. The untrained network and the other baselines are
# embedded once per worker. What remains is training: each experiment hears each track once an
# epoch.

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
told = "No GPU was at hand: no card was measured."
if len(card):
    hours_of = card.set_index("what")["value"].filter(like="experiments of")
    names = ", ".join(f"{what}: {value:.1f} hours" for what, value in hours_of.items())
    told = f"On one card ({card['device'].iloc[0]}), {names}."
glue("card", told, display=False)
glue(
    "disk",
    f"{tracks * value['disk for an excerpt'] / 1e9:.1f}",
    display=False,
)

# %% [markdown]
# **What we saw.** With one excerpt of each track, as in the paper, and {glue:text}`cost_epochs` epochs
# of training, the {glue:text}`experiments` experiments of Table II take {glue:text}`core_hours`
# core-hours on such a machine, {glue:text}`training_share` of them in training (with the paper's 100
# epochs, where none stops early, ten times as much), and {glue:text}`disk` GB on disk for the
# features. (Five excerpts, the default, take five times the space and time but in training, which
# hears one of them at a time.) Nothing of it needs one machine: on a hundred
# such cores it takes {glue:text}`days` days. Training is {glue:text}`exaflop` exaflop.
# {glue:text}`card`
#
# ## Memory
#
# Features stay on disk. A run reads the excerpts of a batch while the batch before is trained on,
# and all runs of a machine share what the system keeps of the files in memory. With five excerpts
# of each of the paper's tracks, a run had at most {glue:text}`private` GiB of its own.
#
# ## How it grows
#
# With the number of tracks: features and training in proportion; evaluation with the number of
# queries times that of tracks searched in. Its memory beyond the data grows little, as the table
# above shows: the more tracks, the fewer queries are answered at a time. Validation embeds in
# proportion, and compares with the square of its tracks, in time and memory.
# With tags: the decompositions with the third power, a matter of seconds at 1,305. With topics:
# the vectors in proportion. With the batch: a step per track as measured above; mining with at most
# the cube of the batch, a few thousandths of a step.
#
# Training several networks in lockstep on the same batches, as grouped convolutions, was tried; on
# a processor it is no faster than one after another (`make bench`), so that a sweep does not do it.
# On a card, `python benchmarks/gpu.py` measures both.
#
# ## How far from the limit
#
# Beside a figure stands what cannot be left out, measured in the same run of `make bench`.

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
# A training step takes {glue:text}`step_ratio:.1f` times its convolutions. The rest is batch
# normalisation and pooling in kernels of PyTorch; to join them needs a compiler, which a first run
# would wait for. A log-mel spectrogram takes {glue:text}`mel_ratio:.1f` times the decoding of its
# seconds. Five excerpts of a song in mp3 of variable rate take {glue:text}`seek_ratio:.1f` times the decoding
# of as many seconds at once, because a place can only be found by walking through the frames before. Two workers, each with a core, do {glue:text}`two_workers:.2f` of twice the work of one:
# they share the memory and the clock of the processor.
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
# A job that ends, for whatever reason, loses the runs it was at; they are given to another worker,
# and the same command given again goes on with what is missing.
