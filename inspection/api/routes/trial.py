"""A model version tried on pictures, before anything runs it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import DataInvalid
from inspection.api.access import Engineer, PlantDep
from inspection.api.model_schemas import Trial
from inspection.api.raw_body import MAYBE_RAW
from inspection.api.schemas import Sha256
from inspection.plant import Plant
from inspection.registry.bundles import require_bundle_of
from inspection.store.images import EXTENSIONS, image_row, media_type_of, require_whole

__all__ = ["router"]

router = APIRouter(tags=["models"])


@router.post("/recipes/{recipe}/models/{bundle_id}/trial", openapi_extra=MAYBE_RAW)
async def post_trial(
    recipe: str,
    bundle_id: str,
    request: Request,
    person: Engineer,
    plant: PlantDep,
    sha256: Annotated[Sha256 | None, Query(description="of a stored picture; absent: the raw file is the body")] = None,
) -> Trial:
    """Judge one picture by a version, promoted or not; nothing of it is stored, counted or told to anybody."""
    del person
    data = None if sha256 is not None else await request.body()
    return await run_in_threadpool(_try, plant, (recipe, bundle_id), sha256, data)


def _try(plant: Plant, named: tuple[str, str], sha256: str | None, data: bytes | None) -> Trial:
    recipe, bundle_id = named
    with plant.database.read() as session:
        require_bundle_of(session, recipe, bundle_id)
        if sha256 is not None:
            image_row(session, sha256)
    picture = data if data is not None else plant.blobs.get(sha256 or "")
    if media_type_of(picture) not in EXTENSIONS:
        raise DataInvalid(f"trial: expected a PNG, JPEG, BMP or TIFF file, got {len(picture)} bytes of something else")
    require_whole(picture)
    return Trial.model_validate(plant.trials.judge(plant.bundles.path(bundle_id), picture))
