"""The latest values of something that is measured again and again."""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Annotated

import numpy as np
from pydantic import Field

from edge.contract.link import Percentiles
from edge.contract.values import Value

__all__ = ["Histogram", "Window", "percentiles"]


class Histogram(Value):
    """How often which milliseconds; empty before the first value."""

    edges_ms: Annotated[tuple[float, ...], Field(description="one more than counts")] = ()
    counts: tuple[int, ...] = ()


class Window:
    """Milliseconds of the latest events; fed by one thread, read by another."""

    def __init__(self, size: int = 1000) -> None:
        """Remember `size` values."""
        self._lock = Lock()
        self._values: deque[float] = deque(maxlen=size)

    def add(self, value_ms: float) -> None:
        """Take one value in."""
        with self._lock:
            self._values.append(value_ms)

    def values(self) -> list[float]:
        """What is remembered, oldest first."""
        with self._lock:
            return list(self._values)

    def histogram(self, bins: int = 24) -> Histogram:
        """Equal steps from the smallest value to the largest."""
        values = self.values()
        if not values:
            return Histogram()
        counts, edges = np.histogram(np.asarray(values), bins)
        return Histogram(edges_ms=tuple(np.round(edges, 3).tolist()), counts=tuple(counts.tolist()))

    def percentiles(self) -> Percentiles:
        """Median and 99th percentile."""
        return percentiles(self.values())


def percentiles(values_ms: Sequence[float]) -> Percentiles:
    """Median and 99th percentile; None without values."""
    if not values_ms:
        return Percentiles()
    p50, p99 = np.percentile(np.asarray(values_ms), [50, 99])
    return Percentiles(p50=round(float(p50), 3), p99=round(float(p99), 3))
