"""How far each webhook is, kept in the database."""

from datetime import datetime

from sqlalchemy.orm import Session

from inspection.ingest.find import last_number
from inspection.store.tables import WebhookCursorRow

__all__ = ["cursor_of", "move_cursor"]


def cursor_of(session: Session, name: str, now: datetime, *, from_start: bool) -> int:
    """Number of the last result that the webhook has done with; a new one begins now, or at the first result."""
    row = session.get(WebhookCursorRow, name)
    if row is None:
        row = WebhookCursorRow(name=name, number=0 if from_start else last_number(session), moved_at=now)
        session.add(row)
        session.flush()
    return row.number


def move_cursor(session: Session, name: str, number: int, now: datetime) -> None:
    """Everything up to `number` is done with."""
    row = session.get_one(WebhookCursorRow, name)
    row.number, row.moved_at = number, now
