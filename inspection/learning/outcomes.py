"""What became of acceptances: what their jobs told, and how many of their parts the newest model taught lets pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspection.jobs.book import JobKind, JobState
from inspection.learning.acceptances import REFUSED
from inspection.store.tables import AcceptanceRow, JobRow

__all__ = ["Effect", "Outcome", "OutcomeState", "outcomes_of"]

_TEACHES = (JobKind.ACCEPT.value, JobKind.TRAIN.value)


class OutcomeState(StrEnum):
    """Where an acceptance is."""

    OPEN = "open"  # its job waits or runs
    TAUGHT = "taught"
    NOTHING_TO_TEACH = "nothing_to_teach"  # the champion passed all that stood accepted; it stands, with its labels
    ONLY_TESTS = "only_tests"  # all its parts are held out or were taken beside what is; it stands, with its labels
    FAILED = "failed"  # its job ended otherwise; it stands, and the next job teaches it
    REFUSED = "refused"  # a known defect would have been lost, or none would have passed; its labels stay
    UNDONE = "undone"


@dataclass(frozen=True)
class Effect:
    """What teaching an acceptance brought.

    Attributes:
        bundle_id: the newest model that was taught it and passed the gate.
        parts: that it was taught; the others are held out, or were taken beside what is.
        passing: of these, by that model.
    """

    bundle_id: str
    parts: int
    passing: int


@dataclass(frozen=True)
class Outcome:
    """What became of an acceptance; no effect before a model was taught it, or if its job did not tell."""

    state: OutcomeState
    effect: Effect | None


def outcomes_of(session: Session, recipe: str, rows: Sequence[AcceptanceRow]) -> list[Outcome]:
    """Of each of these acceptances of one recipe, in their order."""
    query = select(JobRow).where(JobRow.recipe == recipe, JobRow.kind.in_(_TEACHES))
    jobs = session.scalars(query.order_by(JobRow.finished_at, JobRow.created_at, JobRow.id)).all()
    effects: dict[str, Effect] = {}
    for job in jobs:
        effects.update(_effects(job.result or {}))
    by_id = {job.id: job for job in jobs}
    return [Outcome(_state(row, by_id[row.job_id], effects.get(row.id)), effects.get(row.id)) for row in rows]


def _effects(result: dict[str, Any]) -> Iterator[tuple[str, Effect]]:
    if result.get("gate", {}).get("passed"):
        for id_, told in result.get("accepted_parts", {}).items():
            yield id_, Effect(str(result["bundle_id"]), int(told["parts"]), int(told["passing"]))


def _state(row: AcceptanceRow, job: JobRow, effect: Effect | None) -> OutcomeState:
    if row.undone_at is not None:
        return OutcomeState.REFUSED if row.undone_by == REFUSED else OutcomeState.UNDONE
    if effect is not None:
        return OutcomeState.TAUGHT
    match JobState(job.state):
        case JobState.QUEUED | JobState.RUNNING:
            return OutcomeState.OPEN
        case JobState.SUCCEEDED:
            return _succeeded(row, job.result or {})
        case _:
            return OutcomeState.FAILED


def _succeeded(row: AcceptanceRow, result: dict[str, Any]) -> OutcomeState:
    if result.get("nothing_to_teach"):
        return OutcomeState.NOTHING_TO_TEACH
    taught = result.get("accepted_parts", {row.id})  # jobs of earlier versions did not tell
    return OutcomeState.ONLY_TESTS if result.get("only_tests") or row.id not in taught else OutcomeState.TAUGHT
