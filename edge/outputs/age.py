"""For how long a result is worth telling."""

import math

from edge.clock import Clock
from edge.contract.result import InspectionResult

__all__ = ["AgeLimit"]


class AgeLimit:
    """Who acts on each verdict wants that of the part before him, and not first those of an outage."""

    def __init__(self, max_age_s: float | None, clock: Clock) -> None:
        """So many seconds from the verdict; None: for ever."""
        self._max_age_s = math.inf if max_age_s is None else max_age_s
        self._clock = clock

    def left_s(self, result: InspectionResult) -> float:
        """How long it may still be told; 0 or less: no more."""
        return self._max_age_s - (self._clock.now_us() - result.times.verdict_us) / 1e6
