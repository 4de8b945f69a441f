# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The network
#
# DPNN, the Deep Parallel Neural Network, has two stacks of convolutions. The paper assigns a role to
# each (Section IV-A). In the left stack, kernels are long in time and pooling removes time, so that
# frequency remains: it should hear timbre. In the right stack, kernels are tall in frequency and
# pooling removes frequency, so that time remains: it should hear rhythm. Their outputs are joined
# into an embedding of 256 dimensions.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
folds: int = 0  # 0: the paper's split; k: artist-grouped cross-validation, for small data
fold: int = 0  # which fold is for test
seed: int = 0
runs: str = ""  # where records lie; empty: runs/ in the project

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## Figure 1, drawn from the model

# %% mystnb={"image": {"alt": "The network as a diagram: input, two stacks of four layers side by side, their outputs joined, a dense layer of 256"}}
from compendium import network_figures
from tagspace.model import dpnn

untrained = dpnn.initial_network(configuration.seed)
layers = network_figures.layers_table(untrained)
network_figures.architecture_figure(layers)

# %% [markdown]
# ## Its layers
#
# Each layer is a convolution, a batch normalisation, max-pooling and an ELU; kernels and pools are
# mel bands x frames, outputs mel bands x frames x filters. Most of the parameters are in the dense
# layer, most of the work is in the second layers of the stacks.

# %%
layers.round({"mflop": 1})

# %%
print(
    f"{layers['parameters'].sum():,} parameters; "
    f"{layers['mflop'].sum() / 1000:.2f} GFLOP forward, "
    f"{3 * layers['mflop'].sum() / 1000:.2f} GFLOP forward and back, per excerpt"
)

# %% [markdown]
# ## What training does to it
#
# The run of these parameters is taken from its record, or is made now. The filters of the first
# layers, before and after; time runs to the right, pitch upwards.

# %% tags=["nbval-ignore-output"]
from tagspace import corpus
from tagspace.runs import experiment

tracks = corpus.load_corpus(configuration)
record = experiment.run_experiment(tracks, configuration)
trained = record.network()
print(record.describe())

# %% mystnb={"image": {"alt": "The filters of both first layers as small images, untrained above and trained below"}} tags=["nbval-ignore-output"]
network_figures.filters_figure(untrained, trained)

# %% [markdown]
# ## What each stack reacts to
#
# If the order of the frames is lost, rhythm and melody are gone and timbre stays; if the order of
# the mel bands is lost, timbre and harmony are gone and rhythm stays. The table measures how far
# the output of each stack moves then, relative to the distance between different tracks.

# %% tags=["nbval-ignore-output"]
import torch

excerpts = torch.as_tensor(tracks.excerpts[tracks.split.test, 0])
network_figures.sensitivity(trained, excerpts).round(2)

# %% [markdown]
# **What we saw.** The network is small by today's measure, under two million parameters. After a
# short training on synthetic music the filters of its first layers still look much like the noise
# they began as, and neither stack is a specialist: each of them reacts to both axes.
