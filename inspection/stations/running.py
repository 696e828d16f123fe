"""Which bundle each station said it runs, and since when; a row for each change, in the order of arrival."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.store.tables import StationBundleRow

__all__ = ["first_seen_with", "note_bundle", "running_since"]


def note_bundle(session: Session, station: str, bundle_id: str | None, now: datetime) -> None:
    """Add a row if the station runs another bundle than it last said."""
    last = _last(session, station)
    if (None if last is None else last.bundle_id) != bundle_id:
        session.add(StationBundleRow(station=station, bundle_id=bundle_id, since=now))
        session.flush()


def running_since(session: Session, station: str) -> tuple[str, datetime] | None:
    """The bundle that a station runs, and when that was first heard; None if it runs none."""
    last = _last(session, station)
    return None if last is None or last.bundle_id is None else (last.bundle_id, last.since)


def first_seen_with(session: Session, station: str, bundle_id: str, after: datetime) -> datetime | None:
    """When a station was first heard to run a bundle at or after an instant; None if it was not."""
    query = select(StationBundleRow.since).where(
        StationBundleRow.station == station, StationBundleRow.bundle_id == bundle_id, StationBundleRow.since >= after
    )
    return session.scalars(query.order_by(StationBundleRow.id).limit(1)).first()


def _last(session: Session, station: str) -> StationBundleRow | None:
    query = select(StationBundleRow).where(StationBundleRow.station == station)
    return session.scalars(query.order_by(StationBundleRow.id.desc()).limit(1)).first()
