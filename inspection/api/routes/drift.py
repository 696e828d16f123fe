"""Drift of scores and pictures, with its likely cause."""

from collections.abc import Iterable

from fastapi import APIRouter, Response

from inspection.api.access import Operator, PlantDep
from inspection.api.analytics_tables import DRIFT_HEAD, drift_rows
from inspection.api.csv_answer import csv_answer
from inspection.api.drift_schemas import Drift, Shift
from inspection.drift.report import Drift as FoundDrift
from inspection.drift.report import drifts
from inspection.drift.shifts import Shift as FoundShift
from inspection.plant import Plant

__all__ = ["router"]

router = APIRouter(tags=["analytics"])


@router.get("/drift")
def get_drift(person: Operator, plant: PlantDep, station: str | None = None, recipe: str | None = None) -> list[Drift]:
    """Each camera's recent hours against the first hours of its bundle, and those against the bundle before."""
    del person
    return _found(plant, station, recipe)


@router.get("/drift.csv", response_class=Response)
def get_drift_table(
    person: Operator, plant: PlantDep, station: str | None = None, recipe: str | None = None
) -> Response:
    """The same as CSV, a row for each measure."""
    del person
    return csv_answer("drift", DRIFT_HEAD, drift_rows(_found(plant, station, recipe)))


def _found(plant: Plant, station: str | None, recipe: str | None) -> list[Drift]:
    settings = plant.settings.drift
    with plant.database.read() as session:
        return [_view(found, settings.bound) for found in drifts(session, settings, plant.clock(), station, recipe)]


def _view(found: FoundDrift, bound: float) -> Drift:
    watched = found.watched
    return Drift(
        station=watched.station,
        camera=watched.camera,
        recipe=watched.recipe,
        bundle_id=watched.bundle_id,
        since=watched.since,
        shifts=_shifts(found.shifts, bound),
        cause=found.cause,
        change=_shifts(found.change, bound),
        change_cause=found.change_cause,
    )


def _shifts(shifts: Iterable[FoundShift], bound: float) -> list[Shift]:
    return [
        Shift(
            measure=shift.measure,
            baseline=shift.baseline,
            recent=shift.recent,
            spread=shift.spread,
            shift=shift.shift,
            parts=shift.parts,
            beyond_bound=abs(shift.shift) > bound,
        )
        for shift in shifts
    ]
