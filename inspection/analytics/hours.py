"""Counts by the hour, kept beside the results, so that a chart over years reads hours and not parts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
from inspection.store.sums import add_up
from inspection.store.tables import HourRow
from inspection.store.types import storable

__all__ = ["count_results"]


@dataclass(frozen=True)
class _Key:
    hour: datetime
    station: str
    recipe: str
    verdict: str
    defect_class: str


def count_results(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add results that were just stored; in the transaction that stores them, so that none counts twice."""
    counts: Counter[_Key] = Counter()
    scores: defaultdict[_Key, list[float]] = defaultdict(list)
    for result in results:
        key = _key(result)
        counts[key] += 1
        if result.score is not None:
            scores[key].append(result.score)
    rows = [
        {**asdict(key), "count": count, "scored": len(scores[key]), "score_sum": sum(scores[key], 0.0)}
        for key, count in counts.items()
    ]
    add_up(session, HourRow, rows, ("count", "scored", "score_sum"))


def _key(result: InspectionResult) -> _Key:
    hour = result.captured_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    texts = storable(result.recipe), result.verdict.value, storable(result.defect_class or "")
    return _Key(hour, result.station, *texts)
