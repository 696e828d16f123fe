"""Yield, control chart, Pareto and latency of a line or a shift, and each as a table to take away."""

from datetime import date, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime
from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.errors import BadInput
from inspection.analytics.shift import Shift, instants, offset_min, zone_of
from inspection.analytics.summary import Bucket, Step, Summary, Window, summarise
from inspection.api.access import Operator, PlantDep
from inspection.api.analytics_schemas import Analytics, ChartBucket
from inspection.api.analytics_tables import TABLES, Chart
from inspection.api.csv_answer import csv_answer
from inspection.clock import in_utc
from inspection.plant import Plant
from inspection.store.tables import StationRow

__all__ = ["router"]

router = APIRouter(tags=["analytics"])

_DEFAULT_DAYS = 30


def _shift(
    shift_day: Annotated[
        date | None, Query(description="day on which the shift begins; in place of `since`, `until`, `utc_offset_min`")
    ] = None,
    shift_start: Annotated[time | None, Query(description="by the plant's clock, such as 06:00")] = None,
    shift_hours: Annotated[int, Query(ge=1, le=24, description="that it lasts")] = 8,
) -> Shift | None:
    if (shift_day is None) != (shift_start is None):
        raise BadInput("shift: expected shift_day and shift_start together, got one of them")
    if shift_day is None or shift_start is None:
        return None
    return Shift(shift_day, shift_start.replace(tzinfo=None), shift_hours)


def _window(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the API's description
    plant: PlantDep,
    shift: Annotated[Shift | None, Depends(_shift)],
    since: Annotated[AwareDatetime | None, Query(description="30 days before `until` if absent")] = None,
    until: Annotated[AwareDatetime | None, Query(description="now if absent")] = None,
    step: Step = Step.DAY,
    utc_offset_min: Annotated[int, Query(ge=-840, le=840, description="of the plant's clock")] = 0,
    recipe: str | None = None,
    station: str | None = None,
) -> Window:
    if shift is not None:
        zone = zone_of(plant.settings.time_zone)
        begin, end = instants(shift, zone)
        return Window(begin, end, Step.HOUR, offset_min(begin, zone), recipe, station)
    end = in_utc(until or plant.clock())
    begin = end - timedelta(days=_DEFAULT_DAYS) if since is None else in_utc(since)
    return Window(begin, end, step, utc_offset_min, recipe, station)


WindowDep = Annotated[Window, Depends(_window)]


@router.get("/analytics")
def get_analytics(person: Operator, plant: PlantDep, window: WindowDep) -> Analytics:
    """What a line did between two instants, by hour or day; or in a shift, by hour."""
    del person
    return _told(plant, window)


@router.get("/analytics.csv", response_class=Response)
def get_analytics_table(person: Operator, plant: PlantDep, window: WindowDep) -> Response:
    """The buckets as CSV."""
    del person
    head = tuple(ChartBucket.model_fields)
    buckets = (dict(bucket) | {"signals": " ".join(bucket.signals)} for bucket in _told(plant, window).buckets)
    return csv_answer("analytics", head, (tuple(bucket.values()) for bucket in buckets))


@router.get("/analytics/{chart}.csv", response_class=Response)
def get_chart_table(chart: Chart, person: Operator, plant: PlantDep, window: WindowDep) -> Response:
    """What one chart is drawn from as CSV, units in the names of the columns."""
    del person
    table = TABLES[chart]
    return csv_answer(chart.value, table.head, table.rows(_told(plant, window)))


def _told(plant: Plant, window: Window) -> Analytics:
    with plant.database.read() as session:
        return _answer(summarise(session, window), window, _deadline_ms(plant, session, window))


def _deadline_ms(plant: Plant, session: Session, window: Window) -> float | None:
    """The shortest of the stations that the window is about, as they said last."""
    query = select(StationRow.name).where(StationRow.retired_at.is_(None))
    if window.recipe is not None:
        query = query.where(StationRow.recipe == window.recipe)
    if window.station is not None:
        query = query.where(StationRow.name == window.station)
    seen = (plant.live.last(name) for name in session.scalars(query))
    return min((one.heartbeat.deadline_ms for one in seen if one is not None), default=None)


def _answer(summary: Summary, window: Window, deadline_ms: float | None) -> Analytics:
    totals = summary.totals
    parts = totals.total()
    return Analytics(
        passed=totals["PASS"],
        failed=totals["FAIL"],
        undecided=totals["UNDECIDED"],
        yield_fraction=totals["PASS"] / parts if parts else None,
        centre=summary.centre,
        since=summary.buckets[0].start,
        until=window.until,
        utc_offset_min=window.utc_offset_min,
        deadline_ms=deadline_ms,
        buckets=[_bucket(bucket) for bucket in summary.buckets],
        suspected=summary.suspected,
        confirmed=summary.confirmed,
        reviewed=summary.reviewed,
    )


def _bucket(bucket: Bucket) -> ChartBucket:
    return ChartBucket(
        start=bucket.start,
        passed=bucket.passed,
        failed=bucket.failed,
        undecided=bucket.undecided,
        mean_pass_score=bucket.mean_pass_score,
        failed_fraction=bucket.chart.fraction,
        lower=bucket.chart.lower,
        upper=bucket.chart.upper,
        signals=bucket.chart.signals,
        timed=bucket.timed,
        p50_ms=bucket.p50_ms,
        p99_ms=bucket.p99_ms,
    )
