# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From sound to the network's input
#
# The network hears six seconds of each track, as a log-mel spectrogram of 80 bands and 130 frames.
# This page follows one track from the file to that matrix.

# %% tags=["parameters"]
dataset: str = "demo"  # a name from the page of data sets, or a path
shards: str = ""  # parts of the audio to fetch: 0-4 of jamendo, small of fma

# %%
from tagspace.configuration import read_parameters

configuration = read_parameters(globals())

# %% [markdown]
# ## A track
#
# The file is decoded, mixed to mono and resampled to 22,050 Hz. With the demo corpus, what is heard
# here was composed and played by this package.

# %% tags=["nbval-ignore-output"]
from tagspace.datasets import registry

collection = registry.load_dataset(configuration.dataset, configuration.shards)

# %% tags=["nbval-ignore-output"]
from compendium import audio_figures
from tagspace.audio import reading, spectrogram

files = audio_figures.audio_files(collection)

samples = reading.read(files[0], offset=0, seconds=min(reading.duration(files[0]), 30))
audio_figures.player(samples, "the first track of the data set")

# %% [markdown]
# ## Six seconds of it
#
# The paper's excerpt begins at 3 s (shaded); by default, five are spread from there to the end, and
# training hears one of them at a time. An excerpt gives the matrix below: a Fourier transform over windows
# of 2,048 samples that overlap by half, its power gathered into 80 bands between 16 Hz and 11 kHz,
# and the logarithm of that.

# %% mystnb={"image": {"alt": "The waveform of a track with six seconds shaded, and below it the log-mel spectrogram of these, 80 bands by 130 frames"}}
audio_figures.excerpt_figure(samples)

# %% tags=["nbval-ignore-output"]
excerpt = reading.read(files[0])
audio_figures.player(excerpt, "the excerpt")

# %%
print("shape of the input:", spectrogram.log_mel(excerpt).shape)

# %% [markdown]
# ## The filter bank
#
# Mel bands are narrow where the ear tells pitches apart, and wide in the treble. Every fourth of
# the 80 filters:

# %% mystnb={"image": {"alt": "Triangular filters over frequency, narrow and close together in the bass, wide in the treble"}}
audio_figures.filter_bank_figure()

# %% [markdown]
# ## Why the excerpt begins at 3 s
#
# The level of a hundred files, second by second, relative to the mean of each. Where recordings
# fade in, or begin with silence, their first seconds say little about them; the shaded part is the
# paper's excerpt. The pieces of the demo corpus begin at once: their curve is nearly flat.

# %% mystnb={"image": {"alt": "Level over the first ten seconds of a hundred files: median and quartiles, with the seconds of the excerpt shaded"}}
audio_figures.levels_figure(audio_figures.levels(files[:100], seconds=10))

# %% [markdown]
# **What we saw.** The network's input keeps pitch, timbre and rhythm to within 46 ms and a few
# semitones (more in the bass), and drops phase. Nothing is normalised here: a batch normalisation is
# the network's first layer.
