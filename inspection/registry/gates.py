"""What the gate said of each bundle, and of which hold-out."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.samples.since import HeldoutSince, heldout_since
from inspection.store.tables import GateRow

__all__ = ["add_gate", "heldout_since_gate", "latest_gate", "refusal_of", "unseen_by_gate"]

_LAID_OUT = "holdout_at"


def add_gate(
    session: Session,
    bundle_id: str,
    champion_id: str | None,
    evaluation: dict[str, Any],
    now: datetime,
    laid_out_at: datetime | None = None,
) -> GateRow:
    """Keep a verdict of the gate.

    Args:
        session: a transaction.
        bundle_id: that was judged.
        champion_id: that it was compared with.
        evaluation: its report as it came, with `passed` and `reasons`.
        now: when.
        laid_out_at: when the hold-out was collected for it, or just before.
    """
    row = GateRow(
        bundle_id=bundle_id,
        champion_id=champion_id,
        passed=bool(evaluation["passed"]),
        evaluation={**evaluation, _LAID_OUT: (laid_out_at or now).isoformat()},
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def latest_gate(session: Session, bundle_id: str) -> GateRow | None:
    """The verdict that counts; None if the gate never ran."""
    query = select(GateRow).where(GateRow.bundle_id == bundle_id).order_by(GateRow.id.desc()).limit(1)
    return session.scalars(query).first()


def heldout_since_gate(session: Session, recipe: str, gate: GateRow) -> HeldoutSince:
    """What has been labelled in the hold-out since a verdict of the gate, which says nothing of it."""
    at = gate.evaluation.get(_LAID_OUT)  # an older gate did not tell
    return heldout_since(session, recipe, gate.created_at if at is None else datetime.fromisoformat(at))


def unseen_by_gate(session: Session, recipe: str, bundle_id: str) -> dict[str, dict[str, int]]:
    """For the audit log, beside a promotion: what the gate of this bundle says nothing of; empty if it knew all."""
    gate = latest_gate(session, bundle_id)
    since = {} if gate is None else asdict(heldout_since_gate(session, recipe, gate))
    return {"heldout_since_gate": since} if any(since.values()) else {}


def refusal_of(gate: GateRow) -> str:
    """The rules that do not hold, in one line; all that it said if an older gate did not tell them apart."""
    checks = gate.evaluation.get("checks")
    if checks is None:
        return "; ".join(gate.evaluation.get("reasons", []))
    return "; ".join(check["text"] for check in checks if check["passed"] is False)
