"""The hash-chained log: each row's hash covers the row and the hash before it.

Altering, removing or inserting a row breaks the chain there. Cutting off the end does not: note the head's hash
(`inspection audit verify` prints it) somewhere else to prove that too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.store.tables import AuditRow

__all__ = ["GENESIS", "AuditVerdict", "append", "latest", "verify"]

GENESIS = "0" * 64


@dataclass(frozen=True)
class AuditVerdict:
    """What a check of the whole chain found.

    Attributes:
        rows: how many rows were read.
        head: hash of the last good row.
        broken_at: number of the first row that does not fit; None if all do.
        problem: what is wrong there.
    """

    rows: int
    head: str
    broken_at: int | None = None
    problem: str | None = None


def append(session: Session, at: datetime, actor: str, action: str, details: Mapping[str, object]) -> AuditRow:
    """Add one row at the end of the chain, in the caller's transaction."""
    last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1).with_for_update()).first()
    row = AuditRow(
        number=1 if last is None else last.number + 1,
        at=at.isoformat(),
        actor=actor,
        action=action,
        details=_canonical(details),
        previous_hash=GENESIS if last is None else last.hash,
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()
    return row


def verify(session: Session) -> AuditVerdict:
    """Recompute every hash from the first row on."""
    head, count = GENESIS, 0
    rows = select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=1000)
    with session.scalars(rows) as read:  # left early, PostgreSQL's cursor would stay open
        for row in read:
            count += 1
            problem = _problem(row, count, head)
            if problem is not None:
                return AuditVerdict(rows=count, head=head, broken_at=row.number, problem=problem)
            head = row.hash
    return AuditVerdict(rows=count, head=head)


def latest(session: Session, limit: int, before: int | None = None) -> list[AuditRow]:
    """Rows, newest first; `before` is the number of the last row of the page before."""
    query = select(AuditRow).order_by(AuditRow.number.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditRow.number < before)
    return list(session.scalars(query))


def _problem(row: AuditRow, expected_number: int, previous: str) -> str | None:
    if row.number != expected_number:
        return f"expected row {expected_number}, got row {row.number}: a row is missing or was put in"
    if row.previous_hash != previous:
        return f"row {row.number} does not continue from the row before it"
    if row.hash != _hash(row):
        return f"row {row.number} was altered: its hash does not fit its content"
    return None


def _hash(row: AuditRow) -> str:
    content = {
        "number": row.number,
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "details": row.details,
        "previous_hash": row.previous_hash,
    }
    return sha256(_canonical(content).encode()).hexdigest()


def _canonical(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
