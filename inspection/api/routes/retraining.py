"""What would be trained by itself next, and what that costs."""

from fastapi import APIRouter

from inspection.api.access import Operator, PlantDep
from inspection.api.data_schemas import RetrainingDue, RetrainingPlan

__all__ = ["router"]

router = APIRouter(tags=["jobs"])


@router.get("/retraining")
def get_retraining(person: Operator, plant: PlantDep) -> RetrainingPlan:
    """Recipes with reasons to be trained again, the minutes that takes, and what is left of the budget."""
    del person
    plan = plant.retraining.plan()
    return RetrainingPlan(
        due=[RetrainingDue.model_validate(due) for due in plan.due],
        spent_min=plan.spent_min,
        left_min=plan.left_min,
        may_start=plan.may_start,
        promotes=plant.settings.retraining.promote,
    )
