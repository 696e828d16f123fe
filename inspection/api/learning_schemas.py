"""What the API takes and gives of acceptances."""

from datetime import datetime

from pydantic import Field

from inspection.api.model_schemas import Job
from inspection.api.review_schemas import AlikeIds, FromQueue
from inspection.api.schemas import Answer, Body, Reason

__all__ = ["Acceptance", "AcceptanceUndone", "NewAcceptance"]


class NewAcceptance(Body):
    """Results that failed and are good after all."""

    result_ids: AlikeIds
    reason: Reason
    from_queue: FromQueue = False


class Acceptance(Answer):
    """What somebody accepted as good."""

    id: str
    recipe: str
    result_ids: list[str]
    reason: str
    user: str
    job_id: str = Field(description="that teaches it; its result names the bundle and what would have been lost")
    created_at: datetime
    undone_by: str | None = Field(description="who ended it; `gate`: a known defect would have been lost")
    undone_at: datetime | None


class AcceptanceUndone(Answer):
    """An acceptance that was taken back."""

    acceptance: Acceptance
    rolled_back: bool = Field(description="the champion before it runs again")
    job: Job | None = Field(description="that makes today's champion without this one, with the others that stand")
