"""Taking stations out of service: the key stops working, results and history stay, the name is not free."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.rollout.book import current_rollout
from inspection.stations.keys import renew_key, require_station
from inspection.store.tables import StationRow

__all__ = ["retire", "retired_stations"]


def retire(session: Session, name: str, now: datetime) -> StationRow:
    """Take a station out of service; nobody knows the key that it is given.

    Raises:
        NotFound: no such station in service.
        Conflict: a rollout under way counts on it.
    """
    row = require_station(session, name)
    rollout = current_rollout(session, row.recipe)
    if rollout is not None and any(name in stage for stage in rollout.row.stages):
        raise Conflict(f"station {name!r}: a rollout counts on it; finish that rollout or halt it first")
    renew_key(session, name)
    row.retired_at = now
    return row


def retired_stations(session: Session) -> list[StationRow]:
    """Those that are out of service, by name."""
    return list(session.scalars(select(StationRow).where(StationRow.retired_at.is_not(None)).order_by(StationRow.name)))
