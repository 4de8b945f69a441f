"""Read the next part while this one is worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

AHEAD = 2  # parts read but not yet used; bounds memory

T = TypeVar("T")


def map_ahead(function: Callable[..., T], *items: Iterable[Any]) -> Iterator[T]:
    """Yield the results of ``map`` in order; another thread computes up to two of them ahead.

    Examples
    --------
    >>> list(map_ahead(pow, [2, 3], [5, 2]))
    [32, 9]
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(1) as thread:
        for each in zip(*items, strict=True):
            waiting.append(thread.submit(function, *each))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
