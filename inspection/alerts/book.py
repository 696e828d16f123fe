"""The book of alerts: one open row for each cause, and what is still to be told to whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from inspection.store.tables import AlertDeliveryRow, AlertRow

__all__ = ["AlertKind", "Condition", "acknowledge", "alerts_of", "reconcile"]

_LONGEST = 500


class AlertKind(StrEnum):
    """What is wrong."""

    DRIFT = "drift"
    CONTROL_CHART = "control_chart"
    ROLLOUT_HALTED = "rollout_halted"
    STATION_SILENT = "station_silent"
    CLOCK_SKEW = "clock_skew"
    DROPS = "drops"
    KEY_SHARED = "key_shared"


class _Event(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class Condition:
    """Something that is wrong now.

    Attributes:
        cause: tells it from others of its kind; the same cause is the same alert.
        text: in words, for people.
    """

    kind: AlertKind
    cause: str
    text: str
    station: str | None = None
    recipe: str | None = None


Found = Mapping[AlertKind, Sequence[Condition]]


def reconcile(session: Session, found: Found, targets: Iterable[str], close_after: timedelta, now: datetime) -> None:
    """Open an alert for each new condition, touch those that last, close those whose cause is gone for long enough.

    Args:
        session: a transaction.
        found: all conditions by kind; a kind that could not be looked at is absent, and its alerts stay.
        targets: names of those who are told.
        close_after: how long the cause must be gone.
        now: when.
    """
    names = tuple(targets)
    still_open = session.scalars(select(AlertRow).where(AlertRow.closed_at.is_(None))).all()
    opened = {(row.kind, row.cause): row for row in still_open}
    for condition in (one for conditions in found.values() for one in conditions):
        row = opened.get((condition.kind.value, condition.cause))
        if row is None:
            _open(session, condition, names, now)
        else:
            row.last_seen_at, row.text = now, condition.text[:_LONGEST]
    session.flush()
    for row in still_open:
        if AlertKind(row.kind) in found and row.last_seen_at < now and now - row.last_seen_at >= close_after:
            row.closed_at = now
            _tell(session, row, _Event.CLOSED, names, now)


def acknowledge(
    session: Session, alert_id: int, *, user: str, comment: str | None, targets: Iterable[str], now: datetime
) -> AlertRow:
    """Note that a person has seen an alert.

    Raises:
        NotFound: no such alert.
        Conflict: somebody has already.
    """
    row = session.get(AlertRow, alert_id)
    if row is None:
        raise NotFound(f"alert {alert_id}: not known here")
    if row.acknowledged_by is not None:
        raise Conflict(f"alert {alert_id}: {row.acknowledged_by} has acknowledged it already")
    row.acknowledged_at, row.acknowledged_by, row.comment = now, user, comment
    _tell(session, row, _Event.ACKNOWLEDGED, targets, now)
    session.flush()
    return row


def alerts_of(session: Session, *, only_open: bool, limit: int) -> list[AlertRow]:
    """Alerts, newest first."""
    query = select(AlertRow).order_by(AlertRow.id.desc()).limit(limit)
    return list(session.scalars(query.where(AlertRow.closed_at.is_(None)) if only_open else query))


def _open(session: Session, condition: Condition, targets: Iterable[str], now: datetime) -> None:
    row = AlertRow(
        kind=condition.kind.value,
        cause=condition.cause,
        text=condition.text[:_LONGEST],
        station=condition.station,
        recipe=condition.recipe,
        opened_at=now,
        last_seen_at=now,
    )
    session.add(row)
    session.flush()
    _tell(session, row, _Event.OPENED, targets, now)


def _tell(session: Session, row: AlertRow, event: _Event, targets: Iterable[str], now: datetime) -> None:
    """Queue an event, in the transaction that makes it."""
    payload = {"event": event.value, "at": now.isoformat(), "alert": _described(row)}
    session.add_all(
        AlertDeliveryRow(alert_id=row.id, target=name, payload=payload, created_at=now, next_try_at=now)
        for name in targets
    )


def _described(row: AlertRow) -> dict[str, Any]:
    instants = ("opened_at", "last_seen_at", "closed_at", "acknowledged_at")
    texts = {
        name: getattr(row, name) for name in ("id", "kind", "text", "station", "recipe", "acknowledged_by", "comment")
    }
    times = {name: getattr(row, name) for name in instants}
    return {**texts, **{name: None if at is None else at.isoformat() for name, at in times.items()}}
