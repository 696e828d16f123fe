"""The other views of a part: results of other cameras or shots, of the same part at the same moment."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.ingest.find import parse_result
from inspection.store.tables import ResultRow

__all__ = ["other_views"]

_APART = timedelta(seconds=60)  # far longer than a part stays before the cameras, far shorter than until it comes back
_MOST = 64


def other_views(session: Session, row: ResultRow) -> tuple[ResultRow, ...]:
    """The result of each other view that is nearest in time, by the name of the view; empty for a part of one view."""
    row_of = ResultRow
    query = select(row_of).where(
        row_of.part_id == row.part_id,
        row_of.station == row.station,
        row_of.id != row.id,
        row_of.captured_at.between(row.captured_at - _APART, row.captured_at + _APART),
    )
    found: dict[str, ResultRow] = {}
    for other in session.scalars(query.order_by(row_of.number).limit(_MOST)):
        view = parse_result(other).camera
        if view not in found or _apart(other, row) < _apart(found[view], row):
            found[view] = other
    found.pop(parse_result(row).camera, None)
    return tuple(found[view] for view in sorted(found))


def _apart(one: ResultRow, other: ResultRow) -> timedelta:
    return abs(one.captured_at - other.captured_at)
