"""The review queue and labels."""

from typing import Annotated

from fastapi import APIRouter, Query

from inspection.api.access import Inspector, Operator, PlantDep
from inspection.api.schemas import NewLabel, ReviewQueue, ShownLabel
from inspection.api.views import result_views
from inspection.audit.change import change
from inspection.review.labels import Said, add_label
from inspection.review.queue import defect_types, queue, queue_length

__all__ = ["router"]

router = APIRouter(tags=["review"])


@router.get("/review/queue")
def get_queue(
    person: Operator, plant: PlantDep, recipe: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> ReviewQueue:
    """Flagged parts that nobody has judged yet, newest first."""
    del person
    with plant.database.read() as session:
        return ReviewQueue(
            waiting=queue_length(session, recipe),
            defect_types=defect_types(session, recipe),
            results=result_views(session, queue(session, recipe, limit)),
        )


@router.post("/labels", status_code=201)
def post_label(body: NewLabel, person: Inspector, plant: PlantDep) -> ShownLabel:
    """Say what is true of a part; `retracted` takes the person's label back."""
    said = Said(body.label, body.defect_type, body.comment)
    with change(plant.database, person.name, plant.clock()) as doing:
        row = add_label(doing.session, body.result_id, said, person.name, doing.now)
        doing.record("label.added", result=body.result_id, label=body.label, defect_type=row.defect_type)
        return ShownLabel.model_validate(row)
