"""What is watched for drift, and its sums by hour, kept as results come in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult, Verdict
from inspection.store.tables import MeasureHourRow
from inspection.store.types import storable

__all__ = ["Measure", "add_measures"]

Key = tuple[str, str, str, str, datetime, str]


class Measure(StrEnum):
    """A number of each part whose mean should stay where it is."""

    SCORE = "score"  # of PASS parts only: failed ones would hide the drift of the good
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SHARPNESS = "sharpness_db"
    OFFSET_X = "offset_x_px"
    OFFSET_Y = "offset_y_px"


def add_measures(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add results that were just stored; in the transaction that stores them, so that none counts twice."""
    sums: defaultdict[Key, list[float]] = defaultdict(list)
    for result in results:
        for measure, value in _measures(result):
            sums[_key(result, measure)].append(value)
    for key, values in sums.items():
        row = _row(session, key)
        row.count += len(values)
        row.total += sum(values)
        row.total_of_squares += sum(value * value for value in values)


def _measures(result: InspectionResult) -> Iterator[tuple[Measure, float]]:
    if result.bundle_id is None:
        return
    if result.verdict is Verdict.PASS and result.score is not None:
        yield Measure.SCORE, result.score
    if result.statistics is None:
        return
    for measure in Measure:
        value = getattr(result.statistics, measure.value, None)
        if value is not None:
            yield measure, value


def _key(result: InspectionResult, measure: Measure) -> Key:
    hour = result.captured_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    texts = storable(result.camera), storable(result.recipe), storable(result.bundle_id or "")
    return (result.station, *texts, hour, measure.value)


def _row(session: Session, key: Key) -> MeasureHourRow:
    row = session.get(MeasureHourRow, key)
    if row is None:
        names = ("station", "camera", "recipe", "bundle_id", "hour", "measure")
        row = MeasureHourRow(**dict(zip(names, key, strict=True)), count=0, total=0.0, total_of_squares=0.0)
        session.add(row)
    return row
