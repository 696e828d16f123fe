"""What retention lets go, and when."""

from fastapi import APIRouter

from inspection.api.access import Admin, PlantDep
from inspection.api.schemas import Retention, RetentionDue, RetentionRule

__all__ = ["router"]

router = APIRouter(tags=["retention"])


@router.get("/retention")
def get_retention(person: Admin, plant: PlantDep) -> Retention:
    """The rules in the order in which they are asked, and what a run would remove now."""
    del person
    rules = [RetentionRule.model_validate(rule) for rule in plant.settings.retention]
    due = plant.retention.due(plant.clock())
    return Retention(rules=rules, due=RetentionDue.model_validate(due))
