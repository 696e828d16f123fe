"""`[drift]` of PLANT.toml: what is compared with what, and how far it may move."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["DriftSettings"]


class DriftSettings(BaseModel):
    """Windows and bound of drift."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline_hours: Annotated[
        int, Field(ge=1, le=500, description="First hours with parts after a bundle came that are the baseline.")
    ] = 8
    recent_hours: Annotated[int, Field(ge=1, le=500, description="Newest hours with parts that are compared.")] = 2
    min_parts: Annotated[int, Field(ge=10, le=100_000, description="Parts that each of the two needs.")] = 50
    bound: Annotated[
        float, Field(gt=0, le=100, description="Shift, in the spread from part to part, from which it is a drift.")
    ] = 2.0
