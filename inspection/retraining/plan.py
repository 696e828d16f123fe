"""What would be trained next and why, and what that costs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.sentences import sentence
from inspection.drift.report import drifts
from inspection.drift.settings import DriftSettings
from inspection.jobs.book import JobKind, JobState, last_training
from inspection.registry.recipes import list_recipes
from inspection.retraining.settings import RetrainingSettings
from inspection.samples.samples import statements_since
from inspection.store.tables import JobRow

__all__ = ["SCHEDULE", "Due", "Plan", "make_plan"]

SCHEDULE = "schedule"
"""Who the book of jobs and the audit log say did it."""

_TRAININGS_LOOKED_AT = 5
_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Due:
    """A recipe with reasons to be trained again.

    Attributes:
        minutes: that its trainings took lately, the median.
    """

    recipe: str
    reasons: tuple[str, ...]
    new_labels: int
    minutes: float


@dataclass(frozen=True)
class Plan:
    """What is due, the recipe with most new labels first, and how far the budget goes.

    Attributes:
        spent_min: by trainings that started by themselves in the last 24 hours.
        left_min: of the budget.
        may_start: whether the hour allows it.
    """

    due: tuple[Due, ...]
    spent_min: float
    left_min: float
    may_start: bool


def make_plan(session: Session, settings: RetrainingSettings, drift: DriftSettings, now: datetime) -> Plan:
    """Look at every recipe that has been trained before and has no job under way."""
    drifting = _drifting(session, drift, now) if settings.on_drift else Counter[str]()
    found = [_due(session, row.name, settings, drifting[row.name], now) for row in list_recipes(session)]
    due = sorted((one for one in found if one is not None), key=lambda one: (-one.new_labels, one.recipe))
    spent = _spent_min(session, now)
    return Plan(tuple(due), spent, max(0.0, settings.budget_min - spent), _hour_allows(settings, now))


def _due(session: Session, recipe: str, settings: RetrainingSettings, drifting: int, now: datetime) -> Due | None:
    last = last_training(session, recipe)
    if last is None or last.started_at is None or _busy(session, recipe):
        return None
    labels = sum(statements_since(session, recipe, last.started_at).values())
    reasons = tuple(_reasons(settings, labels, drifting, now - last.started_at))
    return Due(recipe, reasons, labels, _minutes(session, recipe)) if labels and reasons else None


def _reasons(settings: RetrainingSettings, labels: int, drifting: int, age: timedelta) -> Iterable[str]:
    if settings.new_labels is not None and labels >= settings.new_labels:
        yield sentence(f"{labels} new labels")
    if drifting:
        yield sentence(f"{drifting} drifting cameras")
    if settings.every_days is not None and age >= timedelta(days=settings.every_days):
        yield sentence(f"{age.days} days since the last training")


def _drifting(session: Session, settings: DriftSettings, now: datetime) -> Counter[str]:
    return Counter(drift.watched.recipe for drift in drifts(session, settings, now) if drift.cause is not None)


def _busy(session: Session, recipe: str) -> bool:
    query = select(JobRow.id).where(JobRow.recipe == recipe, JobRow.state.in_([JobState.QUEUED, JobState.RUNNING]))
    return session.scalars(query.limit(1)).first() is not None


def _minutes(session: Session, recipe: str) -> float:
    query = select(JobRow).where(
        JobRow.recipe == recipe, JobRow.kind == JobKind.TRAIN.value, JobRow.state == JobState.SUCCEEDED.value
    )
    newest = session.scalars(query.order_by(JobRow.created_at.desc()).limit(_TRAININGS_LOOKED_AT))
    return median(_took_min(row) for row in newest)


def _spent_min(session: Session, now: datetime) -> float:
    query = select(JobRow).where(JobRow.user == SCHEDULE, JobRow.started_at > now - _DAY)
    return sum(_took_min(row, now) for row in session.scalars(query))


def _took_min(row: JobRow, now: datetime | None = None) -> float:
    end = row.finished_at or now
    return 0.0 if row.started_at is None or end is None else (end - row.started_at).total_seconds() / 60


def _hour_allows(settings: RetrainingSettings, now: datetime) -> bool:
    if settings.hours is None:
        return True
    first, last = settings.hours
    hour = now.astimezone().hour
    return first <= hour < last if first < last else hour >= first or hour < last
