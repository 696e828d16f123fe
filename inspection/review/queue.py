"""The review queue: parts that were not passed, and passed ones drawn by chance, that nobody has judged yet."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.result import Verdict
from inspection.review.value import by_value
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
    valued = order is Order.VALUE and offset < _LOOKED_AT
    most = _LOOKED_AT if valued else offset + limit
    query = select(ResultRow).where(ResultRow.number.in_(wanted.newest(most))).order_by(ResultRow.number.desc())
    if not valued:
        return list(session.scalars(query.offset(offset).limit(limit)))
    rows = list(session.scalars(query.limit(_LOOKED_AT)))
    drawn = drawn_among(session, [row.id for row in rows])
    return by_value(rows, drawn)[offset : offset + limit]


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
