"""`inspection retrain`: the plan as people read it, and its start."""

from collections.abc import Iterator

from inspection.api.data_schemas import RetrainingPlan
from inspection.client import PlantClient

__all__ = ["retrain", "told"]


def retrain(client: PlantClient, *, plan_only: bool) -> tuple[RetrainingPlan, list[str]]:
    """The plan as it was, and the jobs started from it; none if only the plan is wanted."""
    plan = client.get_retraining()
    return plan, [] if plan_only else client.post_retraining().jobs


def told(plan: RetrainingPlan, started: list[str]) -> Iterator[str]:
    """Lines: a table of what is due, what it costs, and what was started."""
    if plan.due:
        yield f"{'recipe':<32} {'prio':>4} {'labels':>6} {'minutes':>8}  reasons"
    for due in plan.due:
        held = "" if due.fits else " (beyond the budget)"
        held += "" if due.failed_at is None else " (failed or cancelled lately: the schedule waits a day)"
        numbers = f"{due.priority:>4} {due.new_labels:>6} {due.minutes:>8.1f}"
        yield f"{due.recipe:<32} {numbers}  {', '.join(due.reasons)}{held}"
    minutes = sum(due.minutes for due in plan.due if due.fits)
    yield f"due: {len(plan.due)}, within the budget: {sum(due.fits for due in plan.due)}"
    yield f"cost: {minutes:.1f} min of training x {plan.cores} cores = {plan.core_min:.1f} core minutes"
    yield f"budget: {plan.left_min:.1f} min left, {plan.spent_min:.1f} min spent or promised in the last 24 h"
    yield f"done after {plan.ends_in_min:.1f} min with {plan.at_once} at once"
    yield f"started: {len(started)}"
