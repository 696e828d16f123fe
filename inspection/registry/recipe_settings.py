"""What the plant decides of how a part type is inspected; a version of a recipe is one of these."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from edge.contract.input_side import MAX_SIDE_PX, MIN_SIDE_PX
from edge.contract.manifest import Roi, TierName
from edge.contract.sentences import sentence

__all__ = ["GEOMETRY", "Difference", "RecipeSettings", "differences"]

Share = Annotated[float, Field(gt=0, lt=1)]
Cost = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Image = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

GEOMETRY = ("tier", "size_px", "smallest_defect_px", "roi", "golden_sha256", "ignore_mask_sha256", "invariant")
"""Fields that decide what the network sees; a training follows the champion in them unless one changed."""


class RecipeSettings(BaseModel):
    """Settings of a part type; a training takes them, None leaves its own default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part_name: Annotated[str, Field(max_length=200, description="What people call the part.")] = ""
    description: Annotated[str, Field(max_length=4000, description="What is inspected, and what counts as bad.")] = ""
    tier: Annotated[TierName | None, Field(description="How much time a part may take.")] = None
    size_px: Annotated[
        int | None, Field(ge=MIN_SIDE_PX, le=MAX_SIDE_PX, description="Side of the network's input.")
    ] = None
    smallest_defect_px: Annotated[
        float | None, Field(ge=1, le=10_000, description="Smallest defect to be seen, in pixels of the camera.")
    ] = None
    roi: Annotated[Roi | None, Field(description="Region of the frame that is looked at.")] = None
    golden_sha256: Annotated[Image | None, Field(description="Image that parts are turned and shifted to.")] = None
    ignore_mask_sha256: Annotated[Image | None, Field(description="Not black where nothing is looked at.")] = None
    invariant: Annotated[
        tuple[Literal["rotation", "flip"], ...], Field(max_length=2, description="Good parts may lie like that, too.")
    ] = ()
    max_overkill: Annotated[Share, Field(description="Share of good parts that may fail.")] = 0.05
    undecided_overkill: Annotated[
        Share | None, Field(description="Share of good parts that may not pass; what does not fail is UNDECIDED.")
    ] = None
    escape_cost: Annotated[Cost | None, Field(description="Of a bad part that passes; None: no costs.")] = None
    overkill_cost: Annotated[Cost, Field(description="Of a good part that fails.")] = 1.0
    defect_rate: Annotated[Share, Field(description="Share of bad parts on the line.")] = 0.01
    use_defects: Annotated[bool, Field(description="Also learn from labelled defects.")] = True

    @field_validator("part_name", "description")
    @classmethod
    def _storable(cls, value: str) -> str:
        if "\0" in value:
            msg = "expected text without zero bytes"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _band(self) -> Self:
        if self.undecided_overkill is not None and not self.undecided_overkill > self.max_overkill:
            msg = sentence(f"undecided_overkill: expected more than max_overkill, {self.max_overkill}")
            raise ValueError(msg)
        return self

    @property
    def geometry(self) -> dict[str, Any]:
        """The fields that decide what the network sees."""
        return self.model_dump(include=set(GEOMETRY))


class Difference(BaseModel):
    """A field in which two versions differ."""

    model_config = ConfigDict(frozen=True)

    field: str
    before: Any
    after: Any


def differences(before: RecipeSettings, after: RecipeSettings) -> list[Difference]:
    """The fields that changed, in the order of the settings."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return [Difference(field=name, before=old[name], after=new[name]) for name in old if old[name] != new[name]]
