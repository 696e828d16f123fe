"""How far a measure has moved, in units of its own spread.

The shift of a measure is the median of its recent hourly means less the median of its baseline's, over the median of
the baseline's hourly standard deviations: one odd hour moves neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from inspection.drift.measures import Measure

__all__ = ["Hour", "Shift", "shift_of"]

_LEAST_SPREAD = {
    Measure.SCORE: 0.02,
    Measure.BRIGHTNESS: 0.5,
    Measure.CONTRAST: 0.5,
    Measure.SHARPNESS: 0.1,
    Measure.OFFSET_X: 0.1,
    Measure.OFFSET_Y: 0.1,
}
"""A rendered or perfectly steady picture has no spread; what is smaller than this no camera resolves."""


@dataclass(frozen=True)
class Hour:
    """Sums of one measure over one hour."""

    count: int
    total: float
    total_of_squares: float

    @property
    def mean(self) -> float:
        """Of the hour's parts."""
        return self.total / self.count

    @property
    def deviation(self) -> float:
        """Standard deviation from part to part."""
        return math.sqrt(max(0.0, self.total_of_squares / self.count - self.mean**2))


@dataclass(frozen=True)
class Shift:
    """How far a measure has moved.

    Attributes:
        baseline, recent: the measure then and now.
        spread: from part to part, in the baseline.
        parts: of the recent hours.
        shift: in units of the spread; above 0 where the measure rose.
    """

    measure: Measure
    baseline: float
    recent: float
    spread: float
    parts: int

    @property
    def shift(self) -> float:
        """Recent less baseline, in units of the spread."""
        return (self.recent - self.baseline) / self.spread


def shift_of(measure: Measure, baseline: Sequence[Hour], recent: Sequence[Hour], min_parts: int) -> Shift | None:
    """The shift between two sets of hours; None if one of them has too few parts."""
    if any(sum(hour.count for hour in hours) < min_parts for hours in (baseline, recent)):
        return None
    spread = max(median(hour.deviation for hour in baseline), _LEAST_SPREAD[measure])
    then, now = (median(hour.mean for hour in hours) for hours in (baseline, recent))
    return Shift(measure, then, now, spread, sum(hour.count for hour in recent))
