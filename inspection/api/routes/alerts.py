"""Alerts, and their acknowledgement."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from inspection.alerts.book import acknowledge, alerts_of
from inspection.api.access import Operator, PlantDep
from inspection.api.alert_schemas import Acknowledgement, Alert
from inspection.audit.change import change

__all__ = ["router"]

router = APIRouter(tags=["alerts"])


@router.get("/alerts")
def get_alerts(
    person: Operator,
    plant: PlantDep,
    *,
    only_open: Annotated[bool, Query(alias="open", description="without those that closed by themselves")] = True,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[Alert]:
    """Alerts, newest first."""
    del person
    with plant.database.read() as session:
        return [Alert.model_validate(row) for row in alerts_of(session, only_open=only_open, limit=limit)]


@router.post("/alerts/{alert_id}/acknowledgement")
def post_acknowledgement(
    alert_id: Annotated[int, Path(ge=1, le=2**31 - 1)], body: Acknowledgement, person: Operator, plant: PlantDep
) -> Alert:
    """Say that somebody has seen it and cares; it closes when its cause is gone."""
    names = [target.name for target in plant.settings.alerts.targets]
    with change(plant.database, person.name, plant.clock()) as doing:
        row = acknowledge(doing.session, alert_id, user=person.name, comment=body.comment, targets=names, now=doing.now)
        doing.record("alert.acknowledged", alert=alert_id, kind=row.kind, text=row.text)
        return Alert.model_validate(row)
