"""Rollouts of a recipe: start, advance, halt, and what speaks for or against them."""

from typing import Literal

from fastapi import APIRouter
from sqlalchemy.orm import Session

from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.rollout_schemas import LineStage, NewRollout, Rollout, RolloutReason, RolloutStep, StationEvidence
from inspection.audit.change import change
from inspection.plant import Plant
from inspection.registry.gates import unseen_by_gate
from inspection.registry.recipes import require_recipe
from inspection.rollout.book import Rollout as BookedRollout
from inspection.rollout.book import StepKind, rollouts_of
from inspection.rollout.evidence import collect
from inspection.rollout.keeper import waiting_min
from inspection.rollout.stages import Line
from inspection.rollout.steps import advance, halt, start

__all__ = ["router"]

router = APIRouter(tags=["rollouts"])


@router.get("/recipes/{recipe}/rollouts")
def get_rollouts(recipe: str, person: Operator, plant: PlantDep) -> list[Rollout]:
    """The newest 50 rollouts, newest first; the one under way with the evidence of each station."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return [_view(plant, session, rollout) for rollout in rollouts_of(session, recipe)]


@router.post("/recipes/{recipe}/rollouts", status_code=201)
def post_rollout(recipe: str, body: NewRollout, person: Engineer, plant: PlantDep) -> Rollout:
    """Give a bundle that passed the gate to the stations of the first stage; it is watched there."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = start(
            doing.session,
            recipe,
            body.bundle_id,
            stages=[Line(stage.line) if isinstance(stage, LineStage) else stage for stage in body.stages],
            wait_min=body.wait_min,
            reason=body.reason,
            user=person.name,
            now=doing.now,
        )
        details = {"bundle": body.bundle_id, "stages": row.stages, "wait_min": body.wait_min, "reason": body.reason}
        doing.record("rollout.started", recipe=recipe, **details)
        return _newest(plant, doing.session, recipe)


@router.post("/recipes/{recipe}/rollouts/current/advance")
def post_advance(recipe: str, body: RolloutReason, person: Engineer, plant: PlantDep) -> Rollout:
    """Go to the next stage; after the last one, the challenger becomes the champion."""
    with change(plant.database, person.name, plant.clock()) as doing:
        told = _evidence(plant, doing.session, recipe)
        rollout = advance(doing.session, recipe, reason=body.reason, user=person.name, now=doing.now, evidence=told)
        action = "rollout.finished" if rollout.is_last_stage else "rollout.advanced"
        unseen = unseen_by_gate(doing.session, recipe, rollout.row.bundle_id) if rollout.is_last_stage else {}
        doing.record(action, recipe=recipe, bundle=rollout.row.bundle_id, reason=body.reason, **unseen)
        return _newest(plant, doing.session, recipe)


@router.post("/recipes/{recipe}/rollouts/current/halt")
def post_halt(recipe: str, body: RolloutReason, person: Engineer, plant: PlantDep) -> Rollout:
    """Give all stations the champion again."""
    with change(plant.database, person.name, plant.clock()) as doing:
        told = _evidence(plant, doing.session, recipe)
        rollout = halt(doing.session, recipe, reason=body.reason, user=person.name, now=doing.now, evidence=told)
        doing.record("rollout.halted", recipe=recipe, bundle=rollout.row.bundle_id, reason=body.reason)
        return _newest(plant, doing.session, recipe)


def _newest(plant: Plant, session: Session, recipe: str) -> Rollout:
    return _view(plant, session, rollouts_of(session, recipe, 1)[0])


def _evidence(plant: Plant, session: Session, recipe: str) -> list[dict[str, object]]:
    """Of the rollout under way, as its next step keeps it; empty if there is none."""
    return [
        station.as_json()
        for rollout in rollouts_of(session, recipe, 1)
        if rollout.under_way
        for station in collect(session, rollout, plant.live, plant.settings.rollout)
    ]


def _view(plant: Plant, session: Session, rollout: BookedRollout) -> Rollout:
    found = collect(session, rollout, plant.live, plant.settings.rollout) if rollout.under_way else []
    row = rollout.row
    return Rollout(
        bundle_id=row.bundle_id,
        champion_id=row.champion_id,
        state=_state(rollout),
        stage=rollout.stage,
        stages=row.stages,
        wait_min=waiting_min(rollout, plant.settings.rollout),
        advance_parts=plant.settings.rollout.advance_parts,
        stations=list(rollout.stations),
        reason=row.reason,
        user=row.user,
        created_at=row.created_at,
        steps=[RolloutStep.model_validate(step) for step in rollout.steps],
        evidence=[StationEvidence.model_validate(station) for station in found],
    )


def _state(rollout: BookedRollout) -> Literal["running", "halted", "finished"]:
    match rollout.steps[-1].kind:
        case StepKind.HALT:
            return "halted"
        case StepKind.FINISH:
            return "finished"
        case _:
            return "running"
