"""The only way a person's request changes anything: one transaction that must say what it did."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from inspection.audit.log import append
from inspection.store.database import Database

__all__ = ["Change", "change"]


@dataclass
class Change:
    """A change under way.

    Attributes:
        session: the transaction.
        actor: who does it.
        now: one instant for all its rows.
    """

    session: Session
    actor: str
    now: datetime
    recorded: bool = False

    def record(self, action: str, **details: object) -> None:
        """Write the audit row; the log and the change are kept together or not at all."""
        append(self.session, self.now, self.actor, action, details)
        self.recorded = True


@contextmanager
def change(database: Database, actor: str, now: datetime) -> Iterator[Change]:
    """Open a transaction for a person's change; leaving it without `record` undoes it and raises."""
    with database.write() as session:
        under_way = Change(session, actor, now)
        yield under_way
        if not under_way.recorded:
            raise RuntimeError(f"a change by {actor} was not recorded in the audit log: call Change.record")
