"""How long verdicts took, counted by the hour in steps of time, so that years of it are read without the results.

A step is an eighth of a doubling: a percentile is known to 9 %, and an hour of a station has as many rows as its
latencies have steps, however many parts it judged.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
from inspection.clock import hour_of
from inspection.store.sums import add_up
from inspection.store.tables import LatencyHourRow
from inspection.store.types import storable

__all__ = ["count_latencies", "percentile_ms", "step_of"]

_STEPS_A_DOUBLING = 8
_FIRST, _LAST = -32, 160  # 1/16 ms to 17 minutes; what is beyond counts at the end
_KEY = ("hour", "station", "recipe", "step")


def count_latencies(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add results that were just stored; in the transaction that stores them, so that none counts twice."""
    counts: Counter[tuple[datetime, str, str, int]] = Counter()
    for result in results:
        took_ms = result.latency_ms
        if took_ms is not None:
            counts[hour_of(result.captured_at), result.station, storable(result.recipe), step_of(took_ms)] += 1
    rows = [{**dict(zip(_KEY, key, strict=True)), "count": count} for key, count in counts.items()]
    add_up(session, LatencyHourRow, rows, ("count",))


def step_of(took_ms: float) -> int:
    """The step that a latency falls into."""
    if took_ms <= 0:
        return _FIRST
    return min(_LAST, max(_FIRST, math.floor(math.log2(took_ms) * _STEPS_A_DOUBLING)))


def percentile_ms(counts: Mapping[int, int], share: float) -> float | None:
    """The latency that this share of the parts did not exceed; within its step by proportion, on a scale of logarithms.

    Args:
        counts: parts by step.
        share: above 0, at most 1.
    """
    total = sum(counts.values())
    wanted, seen = share * total, 0
    for step, count in sorted(counts.items()):
        if count and seen + count >= wanted:
            return float(2 ** ((step + (wanted - seen) / count) / _STEPS_A_DOUBLING))
        seen += count
    return None
