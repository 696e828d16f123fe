"""Model versions of a recipe: seen, promoted, rolled back, uploaded."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import NotAllowed, NotFound
from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.model_schemas import (
    GateReport,
    Heldout,
    Lineage,
    Models,
    ModelVersion,
    Promote,
    Promotion,
    PublicKey,
    Rollback,
)
from inspection.api.raw_body import RAW
from inspection.api.schemas import SampleCounts
from inspection.api.views import gate_report, lineage_view, model_view
from inspection.audit.change import change
from inspection.jobs.book import last_training, learnt_until
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.registry.bundles import bundles_of, manifest_of, register, require_bundle_of
from inspection.registry.gates import latest_gate, refusal_of, unseen_by_gate
from inspection.registry.lineage import lineage_of
from inspection.registry.promotions import champion_of, force, log_of, promote, rollback, rollback_target
from inspection.registry.recipes import require_recipe
from inspection.review.rates import upper_bounds
from inspection.samples.samples import count_samples, statements_since

__all__ = ["router"]

router = APIRouter(tags=["models"])


@router.get("/recipes/{recipe}/models")
def get_models(recipe: str, person: Operator, plant: PlantDep) -> Models:
    """Everything about a recipe's models."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return _models(session, recipe)


@router.post("/recipes/{recipe}/promote")
def post_promote(recipe: str, body: Promote, person: Engineer, plant: PlantDep) -> Promotion:
    """Make a bundle the champion; refused unless the gate passed against today's champion, or an admin forces it."""
    if body.force and not person.role.covers(Role.ADMIN):
        raise NotAllowed(f"{person.name} is {person.role}; forcing a bundle past the gate needs the role {Role.ADMIN}")
    with change(plant.database, person.name, plant.clock()) as doing:
        make, gate = force if body.force else promote, latest_gate(doing.session, body.bundle_id)
        row = make(doing.session, recipe, body.bundle_id, reason=body.reason, user=person.name, now=doing.now)
        told = unseen_by_gate(doing.session, recipe, body.bundle_id)
        refused = {"refused_because": refusal_of(gate)} if body.force and gate is not None else {}
        action = "model.forced" if body.force else "model.promoted"
        doing.record(action, recipe=recipe, bundle=body.bundle_id, reason=body.reason, **told, **refused)
        return Promotion.model_validate(row)


@router.get("/recipes/{recipe}/models/{bundle_id}/gate")
def get_gate(
    recipe: str,
    bundle_id: str,
    person: Operator,
    plant: PlantDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> GateReport:
    """What the gate said of a bundle, in words, and the parts on which it and the champion disagree."""
    del person
    with plant.database.read() as session:
        require_bundle_of(session, recipe, bundle_id)
        gate = latest_gate(session, bundle_id)
        if gate is None:
            raise NotFound(f"bundle {bundle_id[:12]}: the gate has not run yet")
        return gate_report(session, gate, limit, offset)


@router.get("/recipes/{recipe}/models/{bundle_id}/lineage")
def get_lineage(recipe: str, bundle_id: str, person: Operator, plant: PlantDep) -> Lineage:
    """What a version follows, what it learnt from, with which code, settings and seed, who made it and why."""
    del person
    with plant.database.read() as session:
        row = require_bundle_of(session, recipe, bundle_id)
        return lineage_view(lineage_of(session, row))


@router.get("/recipes/{recipe}/models/{bundle_id}/report", response_class=Response)
def get_report(recipe: str, bundle_id: str, person: Operator, plant: PlantDep) -> Response:
    """What the newest gate measured of a bundle: an HTML file to keep, which opens offline.

    A file and no page: its charts are scripts, which the pages of this service do not allow.
    """
    del person
    with plant.database.read() as session:
        require_bundle_of(session, recipe, bundle_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{recipe}-{bundle_id[:10]}.html"',
        "Content-Encoding": "gzip",
    }
    return Response(plant.bundles.report(bundle_id), media_type="text/html", headers=headers)


@router.get("/recipes/{recipe}/models/{bundle_id}/heldout")
def get_heldout(recipe: str, bundle_id: str, person: Operator, plant: PlantDep) -> Heldout:
    """Scores of held-out parts, by which a person sees what another threshold would do."""
    del person
    with plant.database.read() as session:
        row = require_bundle_of(session, recipe, bundle_id)
        calibration = manifest_of(row).calibration
    scores = calibration.heldout_scores
    if scores is None:
        raise NotFound(f"bundle {bundle_id[:12]}: it carries no held-out scores; a model trained here does")
    return Heldout(
        threshold=calibration.threshold,
        undecided_from=calibration.undecided_from,
        goods=scores.goods,
        defects=scores.defects,
        overkill_at_most=upper_bounds(len(scores.goods)),
        escapes_at_most=upper_bounds(len(scores.defects)),
        costs=calibration.costs,
    )


@router.post("/recipes/{recipe}/rollback")
def post_rollback(recipe: str, body: Rollback, person: Engineer, plant: PlantDep) -> Promotion:
    """Make the champion before this one champion again."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = rollback(doing.session, recipe, reason=body.reason, user=person.name, now=doing.now)
        doing.record("model.rolled_back", recipe=recipe, bundle=row.bundle_id, reason=body.reason)
        return Promotion.model_validate(row)


@router.post("/recipes/{recipe}/bundles", status_code=201, openapi_extra=RAW)
async def post_bundle(recipe: str, request: Request, person: Engineer, plant: PlantDep) -> ModelVersion:
    """Add a bundle that was made elsewhere (the file is the body); run the gate before promoting it."""
    with TemporaryDirectory(prefix="bundle-") as folder:
        path = Path(folder) / "upload.bundle"
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        return await run_in_threadpool(_upload, plant, person.name, recipe, path)


@router.get("/keys/public")
def get_public_key(person: Operator, plant: PlantDep) -> PublicKey:
    """The key that stations must trust."""
    del person
    return PublicKey(public_key=plant.public_key)


def _upload(plant: Plant, user: str, recipe: str, path: Path) -> ModelVersion:
    with change(plant.database, user, plant.clock()) as doing:
        row = register(doing.session, plant.bundles, path, recipe=recipe, origin="upload", now=doing.now)
        doing.record("model.uploaded", recipe=recipe, bundle=row.id)
        return model_view(doing.session, row, champion_of(doing.session, recipe))


def _models(session: Session, recipe: str) -> Models:
    champion, trained = champion_of(session, recipe), last_training(session, recipe)
    return Models(
        recipe=recipe,
        champion_id=champion,
        rollback_to=rollback_target(session, recipe),
        waiting=statements_since(session, recipe, None if trained is None else learnt_until(trained)),
        samples=SampleCounts.model_validate(count_samples(session, recipe)),
        models=[model_view(session, row, champion) for row in bundles_of(session, recipe)],
        promotions=[Promotion.model_validate(row) for row in reversed(log_of(session, recipe))],
    )
