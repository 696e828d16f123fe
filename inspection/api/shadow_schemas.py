"""What the API takes and gives of challengers that judge beside the champion."""

from pydantic import Field

from inspection.api.review_schemas import Estimate
from inspection.api.schemas import Answer, Body, Reason, Sha256, StoredResult

__all__ = ["NewShadow", "Shadow"]


class NewShadow(Body):
    """Which bundle shall judge beside the champion; null: none."""

    bundle_id: Sha256 | None
    reason: Reason


class Shadow(Answer):
    """The challenger beside the champion, told also once it is that itself, and what it would have said."""

    bundle_id: str | None
    running: bool = Field(description="false once it is the champion, which ends it for good, or nothing was ordered")
    parts: int = Field(description="that it was asked; the others had no spare time, or were not judged")
    pairs: dict[str, dict[str, int]] = Field(description="parts by the champion's verdict, then by the challenger's")
    agreement: Estimate | None = Field(description="share of parts with the same verdict")
    flips: list[StoredResult] = Field(description="newest parts with another verdict; see `result.shadow`")
