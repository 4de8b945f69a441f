"""Read the variables of a TensorFlow checkpoint without TensorFlow.

A checkpoint has two files. The index is an uncompressed LevelDB table: blocks of keys and values,
where a key is the name of a variable and its value a small protobuf message. The data file holds
the numbers of all variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

FOOTER = 48  # bytes at the end of the index
FLOAT = 1  # TensorFlow's number for float32
# Fields of a message about a variable, and of the messages in it.
DTYPE, SHAPE, OFFSET, SIZE = 1, 2, 4, 5
DIMENSION, LENGTH = 2, 1


def read_variables(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """Return the float32 variables of a checkpoint by name.

    Parameters
    ----------
    index, data : bytes
        The contents of both files.

    Raises
    ------
    ValueError, IndexError, KeyError
        If they are no checkpoint.
    """
    variables = {}
    for _, handle in _entries(index, *_index_handle(index)):
        for name, value in _entries(index, *_handle(handle)):
            fields = _fields(value)
            if name and fields[DTYPE] == [FLOAT]:
                shape = [
                    _fields(dimension)[LENGTH][0]
                    for dimension in _fields(fields[SHAPE][0]).get(DIMENSION, [])
                ]
                start = fields.get(OFFSET, [0])[0]
                numbers = data[start : start + fields[SIZE][0]]
                variables[name.decode()] = np.frombuffer(numbers, "<f4").reshape(shape)
    return variables


def _index_handle(index: bytes) -> tuple[int, int]:
    """Return offset and size of the block of blocks, from the footer."""
    footer = index[-FOOTER:]
    at = 0
    for _ in range(2):  # the handle of another block comes first
        _, at = _number(footer, at)
    return _handle(footer[at:])


def _handle(content: bytes) -> tuple[int, int]:
    offset, at = _number(content, 0)
    size, _ = _number(content, at)
    return offset, size


def _entries(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block; a key shares its start with the key before."""
    block = table[offset : offset + size]
    n_restarts = int.from_bytes(block[-4:], "little")
    end, at, key = len(block) - 4 - 4 * n_restarts, 0, b""
    while at < end:
        shared, at = _number(block, at)
        own, at = _number(block, at)
        length, at = _number(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _fields(message: bytes) -> dict[int, list[Any]]:
    """Return the fields of a protobuf message by number."""
    fields: dict[int, list[Any]] = {}
    at = 0
    while at < len(message):
        tag, at = _number(message, at)
        number, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == 0:
            value, at = _number(message, at)
        else:
            length, at = _number(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = message[at : at + length], at + length
        fields.setdefault(number, []).append(value)
    return fields


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length, seven bits a byte; return it and where it ends."""
    number = shift = 0
    while True:
        byte = content[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
