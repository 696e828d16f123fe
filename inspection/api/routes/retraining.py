"""What would be trained by itself next, and what that costs."""

from dataclasses import asdict

from fastapi import APIRouter

from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.data_schemas import RetrainingPlan, RetrainingStarted

__all__ = ["router"]

router = APIRouter(tags=["jobs"])


@router.get("/retraining")
def get_retraining(person: Operator, plant: PlantDep) -> RetrainingPlan:
    """Recipes with reasons to be trained again, the minutes that takes, and what is left of the budget."""
    del person
    return RetrainingPlan.model_validate(
        {**asdict(plant.retraining.plan()), "promotes": plant.settings.retraining.promote}
    )


@router.post("/retraining", status_code=201)
def post_retraining(person: Engineer, plant: PlantDep) -> RetrainingStarted:
    """Start now what the plan says fits, whatever the hour; it spends the budget of the schedule."""
    return RetrainingStarted(jobs=plant.retraining.start_now(person.name))
