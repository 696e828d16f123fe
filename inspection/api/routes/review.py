"""The review queue, labels, and what the random audit sample says."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from edge.contract.result import Verdict
from inspection.api.access import Inspector, Operator, PlantDep
from inspection.api.schemas import AuditPlan, AuditReport, AuditSide, Estimate, NewLabel, ReviewQueue, ShownLabel
from inspection.api.views import result_views
from inspection.audit.change import change
from inspection.registry.recipes import require_recipe
from inspection.review.audit_sample import CONFIDENCE, parts_needed
from inspection.review.estimates import audit_estimates
from inspection.review.labels import Said, add_label
from inspection.review.queue import Order, Wanted, defect_types, drawn_among, queue, queue_length

__all__ = ["router"]

router = APIRouter(tags=["review"])


@router.get("/review/queue")
def get_queue(  # noqa: PLR0913, PLR0917 - one parameter per filter is what makes them appear in the API's description
    person: Operator,
    plant: PlantDep,
    recipe: str | None = None,
    station: str | None = None,
    verdict: Verdict | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    order: Annotated[Order, Query(description="time: newest first; value: what teaches most first")] = Order.TIME,
) -> ReviewQueue:
    """Flagged parts, and passed ones drawn by chance, that nobody has judged yet."""
    del person
    wanted = Wanted(recipe, station, None if verdict is None else verdict.value)
    with plant.database.read() as session:
        rows = queue(session, wanted, limit, order)
        return ReviewQueue(
            waiting=queue_length(session, wanted),
            defect_types=defect_types(session, recipe),
            results=result_views(session, rows),
            drawn=sorted(drawn_among(session, [row.id for row in rows])),
        )


@router.get("/review/audit")
def get_audit(person: Operator, plant: PlantDep, recipe: str, since: datetime | None = None) -> AuditReport:
    """Escapes and overkill with 95 % intervals, from parts drawn by chance; labels of other parts do not count."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        found = audit_estimates(session, recipe, since)
    bound = plant.audit.plan.escapes_at_most
    return AuditReport(
        recipe=recipe,
        since=since,
        plan=None if bound is None else _plan(bound),
        passes=AuditSide.model_validate(found.passes),
        fails=AuditSide.model_validate(found.fails),
        escape_rate=None if found.escape_rate is None else Estimate.model_validate(found.escape_rate),
        overkill_rate=None if found.overkill_rate is None else Estimate.model_validate(found.overkill_rate),
        escapes_at_most=found.escapes_at_most,
        shown=bound is not None and found.escapes_at_most is not None and found.escapes_at_most <= bound,
    )


@router.get("/review/audit/plan")
def get_audit_plan(
    person: Operator, escapes_at_most: Annotated[float, Query(gt=0, lt=1, description="share of passed parts")]
) -> AuditPlan:
    """How many passed parts must be reviewed to show a bound."""
    del person
    return _plan(escapes_at_most)


@router.post("/labels", status_code=201)
def post_label(body: NewLabel, person: Inspector, plant: PlantDep) -> ShownLabel:
    """Say what is true of a part; `retracted` takes the person's label back."""
    said = Said(body.label, body.defect_type, body.comment)
    with change(plant.database, person.name, plant.clock()) as doing:
        row = add_label(doing.session, body.result_id, said, person.name, doing.now)
        doing.record("label.added", result=body.result_id, label=body.label, defect_type=row.defect_type)
        return ShownLabel.model_validate(row)


def _plan(escapes_at_most: float) -> AuditPlan:
    return AuditPlan(escapes_at_most=escapes_at_most, confidence=CONFIDENCE, parts_needed=parts_needed(escapes_at_most))
