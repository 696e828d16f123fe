"""What the review part of the API takes and gives."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from inspection.api.schemas import Answer, Body, DefectType, StoredResult
from inspection.review.reviewers import Sign
from inspection.samples.statements import Label

__all__ = [
    "AlikeGroup",
    "AlikeIds",
    "AuditPlan",
    "AuditReport",
    "AuditSide",
    "BatchLabelled",
    "BesideResult",
    "Estimate",
    "FromQueue",
    "Groups",
    "NewBatchLabel",
    "NewLabel",
    "ResultId",
    "ReviewQueue",
    "ReviewerMeasured",
]

ResultId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
AlikeIds = Annotated[list[ResultId], Field(min_length=1, max_length=2000)]
"""Of a whole group: the newest thousand parts may all be alike, with parts of known truth among them."""
Seconds = Annotated[float, Field(ge=0, le=86_400, description="from the picture's showing to the decision")]

FromQueue = Annotated[
    bool, Field(description="shown by the queue or in a group, so that it may be a part of known truth")
]


class ReviewQueue(Answer):
    """Parts that nobody has judged yet: flagged ones, and passed ones drawn by chance.

    Among them, without a sign, are some that others have judged: for a second opinion, and to measure the reviewer.
    """

    waiting: dict[str, int] = Field(description="how many, by verdict")
    defect_types: list[str]
    results: list[StoredResult]
    drawn: list[str] = Field(description="ids of those that belong to the random audit sample")
    held: list[str] = Field(description="ids of those that other people look at now: they come last in `results`")


class AlikeGroup(Answer):
    """Parts that look alike where they are most unusual; of one recipe, verdict and suspected class.

    Among them, without a sign, may be some that others have judged, to measure the reviewer.
    """

    results: list[StoredResult] = Field(description="the worst and the odd ones first, at most the first 24")
    ids: list[str] = Field(description="of all members, in the same order; /review/parts gives those beyond the first")
    odd: list[str] = Field(description="members that are least like the others: look at them before you decide")
    worst: str = Field(description="the member with the highest score")


class Groups(Answer):
    """Groups of two and more waiting parts, the largest first."""

    groups: list[AlikeGroup]
    alone: int = Field(description="waiting parts that are like no other")
    defect_types: list[str]


class BesideResult(Answer):
    """What to look at beside a part."""

    views: list[StoredResult] = Field(description="other views of the part at the same moment, by their names")
    history: list[StoredResult] = Field(description="earlier and later results of the same part, the newest first")
    alike: list[StoredResult] = Field(description="flagged parts with the most alike fault, the nearest first")
    good_sha256: str | None = Field(description="the most alike picture of a good part")
    golden: bool = Field(description="there is a golden image, at …/golden")
    picture_px: tuple[int, int] | None = Field(description="width and height of the part's own picture")


class AuditPlan(Answer):
    """How large a random sample of passed parts shows a bound."""

    escapes_at_most: float = Field(description="share of passed parts that is bad")
    confidence: float
    parts_needed: int = Field(description="to be reviewed, none of them bad")


class Estimate(Answer):
    """A rate with its two-sided 95 % interval."""

    value: float
    lower: float
    upper: float


class AuditSide(Answer):
    """Parts of one verdict, and how many verdicts of the sample were wrong."""

    parts: int
    with_picture: int = Field(description="the station kept one; the others cannot be reviewed")
    drawn: int
    reviewed: int = Field(description="of those drawn, labelled good or defect")
    unsure: int = Field(description="of those drawn; left out")
    uncovered: int = Field(description="parts of stations of which none was reviewed; the rate says nothing of them")
    wrong: Estimate | None


class AuditReport(Answer):
    """How often the line is wrong, from the random audit sample alone."""

    recipe: str
    since: datetime | None
    plan: AuditPlan | None = Field(description="what the plant's settings ask for; None if nothing is drawn")
    passes: AuditSide
    fails: AuditSide
    escape_rate: Estimate | None = Field(description="bad parts that passed, of all bad ones; at least 95 %")
    overkill_rate: Estimate | None = Field(description="good parts that failed, of all good ones; at least 95 %")
    escapes_at_most: float | None = Field(
        description="share of passed parts that is bad, one-sided bound with 95 %; uncovered ones count as bad"
    )
    shown: bool = Field(description="the plan's bound holds")


class ReviewerMeasured(Answer):
    """How well and how fast one person judges."""

    user: str
    decisions: int
    seconds_median: float | None = Field(description="of the decisions that were timed")
    known_defects: int = Field(description="defective parts of known truth that were shown and answered")
    missed: Estimate | None = Field(description="share of them called good")
    known_goods: int
    overcalled: Estimate | None = Field(description="share of them called defective")
    second_opinions: int = Field(description="parts that others judged, too")
    agreement: Estimate | None = Field(description="share of them on which all agree")
    signs: tuple[Sign, ...] = Field(description="what speaks for decisions made without looking")


class NewLabel(Body):
    """What a person says of a result."""

    result_id: ResultId
    label: Label
    defect_type: DefectType | None = None
    comment: Annotated[str | None, Field(max_length=500)] = None
    mask_png_base64: Annotated[
        str | None,
        Field(max_length=8_000_000, description="a PNG of the picture's size; what is not black is defective"),
    ] = None
    took_s: Seconds | None = None
    from_queue: FromQueue = False


class NewBatchLabel(Body):
    """One decision for alike parts; `retracted` takes it back."""

    result_ids: AlikeIds
    label: Literal[Label.GOOD, Label.DEFECT, Label.UNSURE, Label.RETRACTED]
    defect_type: DefectType | None = None
    took_s: Seconds | None = None
    from_queue: FromQueue = False


class BatchLabelled(Answer):
    """How many parts the decision was for."""

    labelled: int
