"""Versions of a recipe, and where a result comes from."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import DataInvalid
from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.model_schemas import Gate, Promotion
from inspection.api.raw_body import RAW
from inspection.api.recipe_schemas import BundleOrigin, ImageAdded, NewRecipeVersion, Origin, RecipeVersion, Training
from inspection.audit.change import change
from inspection.ingest.find import parse_result, require_result
from inspection.plant import Plant
from inspection.registry.bundles import manifest_of
from inspection.registry.origin import Origin as FoundOrigin
from inspection.registry.origin import origin_of
from inspection.registry.recipe_settings import Difference, differences
from inspection.registry.recipe_versions import add_version, newest_version, require_version, settings_of, versions_of
from inspection.registry.recipes import require_recipe
from inspection.store.images import EXTENSIONS, keep_image, media_type_of, require_whole

__all__ = ["router"]

router = APIRouter(tags=["recipes"])

Version = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/recipes/{recipe}/versions")
def get_versions(recipe: str, person: Operator, plant: PlantDep) -> list[RecipeVersion]:
    """All versions, newest first; trainings take the newest."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return [RecipeVersion.model_validate(row) for row in versions_of(session, recipe)]


@router.post("/recipes/{recipe}/versions", status_code=201)
def post_version(recipe: str, body: NewRecipeVersion, person: Engineer, plant: PlantDep) -> RecipeVersion:
    """Make the next version, with a reason."""
    with change(plant.database, person.name, plant.clock()) as doing:
        before = settings_of(newest_version(doing.session, recipe))
        row = add_version(doing.session, recipe, body.settings, reason=body.reason, user=person.name, now=doing.now)
        changed = [difference.model_dump() for difference in differences(before, body.settings)]
        doing.record("recipe.changed", recipe=recipe, version=row.version, changed=changed, reason=body.reason)
        return RecipeVersion.model_validate(row)


@router.get("/recipes/{recipe}/versions/comparison")
def get_comparison(recipe: str, before: Version, after: Version, person: Operator, plant: PlantDep) -> list[Difference]:
    """The fields in which two versions differ."""
    del person
    with plant.database.read() as session:
        old, new = (settings_of(require_version(session, recipe, number)) for number in (before, after))
    return differences(old, new)


@router.post("/recipes/{recipe}/images", status_code=201, openapi_extra=RAW)
async def post_image(recipe: str, request: Request, person: Engineer, plant: PlantDep) -> ImageAdded:
    """Add an image (the raw file is the body) that a version may name: a golden image, a mask of what is ignored."""
    data = await request.body()
    return await run_in_threadpool(_add_image, plant, person.name, recipe, data)


@router.get("/results/{result_id}/origin")
def get_origin(result_id: str, person: Operator, plant: PlantDep) -> Origin:
    """Which bundle decided a result, and which version of the recipe made that."""
    del person
    with plant.database.read() as session:
        result = parse_result(require_result(session, result_id))
        found = origin_of(session, result.bundle_id, result.captured_at)
        return _origin(result_id, result.bundle_id, found)


def _add_image(plant: Plant, user: str, recipe: str, data: bytes) -> ImageAdded:
    if media_type_of(data) not in EXTENSIONS:
        raise DataInvalid(f"image: expected a PNG, JPEG, BMP or TIFF file, got {len(data)} bytes of something else")
    require_whole(data)
    with change(plant.database, user, plant.clock()) as doing:
        require_recipe(doing.session, recipe)
        digest = keep_image(doing.session, plant.blobs, data, doing.now)
        doing.record("recipe.image_added", recipe=recipe, sha256=digest)
    return ImageAdded(sha256=digest)


def _origin(result_id: str, bundle_id: str | None, found: FoundOrigin | None) -> Origin:
    if found is None:
        unknown = dict.fromkeys(("bundle", "training", "recipe_version", "gate", "promotion"))
        return Origin(result_id=result_id, bundle_id=bundle_id, **unknown)
    return Origin(
        result_id=result_id,
        bundle_id=bundle_id,
        bundle=_bundle(found),
        training=None if found.training is None else Training.model_validate(found.training),
        recipe_version=None if found.version is None else RecipeVersion.model_validate(found.version),
        gate=None if found.gate is None else Gate.model_validate(found.gate),
        promotion=None if found.promotion is None else Promotion.model_validate(found.promotion),
    )


def _bundle(found: FoundOrigin) -> BundleOrigin:
    row, manifest = found.bundle, manifest_of(found.bundle)
    return BundleOrigin(
        id=row.id,
        origin=row.origin,
        registered_at=row.registered_at,
        created_at=manifest.created_at,
        goods=manifest.data.goods,
        defects=manifest.data.defects,
        parent_id=manifest.provenance.parent_bundle_id,
        software=manifest.provenance.inspection_version,
    )
