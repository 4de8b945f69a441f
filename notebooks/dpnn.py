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
# **Both stacks hear both time and frequency.** {term}`DPNN`, the Deep Parallel Neural Network, has two stacks of
# convolutions. The paper assigns timbre to the left one and rhythm to the right one. If the moments of an excerpt are
# shuffled, rhythm is lost; if its mel bands are shuffled, timbre is lost. The outputs of both stacks change strongly in
# both cases, before and after a short training on the demo corpus.
#
# ```{glue:figure} sensitivity
# :name: fig-sensitivity
# How far the output of each stack moves if the frames (moments) or the mel bands of excerpts are shuffled, relative to
# the distance between two different excerpts; {glue:text}`dpnn_excerpts` test excerpts of the demo corpus. A stack that
# hears mainly timbre would react little to shuffled frames, and one that hears mainly rhythm little to shuffled bands.
# ```
#
# *You will learn* what the network looks like, where its parameters and its work are, and what each stack reacts to.
# *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path
tagsets: str = "all"  # or tag sets joined by +, such as styles+moods
topics: int = 16
folds: int = 0  # 0: the paper's split; k: artist-grouped cross-validation, for small data
fold: int = 0  # which fold is for test
seed: int = 0
runs: str = ""  # where records lie; empty: runs/ in the project

# %% tags=["remove-cell", "nbval-ignore-output"]
import torch

from compendium import listening, network_figures, present
from compendium.listening import Sound
from tagspace import corpus
from tagspace.configuration import read_parameters
from tagspace.datasets import registry
from tagspace.model import dpnn
from tagspace.runs import baselines, experiment

configuration = read_parameters(globals())
tracks = corpus.load_corpus(configuration)

# %% [markdown]
# ## The idea
#
# The {term}`log-mel spectrogram` is an image, but its two axes are not alike: one is time, the other frequency. So
# kernels are not square (Section IV-A of the paper):
#
# - **Left stack, timbre.** Kernels are long in time. The last pooling reduces time from 16 to 2 steps, and keeps 10 bands.
# - **Right stack, rhythm.** Kernels are tall in frequency. The last pooling reduces frequency from 10 to 2 bands, and keeps
#   16 steps.
#
# The outputs of both are concatenated. A dense layer makes them an {term}`embedding` of 256 numbers, which is scaled to
# length 1. Earlier networks of the same group have the same two stacks {cite}`lidy2016,schindler2016`. The names fit the
# last pooling: the left stack keeps bands, the right one keeps moments. Pons et al. {cite}`pons2016` reason from the
# kernels instead, and give long ones to rhythm and tall ones to timbre.
#
# ```{glue:figure} architecture
# :name: fig-architecture
# The network, drawn from the model, as in Figure 1 of the paper. Kernels, pools and outputs are mel bands x frames (x
# filters). Each layer is a convolution, a batch normalisation, max-pooling and an exponential linear unit (ELU)
# {cite}`clevert2016`.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
untrained = dpnn.initial_network(configuration.seed)
layers = network_figures.layers_table(untrained)
present.figure(
    "architecture",
    network_figures.architecture_figure(layers),
    "The network as a diagram: input, two stacks of four layers side by side, their outputs joined, a dense layer of "
    "256.",
)

# %% [markdown]
# ## In code
#
# The two stacks as the library defines them, each layer as (filters, kernel, pool):

# %%
dpnn.LEFT, dpnn.RIGHT

# %% tags=["remove-input"]
present.source(dpnn.DPNN.forward)

# %% [markdown]
# ## Its layers
#
# Most parameters are in the dense layer. Half of the work is in the second layers of the stacks. In all, the network has
# {glue:text}`dpnn_parameters` parameters. An excerpt takes {glue:text}`dpnn_forward` billion floating-point operations
# forward, and three times as many in training.

# %% tags=["hide-input"]
present.table(
    layers.set_index("stack").rename(columns={"mflop": "operations (million)"}),
    "Layers of the network; operations of one excerpt forward",
    digits=1,
)

# %% [markdown]
# ## What each stack reacts to
#
# The run with the parameters of this page is loaded if it was recorded; otherwise it is trained now. The untrained and
# the trained network receive the test excerpts as they are, with their frames shuffled, and with their mel bands shuffled
# ({numref}`fig-sensitivity`).

# %% tags=["hide-input", "nbval-ignore-output"]
record = experiment.run_experiment(tracks, configuration)
print(record.describe())

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
excerpts = torch.as_tensor(tracks.excerpts[tracks.split.test, 0])
baselines.calibrate(untrained, tracks.excerpts, tracks.split.train)
networks = {"untrained": untrained.eval(), "trained": record.network()}
changes = {name: network_figures.sensitivity(each, excerpts) for name, each in networks.items()}
present.figure(
    "sensitivity",
    network_figures.sensitivity_figure(changes),
    "Bars of how far the output of each stack moves if frames or mel bands are shuffled, untrained and trained: all are "
    "between six and ten tenths of the distance between two excerpts.",
)

# %% [markdown]
# This is what the shuffled inputs sound like. The sounds are made from the spectrograms; the phases are estimated.

# %% tags=["hide-input", "nbval-ignore-output"]
collection = registry.load_dataset(configuration.dataset)
sound = listening.read_excerpt(collection.tracks["path"].loc[record.embeddings.index[0]])
listening.players(
    Sound(label, listening.shuffled(sound, axis), text)
    for label, axis, text in [
        ("not shuffled", "nothing", "as the network receives it"),
        ("frames shuffled", "frames", "rhythm and melody are lost, timbre stays"),
        ("mel bands shuffled", "bands", "timbre and harmony are lost, rhythm stays"),
    ]
)

# %% tags=["remove-cell", "nbval-ignore-output"]
present.numbers(
    {
        "dpnn_excerpts": len(excerpts),
        "dpnn_parameters": f"{layers['parameters'].sum():,}",
        "dpnn_forward": f"{layers['mflop'].sum() / 1000:.2f}",
        **{
            f"{name}_{stack}_{axis}": f"{table.loc[stack, axis]:.2f}"
            for name, table in changes.items()
            for stack in table.index
            for axis in table.columns
        },
    }
)

# %% [markdown]
# A tendency agrees with the paper's roles: shuffled frames move the left, "timbre" stack less
# ({glue:text}`trained_left_frames`) than the right, "rhythm" stack ({glue:text}`trained_right_frames`); shuffled mel
# bands move the left stack more ({glue:text}`trained_left_bands`) than the right ({glue:text}`trained_right_bands`).
# The untrained network has the same tendency ({glue:text}`untrained_left_frames` and
# {glue:text}`untrained_right_frames`, {glue:text}`untrained_left_bands` and {glue:text}`untrained_right_bands`).
#
# **What we saw.** Neither stack is a specialist. Their tendency towards the paper's roles is there before training, so
# it comes from the architecture (kernels and pooling). This is one run on synthetic music.
