"""The views that a part needs, by the settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from edge.contract.values import Value

__all__ = ["MAX_VIEW_NAME", "PartSettings", "View", "views_of"]

MAX_VIEW_NAME = 64
"""A result takes no longer one."""


class PartSettings(Value):
    """What a trigger from outside takes: one frame of each camera, or several."""

    shots: Annotated[int, Field(ge=1, le=32, description="frames of each camera that one trigger takes")] = 1
    missing_view: Annotated[
        Literal["undecided", "ignore"],
        Field(description="a view without a frame: the part is UNDECIDED, or the others decide. FAIL is FAIL anyway"),
    ] = "undecided"
    view_recipes: Annotated[
        dict[str, str],
        Field(description="a view that looks different is a recipe of its own: view = recipe"),
    ] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """One frame that a part needs.

    Attributes:
        name: the camera's; with several shots `camera/1`, `camera/2`, …
        camera: which camera takes it.
        recipe: what judges it; None for the recipe that the line makes.
    """

    name: str
    camera: str
    recipe: str | None = None


def views_of(cameras: Sequence[str], settings: PartSettings) -> tuple[View, ...]:
    """All views of one part, in the order in which each camera takes them."""
    named = [
        (camera if settings.shots == 1 else f"{camera}/{shot}", camera)
        for camera in cameras
        for shot in range(1, settings.shots + 1)
    ]
    return tuple(View(name, camera, settings.view_recipes.get(name)) for name, camera in named)
