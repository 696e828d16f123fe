"""The review queue: parts that were not passed, and passed ones drawn by chance, that nobody has judged yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from edge.contract.result import ImageKind, InspectionResult, Verdict
from inspection.ingest.find import parse_result
from inspection.samples.statements import Label
from inspection.store.tables import (
    AuditDrawRow,
    BlobRow,
    LabelRow,
    ResultImageRow,
    ResultRow,
    SampleLabelRow,
    SampleRow,
)

__all__ = ["FLAGGED", "Order", "Wanted", "defect_types", "drawn_among", "queue", "queue_length"]

FLAGGED = (Verdict.FAIL.value, Verdict.UNDECIDED.value)
_LOOKED_AT = 1000


class Order(StrEnum):
    """What comes first."""

    TIME = "time"  # the newest
    VALUE = "value"  # what teaches most


@dataclass(frozen=True)
class Wanted:
    """Which waiting results; None means any."""

    recipe: str | None = None
    station: str | None = None
    verdict: str | None = None


def queue(session: Session, wanted: Wanted, limit: int, order: Order = Order.TIME) -> list[ResultRow]:
    """Results without a label: the newest, or of the newest thousand those that teach most."""
    query = select(ResultRow).where(_waiting(wanted)).order_by(ResultRow.number.desc())
    if order is Order.TIME:
        return list(session.scalars(query.limit(limit)))
    rows = list(session.scalars(query.limit(_LOOKED_AT)))
    drawn = drawn_among(session, [row.id for row in rows])
    return _by_value(rows, drawn)[:limit]


def queue_length(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many results wait, by verdict; passed ones are those drawn by chance."""
    query = select(ResultRow.verdict, func.count()).where(_waiting(wanted)).group_by(ResultRow.verdict)
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


def _waiting(wanted: Wanted) -> ColumnElement[bool]:
    later = aliased(LabelRow)
    superseded = exists().where(
        later.result_id == LabelRow.result_id, later.user == LabelRow.user, later.id > LabelRow.id
    )
    labelled = exists().where(LabelRow.result_id == ResultRow.id, LabelRow.label != Label.RETRACTED.value, ~superseded)
    asked = {ResultRow.recipe: wanted.recipe, ResultRow.station: wanted.station, ResultRow.verdict: wanted.verdict}
    fits = [column == value for column, value in asked.items() if value is not None]
    return and_(or_(ResultRow.verdict.in_(FLAGGED), _is_audited()), ~labelled, *fits)


def _is_audited() -> ColumnElement[bool]:
    """Drawn, and its picture has arrived: without it nobody can say what is true."""
    picture = exists().where(
        ResultImageRow.result_id == ResultRow.id,
        ResultImageRow.kind == ImageKind.FRAME.value,
        BlobRow.sha256 == ResultImageRow.sha256,
    )
    return and_(exists().where(AuditDrawRow.result_id == ResultRow.id), picture)
