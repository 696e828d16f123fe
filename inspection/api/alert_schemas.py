"""What the API takes and gives of alerts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from inspection.alerts.book import AlertKind
from inspection.api.schemas import Answer, Body

__all__ = ["Acknowledgement", "Alert"]


class Acknowledgement(Body):
    """A person has seen an alert."""

    comment: Annotated[str | None, Field(max_length=500)] = None


class Alert(Answer):
    """Something that somebody should look at; once per cause."""

    id: int
    kind: AlertKind
    text: str
    station: str | None
    recipe: str | None
    opened_at: datetime
    last_seen_at: datetime = Field(description="when the cause was there last")
    closed_at: datetime | None = Field(description="closed by itself, some minutes after the cause was gone")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    comment: str | None = Field(description="of who acknowledged it")
