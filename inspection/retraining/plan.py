"""What would be trained next and why, and what that costs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heapreplace
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.sentences import sentence
from inspection.drift.report import drifts
from inspection.drift.settings import DriftSettings
from inspection.jobs.book import JobKind, JobState, last_training, learnt_until
from inspection.registry.recipes import list_recipes
from inspection.retraining.settings import RetrainingSettings
from inspection.samples.samples import statements_since
from inspection.store.tables import JobRow

__all__ = ["SCHEDULE", "Capacity", "Due", "Plan", "make_plan"]

SCHEDULE = "schedule"
"""Who the book of jobs and the audit log say did it."""

_TRAININGS_LOOKED_AT = 5
_USUAL = 5  # priority
_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Capacity:
    """What trainings run on.

    Attributes:
        cores: that one takes.
        at_once: how many run side by side.
    """

    cores: int
    at_once: int


@dataclass(frozen=True)
class Due:
    """A recipe with reasons to be trained again.

    Attributes:
        minutes: that its trainings took lately, the median.
        priority: 0 to 9, the higher goes first.
        fits: whether what is left of the budget is enough for it, after those before it.
        failed_at: when its newest training failed or was cancelled, if that is less than a day ago: the schedule waits,
            a person need not.
    """

    recipe: str
    reasons: tuple[str, ...]
    new_labels: int
    minutes: float
    priority: int
    fits: bool
    failed_at: datetime | None


@dataclass(frozen=True)
class Plan:
    """What is due, by priority, then the recipe with most new labels first, and how far the budget goes.

    What failed lately is behind all others.

    Attributes:
        spent_min: by trainings that started by themselves in the last 24 hours, and that those under way will take.
        left_min: of the budget.
        may_start: whether the hour allows it.
        cores: that one training takes.
        at_once: trainings that run side by side.
        core_min: minutes times cores of those that fit.
        ends_in_min: until those that fit are done if they start now and nothing else runs.
    """

    due: tuple[Due, ...]
    spent_min: float
    left_min: float
    may_start: bool
    cores: int
    at_once: int
    core_min: float
    ends_in_min: float


def make_plan(
    session: Session, settings: RetrainingSettings, drift: DriftSettings, capacity: Capacity, now: datetime
) -> Plan:
    """Look at every recipe that has been trained before and has no job under way."""
    drifting = _drifting(session, drift, now) if settings.on_drift else Counter[str]()
    found = [_due(session, row.name, settings, drifting[row.name], now) for row in list_recipes(session)]
    due = sorted(
        (one for one in found if one is not None),
        key=lambda one: (one.failed_at is not None, -one.priority, -one.new_labels, one.recipe),
    )
    spent = _spent_min(session, now)
    left = max(0.0, settings.budget_min - spent)
    shared = tuple(_share_out(due, left))
    minutes = [one.minutes for one in shared if one.fits]
    return Plan(
        due=shared,
        spent_min=spent,
        left_min=left,
        may_start=_hour_allows(settings, now),
        cores=capacity.cores,
        at_once=capacity.at_once,
        core_min=sum(minutes) * capacity.cores,
        ends_in_min=_ends_in(minutes, capacity.at_once),
    )


def _share_out(due: Iterable[Due], left: float) -> Iterable[Due]:
    """Each takes what it needs; a long one that no longer fits leaves the rest to shorter ones behind it."""
    for one in due:
        fits = left > 0 and one.minutes <= left
        left -= one.minutes if fits else 0
        yield replace(one, fits=fits)


def _ends_in(minutes: Iterable[float], at_once: int) -> float:
    """When the last is done if each takes the place that is free first."""
    free_at = [0.0] * at_once
    for each in minutes:
        heapreplace(free_at, free_at[0] + each)
    return max(free_at)


def _due(session: Session, recipe: str, settings: RetrainingSettings, drifting: int, now: datetime) -> Due | None:
    last = last_training(session, recipe)
    if last is None or last.started_at is None or _busy(session, recipe):
        return None
    labels = sum(statements_since(session, recipe, learnt_until(last)).values())
    reasons = tuple(_reasons(settings, labels, drifting, now - last.started_at))
    if not labels or not reasons:
        return None
    priority = settings.priorities.get(recipe, _USUAL)
    failed_at = _failed_at(session, recipe, now)
    return Due(recipe, reasons, labels, _minutes(session, recipe), priority, fits=False, failed_at=failed_at)


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


def _failed_at(session: Session, recipe: str, now: datetime) -> datetime | None:
    """What failed would most likely fail again, and what a person cancelled would come back at once."""
    query = select(JobRow).where(JobRow.recipe == recipe, JobRow.kind == JobKind.TRAIN.value)
    newest = session.scalars(query.order_by(JobRow.created_at.desc()).limit(1)).first()
    if newest is None or newest.state not in {JobState.FAILED, JobState.CANCELLED} or newest.finished_at is None:
        return None
    return newest.finished_at if now - newest.finished_at < _DAY else None


def _minutes(session: Session, recipe: str) -> float:
    query = select(JobRow).where(
        JobRow.recipe == recipe, JobRow.kind == JobKind.TRAIN.value, JobRow.state == JobState.SUCCEEDED.value
    )
    newest = session.scalars(query.order_by(JobRow.created_at.desc()).limit(_TRAININGS_LOOKED_AT))
    took = [_took_min(row) for row in newest]
    return median(took) if took else 0.0


def _spent_min(session: Session, now: datetime) -> float:
    """What has ended by what it took, what waits or runs by what it is likely to take in all."""
    ended = select(JobRow).where(JobRow.user == SCHEDULE, JobRow.finished_at > now - _DAY)
    under_way = select(JobRow).where(
        JobRow.user == SCHEDULE, JobRow.state.in_([JobState.QUEUED.value, JobState.RUNNING.value])
    )
    spent = sum(_took_min(row) for row in session.scalars(ended))
    return spent + sum(max(_minutes(session, row.recipe), _took_min(row, now)) for row in session.scalars(under_way))


def _took_min(row: JobRow, now: datetime | None = None) -> float:
    end = row.finished_at or now
    return 0.0 if row.started_at is None or end is None else (end - row.started_at).total_seconds() / 60


def _hour_allows(settings: RetrainingSettings, now: datetime) -> bool:
    if settings.hours is None:
        return True
    first, last = settings.hours
    hour = now.astimezone().hour
    return first <= hour < last if first < last else hour >= first or hour < last
