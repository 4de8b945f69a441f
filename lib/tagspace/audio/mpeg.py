"""The frames of an mp3 file, wherever its headers say they are."""

from __future__ import annotations

import io
import mmap
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

LEAD_IN = 100  # frames decoded before an excerpt: a frame may use bits of many short ones before it
N_SAMPLES, SAMPLE_BYTES = 8, 1 << 14  # parts of the file looked at, and bytes of each
PLAUSIBLE = 1.33  # ratio of lengths, stated and estimated, up to which the stated one is believed
MP4, ASF = b"ftyp", b"\x30\x26\xb2\x75"  # how files of m4a, at byte 4, and of wma begin
# kbit/s of layer III by version; other layers are left to the decoder.
BITRATES = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class Frames:
    """The undamaged frames of an mp3 file.

    Parameters
    ----------
    path : Path
        The file. Bytes between frames, such as damaged parts, are left out.

    Attributes
    ----------
    seconds : float
        Length of all frames together.

    Raises
    ------
    ValueError
        If there are no frames.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data[4:8] == MP4 or data[:4] == ASF:  # bytes of other audio can look like frames
                raise ValueError("it has no mp3 frames")
            self.starts = np.array(_walk(data, _after_id3(data[:10]), len(data)))
            if not len(self.starts):
                raise ValueError("it has no mp3 frames")
            header = _header(data[self.starts[0] + 1], data[self.starts[0] + 2])
        self.path, (_, self.rate, self.samples) = path, header
        self.seconds = len(self.starts) * self.samples / self.rate

    def clip(self, offset: float, seconds: float) -> np.ndarray:
        """Decode a part, shape (n_samples, n_channels), float32; shorter at the end."""
        first = max(int(offset * self.rate / self.samples) - LEAD_IN, 0)
        last = int((offset + seconds) * self.rate / self.samples) + 2
        with self.path.open("rb") as file:
            frames = [_frame_at(file, start) for start in self.starts[first:last].tolist()]
        if not frames:
            return np.empty((0, 1), np.float32)
        stream = io.BytesIO(_info_frame(frames[0], len(frames)) + b"".join(frames))
        with soundfile.SoundFile(stream) as file:
            samples = file.read(dtype="float32", always_2d=True)
        start = round(offset * self.rate) - first * self.samples
        return samples[start : start + round(seconds * self.rate)]


def is_plausible(path: Path, seconds: float) -> bool:
    """Say whether an mp3 file can have this length, from a few of its frames.

    Headers of files with a variable bit rate may be missing or wrong, and decoders believe them.
    """
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        n_bytes = n_frames = 0
        n_samples, rate = 1, 1
        for part in range(N_SAMPLES):
            file.seek(int(size * (part + 0.5) / N_SAMPLES))
            data = file.read(SAMPLE_BYTES)
            starts = _walk(data, 0, len(data))
            if len(starts) > 1:
                n_bytes += starts[-1] - starts[0]
                n_frames += len(starts) - 1
                _, rate, n_samples = _header(data[starts[0] + 1], data[starts[0] + 2])
    if not n_frames:
        return True  # not layer III: the decoder may know better
    estimate = size / (n_bytes / n_frames) * n_samples / rate
    return 1 / PLAUSIBLE < estimate / max(seconds, 1e-9) < PLAUSIBLE


def _info_frame(frame: bytes, n_frames: int) -> bytes:
    """Make the frame in front that states the number of frames; decoders estimate it otherwise."""
    header = bytes([frame[0], frame[1], frame[2] & 0x0C | 0x90, frame[3]])  # long enough
    length, _, samples = _header(header[1], header[2])
    is_mono = frame[3] >> 6 == 3
    side = (17 if is_mono else 32) if samples == 1152 else (9 if is_mono else 17)
    info = bytes(side) + b"Info" + (1).to_bytes(4, "big") + n_frames.to_bytes(4, "big")
    return (header + info).ljust(length, b"\0")


def _frame_at(file: io.BufferedReader, start: int) -> bytes:
    file.seek(start)
    header = file.read(4)
    length, _, _ = _header(header[1], header[2])
    return header + file.read(length - 4)


def _walk(data: bytes | mmap.mmap, at: int, end: int) -> list[int]:
    """Find frames one after another; after anything else, where three follow each other."""
    table, starts, in_step = _headers(), [], False
    kind = None
    while 0 <= at < end - 3:
        length = 0
        if data[at] == 0xFF:
            length, rate, samples = table[(data[at + 1] << 8) | data[at + 2]]
        if length and (in_step or _continues(data, at, end)):
            kind = kind or (rate, samples)
            if kind == (rate, samples) and at + length <= end:
                starts.append(at)
            at, in_step = at + length, True
        else:
            at, in_step = data.find(b"\xff", at + 1), False
    return starts


def _continues(data: bytes | mmap.mmap, at: int, end: int) -> bool:
    """Say whether two more frames follow this one, or the data end before."""
    for _ in range(2):
        length, _, _ = _header(data[at + 1], data[at + 2])
        at += length
        if at > end - 3:
            return True
        if data[at] != 0xFF or not _header(data[at + 1], data[at + 2])[0]:
            return False
    return True


def _header(second: int, third: int) -> tuple[int, int, int]:
    return _headers()[(second << 8) | third]


@cache
def _headers() -> list[tuple[int, int, int]]:
    """Tabulate length in bytes, sampling rate and samples per frame by bytes 2 and 3."""
    return [_parse(code >> 8, code & 255) for code in range(1 << 16)]


def _parse(second: int, third: int) -> tuple[int, int, int]:
    version, layer = second >> 3 & 3, second >> 1 & 3
    bitrate, rate = third >> 4, third >> 2 & 3
    if second < 0xE0 or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0, 0, 0
    generation = 1 if version == 3 else 2
    hertz, samples = RATES[version][rate], 1152 // generation
    bits = BITRATES[generation][bitrate - 1] * 1000
    return samples // 8 * bits // hertz + (third >> 1 & 1), hertz, samples


def _after_id3(start: bytes) -> int:
    """Return where the audio begins: after the tag at the start, if there is one."""
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    size = 0
    for byte in start[6:10]:
        size = size << 7 | byte & 127
    return size + 10
