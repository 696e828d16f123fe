"""The book of jobs: who asked for what, and what became of it.

queued ─▶ running ─▶ succeeded | failed | cancelled
   │  ▲──────┘ the service ended
   └──────────────────────────────────▶ cancelled
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, NotFound
from edge.contract.sentences import sentence
from inspection.registry.recipes import require_recipe
from inspection.store.tables import JobRow

__all__ = [
    "BY_PEOPLE",
    "COLLECTED_AT",
    "MOST_INTERRUPTIONS",
    "JobKind",
    "JobState",
    "add_job",
    "last_training",
    "learnt_until",
    "list_jobs",
    "next_job",
    "request_cancel",
    "requeue",
    "require_job",
    "resume_abandoned",
    "waiting_training",
]

MOST_INTERRUPTIONS = 2
"""A job during which the service died more often is not started again: it may be why."""

BY_PEOPLE = 10
"""Priority of what a person asks for; what starts by itself has less."""


_NOT_BEGUN = sentence("waiting for its turn")

COLLECTED_AT = "collected_at"
"""In the result of a training: when its samples were collected."""


class JobKind(StrEnum):
    """What a job does."""

    TRAIN = "train"  # train on all samples, then the gate, then register
    GATE = "gate"  # the gate again, for a bundle of the registry
    ACCEPT = "accept"  # the champion with what people accepted, then the gate
    THRESHOLD = "threshold"  # a bundle of the registry with another threshold, then the gate
    EVALUATE = "evaluate"  # a bundle of the registry on the frozen hold-out, by itself
    REPLAY = "replay"  # a bundle of the registry and another one on the newest parts of the line


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


def add_job(
    session: Session, kind: JobKind, recipe: str, parameters: dict[str, Any], user: str, now: datetime
) -> JobRow:
    """Ask for a job; it runs when those of higher priority, and those before it of its own, are done.

    Raises:
        NotFound: no such recipe.
    """
    require_recipe(session, recipe)
    row = JobRow(
        id=uuid4().hex,
        kind=kind.value,
        recipe=recipe,
        parameters=parameters,
        state=JobState.QUEUED.value,
        step=_NOT_BEGUN,
        user=user,
        priority=BY_PEOPLE,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def waiting_training(session: Session, recipe: str, parameters: dict[str, Any]) -> JobRow | None:
    """A training that a person asked for with these parameters and that has not begun: another would learn the same."""
    query = select(JobRow).where(
        JobRow.recipe == recipe,
        JobRow.kind == JobKind.TRAIN.value,
        JobRow.state == JobState.QUEUED.value,
        JobRow.step == _NOT_BEGUN,  # one that was interrupted goes on with what it has collected before
        JobRow.priority == BY_PEOPLE,
    )
    waiting = session.scalars(query.order_by(JobRow.created_at, JobRow.id))
    return next((job for job in waiting if job.parameters == parameters), None)


def require_job(session: Session, job_id: str) -> JobRow:
    """The job of this id.

    Raises:
        NotFound: no such job.
    """
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFound(f"job {job_id}: not known here")
    return row


def list_jobs(session: Session, recipe: str | None, limit: int) -> list[JobRow]:
    """Jobs, newest first."""
    query = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
    return list(session.scalars(query if recipe is None else query.where(JobRow.recipe == recipe)))


def next_job(session: Session, now: datetime) -> JobRow | None:
    """Take the oldest job of the highest priority and call it running; jobs of one recipe run one after the other."""
    busy = select(JobRow.recipe).where(JobRow.state == JobState.RUNNING.value)
    query = select(JobRow).where(JobRow.state == JobState.QUEUED.value, JobRow.recipe.not_in(busy))
    row = session.scalars(query.order_by(JobRow.priority.desc(), JobRow.created_at, JobRow.id).limit(1)).first()
    if row is not None:
        row.state, row.started_at, row.step = JobState.RUNNING.value, now, "starting"
    return row


def request_cancel(session: Session, job_id: str, now: datetime) -> JobRow:
    """Cancel a job: at once if it waits, else as soon as its process is gone.

    Raises:
        NotFound: no such job.
        Conflict: it has ended.
    """
    row = require_job(session, job_id)
    if row.state == JobState.QUEUED:
        row.state, row.finished_at = JobState.CANCELLED.value, now
    elif row.state != JobState.RUNNING:
        raise Conflict(f"job {job_id}: it has {row.state} already")
    row.cancel_requested = True
    return row


def resume_abandoned(session: Session, now: datetime) -> list[JobRow]:
    """Put the jobs that a killed service left `running` back into the queue, where they come first.

    One that was to be cancelled is; one during which the service died too often has failed.

    Returns:
        All of them, as they are now.
    """
    rows = list(session.scalars(select(JobRow).where(JobRow.state == JobState.RUNNING.value)))
    for row in rows:
        row.interruptions += 1
        if row.cancel_requested:
            row.state, row.finished_at = JobState.CANCELLED.value, now
        elif row.interruptions > MOST_INTERRUPTIONS:
            row.state, row.finished_at = JobState.FAILED.value, now
            row.error = f"the service died {row.interruptions} times while this job ran; it is not started again"
        else:
            requeue(row)
    return rows


def requeue(row: JobRow) -> None:
    """Let a running job wait again; it keeps its place by age, and what it has made so far."""
    row.state, row.started_at, row.progress = JobState.QUEUED.value, None, 0.0
    row.step = "waiting to go on after the service ended"


def last_training(session: Session, recipe: str) -> JobRow | None:
    """The training that the newest model of a recipe came from; None if none succeeded yet."""
    query = select(JobRow).where(
        JobRow.recipe == recipe, JobRow.kind == JobKind.TRAIN.value, JobRow.state == JobState.SUCCEEDED.value
    )
    return session.scalars(query.order_by(JobRow.finished_at.desc(), JobRow.created_at.desc()).limit(1)).first()


def learnt_until(training: JobRow) -> datetime | None:
    """When a training collected what it learnt from; one that the end of the service interrupted began again later."""
    at = (training.result or {}).get(COLLECTED_AT)
    return training.started_at if at is None else datetime.fromisoformat(at)
