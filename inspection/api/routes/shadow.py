"""A challenger beside the champion: ordered, and what it would have said."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.review_schemas import Estimate
from inspection.api.shadow_schemas import NewShadow, Shadow
from inspection.api.views import result_views
from inspection.audit.change import change
from inspection.registry.recipes import require_recipe
from inspection.shadow.orders import order_shadow, shadow_of, shadow_told
from inspection.shadow.report import shadow_flips, shadow_report

__all__ = ["router"]

router = APIRouter(tags=["models"])


@router.post("/recipes/{recipe}/shadow", status_code=201)
def post_shadow(recipe: str, body: NewShadow, person: Engineer, plant: PlantDep) -> Shadow:
    """Let a bundle judge beside the champion at every station of the recipe, in spare time; null ends it."""
    with change(plant.database, person.name, plant.clock()) as doing:
        order_shadow(doing.session, recipe, body.bundle_id, reason=body.reason, user=person.name, now=doing.now)
        doing.record("model.shadowed", recipe=recipe, bundle=body.bundle_id, reason=body.reason)
        return _view(doing.session, recipe, 0)


@router.get("/recipes/{recipe}/shadow")
def get_shadow(
    recipe: str, person: Operator, plant: PlantDep, limit: Annotated[int, Query(ge=0, le=200)] = 50
) -> Shadow:
    """How far the challenger agrees with the champion, and the newest parts on which it does not."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return _view(session, recipe, limit)


def _view(session: Session, recipe: str, limit: int) -> Shadow:
    told = shadow_told(session, recipe)
    if told is None:
        return Shadow(bundle_id=None, running=False, parts=0, pairs={}, agreement=None, flips=[])
    report = shadow_report(session, told)
    return Shadow(
        bundle_id=told,
        running=shadow_of(session, recipe) is not None,
        parts=report.parts,
        pairs=report.pairs,
        agreement=None if report.agreement is None else Estimate.model_validate(report.agreement),
        flips=result_views(session, shadow_flips(session, told, limit)),
    )
