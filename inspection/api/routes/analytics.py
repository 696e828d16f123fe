"""Yield, control chart and Pareto of a line, and the same as a table to take away."""

import csv
import io
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from inspection.analytics.summary import Bucket, Step, Summary, Window, summarise
from inspection.api.access import Operator, PlantDep
from inspection.api.schemas import Analytics, ChartBucket

__all__ = ["router"]

router = APIRouter(tags=["analytics"])

_DEFAULT_DAYS = 30


def _window(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the API's description
    plant: PlantDep,
    since: Annotated[AwareDatetime | None, Query(description="30 days before `until` if absent")] = None,
    until: Annotated[AwareDatetime | None, Query(description="now if absent")] = None,
    step: Step = Step.DAY,
    utc_offset_min: Annotated[int, Query(ge=-840, le=840, description="of the plant's clock")] = 0,
    recipe: str | None = None,
    station: str | None = None,
) -> Window:
    end: datetime = until or plant.clock()
    return Window(since or end - timedelta(days=_DEFAULT_DAYS), end, step, utc_offset_min, recipe, station)


WindowDep = Annotated[Window, Depends(_window)]


@router.get("/analytics")
def get_analytics(person: Operator, plant: PlantDep, window: WindowDep) -> Analytics:
    """What a line did between two instants, by hour or day."""
    del person
    with plant.database.read() as session:
        return _answer(summarise(session, window))


@router.get("/analytics.csv", response_class=Response)
def get_analytics_table(person: Operator, plant: PlantDep, window: WindowDep) -> Response:
    """The buckets as CSV."""
    del person
    with plant.database.read() as session:
        buckets = [_bucket(bucket) for bucket in summarise(session, window).buckets]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ChartBucket.model_fields))
    writer.writeheader()
    writer.writerows({**b.model_dump(), "start": b.start.isoformat(), "signals": " ".join(b.signals)} for b in buckets)
    headers = {"Content-Disposition": 'attachment; filename="analytics.csv"'}
    return Response(text.getvalue(), 200, headers, "text/csv; charset=utf-8")


def _answer(summary: Summary) -> Analytics:
    totals = summary.totals
    parts = totals.total()
    return Analytics(
        passed=totals["PASS"],
        failed=totals["FAIL"],
        undecided=totals["UNDECIDED"],
        yield_fraction=totals["PASS"] / parts if parts else None,
        centre=summary.centre,
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
    )
