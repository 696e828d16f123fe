"""What each chart of the analytics page is drawn from, as a table."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inspection.api.analytics_schemas import Analytics, ChartBucket
from inspection.api.drift_schemas import Drift
from inspection.review.reviewers import Reviewer

__all__ = ["DRIFT_HEAD", "REVIEWERS_HEAD", "TABLES", "Chart", "Table", "drift_rows", "reviewer_rows"]


class Chart(StrEnum):
    """A chart of what a line did."""

    CONTROL_CHART = "control-chart"
    VERDICTS = "verdicts"
    PARETO = "pareto"
    SCORE = "score"
    LATENCY = "latency"
    LABELS = "labels"


@dataclass(frozen=True)
class Table:
    """Columns of a chart's data, units in their names, and its rows."""

    head: tuple[str, ...]
    rows: Callable[[Analytics], Iterable[Sequence[object]]]


def _by_bucket(head: tuple[str, ...], cells: Callable[[ChartBucket, Analytics], tuple[object, ...]]) -> Table:
    return Table(("start", *head), lambda told: ((bucket.start, *cells(bucket, told)) for bucket in told.buckets))


def _pareto(told: Analytics) -> Iterator[tuple[object, ...]]:
    """As the page draws it: confirmed by people where they named any, else suspected by the model; largest first."""
    by = "people" if told.confirmed else "model"
    counts = told.confirmed or told.suspected
    total, running = sum(counts.values()), 0
    for kind, count in counts.items():
        running += count
        yield kind, by, count, running / total


TABLES = {
    Chart.CONTROL_CHART: _by_bucket(
        (
            "judged_parts",
            "failed_parts",
            "failed_fraction",
            "lower_fraction",
            "centre_fraction",
            "upper_fraction",
            "signals",
        ),
        lambda b, told: (
            *(b.passed + b.failed, b.failed, b.failed_fraction, b.lower, told.centre, b.upper),
            " ".join(b.signals),
        ),
    ),
    Chart.VERDICTS: _by_bucket(
        ("passed_parts", "failed_parts", "undecided_parts"), lambda b, _: (b.passed, b.failed, b.undecided)
    ),
    Chart.PARETO: Table(("defect_class", "named_by", "parts", "running_fraction"), _pareto),
    Chart.SCORE: _by_bucket(("mean_pass_score_log10", "passed_parts"), lambda b, _: (b.mean_pass_score, b.passed)),
    Chart.LATENCY: _by_bucket(
        ("timed_parts", "p50_ms", "p99_ms", "deadline_ms"),
        lambda b, told: (b.timed, b.p50_ms, b.p99_ms, told.deadline_ms),
    ),
    Chart.LABELS: Table(("person", "labels"), lambda told: told.reviewed.items()),
}

DRIFT_HEAD = (
    *("station", "camera", "recipe", "bundle_id", "since", "likely_cause", "compared_with"),
    *("measure", "baseline", "recent", "spread", "shift_spreads", "recent_parts", "beyond_bound"),
)

REVIEWERS_HEAD = (
    *("person", "decisions", "median_s", "known_defects", "missed_fraction", "known_goods", "overcalled_fraction"),
    *("second_opinions", "agreement_fraction", "signs"),
)


def drift_rows(cameras: Iterable[Drift]) -> Iterator[tuple[object, ...]]:
    """A row for each measure of each camera: as it drifted under its model, and as it changed when the model came."""
    for camera in cameras:
        place = (camera.station, camera.camera, camera.recipe, camera.bundle_id, camera.since)
        for compared, shifts, cause in (
            ("first_hours_of_model", camera.shifts, camera.cause),
            ("model_before", camera.change, camera.change_cause),
        ):
            for s in shifts:
                moved = (s.measure.value, s.baseline, s.recent, s.spread, s.shift, s.parts, s.beyond_bound)
                yield (*place, cause.value if cause else "", compared, *moved)


def reviewer_rows(people: Iterable[Reviewer]) -> Iterator[tuple[object, ...]]:
    """A row for each person."""
    for person in people:
        shares = [
            None if share is None else share.value for share in (person.missed, person.overcalled, person.agreement)
        ]
        yield (
            *(person.user, person.decisions, person.seconds_median, person.known_defects, shares[0]),
            *(person.known_goods, shares[1], person.second_opinions, shares[2], " ".join(person.signs)),
        )
