"""Results and their images."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from inspection.api.access import Operator, PlantDep
from inspection.api.result_filter import ResultFilterDep
from inspection.api.schemas import Before, ResultPage, StoredResult
from inspection.api.views import result_views
from inspection.ingest.find import find_results, require_result
from inspection.store.images import EXTENSIONS, image_row
from inspection.store.pictures import PictureSize

__all__ = ["router"]

router = APIRouter(tags=["results"])

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # the address is the hash of the content


class ImageSize(StrEnum):
    """The file as it came, or a JPEG of it for a page."""

    ORIGINAL = "original"
    DISPLAY = "display"
    THUMB = "thumb"


@router.get("/results")
def get_results(
    person: Operator,
    plant: PlantDep,
    fits: ResultFilterDep,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> ResultPage:
    """Results, newest first: by arrival, or by when they were taken where `since` or `until` is given."""
    del person
    wanted = replace(fits, before=before, limit=limit)
    with plant.database.read() as session:
        rows = find_results(session, wanted)
        return ResultPage(
            results=result_views(session, rows), next_before=rows[-1].number if len(rows) == limit else None
        )


@router.get("/results/{result_id}")
def get_result(result_id: str, person: Operator, plant: PlantDep) -> StoredResult:
    """One result."""
    del person
    with plant.database.read() as session:
        return result_views(session, [require_result(session, result_id)])[0]


@router.get("/images/{sha256}", response_class=Response)
def get_image(
    sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
    person: Operator,
    plant: PlantDep,
    size: ImageSize = ImageSize.ORIGINAL,
) -> Response:
    """A stored image, or a JPEG of it in the size of a page."""
    del person
    with plant.database.read() as session:
        media_type = image_row(session, sha256).media_type
    if size is not ImageSize.ORIGINAL:
        return Response(plant.pictures.get(sha256, PictureSize(size.value)), 200, _FOR_EVER, "image/jpeg")
    shown = media_type if media_type in EXTENSIONS else "application/octet-stream"
    return Response(plant.blobs.get(sha256), 200, _FOR_EVER, shown)
