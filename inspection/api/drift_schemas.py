"""What the API gives of drift."""

from datetime import datetime

from pydantic import Field

from inspection.api.schemas import Answer
from inspection.drift.cause import Cause
from inspection.drift.measures import Measure

__all__ = ["Drift", "Shift"]


class Shift(Answer):
    """How far a measure has moved."""

    measure: Measure
    baseline: float
    recent: float
    spread: float = Field(description="from part to part, in the baseline")
    shift: float = Field(description="in units of the spread; above 0 where the measure rose")
    parts: int = Field(description="of the recent hours")
    beyond_bound: bool


class Drift(Answer):
    """What moved at one camera of a station since its bundle came, and when it came."""

    station: str
    camera: str
    recipe: str
    bundle_id: str
    since: datetime = Field(description="first hour of the bundle there")
    shifts: list[Shift] = Field(description="recent hours against the bundle's first; empty before there are enough")
    cause: Cause | None = Field(description="likely cause; null if nothing is beyond the bound")
    change: list[Shift] = Field(description="the bundle's first hours against the last ones of the bundle before")
    change_cause: Cause | None
