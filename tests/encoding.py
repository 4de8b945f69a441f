"""Write audio files in formats that libsndfile does not write."""

from contextlib import ExitStack
from fractions import Fraction

import av
import numpy as np

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
BLOCK = 4096


def draw_sound(seconds, rate=44_100, channels=2):
    """Draw noise that swells, with two clicks per second, as multiples of 1 / 32768."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(0, 0.05, (len(time), channels))
    sound = (noise + np.roll(noise, 1, axis=0)) * (1 + np.sin(2.3 * time))[:, None]
    sound[:: rate // 2] = 0.8
    return (np.round(sound * 2**15) / 2**15).clip(-1, 0.99).astype(np.float32)


def write(
    path, *sounds, rate=44_100, codec="aac", sample_format=None, late=0, pictures=0, **options
):
    """Write a file with an audio stream per sound, and pictures at 10 per second.

    The times of the audio begin ``late`` samples after 0. Options are those of FFmpeg.
    """
    with ExitStack() as stack:
        container = options.pop("container", None)
        file = stack.enter_context(av.open(str(path), "w", format=container, options=options))
        video = add_video(file) if pictures else None
        streams = [add_audio(file, codec, rate, sound.shape[1], sample_format) for sound in sounds]
        for stream, sound in zip(streams, sounds, strict=True):
            for frame in frames_of(sound, rate, stream, late):
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        for number in range(pictures):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number % 256, np.uint8))
            picture.pts = number
            file.mux(video.encode(picture))
        if video:
            file.mux(video.encode(None))
    return path


def add_audio(file, codec, rate, channels, sample_format):
    stream = file.add_stream(codec, rate=rate, layout=LAYOUTS[channels])
    if sample_format:
        stream.format = sample_format
    if codec.startswith("wma"):
        stream.bit_rate = 128_000  # the default is refused
    return stream


def add_video(file):
    stream = file.add_stream("mpeg4", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    return stream


def frames_of(sound, rate, stream, late):
    """Convert samples to frames in the format of an audio stream."""
    layout = LAYOUTS[sound.shape[1]]
    convert = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
    for start in range(0, len(sound), BLOCK):
        packed = np.ascontiguousarray(sound[start : start + BLOCK]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, late + start, Fraction(1, rate)
        yield from convert.resample(frame)
