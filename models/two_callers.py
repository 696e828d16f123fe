"""Work on many images by two callers at once, in the order of the images.

One image in one session keeps two cores busy only in the large products of its graph; a second caller takes them in
between. onnxruntime lets any number of threads call a session, and each call computes to the bit what it does alone.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from edge.inference import InferenceSettings

__all__ = ["by_two_callers", "for_two_callers"]

Item = TypeVar("Item")
Done = TypeVar("Done")

_CALLERS = 2  # more gain nothing on the two cores that were measured, and each needs memory of its own
_AHEAD = 4  # results that wait for whoever takes them: maps are large


def for_two_callers() -> InferenceSettings:
    """Settings of a session that only two callers use: half of the cores each."""
    return InferenceSettings(threads=max(1, (os.cpu_count() or 1) // _CALLERS))


def by_two_callers(work: Callable[[Item], Done], items: Iterable[Item]) -> Iterator[Done]:
    """What `work` makes of each item, in their order; two items are worked on at once.

    Args:
        work: may be called by two threads. What it raises is raised here, in the place of its result.
        items: taken a few ahead of what has been asked for.
    """
    with ThreadPoolExecutor(_CALLERS, thread_name_prefix="caller") as callers:
        running: deque[Future[Done]] = deque()
        for item in items:
            running.append(callers.submit(work, item))
            if len(running) > _AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
