"""Conditions that several searches of results share."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from inspection.store.tables import ResultRow, StationRow

__all__ = ["at_line", "judged", "taken"]


def at_line(station: InstrumentedAttribute[str], line: str) -> ColumnElement[bool]:
    """True where the station of this column stands at the line now."""
    return station.in_(select(StationRow.name).where(StationRow.line == line))


def judged(defect_class: str | None, score_from: float | None, score_to: float | None) -> Iterator[ColumnElement[bool]]:
    """Results of a class and a band of scores, both ends included; None means any."""
    if defect_class is not None:
        yield ResultRow.defect_class == defect_class
    if score_from is not None:
        yield ResultRow.score >= score_from
    if score_to is not None:
        yield ResultRow.score <= score_to


def taken(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    """Results taken at or after one instant and before another; None means any."""
    if since is not None:
        yield ResultRow.captured_at >= since
    if until is not None:
        yield ResultRow.captured_at < until
