"""What the API gives of data versions, and of trainings that start by themselves."""

from datetime import datetime

from pydantic import Field

from inspection.api.schemas import Answer
from inspection.samples.splits import Split

__all__ = [
    "DataChanges",
    "DataVersion",
    "DataVersionContent",
    "RetrainingDue",
    "RetrainingPlan",
    "RetrainingStarted",
    "VersionedSample",
]


class DataVersion(Answer):
    """What a training learnt from and was tested on; named by the hash of its content."""

    id: str
    recipe: str
    counts: dict[str, int] = Field(description="images by truth: good, or a defect type")
    created_at: datetime


class VersionedSample(Answer):
    """An image of a version."""

    sha256: str
    split: Split
    defect_type: str | None = Field(description="null: good")
    mask_sha256: str | None


class DataVersionContent(DataVersion):
    """A version with its images."""

    samples: list[VersionedSample]


class DataChanges(Answer):
    """What differs between two versions, by SHA-256 of the images."""

    added: list[str]
    removed: list[str]
    relabelled: list[str] = Field(description="in both, with another truth or mask")
    moved: list[str] = Field(description="in both, with another split; there are none by design")


class RetrainingDue(Answer):
    """A recipe with reasons to be trained again."""

    recipe: str
    reasons: list[str]
    new_labels: int
    minutes: float = Field(description="that its trainings took lately")
    priority: int = Field(description="0 to 9, the higher goes first")
    fits: bool = Field(description="what is left of the budget is enough for it, after those before it")
    failed_at: datetime | None = Field(
        None,
        description="its newest training failed or was cancelled less than a day ago: started by nobody but a person",
    )


class RetrainingPlan(Answer):
    """What would be trained by itself, and what is left of the budget."""

    due: list[RetrainingDue] = Field(
        description="by priority, then most new labels first; what failed lately is behind all others"
    )
    spent_min: float = Field(
        description="by trainings that started by themselves in the last 24 hours, and that those under way will take"
    )
    left_min: float
    may_start: bool = Field(description="the hour allows it")
    promotes: bool = Field(description="what passes the gate is promoted without a person")
    cores: int = Field(description="that one training takes")
    at_once: int = Field(description="trainings that run side by side")
    core_min: float = Field(description="minutes times cores of those that fit")
    ends_in_min: float = Field(description="until those that fit are done if they start now and nothing else runs")


class RetrainingStarted(Answer):
    """Jobs that were started, in the order in which they wait."""

    jobs: list[str] = Field(description="ids")
