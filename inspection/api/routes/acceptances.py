"""Accept as good."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy.orm import Session

from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.learning_schemas import Acceptance, AcceptanceEffect, AcceptanceUndone, NewAcceptance
from inspection.api.model_schemas import Job
from inspection.audit.change import change
from inspection.learning.acceptances import acceptances_of, add_acceptance, require_acceptance, undo_acceptance
from inspection.learning.outcomes import outcomes_of
from inspection.registry.recipes import require_recipe
from inspection.review.known_parts import answer_checks
from inspection.review.labels import Decision
from inspection.samples.statements import Label
from inspection.store.tables import AcceptanceRow

__all__ = ["router"]

router = APIRouter(tags=["learning"])


@router.get("/recipes/{recipe}/acceptances")
def get_acceptances(recipe: str, person: Operator, plant: PlantDep) -> list[Acceptance]:
    """What was accepted as good, newest first."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return _views(session, recipe, acceptances_of(session, recipe))


@router.post("/recipes/{recipe}/acceptances", status_code=201)
def post_acceptance(recipe: str, body: NewAcceptance, person: Engineer, plant: PlantDep) -> Acceptance:
    """Label results good, and teach the champion to let such parts pass: no training, no known defect lost."""
    ids = list(dict.fromkeys(body.result_ids))
    with change(plant.database, person.name, plant.clock()) as doing:
        if body.from_queue:
            said = Decision(Label.GOOD, comment=body.reason)
            checked = answer_checks(doing.session, ids, said, person.name, doing.now)
            ids = [id_ for id_ in ids if id_ not in checked]
        row = add_acceptance(doing.session, recipe, ids, reason=body.reason, user=person.name, now=doing.now)
        doing.record("acceptance.added", recipe=recipe, acceptance=row.id, results=ids, reason=body.reason)
        (acceptance,) = _views(doing.session, recipe, [row])
    plant.jobs.wake()
    return acceptance


@router.delete("/recipes/{recipe}/acceptances/{acceptance_id}")
def delete_acceptance(recipe: str, acceptance_id: str, person: Engineer, plant: PlantDep) -> AcceptanceUndone:
    """Take it back in one call: labels, and what the champion learnt of it, by going back or by a job of seconds."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = require_acceptance(doing.session, recipe, acceptance_id)
        rolled_back, job = undo_acceptance(doing.session, row, user=person.name, now=doing.now)
        doing.record("acceptance.undone", recipe=recipe, acceptance=row.id, rolled_back=rolled_back)
        (acceptance,) = _views(doing.session, recipe, [row])
        undone = AcceptanceUndone(
            acceptance=acceptance, rolled_back=rolled_back, job=None if job is None else Job.model_validate(job)
        )
    plant.jobs.wake()
    return undone


def _views(session: Session, recipe: str, rows: Sequence[AcceptanceRow]) -> list[Acceptance]:
    told = [name for name in Acceptance.model_fields if name not in {"state", "effect"}]
    return [
        Acceptance(
            **{name: getattr(row, name) for name in told},
            state=outcome.state,
            effect=None if outcome.effect is None else AcceptanceEffect.model_validate(outcome.effect),
        )
        for row, outcome in zip(rows, outcomes_of(session, recipe, rows), strict=True)
    ]
