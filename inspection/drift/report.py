"""Drift of every camera of every station, from the sums by hour."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inspection.drift.cause import Cause, cause_of_change, likely_cause
from inspection.drift.measures import Measure
from inspection.drift.settings import DriftSettings
from inspection.drift.shifts import Hour, Shift, shift_of
from inspection.store.tables import MeasureHourRow

__all__ = ["Drift", "Watched", "drifts"]

_FORGOTTEN = timedelta(days=14)  # a camera that was silent so long is no news


@dataclass(frozen=True)
class Watched:
    """One camera of a station, with the part type and the bundle that it last judged by.

    Attributes:
        since: the first hour of the bundle there.
    """

    station: str
    camera: str
    recipe: str
    bundle_id: str
    since: datetime


@dataclass(frozen=True)
class Drift:
    """What moved at one camera.

    Attributes:
        shifts: recent hours against the bundle's first ones; a measure with too few parts is left out.
        cause: of the drift; None if nothing is beyond the bound.
        change: the bundle's first hours against the last ones of the bundle before; empty if there was none.
        change_cause: of that.
    """

    watched: Watched
    shifts: tuple[Shift, ...]
    cause: Cause | None
    change: tuple[Shift, ...]
    change_cause: Cause | None


Hours = dict[datetime, dict[Measure, Hour]]


def drifts(
    session: Session, settings: DriftSettings, now: datetime, station: str | None = None, recipe: str | None = None
) -> list[Drift]:
    """Drift of each camera that judged parts in the last 14 days, by station and camera."""
    bundles = defaultdict[tuple[str, str, str], list[Watched]](list)
    for found in _bundles(session, now, station, recipe):
        bundles[found.station, found.camera, found.recipe].append(found)
    return [_drift(session, settings, of_camera) for of_camera in bundles.values()]


def _drift(session: Session, settings: DriftSettings, bundles: list[Watched]) -> Drift:
    """Of the bundles of one camera, oldest first."""
    watched = bundles[-1]
    first = _hours(session, watched, settings.baseline_hours, newest=False)
    recent = _hours(session, watched, settings.recent_hours, newest=True, but=first)
    before = _hours(session, bundles[-2], settings.baseline_hours, newest=True, but=first) if bundles[:-1] else {}
    shifts, change = _shifts(first, recent, settings), _shifts(before, first, settings)
    return Drift(
        replace(watched, since=min(first)),  # which may be older than what a look at cameras reads
        tuple(shifts.values()),
        likely_cause(shifts, settings.bound),
        tuple(change.values()),
        cause_of_change(change, settings.bound),
    )


def _shifts(baseline: Hours, recent: Hours, settings: DriftSettings) -> dict[Measure, Shift]:
    pairs = ((measure, _of(measure, baseline), _of(measure, recent)) for measure in Measure)
    found = (shift_of(measure, then, now, settings.min_parts) for measure, then, now in pairs)
    return {shift.measure: shift for shift in found if shift is not None}


def _of(measure: Measure, hours: Hours) -> list[Hour]:
    return [measures[measure] for measures in hours.values() if measure in measures]


def _bundles(session: Session, now: datetime, station: str | None, recipe: str | None) -> Iterable[Watched]:
    """Bundles by camera, in the order in which they were last at work there."""
    row = MeasureHourRow
    first, last = func.min(row.hour), func.max(row.hour)
    query = select(row.station, row.camera, row.recipe, row.bundle_id, first).where(row.hour >= now - _FORGOTTEN)
    if station is not None:
        query = query.where(row.station == station)
    if recipe is not None:
        query = query.where(row.recipe == recipe)
    groups = query.group_by(row.station, row.camera, row.recipe, row.bundle_id)
    ordered = groups.order_by(row.station, row.camera, row.recipe, last, first)
    return [Watched(*found) for found in session.execute(ordered).all()]


def _hours(session: Session, watched: Watched, count: int, *, newest: bool, but: Collection[datetime] = ()) -> Hours:
    """The first or newest hours of a bundle at a camera."""
    row = MeasureHourRow
    names = ("station", "camera", "recipe", "bundle_id")
    here = [getattr(row, name) == getattr(watched, name) for name in names]
    order = row.hour.desc() if newest else row.hour
    starts = select(row.hour).distinct().where(*here, row.hour.not_in(but)).order_by(order).limit(count)
    found: Hours = defaultdict(dict)
    for hour in session.scalars(select(row).where(*here, row.hour.in_(session.scalars(starts).all()))):
        found[hour.hour][Measure(hour.measure)] = Hour(hour.count, hour.total, hour.total_of_squares)
    return found
