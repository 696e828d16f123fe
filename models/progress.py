"""Progress of long work: a bar on a terminal, or JSON lines on stderr for the service that started the job."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

__all__ = ["Progress"]

Item = TypeVar("Item")


class Progress:
    """Tells how far a job is; the weights of the steps are their usual shares of the time."""

    def __init__(self, weights: dict[str, float], *, as_json: bool) -> None:
        self._weights = weights
        self._as_json = as_json
        self._done = 0.0
        self._last = -1

    def over(self, items: Sequence[Item], step: str) -> Iterator[Item]:
        """Iterate over `items` and report each."""
        weight = self._weights.get(step, 0.0)
        bar = tqdm(items, desc=step, unit="image", file=sys.stderr, disable=self._as_json or not sys.stderr.isatty())
        for index, item in enumerate(bar):
            yield item
            self._report(self._done + weight * (index + 1) / len(items), step)
        self._done += weight

    def _report(self, share: float, step: str) -> None:
        if not self._as_json:
            return
        percent = round(100 * min(share / sum(self._weights.values()), 1.0))
        if percent != self._last:
            self._last = percent
            sys.stderr.write(json.dumps({"progress": percent / 100, "step": step}) + "\n")
            sys.stderr.flush()
