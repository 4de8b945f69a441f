"""Audio that libsndfile does not read, such as m4a and wma: decoded by FFmpeg, through PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tagspace.support.extras import import_pyav

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream
    from av.container import InputContainer

# FFmpeg's names of formats. All others are refused, because some are playlists of other files.
FORMATS = "mov,matroska,asf,aac,ape,wv,mpc,mpc8,tta,dsf,iff"
NO_LENGTH = {"aac"}  # formats whose length FFmpeg guesses from the first frames
CHECKED = {"err_detect": "crccheck"}  # a wrong checksum is damage
LEAD_IN = 1.0  # s decoded before a part, because a frame may depend on those before it
LOUDEST = 1e9  # a sample above it is damage: full scale is 1
GAP = 0.1  # s; two frames further apart are damage, and times may be rounded by less


class Seeking:
    """Reads where the container says that the part is.

    Parameters
    ----------
    path : Path
        The file. Its default audio stream is read; video and pictures are ignored.

    Attributes
    ----------
    seconds : float
        Length that the container states, or else up to the end of the last packet.
    rate : int
        Sampling rate in Hz.

    Raises
    ------
    ValueError
        If PyAV is not installed, the format is not known, or no audio can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path) as (container, stream):
            end = 0.0 if container.format.name in NO_LENGTH else _stated_end(stream)
            first = next(_blocks(container, stream), None)
        if first is None:
            raise ValueError("it holds no audio that can be decoded")
        # Offset 0 is the first sample decoded, as in libsndfile. Audio before time 0 is dropped.
        self.rate, self.origin = first.rate, max(first.start, 0)
        self.seconds = (end or _last_packet_end(path)) - self.origin / self.rate

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        """Decode a part, shape (n_samples, n_channels), float32; shorter at the end."""
        return self._decode(offset, min(offset + seconds, self.seconds), offset - LEAD_IN)

    def _decode(self, offset: float, end: float, start: float) -> np.ndarray:
        """Decode from ``start`` or somewhat before; keep the part from ``offset`` to ``end``."""
        first, last = (self.origin + round(time * self.rate) for time in (offset, end))
        parts: list[np.ndarray] = []
        with _opened(self.path) as (container, stream):
            if start > 0 and stream.time_base:
                target = start + self.origin / self.rate
                with suppress(import_pyav().FFmpegError):  # it can only be read from the start
                    container.seek(int(target / stream.time_base), stream=stream)
            for block in _blocks(container, stream):
                if start > 0 and not parts and block.start > first:
                    return self._decode(offset, end, 0)  # the seek went too far
                if block.end > first:
                    before, after = (max(at - block.start, 0) for at in (first, last))
                    parts.append(block.samples[before:after])
                if block.end >= last:
                    break
        if not parts:
            return np.empty((0, 1), np.float32)
        return np.ascontiguousarray(np.concatenate(parts))  # parts have the channels apart


class FromStart(Seeking):
    """Reads from the start up to the first damage, in bounded memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with _opened(path) as (container, stream):
            *_, end = (block.end for block in _blocks(container, stream))
        self.seconds = (end - self.origin) / self.rate

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        """Decode a part, shape (n_samples, n_channels), float32; shorter at the end."""
        return self._decode(offset, offset + seconds, 0)


class _Block(NamedTuple):
    """Samples, shape (n_samples, n_channels), and the position of the first one in the file."""

    start: int
    rate: int
    samples: np.ndarray

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a file anew, because a decoder remembers what it read before."""
    av = import_pyav()
    try:
        container = av.open(
            str(path.absolute()),  # a relative path with a colon could name a protocol
            container_options={"format_whitelist": FORMATS},
            metadata_errors="ignore",
        )
    except av.FFmpegError:
        raise ValueError("Format not recognised") from None
    with container:
        streams = [stream for stream in container.streams.audio if stream.codec_context]
        if not streams:
            raise ValueError("it has no audio stream that can be decoded")
        default = av.stream.Disposition.default
        chosen = max(streams, key=lambda stream: bool(stream.disposition & default))
        for stream in container.streams:
            if stream is not chosen:
                stream.discard = av.stream.Discard.all
        chosen.codec_context.options = CHECKED
        yield container, chosen


def _stated_end(stream: AudioStream) -> float:
    """Return when the stream ends by its header, in s, or 0 if the header states no length."""
    if not stream.duration or not stream.time_base:
        return 0.0
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)


def _last_packet_end(path: Path) -> float:
    """Return when the last packet ends, in s; nothing is decoded."""
    end = 0.0
    with _opened(path) as (container, stream), suppress(import_pyav().FFmpegError):
        for packet in container.demux(stream):
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return end


def _blocks(container: InputContainer, stream: AudioStream) -> Iterator[_Block]:
    """Decode up to the end or the first damage."""
    last: _Block | None = None
    for frame in _frames(container, stream):
        # Times tell the position, because a seek may end anywhere and padding is dropped.
        time = None if frame.time is None else round(frame.time * frame.sample_rate)
        start = last.end if last else time or 0
        block = _Block(start, frame.sample_rate, _floats(frame))
        is_apart = time is not None and abs(time - start) > GAP * block.rate
        is_sound = np.abs(block.samples).max(initial=0) <= LOUDEST  # False for NaN
        if is_apart or not is_sound or (last and _kind(last) != _kind(block)):
            return
        yield block
        last = block


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decode up to the first error.

    Errors before the first frame are passed over: after a seek, a frame may lack those before it.
    """
    error = import_pyav().FFmpegError
    is_begun = False
    with suppress(error):
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except error:
                if is_begun:
                    return
                continue
            is_begun = is_begun or bool(frames)
            yield from frames


def _kind(block: _Block) -> tuple[int, int]:
    return block.rate, block.samples.shape[1]


def _floats(frame: AudioFrame) -> np.ndarray:
    """Convert samples of any format to float32, with full scale at 1."""
    samples = frame.to_ndarray()  # (n_channels, n_samples), or (1, n_samples * n_channels)
    samples = samples.T if frame.format.is_planar else samples.reshape(frame.samples, -1)
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return samples.astype(np.float32)
    zero = 128 if samples.dtype.kind == "u" else 0
    scale = 2.0 ** (8 * samples.dtype.itemsize - 1)
    return (samples.astype(np.float32) - np.float32(zero)) / np.float32(scale)
