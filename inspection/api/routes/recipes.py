"""Recipes and their samples."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import DataInvalid
from inspection.api.access import Engineer, Operator, PlantDep
from inspection.api.raw_body import RAW
from inspection.api.schemas import (
    DefectType,
    Doubt,
    MaskKept,
    NewRecipe,
    NewRuling,
    Recipe,
    SampleAdded,
    SampleCounts,
    Sha256,
)
from inspection.audit.change import change
from inspection.jobs.book import last_training
from inspection.plant import Plant
from inspection.registry.promotions import champion_of
from inspection.registry.recipes import add_recipe, list_recipes, require_recipe
from inspection.review.labels import adopt_labels
from inspection.review.queue import queue_length
from inspection.review.wanted import Wanted
from inspection.samples.doubts import Named, doubts_of
from inspection.samples.mask_picture import white_png
from inspection.samples.rulings import rule
from inspection.samples.samples import UPLOAD, Subject, add_statement, count_samples, last_upload, split_kept
from inspection.samples.statements import Label, Said
from inspection.store.images import EXTENSIONS, keep_image, media_type_of, picture_size_px, require_whole

__all__ = ["router"]

router = APIRouter(tags=["recipes"])

_LABELS = (Label.GOOD, Label.DEFECT)
_NAMED = (  # by a training's report
    "suspicious_goods",
    "ordinary_defects",
    "test_images_learnt_from",
    "goods_alike",
    "goods_like_defects",
)


@router.post("/recipes", status_code=201)
def post_recipe(body: NewRecipe, person: Engineer, plant: PlantDep) -> Recipe:
    """Make a recipe; what people have said of its parts by now counts for it."""
    with change(plant.database, person.name, plant.clock()) as doing:
        row = add_recipe(doing.session, body.name, doing.now)
        adopt_labels(doing.session, body.name, doing.now)
        doing.record("recipe.created", recipe=body.name)
        return Recipe(name=row.name, created_at=row.created_at, champion_id=None, review_waiting=0)


@router.get("/recipes")
def get_recipes(person: Operator, plant: PlantDep) -> list[Recipe]:
    """All recipes."""
    del person
    with plant.database.read() as session:
        return [
            Recipe(
                name=row.name,
                created_at=row.created_at,
                champion_id=champion_of(session, row.name),
                review_waiting=sum(queue_length(session, Wanted(recipe=row.name)).values()),
            )
            for row in list_recipes(session)
        ]


@router.get("/recipes/{recipe}/samples")
def get_samples(recipe: str, person: Operator, plant: PlantDep) -> SampleCounts:
    """How many images the recipe has."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return SampleCounts.model_validate(count_samples(session, recipe))


@router.get("/recipes/{recipe}/samples/doubts")
def get_doubts(recipe: str, person: Operator, plant: PlantDep) -> list[Doubt]:
    """Labels to look at before a training: conflicts, and goods that look bad."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        trained = last_training(session, recipe)
        told = {} if trained is None or trained.result is None else trained.result
        tested = (told.get("gate") or {}).get("challenger") or {}
        unreadable = [*told.get("unreadable", []), *tested.get("unreadable", [])]
        named = replace(Named(*(told.get(name, []) for name in _NAMED)), unreadable=unreadable)
        return [Doubt.model_validate(doubt) for doubt in doubts_of(session, recipe, named)]


@router.post("/recipes/{recipe}/samples", status_code=201, openapi_extra=RAW)
async def post_sample(
    recipe: str,
    request: Request,
    person: Engineer,
    plant: PlantDep,
    label: Annotated[Label, Query(description="good or defect")],
    defect_type: Annotated[DefectType | None, Query()] = None,
) -> SampleAdded:
    """Add an image (the raw file is the body) with what is true of it; the same again changes nothing."""
    if label not in _LABELS:
        raise DataInvalid(f"label: expected good or defect, got {label}")
    data = await request.body()
    said = Said(label, defect_type if label is Label.DEFECT else None)
    return await run_in_threadpool(_add_sample, plant, person.name, recipe, data, said)


@router.post("/recipes/{recipe}/samples/{sha256}/ruling", status_code=204)
def post_ruling(recipe: str, sha256: Sha256, body: NewRuling, person: Engineer, plant: PlantDep) -> None:
    """Settle a doubt: this counts for the sample, whatever was said before; `unsure` keeps it out of training."""
    with change(plant.database, person.name, plant.clock()) as doing:
        require_recipe(doing.session, recipe)
        rule(doing.session, Subject(recipe, sha256), person.name, Label(body.label), body.defect_type, doing.now)
        doing.record("sample.ruled", recipe=recipe, sha256=sha256, label=body.label, defect_type=body.defect_type)


@router.put("/recipes/{recipe}/samples/{sha256}/mask", openapi_extra=RAW)
async def put_mask(recipe: str, sha256: Sha256, request: Request, person: Engineer, plant: PlantDep) -> MaskKept:
    """Say where the defect is on a sample that was added as a defect: the body is a PNG, not black where it is."""
    data = await request.body()
    return await run_in_threadpool(_keep_mask, plant, person.name, Subject(recipe, sha256), data)


def _keep_mask(plant: Plant, user: str, subject: Subject, data: bytes) -> MaskKept:
    with change(plant.database, user, plant.clock()) as doing:
        require_recipe(doing.session, subject.recipe)
        where = f"mask of sample {subject.sha256[:12]}"
        said = last_upload(doing.session, subject)
        if said is None or said.label is not Label.DEFECT:
            raise DataInvalid(f"{where}: expected a sample of {subject.recipe!r} that was uploaded as a defect")
        size_px = picture_size_px(doing.session, plant.blobs, subject.sha256)
        white = white_png(data, size_px, where)
        digest = keep_image(doing.session, plant.blobs, white, doing.now)
        new = add_statement(doing.session, subject, UPLOAD, replace(said, mask_sha256=digest), doing.now)
        if new:
            doing.record("sample.marked", recipe=subject.recipe, sha256=subject.sha256, mask=digest)
    return MaskKept(sha256=digest, new=new)


def _add_sample(plant: Plant, user: str, recipe: str, data: bytes, said: Said) -> SampleAdded:
    if media_type_of(data) not in EXTENSIONS:
        raise DataInvalid(f"sample: expected a PNG, JPEG, BMP or TIFF file, got {len(data)} bytes of something else")
    require_whole(data)
    plant.blobs.put(data)  # the way to a bucket may be long: it holds up no other writer
    with change(plant.database, user, plant.clock()) as doing:
        require_recipe(doing.session, recipe)
        digest = keep_image(doing.session, plant.blobs, data, doing.now)
        subject = Subject(recipe, digest)
        before = last_upload(doing.session, subject)
        if before is not None and (before.label, before.defect_type) == (said.label, said.defect_type):
            said = before  # with its mask, if it has one
        new = add_statement(doing.session, subject, UPLOAD, said, doing.now)
        doing.record(
            "sample.added", recipe=recipe, sha256=digest, label=said.label, defect_type=said.defect_type, new=new
        )
        return SampleAdded(sha256=digest, split=split_kept(doing.session, subject), new=new)
