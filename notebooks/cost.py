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
# **Training takes {glue:text}`training_share` of the cost.** The {glue:text}`experiments` experiments of Table II on
# the paper's 143,587 tracks take about {glue:text}`core_hours` core-hours on the machine that was measured. This counts
# one excerpt per track, as in the paper, and {glue:text}`cost_epochs` epochs per experiment. It is about
# {glue:text}`hours_100` hours on 100 such cores, if they work in parallel without loss. {glue:text}`card`
#
# ```{glue:figure} shares
# :name: fig-cost
# Hours of each stage for all experiments of Table II, on {glue:text}`cores` cores. The time per track was measured on
# synthetic data of the paper's size; training is extrapolated from some of its steps.
# ```
#
# *You will learn* what each stage costs, how cost and memory grow with the number of tracks, how close each stage is to
# the machine's limit, and how to use more machines. *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
epochs: int = 10  # of each experiment; the default of this package at the paper's size
batch_size: int = 128

# %% tags=["remove-cell"]
import pandas as pd

from compendium import measured, network_figures, paper, present, result_figures
from tagspace.configuration import read_parameters
from tagspace.model.dpnn import DPNN
from tagspace.runs.grid import joined_tagsets

configuration = read_parameters(globals())
cost = measured.cost()

# %% [markdown]
# ## How it is counted
#
# `python benchmarks/cost.py FOLDER` measured the time per track of each stage, with as many tags, spectrograms and
# embeddings as the paper has. Features are computed once. {term}`LSI` takes little time: one Gram matrix covers the
# tags of all 15 combinations, and models with fewer topics reuse the same decomposition. The untrained network and the
# other baselines are embedded once per worker. Training processes every training track once per epoch. The paper names
# 600 experiments: 15 combinations with 40 numbers of topics each. No combination can have more topics than tags, so
# {glue:text}`experiments` experiments remain.

# %% tags=["hide-input"]
tracks, train, validation, test = 143_587, 122_766, 6_461, 14_358
sizes = paper.table_1("intersection")["tags"]
# 10, 20, ... topics, as many as the joined sets have tags for, 400 at most.
joined = [sizes[name.split("+")].sum() for name in joined_tagsets(list(sizes.index))]
experiments = sum(min(size, 400) // 10 for size in joined)
value = cost.set_index("what")["value"]
step = value[f"a track in training, batches of {configuration.batch_size}"]
one_validation = validation * value["a track embedded"] + value["nDCG of the validation tracks"]
further = 6  # representations in a record, besides the trained one
queries = test * (
    value["a query, tags and the first representation"]
    + further * value["a query, each further representation"]
)
seconds = {
    "features, once": tracks * value["one excerpt of a track"],
    "LSI, once": value["Gram matrix of all tags"] + value["15 decompositions"],
    "LSI vectors": experiments * value["vectors of all tracks, 200 topics"],
    "training": experiments * configuration.epochs * train * step,
    "validation": experiments * configuration.epochs * one_validation,
    "evaluation": experiments * (test * value["a track embedded"] + queries),
}
hours = pd.Series(seconds, name="hours") / 3600
present.table(
    hours.to_frame()
    .assign(share=(100 * hours / hours.sum()).map("{:.1f} %".format))
    .rename_axis("stage"),
    f"Hours on {cost['cores'].iloc[0]} cores ({cost['machine'].iloc[0]}) for {experiments} experiments",
    digits=2,
)

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "shares",
    result_figures.hours_figure(hours),
    "Bars of the hours of each stage: training takes by far the most.",
)

# %% tags=["hide-input"]
present.table(
    cost.set_index(["stage", "what"])[["value", "unit"]].assign(
        value=cost["value"].map("{:.4g}".format).to_numpy()
    ),
    "What was measured: wall-clock seconds with all cores on one task, bytes, and memory in MiB",
)

# %% tags=["remove-cell"]
cores = cost["cores"].iloc[0]
layers = network_figures.layers_table(DPNN())
flop = 3e6 * layers["mflop"].sum() * experiments * configuration.epochs * train
private = cost.loc[cost["what"].str.endswith("private memory"), "value"].max()
card = measured.card()
told = "No GPU was available, so none was measured."
if len(card):
    hours_of = card.set_index("what")["value"].filter(like="experiments of")
    names = ", ".join(f"{what}: {each:.1f} hours" for what, each in hours_of.items())
    told = f"On one GPU ({card['device'].iloc[0]}), {names}."
present.numbers(
    {
        "cores": cores,
        "core_hours": f"{cores * hours.sum():,.0f}",
        "training_share": present.percent(hours["training"] / hours.sum()),
        "experiments": experiments,
        "cost_epochs": configuration.epochs,
        "hours_100": f"{cores * hours.sum() / 100:,.0f}",
        "exaflop": f"{flop / 1e18:.1f}",
        "features_5": f"{value['5 excerpts of a track'] / value['one excerpt of a track']:.1f}",
        "private": f"{private / 1024:.1f}",
        "disk": f"{tracks * value['disk for an excerpt'] / 1e9:.1f}",
        "card": told,
    }
)

# %% [markdown]
# Training needs {glue:text}`exaflop` x 10$^{18}$ floating-point operations. Its cost is proportional to the number of
# epochs (the paper: up to 100, with early stopping). With five excerpts per track, the default, features take
# {glue:text}`features_5` times as long. Training takes the same time, because it uses one excerpt per track and epoch.
#
# ## Memory and disk
#
# Features take {glue:text}`disk` GB on disk, and five times as much with five excerpts. They stay on disk: a run reads
# the next batches while it trains on the current one, and all runs on a machine share the page cache of the operating
# system. With five excerpts of each of the paper's tracks, one run used at most {glue:text}`private` GiB of private
# memory.
#
# ## How it grows
#
# - Features and training grow linearly with the number of tracks.
# - Evaluation grows with the product of queries and tracks. Its memory hardly grows, because more tracks mean smaller
#   blocks of queries.
# - LSI grows with the cube of the number of tags.
# - Mining grows at most with the cube of the batch size; it takes less than a hundredth of a step (`make bench`).
#
# Training several networks in lockstep on the same batches was tried. On a CPU it is no faster than one after
# another, so a sweep does not do it. `python benchmarks/gpu.py` measures both ways on a GPU.
#
# ## How close to the limit
#
# The table compares a stage with the part of it that cannot be avoided, such as decoding the audio, or with a simple way
# to do the same. Both were measured in the same run of `make bench`. The goals were set before; {glue:text}`goals_met` of
# {glue:text}`goals` are met.

# %% tags=["hide-input"]
bench = measured.bench()
limits = bench[bench["ratio"].str.contains("limit")]
parts = limits["what"].str.split("; ", expand=True).set_axis(["stage", "compared with"], axis=1)
present.table(
    parts.assign(
        ratio=limits["ratio"].str.extract(r"([\d.]+)")[0],
        goal=limits["target"].str.replace("<= ", "≤\N{NO-BREAK SPACE}"),
    ).set_index("stage"),
    f"Time of each stage relative to its reference. Machine: {bench['machine'].iloc[0]}",
)

# %% tags=["remove-cell"]
ratios = bench.set_index("what")["ratio"].str.extract(r"([\d.]+)")[0].astype(float)
present.numbers(
    {
        "step_ratio": f"{ratios.filter(like='convolutions alone').item():.1f}",
        "mel_ratio": f"{ratios.filter(like='log-mel of an mp3, one thread; decoding').item():.1f}",
        "seek_ratio": f"{ratios.filter(like='variable').item():.1f}",
        "goals": len(limits),
        "goals_met": limits["met"].sum(),
        "two_workers": f"{2 * ratios.filter(like='efficiency of two workers').item():.1f}",
    }
)

# %% [markdown]
# - A training step takes {glue:text}`step_ratio` times as long as its convolutions alone. The rest is batch normalisation
#   and pooling, in separate kernels of PyTorch. Fusing them needs a compiler, which would delay the first run.
# - Five excerpts of an mp3 of 30 s take less time than decoding it once: the first seconds are skipped, and audio that excerpts share is decoded only once.
# - A log-mel spectrogram of an mp3 takes {glue:text}`mel_ratio` times as long as decoding the same audio.
# - Five excerpts from an mp3 of variable bit rate take {glue:text}`seek_ratio` times as long as decoding 30 s in one
#   piece, because seeking must scan all earlier frames.
# - Two workers with one core each, working at the same time, do {glue:text}`two_workers` times the work of one (ideal: 2), probably because they share memory bandwidth and clock speed.
#
# ## On more machines
#
# A sweep runs wherever Dask's workers are. They must see the same files: this project, the cache folder
# (`TAGSPACE_CACHE`) and the folder of records.
#
# - **Several machines.** `dask scheduler` on one, `dask worker ADDRESS --nthreads 1` on all, then
#   `papermill notebooks/sweep.ipynb OUT.ipynb -p scheduler ADDRESS`.
# - **Slurm.** `-p scheduler slurm -p workers 100` submits a job for each worker. Jobs are configured in
#   `~/.config/dask/jobqueue.yaml`, for example:
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
# If a job ends early, another worker resumes its run from the last checkpoint. If the sweep itself stops, run the same
# command again; it makes only the missing runs.
#
# **What we saw.** Training takes {glue:text}`training_share` of the cost, and a step takes {glue:text}`step_ratio` times
# as long as its convolutions alone. The experiments are independent, so they can be spread over any number of machines.
# Beyond the data themselves, evaluation hardly needs more memory for more tracks.
