"""What the gate said of each bundle."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.store.tables import GateRow

__all__ = ["add_gate", "latest_gate", "refusal_of"]


def add_gate(
    session: Session, bundle_id: str, champion_id: str | None, evaluation: dict[str, Any], now: datetime
) -> GateRow:
    """Keep a verdict of the gate; `evaluation` is its report as it came, with `passed` and `reasons`."""
    row = GateRow(
        bundle_id=bundle_id,
        champion_id=champion_id,
        passed=bool(evaluation["passed"]),
        evaluation=evaluation,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def latest_gate(session: Session, bundle_id: str) -> GateRow | None:
    """The verdict that counts; None if the gate never ran."""
    query = select(GateRow).where(GateRow.bundle_id == bundle_id).order_by(GateRow.id.desc()).limit(1)
    return session.scalars(query).first()


def refusal_of(gate: GateRow) -> str:
    """The rules that do not hold, in one line; all that it said if an older gate did not tell them apart."""
    checks = gate.evaluation.get("checks")
    if checks is None:
        return "; ".join(gate.evaluation.get("reasons", []))
    return "; ".join(check["text"] for check in checks if check["passed"] is False)
