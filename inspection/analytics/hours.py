"""Counts by the hour, kept beside the results, so that a chart over years reads hours and not parts."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult
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
    for key, count in counts.items():
        row = _row(session, key)
        row.count += count
        row.scored += len(scores[key])
        row.score_sum += sum(scores[key])


def _key(result: InspectionResult) -> _Key:
    hour = result.captured_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    texts = storable(result.recipe), result.verdict.value, storable(result.defect_class or "")
    return _Key(hour, result.station, *texts)


def _row(session: Session, key: _Key) -> HourRow:
    identity = (key.hour, key.station, key.recipe, key.verdict, key.defect_class)
    row = session.get(HourRow, identity)
    if row is None:
        row = HourRow(
            hour=key.hour,
            station=key.station,
            recipe=key.recipe,
            verdict=key.verdict,
            defect_class=key.defect_class,
            count=0,
            scored=0,
            score_sum=0.0,
        )
        session.add(row)
    return row
