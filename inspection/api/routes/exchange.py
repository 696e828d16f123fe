"""What other tools take from the plant: samples by page, results as CSV."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from inspection.api.access import Operator, PlantDep
from inspection.api.result_filter import ResultFilterDep
from inspection.api.schemas import SampleItem, SamplePage
from inspection.exchange.listing import results_csv, sample_page
from inspection.registry.recipes import require_recipe

__all__ = ["router"]

router = APIRouter(tags=["exchange"])


@router.get("/recipes/{recipe}/samples/list")
def get_sample_list(
    recipe: str,
    person: Operator,
    plant: PlantDep,
    after: Annotated[str, Query(pattern=r"^([0-9a-f]{64})?$")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> SamplePage:
    """Every image that the recipe learns from or is tested on, by hash, with what counts for it."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        page, next_after = sample_page(session, recipe, after, limit)
    items = [
        SampleItem(
            sha256=sample.sha256,
            media_type=media_type,
            split=sample.split,
            label=sample.truth.label,
            defect_type=sample.truth.defect_type,
            mask_sha256=sample.truth.mask_sha256,
        )
        for sample, media_type in page
    ]
    return SamplePage(samples=items, next_after=next_after)


@router.get("/results.csv", response_class=StreamingResponse)
def get_results_csv(
    person: Operator,
    plant: PlantDep,
    wanted: ResultFilterDep,
    spreadsheet: Annotated[bool, Query(description="for Excel: mark of UTF-8, apostrophe before formulas")] = False,  # noqa: FBT002
) -> StreamingResponse:
    """All results that fit, oldest first, as CSV; sent while it is read, however many there are."""
    del person
    headers = {"Content-Disposition": 'attachment; filename="results.csv"'}
    lines = results_csv(plant.database, wanted, spreadsheet=spreadsheet)
    return StreamingResponse(lines, 200, headers, "text/csv; charset=utf-8")
