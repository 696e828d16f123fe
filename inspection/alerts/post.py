"""Delivering events, each at least once and in order: what fails is tried again, later and later."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import NotFound, OutputFailed
from inspection.alerts.targets import AlertTarget
from inspection.clock import Clock
from inspection.store.database import Database
from inspection.store.tables import AlertDeliveryRow

__all__ = ["AlertPost"]

_LOG = logging.getLogger(__name__)
_FIRST_RETRY_S = 5.0
_LAST_RETRY_S = 3600.0
_LONGEST = 500


class AlertPost:
    """What the delivering thread does each time; no transaction is open while it waits for the other side."""

    def __init__(self, database: Database, targets: Mapping[str, AlertTarget], clock: Clock) -> None:
        self._database = database
        self._targets = targets
        self._clock = clock

    def deliver(self) -> None:
        """Send what is due, for each target oldest first; behind one that fails the others wait."""
        for name, target in self._targets.items():
            while self._deliver_next(name, target):
                pass

    def _deliver_next(self, name: str, target: AlertTarget) -> bool:
        """Send the oldest one; true if it arrived, so that the next may follow."""
        now = self._clock()
        with self._database.read() as session:
            row = _oldest(session, name)
            if row is None or row.next_try_at > now:
                return False
            number, payload = row.id, row.payload
        try:
            target.send(number, payload, now)
        except OutputFailed as error:
            self._note_failure(number, str(error), now)
            return False
        with self._database.write() as session:
            _require(session, number).delivered_at = now
        return True

    def _note_failure(self, number: int, error: str, now: datetime) -> None:
        with self._database.write() as session:
            row = _require(session, number)
            wait_s = min(_FIRST_RETRY_S * 2.0**row.attempts, _LAST_RETRY_S)
            row.attempts, row.last_error = row.attempts + 1, error[:_LONGEST]
            row.next_try_at = now + timedelta(seconds=wait_s)
        _LOG.warning("alert %s was not delivered, trying again in %.0f s: %s", number, wait_s, error)


def _oldest(session: Session, target: str) -> AlertDeliveryRow | None:
    query = select(AlertDeliveryRow).where(AlertDeliveryRow.target == target, AlertDeliveryRow.delivered_at.is_(None))
    return session.scalars(query.order_by(AlertDeliveryRow.id).limit(1)).first()


def _require(session: Session, number: int) -> AlertDeliveryRow:
    row = session.get(AlertDeliveryRow, number)
    if row is None:
        raise NotFound(f"delivery {number}: not known here")
    return row
