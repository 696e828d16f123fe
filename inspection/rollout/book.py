"""The book of rollouts: append-only, a row for each rollout and one for each of its steps.

start ─▶ advance ─▶ … ─▶ finish      (the promotion; all stations run it)
   └────────┴──────────▶ halt        (all stations run the champion again)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict
from inspection.store.tables import ResultRow, RolloutRow, RolloutStepRow

__all__ = [
    "Rollout",
    "StepKind",
    "add_rollout",
    "add_step",
    "current_rollout",
    "require_no_rollout",
    "rollouts_of",
    "running_rollouts",
]


class StepKind(StrEnum):
    """What a step of a rollout did."""

    START = "start"
    ADVANCE = "advance"
    HALT = "halt"
    FINISH = "finish"


_UNDER_WAY = (StepKind.START.value, StepKind.ADVANCE.value)


@dataclass(frozen=True)
class Rollout:
    """A rollout with its steps, oldest first.

    Attributes:
        row: what was asked for; `stages` are the stations that each stage adds.
    """

    row: RolloutRow
    steps: tuple[RolloutStepRow, ...]

    @property
    def under_way(self) -> bool:
        """Whether some stations run the challenger because of it."""
        return self.steps[-1].kind in _UNDER_WAY

    @property
    def stage(self) -> int:
        """The latest stage, from 0."""
        return sum(step.kind == StepKind.ADVANCE.value for step in self.steps)

    @property
    def stations(self) -> tuple[str, ...]:
        """Those that the stages up to the latest one named."""
        return tuple(name for names in self.row.stages[: self.stage + 1] for name in names)

    @property
    def is_last_stage(self) -> bool:
        """Whether the next step is the promotion."""
        return self.stage + 1 == len(self.row.stages)

    def since(self, station: str) -> RolloutStepRow:
        """The step that brought the challenger to a station."""
        stage = next(number for number, names in enumerate(self.row.stages) if station in names)
        return self.steps[stage]


def add_rollout(session: Session, row: RolloutRow) -> RolloutRow:
    """Keep a new rollout, with its first step."""
    session.add(row)
    session.flush()
    add_step(session, row.id, StepKind.START, user=row.user, reason=row.reason, now=row.created_at)
    return row


def add_step(  # noqa: PLR0913 - a row's fields
    session: Session,
    rollout_id: int,
    kind: StepKind,
    *,
    user: str,
    reason: str,
    now: datetime,
    evidence: list[dict[str, Any]] | None = None,
) -> RolloutStepRow:
    """Append a step; it notes which results were there already."""
    row = RolloutStepRow(
        rollout_id=rollout_id,
        kind=kind.value,
        reason=reason,
        user=user,
        after_number=session.scalar(select(func.max(ResultRow.number))) or 0,
        evidence=evidence or [],
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def rollouts_of(session: Session, recipe: str, limit: int = 50) -> list[Rollout]:
    """The rollouts of a recipe, newest first."""
    query = select(RolloutRow).where(RolloutRow.recipe == recipe).order_by(RolloutRow.id.desc()).limit(limit)
    return [_with_steps(session, row) for row in session.scalars(query).all()]


def current_rollout(session: Session, recipe: str) -> Rollout | None:
    """The rollout that is under way; None if none is. Only the newest can be."""
    newest = next(iter(rollouts_of(session, recipe, 1)), None)
    return newest if newest is not None and newest.under_way else None


def running_rollouts(session: Session) -> list[Rollout]:
    """All that are under way, of every recipe."""
    recipes = session.scalars(select(RolloutRow.recipe).distinct().order_by(RolloutRow.recipe)).all()
    return [found for recipe in recipes if (found := current_rollout(session, recipe)) is not None]


def require_no_rollout(session: Session, recipe: str) -> None:
    """Make sure that the champion may change.

    Raises:
        Conflict: a rollout is under way.
    """
    current = current_rollout(session, recipe)
    if current is not None:
        raise Conflict(
            f"recipe {recipe!r}: bundle {current.row.bundle_id[:12]} is being rolled out; "
            "advance that rollout to its end or halt it first"
        )


def _with_steps(session: Session, row: RolloutRow) -> Rollout:
    steps = select(RolloutStepRow).where(RolloutStepRow.rollout_id == row.id).order_by(RolloutStepRow.id)
    return Rollout(row, tuple(session.scalars(steps)))
