"""What the API gives of analytics."""

from datetime import datetime

from pydantic import Field

from inspection.api.schemas import Answer

__all__ = ["Analytics", "ChartBucket"]


class ChartBucket(Answer):
    """One hour or day of a line."""

    start: datetime
    passed: int
    failed: int
    undecided: int
    mean_pass_score: float | None = Field(description="drifts before parts fail")
    failed_fraction: float | None = Field(description="FAIL among PASS and FAIL")
    lower: float | None = Field(description="control limits for this number of parts")
    upper: float | None
    signals: tuple[str, ...] = Field(description="`beyond_limits`, `run` of nine on one side, `trend` of six")
    timed: int = Field(description="parts of which is known how long their verdict took")
    p50_ms: float | None = Field(description="frame to verdict, half of them within; to 9 %")
    p99_ms: float | None = Field(description="99 % of them within; to 9 %")


class Analytics(Answer):
    """What a line did; counts by class are largest first, and "" is parts for which no class was named."""

    passed: int
    failed: int
    undecided: int
    yield_fraction: float | None = Field(description="PASS among all parts")
    centre: float | None = Field(description="failed fraction of the control chart")
    since: datetime = Field(description="beginning of the first bucket, from which on parts are counted")
    until: datetime = Field(description="of the window; hours that begin before it count whole")
    utc_offset_min: int = Field(description="of the clock by which the buckets begin")
    deadline_ms: float | None = Field(description="shortest of the stations' of now; null before one has reported")
    buckets: list[ChartBucket]
    suspected: dict[str, int] = Field(description="failed parts by the class that the model named")
    confirmed: dict[str, int] = Field(description="parts by the defect type that people named last")
    reviewed: dict[str, int] = Field(description="labels by person")
