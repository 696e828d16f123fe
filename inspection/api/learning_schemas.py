"""What the API takes and gives of acceptances."""

from datetime import datetime

from pydantic import Field

from inspection.api.model_schemas import Job
from inspection.api.review_schemas import AlikeIds, FromQueue
from inspection.api.schemas import Answer, Body, Reason
from inspection.learning.outcomes import OutcomeState

__all__ = ["Acceptance", "AcceptanceEffect", "AcceptanceUndone", "NewAcceptance"]


class NewAcceptance(Body):
    """Results that failed and are good after all."""

    result_ids: AlikeIds
    reason: Reason
    from_queue: FromQueue = False


class AcceptanceEffect(Answer):
    """What teaching it brought."""

    bundle_id: str = Field(description="newest model that was taught it and passed the gate")
    parts: int = Field(description="that it was taught; the others are held out, or were taken beside what is")
    passing: int = Field(description="of these, by that model")


class Acceptance(Answer):
    """What somebody accepted as good."""

    id: str
    recipe: str
    result_ids: list[str]
    reason: str
    user: str
    job_id: str = Field(description="that teaches it; its result names the bundle and what would have been lost")
    created_at: datetime
    undone_by: str | None = Field(description="who ended it; `gate`: see the state `refused`")
    undone_at: datetime | None
    state: OutcomeState = Field(
        description="`nothing_to_teach`: the champion passed all that stood accepted, labels and acceptance stand; "
        "`only_tests`: all its parts are held out or were taken beside what is, so it stands and teaches nothing; "
        "`refused`: a known defect would have been lost, or none of the parts would have passed; the labels stay; "
        "`failed`: see the job; it stands, and the next job or training teaches it"
    )
    effect: AcceptanceEffect | None = Field(description="null before a model was taught it, or if that is not known")


class AcceptanceUndone(Answer):
    """An acceptance that was taken back."""

    acceptance: Acceptance
    rolled_back: bool = Field(description="the champion before it runs again")
    job: Job | None = Field(description="that makes today's champion without this one, with the others that stand")
