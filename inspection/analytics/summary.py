"""What a line did between two instants, by hour or day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from edge.contract.errors import BadInput
from edge.contract.result import Verdict
from inspection.analytics.latency import percentile_ms
from inspection.analytics.pchart import ChartPoint, p_chart
from inspection.review.standing import stands
from inspection.samples.statements import Label
from inspection.store.tables import HourRow, LabelRow, LatencyHourRow, ResultRow

__all__ = ["Bucket", "Step", "Summary", "Window", "summarise"]

MAX_BUCKETS = 2000


class Step(StrEnum):
    """Width of a bucket."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class Window:
    """What to summarise.

    Attributes:
        since, until: instants; from the beginning of the bucket of the one, the hours that begin before the other.
        utc_offset_min: of the plant's clock, so that a day is the plant's day.
        recipe, station: None means all.
    """

    since: datetime
    until: datetime
    step: Step = Step.DAY
    utc_offset_min: int = 0
    recipe: str | None = None
    station: str | None = None


@dataclass(frozen=True)
class Bucket:
    """One hour or day.

    Attributes:
        passed, failed, undecided: parts by verdict.
        mean_pass_score: of passed parts: it drifts before parts fail; None without any.
        chart: fraction of FAIL among PASS and FAIL, with its limits.
        timed: parts of which is known how long their verdict took.
        p50_ms, p99_ms: from frame to verdict; None without any.
    """

    start: datetime
    passed: int
    failed: int
    undecided: int
    mean_pass_score: float | None
    chart: ChartPoint
    timed: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Summary:
    """The whole window.

    Attributes:
        centre: failed fraction of the control chart; None without parts.
        suspected: failed parts by the class that the model named; "" where it named none.
        confirmed: parts by the defect type that people named; "" where they named none. The latest label decides.
        reviewed: labels by person.
    """

    buckets: tuple[Bucket, ...]
    centre: float | None
    suspected: dict[str, int]
    confirmed: dict[str, int]
    reviewed: dict[str, int]

    @property
    def totals(self) -> Counter[str]:
        """Parts by verdict."""
        totals: Counter[str] = Counter()
        for bucket in self.buckets:
            totals.update(PASS=bucket.passed, FAIL=bucket.failed, UNDECIDED=bucket.undecided)
        return totals


def summarise(session: Session, window: Window) -> Summary:
    """Read the hours of the window and the labels on its parts.

    Raises:
        BadInput: it ends before it begins, or has more than 2,000 buckets.
    """
    starts = _starts(window)
    hours = _hours(session, window)
    by_start: dict[datetime, list[HourRow]] = {start: [] for start in starts}
    for hour in hours:
        by_start[_start(hour.hour, window)].append(hour)
    counts = [_verdicts(by_start[start]) for start in starts]
    chart = p_chart([c["FAIL"] for c in counts], [c["FAIL"] + c["PASS"] for c in counts])
    latencies = _latencies(session, window)
    buckets = tuple(
        Bucket(
            *(start, count["PASS"], count["FAIL"], count["UNDECIDED"], _mean_pass_score(by_start[start]), point),
            timed=latencies[start].total(),
            p50_ms=percentile_ms(latencies[start], 0.5),
            p99_ms=percentile_ms(latencies[start], 0.99),
        )
        for start, count, point in zip(starts, counts, chart.points, strict=True)
    )
    suspected: Counter[str] = Counter()
    for hour in hours:
        if hour.verdict == Verdict.FAIL.value:
            suspected[hour.defect_class] += hour.count
    labels = _labels(session, window)
    decided = {result_id: (label, kind) for result_id, _, label, kind in labels}
    confirmed = Counter(kind or "" for label, kind in decided.values() if label == Label.DEFECT.value)
    return Summary(
        buckets,
        chart.centre,
        dict(suspected.most_common()),
        dict(confirmed.most_common()),
        dict(Counter(user for _, user, _, _ in labels).most_common()),
    )


def _width(window: Window) -> timedelta:
    return timedelta(hours=1) if window.step is Step.HOUR else timedelta(days=1)


def _start(instant: datetime, window: Window) -> datetime:
    """When the bucket of an instant begins: an hour of UTC, by which parts are counted, or the day of the plant."""
    ahead = timedelta(minutes=window.utc_offset_min) if window.step is Step.DAY else timedelta()
    begin = (instant + ahead).replace(minute=0, second=0, microsecond=0)
    return (begin.replace(hour=0) if window.step is Step.DAY else begin) - ahead


def _starts(window: Window) -> list[datetime]:
    if window.until <= window.since:
        raise BadInput(f"until: expected an instant after {window.since.isoformat()}, got {window.until.isoformat()}")
    first, width = _start(window.since, window), _width(window)
    count = -((first - window.until) // width)
    if count > MAX_BUCKETS:
        raise BadInput(f"window: expected at most {MAX_BUCKETS} {window.step.value}s, got {count}; take a longer step")
    return [first + index * width for index in range(count)]


def _hours(session: Session, window: Window) -> Sequence[HourRow]:
    query = select(HourRow).where(HourRow.hour >= _start(window.since, window), HourRow.hour < window.until)
    if window.recipe is not None:
        query = query.where(HourRow.recipe == window.recipe)
    if window.station is not None:
        query = query.where(HourRow.station == window.station)
    return session.scalars(query).all()


def _latencies(session: Session, window: Window) -> defaultdict[datetime, Counter[int]]:
    """Parts by bucket and step of latency."""
    row, count = LatencyHourRow, func.sum(LatencyHourRow.count)
    query = select(row.hour, row.step, count).where(row.hour >= _start(window.since, window), row.hour < window.until)
    if window.recipe is not None:
        query = query.where(row.recipe == window.recipe)
    if window.station is not None:
        query = query.where(row.station == window.station)
    found = defaultdict[datetime, Counter[int]](Counter)
    for hour, step, parts in session.execute(query.group_by(row.hour, row.step)):
        found[_start(hour, window)][step] += int(parts)
    return found


def _labels(session: Session, window: Window) -> list[tuple[str, str, str, str | None]]:
    """Result, user, label and defect type of what stands on the window's parts, the latest last."""
    query = (
        select(LabelRow.result_id, LabelRow.user, LabelRow.label, LabelRow.defect_type)
        .join(ResultRow, ResultRow.id == LabelRow.result_id)
        .where(ResultRow.captured_at >= _start(window.since, window), ResultRow.captured_at < window.until)
        .where(stands())
        .order_by(LabelRow.id)
    )
    if window.recipe is not None:
        query = query.where(ResultRow.recipe == window.recipe)
    if window.station is not None:
        query = query.where(ResultRow.station == window.station)
    return [(id_, user, label, kind) for id_, user, label, kind in session.execute(query)]


def _verdicts(hours: Iterable[HourRow]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for hour in hours:
        counts[hour.verdict] += hour.count
    return counts


def _mean_pass_score(hours: Iterable[HourRow]) -> float | None:
    passes = [hour for hour in hours if hour.verdict == Verdict.PASS.value]
    scored = sum(hour.scored for hour in passes)
    return sum(hour.score_sum for hour in passes) / scored if scored else None
