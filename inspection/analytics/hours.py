"""Counts by the hour, kept beside the results, so that a chart over years reads hours and not parts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
from inspection.clock import hour_of
from inspection.store.sums import add_up
from inspection.store.tables import HourRow
from inspection.store.types import storable

__all__ = ["count_results"]


_KEY = ("hour", "station", "recipe", "verdict", "defect_class")
_Key = tuple[datetime, str, str, str, str]


def count_results(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add results that were just stored; in the transaction that stores them, so that none counts twice."""
    scores: defaultdict[_Key, list[float | None]] = defaultdict(list)
    for result in results:
        scores[_key(result)].append(result.score)
    rows = [_row(key, found) for key, found in scores.items()]
    add_up(session, HourRow, rows, ("count", "scored", "score_sum"))


def _key(result: InspectionResult) -> _Key:
    return (
        hour_of(result.captured_at),
        result.station,
        storable(result.recipe),
        result.verdict.value,
        storable(result.defect_class or ""),
    )


def _row(key: _Key, scores: Sequence[float | None]) -> dict[str, Any]:
    given = [score for score in scores if score is not None]
    counts = {"count": len(scores), "scored": len(given), "score_sum": sum(given, 0.0)}
    return {**dict(zip(_KEY, key, strict=True)), **counts}
