"""How long to wait before the next try: doubling, capped, with jitter so that many stations do not retry in step."""

from collections.abc import Callable
from random import Random

__all__ = ["Backoff"]


class Backoff:
    """Waiting times of one thing that fails repeatedly; not shared between threads."""

    def __init__(self, first_s: float, max_s: float, random: Callable[[], float] | None = None) -> None:
        """Start at `first_s` seconds and never exceed `max_s`; `random` gives a number in [0, 1)."""
        self._first_s = first_s
        self._max_s = max_s
        self._random = random or Random().random  # noqa: S311 - jitter, not a secret
        self._failures = 0

    def next_s(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait after one more failure: between half and all of the doubled time, or what was asked for."""
        full = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return max(at_least_s, full * (0.5 + 0.5 * self._random()))

    def reset(self) -> None:
        """It worked: start again at the first waiting time."""
        self._failures = 0
