"""Jobs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from edge.contract.errors import Conflict, DataInvalid
from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.model_schemas import Job, JobWithLog, NewJob, NewReplayJob, NewThresholdJob, NewTrainJob
from inspection.audit.change import Change, change
from inspection.jobs.book import JobKind, add_job, list_jobs, request_cancel, require_job, waiting_training
from inspection.jobs.desk import log_tail
from inspection.jobs.material import require_trainable
from inspection.jobs.recipe import training_parameters
from inspection.registry.bundles import manifest_of, require_bundle
from inspection.registry.promotions import champion_of
from inspection.registry.recipes import require_recipe
from inspection.samples.samples import samples_of
from inspection.store.tables import BundleRow, JobRow

__all__ = ["router"]

router = APIRouter(tags=["jobs"])


@router.post("/jobs", status_code=201)
def post_job(body: NewJob, person: Engineer, plant: PlantDep) -> Job:
    """Ask for a job; it runs when those before it are done.

    A training that is asked for again before it has begun is the one that waits: it learns from all there is by then.
    """
    with change(plant.database, person.name, plant.clock()) as doing:
        _check(doing.session, body)
        job = Job.model_validate(_asked(doing, body, plant.settings.gate_replay_parts))
    plant.jobs.wake()
    return job


@router.get("/jobs")
def get_jobs(
    person: Operator, plant: PlantDep, recipe: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> list[Job]:
    """Jobs, newest first."""
    del person
    with plant.database.read() as session:
        return [Job.model_validate(row) for row in list_jobs(session, recipe, limit)]


@router.get("/jobs/{job_id}")
def get_job(job_id: str, person: Operator, plant: PlantDep) -> JobWithLog:
    """A job with the end of its log."""
    del person
    with plant.database.read() as session:
        job = Job.model_validate(require_job(session, job_id))
    return JobWithLog(**job.model_dump(), log=log_tail(plant.jobs.folder(job_id)))


@router.post("/jobs/{job_id}/cancel")
def post_cancel(job_id: str, person: Engineer, plant: PlantDep) -> Job:
    """Stop a job."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = request_cancel(doing.session, job_id, doing.now)
        doing.record("job.cancelled", job=job_id)
        return Job.model_validate(row)


def _asked(doing: Change, body: NewJob, replay_parts: int) -> JobRow:
    parameters = _parameters(doing.session, body, replay_parts)
    waiting = waiting_training(doing.session, body.recipe, parameters) if isinstance(body, NewTrainJob) else None
    if waiting is not None:
        doing.record("job.asked_again", job=waiting.id, kind=body.kind, recipe=body.recipe)
        return waiting
    row = add_job(doing.session, JobKind(body.kind), body.recipe, parameters, doing.actor, doing.now)
    doing.record("job.created", job=row.id, kind=body.kind, recipe=body.recipe)
    return row


def _parameters(session: Session, body: NewJob, replay_parts: int) -> dict[str, Any]:
    """As asked; of a training with the version of the recipe that it takes, of a replay with what it compares."""
    if isinstance(body, NewReplayJob):
        return {"bundle_id": body.bundle_id, "against": _against(session, body), "parts": body.parts or replay_parts}
    if not isinstance(body, NewTrainJob):
        return body.model_dump(exclude={"kind", "recipe"})
    why = {} if body.reason is None else {"reasons": [body.reason]}
    return {**training_parameters(session, body.recipe, use_defects=body.use_defects), **why}


def _against(session: Session, body: NewReplayJob) -> str:
    against = body.against or champion_of(session, body.recipe)
    if against is None:
        raise Conflict(f"recipe {body.recipe!r}: no champion to compare with yet; name another bundle as `against`")
    if against == body.bundle_id:
        raise Conflict(f"bundle {against[:12]}: expected another bundle to compare with, got the same one")
    _require_of(session, body.recipe, against)
    return against


def _check(session: Session, body: NewJob) -> None:
    require_recipe(session, body.recipe)
    if isinstance(body, NewTrainJob):
        require_trainable(samples_of(session, body.recipe), body.recipe)
        return
    bundle = _require_of(session, body.recipe, body.bundle_id)
    if isinstance(body, NewThresholdJob):
        _check_threshold(bundle, body)


def _require_of(session: Session, recipe: str, bundle_id: str) -> BundleRow:
    bundle = require_bundle(session, bundle_id)
    if bundle.recipe != recipe:
        raise Conflict(f"bundle {bundle_id[:12]} is not for recipe {recipe!r}")
    return bundle


def _check_threshold(bundle: BundleRow, body: NewThresholdJob) -> None:
    if body.undecided_from is not None and not body.undecided_from < body.at:
        raise DataInvalid(f"undecided_from: expected a score below the threshold {body.at}, got {body.undecided_from}")
    calibration = manifest_of(bundle).calibration
    if (body.at, body.undecided_from) == (calibration.threshold, calibration.undecided_from):
        raise Conflict(f"bundle {bundle.id[:12]}: this is its threshold already, nothing would change")
