"""What is watched for drift, and its sums by hour, kept as results come in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from edge.contract.result import InspectionResult, Verdict
from inspection.clock import hour_of
from inspection.store.sums import add_up
from inspection.store.tables import MeasureHourRow
from inspection.store.types import storable

__all__ = ["Measure", "add_measures"]

Place = tuple[str, str, str, str, datetime]
"""Station, camera, recipe, bundle and hour."""


class Measure(StrEnum):
    """A number of each part whose mean should stay where it is."""

    SCORE = "score"  # of PASS parts only: failed ones would hide the drift of the good
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SHARPNESS = "sharpness_db"
    OFFSET_X = "offset_x_px"
    OFFSET_Y = "offset_y_px"


_PICTURE = tuple(measure for measure in Measure if measure is not Measure.SCORE)


def add_measures(session: Session, results: Iterable[InspectionResult]) -> None:
    """Add results that were just stored; in the transaction that stores them, so that none counts twice."""
    values: defaultdict[Place, defaultdict[Measure, list[float]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        by = values[_place(result)]
        for measure, value in _measures(result):
            by[measure].append(value)
    rows = [_row(place, measure, found) for place, by in values.items() for measure, found in by.items()]
    add_up(session, MeasureHourRow, rows, ("count", "total", "total_of_squares"))


def _measures(result: InspectionResult) -> Iterator[tuple[Measure, float]]:
    if result.bundle_id is None:
        return
    if result.verdict is Verdict.PASS and result.score is not None:
        yield Measure.SCORE, result.score
    if result.statistics is None:
        return
    for measure in _PICTURE:
        value = getattr(result.statistics, measure.value)
        if value is not None:
            yield measure, value


def _place(result: InspectionResult) -> Place:
    texts = storable(result.camera), storable(result.recipe), storable(result.bundle_id or "")
    return (result.station, *texts, hour_of(result.captured_at))


def _row(place: Place, measure: Measure, found: Sequence[float]) -> dict[str, Any]:
    station, camera, recipe, bundle_id, hour = place
    return {
        "station": station,
        "camera": camera,
        "recipe": recipe,
        "bundle_id": bundle_id,
        "hour": hour,
        "measure": measure.value,
        "count": len(found),
        "total": sum(found),
        "total_of_squares": sum(value * value for value in found),
    }
