"""The review queue: parts that were not passed, and passed ones drawn by chance, that nobody has judged yet."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import cycle

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult, Verdict
from inspection.ingest.find import parse_result
from inspection.review.wanted import Wanted
from inspection.store.tables import AuditDrawRow, ResultRow, ReviewPartRow, SampleLabelRow, SampleRow

__all__ = ["Order", "defect_types", "drawn_among", "queue", "queue_length"]

_LOOKED_AT = 1000
_COUNTED = 10_000  # nobody plans by more, and every page asks each few seconds


class Order(StrEnum):
    """What comes first."""

    TIME = "time"  # the newest
    VALUE = "value"  # what teaches most


def queue(session: Session, wanted: Wanted, limit: int, order: Order = Order.TIME, offset: int = 0) -> list[ResultRow]:
    """Wanted results: the newest first, or of the newest thousand those that teach most, then the rest by time.

    Args:
        session: of the database.
        wanted: which ones.
        limit: at most so many.
        order: what comes first.
        offset: of those, so many are left out: what somebody has skipped.
    """
    by_value = order is Order.VALUE and offset < _LOOKED_AT
    most = _LOOKED_AT if by_value else offset + limit
    query = select(ResultRow).where(ResultRow.number.in_(wanted.newest(most))).order_by(ResultRow.number.desc())
    if not by_value:
        return list(session.scalars(query.offset(offset).limit(limit)))
    rows = list(session.scalars(query.limit(_LOOKED_AT)))
    drawn = drawn_among(session, [row.id for row in rows])
    return _by_value(rows, drawn)[offset : offset + limit]


def queue_length(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many results wait, by verdict, of each kind at most ten thousand; passed ones are those drawn by chance."""
    part = ReviewPartRow
    counted = part.number.in_(wanted.newest(_COUNTED))
    query = select(part.verdict, func.count()).where(counted).group_by(part.verdict)
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {verdict.value: counts.get(verdict.value, 0) for verdict in Verdict}


def drawn_among(session: Session, result_ids: Sequence[str]) -> set[str]:
    """Which of these results belong to the random audit sample."""
    return set(session.scalars(select(AuditDrawRow.result_id).where(AuditDrawRow.result_id.in_(result_ids))))


def defect_types(session: Session, recipe: str | None) -> list[str]:
    """Defect types that were named so far, for one recipe or all."""
    query = select(SampleLabelRow.defect_type).where(SampleLabelRow.defect_type.is_not(None)).distinct()
    if recipe is not None:
        query = query.join(SampleRow, SampleRow.id == SampleLabelRow.sample_id).where(SampleRow.recipe == recipe)
    return sorted(name for name in session.scalars(query) if name)


def _by_value(rows: Sequence[ResultRow], drawn: set[str]) -> list[ResultRow]:
    """In turn two near the threshold, one like no known defect, one drawn by chance.

    What was drawn comes oldest first and in no other turn, so that no score decides which of it gets reviewed.
    """
    flagged = [(row, parse_result(row)) for row in rows if row.id not in drawn]
    near = sorted(flagged, key=lambda pair: _distance(pair[1]))
    novel = sorted((pair for pair in flagged if _is_novel(pair[1])), key=lambda pair: -_distance(pair[1]))
    chance = sorted((row for row in rows if row.id in drawn), key=lambda row: row.number)
    lanes = [iter([row for row, _ in near]), iter([row for row, _ in novel]), iter(chance)]
    return list(_in_turn(lanes, len(rows)))


def _in_turn(lanes: Sequence[Iterator[ResultRow]], count: int) -> Iterator[ResultRow]:
    given: set[str] = set()
    for lane in cycle((0, 0, 1, 2)):
        if len(given) == count:
            return
        row = next((row for row in lanes[lane] if row.id not in given), None)
        if row is not None:
            given.add(row.id)
            yield row


def _distance(result: InspectionResult) -> float:
    """From the threshold, in units of the score; what has no score teaches least."""
    if result.score is None or result.threshold is None:
        return float("inf")
    return abs(result.score - result.threshold)


def _is_novel(result: InspectionResult) -> bool:
    return result.verdict is Verdict.FAIL and result.score is not None and result.defect_class is None
