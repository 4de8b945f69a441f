# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Sound
#
# **The network receives a track in excerpts of six seconds, each as an image.** The 80 rows of the image are frequencies,
# its 130 columns are moments, 46 ms apart. It keeps timbre, rhythm and rough pitch. It drops phase.
#
# ```{glue:figure} excerpt
# :name: fig-excerpt
# From a file to the network's input; a track of the demo corpus. The waveform, with the paper's excerpt shaded, and the
# {term}`log-mel spectrogram` of the excerpt.
# ```
#
# *You will learn* how a file becomes the network's input, what the input keeps, and how loud the beginning of a file is.
# *Six minutes.*

# %% tags=["parameters", "hide-input"] mystnb={"code_prompt_show": "Parameters"}
dataset: str = "demo"  # a name from the page of data sets, or a path
shards: str = ""  # parts of the audio to fetch: 0-4 of jamendo, small of fma

# %% tags=["remove-cell", "nbval-ignore-output"]
import numpy as np

from compendium import audio_figures, listening, present
from compendium.listening import Sound
from tagspace.audio import reading, spectrogram
from tagspace.configuration import read_parameters
from tagspace.datasets import registry

configuration = read_parameters(globals())
collection = registry.load_dataset(configuration.dataset, configuration.shards)
files = listening.audio_files(collection)

# %% [markdown]
# ## The idea
#
# The file is decoded, mixed to mono and resampled to 22,050 Hz (Section IV-B.2 of the paper). From 3 s to 9 s, a
# Fourier transform is computed in windows of 2,048 samples that overlap by half. The power is summed in 80 {term}`mel
# bands <mel band>` between 16 Hz and 11 kHz, and the logarithm is taken.

# %%
excerpt = reading.read(files[0], offset=3.0, seconds=6.0)
spectrogram.log_mel(excerpt).shape

# %% tags=["remove-input"]
present.source(spectrogram.log_mel, spectrogram.mel_power)

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
samples = reading.read(files[0], offset=0, seconds=min(reading.duration(files[0]), 30))
present.figure(
    "excerpt",
    audio_figures.excerpt_figure(samples),
    "The waveform of a track with six seconds shaded, and the log-mel spectrogram of these, over seconds and Hz.",
)

# %% [markdown]
# By default, this package takes five excerpts per track, spread from 3 s to the end. Training uses one of them at a
# time; the embedding of a track is the mean over all. With `-p excerpts 1` it takes one, as the paper does.
#
# ## Listen to what the network receives
#
# The third sound is made from the spectrogram alone; the phases are estimated. Part of the difference from the excerpt is
# detail that the spectrogram drops; the rest is error in the estimated phases.

# %% tags=["hide-input", "nbval-ignore-output"]
listening.players(
    [
        Sound("the track", samples, "as in the file"),
        Sound("the excerpt", excerpt, "3 s to 9 s"),
        Sound(
            "the network's input", listening.shuffled(excerpt, "nothing"), "from the spectrogram"
        ),
    ]
)

# %% [markdown]
# ## Mel bands
#
# Below 1 kHz, neighbouring mel bands are {glue:text}`audio_hertz` Hz apart. Above 1 kHz, they are
# {glue:text}`audio_semitones` semitones apart. In the bass, {glue:text}`audio_hertz` Hz are many semitones: the lowest
# notes of a piano fall into a few bands.
#
# ```{glue:figure} filters
# :name: fig-filters
# Every fourth of the 80 mel bands: the weight of each frequency in the band.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
present.figure(
    "filters",
    audio_figures.filter_bank_figure(),
    "Triangular weights over frequency, narrow and close together in the bass, wide in the treble.",
)

# %% [markdown]
# ## How loud is the beginning of a file?
#
# The paper begins at 3 s and gives no reason. Many recordings fade in or begin with silence, which says little about the
# music. The pieces of the demo corpus begin at full level, so for them any start will do.
#
# ```{glue:figure} levels
# :name: fig-levels
# Level of {glue:text}`audio_files` files of the demo corpus in each second, relative to the mean of the file. They begin at full level. Line: median; grey: middle half of the files.
# ```

# %% tags=["hide-input", "remove-output", "nbval-ignore-output"]
levels = listening.levels(files[:100], seconds=10)
present.figure(
    "levels",
    audio_figures.levels_figure(levels),
    "Level over the first ten seconds of a hundred files: median and middle half, with the seconds of the excerpt "
    "shaded; the curve is nearly flat.",
)

# %% tags=["remove-cell"]
centres = audio_figures.band_centres()
present.numbers(
    {
        "audio_hertz": f"{centres[1] - centres[0]:.0f}",
        "audio_semitones": f"{12 * np.log2(centres[-1] / centres[-2]):.2f}",
        "audio_files": min(len(files), 100),
    }
)

# %% [markdown]
# **What we saw.** The input is a matrix of 80 x 130 numbers. Its frames are 93 ms long and 46 ms apart; its bands are
# {glue:text}`audio_semitones` semitones apart above 1 kHz, and many semitones in the bass. The first layer of the
# network normalises these numbers.
#
# ## Exercises
#
# 1. How many frames has an excerpt of 12 seconds?

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
longer = spectrogram.log_mel(reading.read(files[0], offset=0.0, seconds=12.0))
print(f"{longer.shape[1]}, about twice as many")

# %% [markdown]
# 2. Which mel band is loudest for a tone of 440 Hz, and which for 880 Hz? Bands count from 0.

# %% tags=["hide-cell"] mystnb={"code_prompt_show": "Solution"}
seconds = np.arange(6 * spectrogram.SAMPLE_RATE, dtype=np.float32) / spectrogram.SAMPLE_RATE
for hertz in (440, 880):
    tone = np.sin(2 * np.pi * hertz * seconds)
    print(f"{hertz} Hz: band {spectrogram.log_mel(tone).mean(axis=1).argmax()} of 80")
