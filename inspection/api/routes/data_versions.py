"""Data versions of a recipe."""

from typing import Annotated

from fastapi import APIRouter, Query

from inspection.api.access import Operator, PlantDep
from inspection.api.data_schemas import DataChanges, DataVersion, DataVersionContent, VersionedSample
from inspection.registry.recipes import require_recipe
from inspection.samples.versions import changes, require_data_version, samples_in, versions_of_data

__all__ = ["router"]

router = APIRouter(tags=["recipes"])

Id = Annotated[str, Query(pattern=r"^[0-9a-f]{64}$")]


@router.get("/recipes/{recipe}/data-versions")
def get_data_versions(recipe: str, person: Operator, plant: PlantDep) -> list[DataVersion]:
    """What trainings and gates of the recipe used, newest first."""
    del person
    with plant.database.read() as session:
        require_recipe(session, recipe)
        return [DataVersion.model_validate(row) for row in versions_of_data(session, recipe)]


@router.get("/recipes/{recipe}/data-versions/comparison")
def get_data_changes(recipe: str, before: Id, after: Id, person: Operator, plant: PlantDep) -> DataChanges:
    """What differs between two versions."""
    del person
    with plant.database.read() as session:
        old, new = (require_data_version(session, recipe, id_) for id_ in (before, after))
        found = changes(old, new)
    return DataChanges(
        added=list(found.added),
        removed=list(found.removed),
        relabelled=list(found.relabelled),
        moved=list(found.moved),
    )


@router.get("/recipes/{recipe}/data-versions/{version}")
def get_data_version(recipe: str, version: str, person: Operator, plant: PlantDep) -> DataVersionContent:
    """A version with its images."""
    del person
    with plant.database.read() as session:
        row = require_data_version(session, recipe, version)
        samples = [
            VersionedSample(
                sha256=sample.sha256,
                split=sample.split,
                defect_type=sample.truth.defect_type,
                mask_sha256=sample.truth.mask_sha256,
            )
            for sample in samples_in(row)
        ]
        return DataVersionContent(**DataVersion.model_validate(row).model_dump(), samples=samples)
