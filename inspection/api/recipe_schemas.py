"""What the API takes and gives of versions of recipes, and of the origin of a result."""

from datetime import datetime
from typing import Any

from pydantic import Field

from inspection.api.model_schemas import Gate, Promotion
from inspection.api.schemas import Answer, Body, Reason
from inspection.registry.recipe_settings import RecipeSettings

__all__ = ["BundleOrigin", "ImageAdded", "NewRecipeVersion", "Origin", "RecipeVersion", "Training"]


class NewRecipeVersion(Body):
    """The next version of a recipe, whole."""

    settings: RecipeSettings
    reason: Reason


class RecipeVersion(Answer):
    """A version of a recipe; it never changes."""

    recipe: str
    version: int = Field(description="from 1")
    settings: RecipeSettings
    reason: str
    user: str
    created_at: datetime


class ImageAdded(Answer):
    """An image that a version may name."""

    sha256: str


class BundleOrigin(Answer):
    """The bundle that judged."""

    id: str
    origin: str
    registered_at: datetime
    created_at: datetime
    goods: int = Field(description="good parts that it learnt from")
    defects: dict[str, int] = Field(description="labelled defects that it learnt from, by type")
    parent_id: str | None = Field(description="the champion that it followed")
    software: str


class Training(Answer):
    """The training that made it."""

    id: str
    user: str
    parameters: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


class Origin(Answer):
    """What decided a result; null where this plant does not know."""

    result_id: str
    bundle_id: str | None
    bundle: BundleOrigin | None
    training: Training | None
    recipe_version: RecipeVersion | None
    gate: Gate | None = Field(description="what it had said by then")
    promotion: Promotion | None = Field(description="that put the bundle on the stations by then; null in a rollout")
