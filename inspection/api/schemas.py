"""What the API takes and gives, beside the station link (`edge/contract/link.py`)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from edge.contract.link import Heartbeat
from edge.contract.result import InspectionResult, Verdict
from inspection.people.roles import Role
from inspection.people.scopes import Scope
from inspection.people.users import MAX_PASSWORD, MIN_PASSWORD
from inspection.samples.doubts import DoubtKind
from inspection.samples.splits import Split
from inspection.samples.statements import Label

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Before = Annotated[int | None, Field(ge=0, le=2**63 - 1, description="a number of a row: those with lower ones follow")]
Password = Annotated[str, StringConstraints(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]


def without_zero_bytes(text: str) -> str:
    """The text, if PostgreSQL can keep it and look for it.

    Raises:
        ValueError: it cannot.
    """
    if "\0" in text:
        msg = "expected text without zero bytes"
        raise ValueError(msg)
    return text


Searched = Annotated[str, AfterValidator(without_zero_bytes)]
"""What somebody looks for; refused before the answer begins, for that may be a stream."""


DefectType = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(without_zero_bytes)
]


class Body(BaseModel):
    """What a request brings; unknown keys are refused, and so are zero bytes, which PostgreSQL cannot keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _no_zero_bytes(cls, value: Any) -> Any:
        return without_zero_bytes(value) if isinstance(value, str) else value


class Answer(BaseModel):
    """What an answer gives."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings", from_attributes=True)


class Refusal(Answer):
    """Every answer that says no."""

    error: str = Field(description="kind of the error, for programs")
    message: str = Field(description="what was expected and what came, for people")
    request_id: str | None = Field(default=None, description="as the service's log names the request")


class Credentials(Body):
    """A sign-in."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]


class Me(Answer):
    """Who is signed in; `csrf` goes into the header X-CSRF-Token of every change."""

    name: str
    role: Role
    csrf: str


class NewUser(Body):
    """A user to make."""

    name: Name
    password: Password
    role: Role


class UserChange(Body):
    """What to change of a user; None leaves it."""

    role: Role | None = None
    password: Password | None = None
    disabled: bool | None = None


class User(Answer):
    """A user."""

    name: str
    role: Role
    disabled: bool
    created_at: datetime


class NewApiKey(Body):
    """A key for a program; people and the audit log stay with people."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
    role: Literal[Role.OPERATOR, Role.INSPECTOR, Role.ENGINEER]
    scopes: Annotated[
        frozenset[Scope] | None, Field(min_length=1, description="only these; without it all that the role may")
    ] = None


class ApiKey(Answer):
    """A key of a program; acts as `key:<name>`."""

    name: str
    role: Role
    scopes: list[Scope] | None = Field(description="that the key is limited to; null is all that the role may")
    created_by: str
    created_at: datetime
    revoked_at: datetime | None


class ApiKeyOnce(Answer):
    """A new key, shown this once."""

    name: str
    role: Role
    scopes: list[Scope] | None
    api_key: str


class NewRecipe(Body):
    """A recipe to make."""

    name: Name


class Recipe(Answer):
    """A recipe, with what runs and what waits."""

    name: str
    created_at: datetime
    champion_id: str | None
    review_waiting: int


class SampleAdded(Answer):
    """What became of an uploaded image."""

    sha256: str
    split: Split
    new: bool = Field(description="false if this image had this label already")


class MaskKept(Answer):
    """What became of a mask."""

    sha256: str = Field(description="of the mask as it is kept, white where the defect is")
    new: bool


class SampleCounts(Answer):
    """How many images a recipe has; defects by type."""

    goods: dict[str, int]
    defects: dict[str, dict[str, int]]


class SampleItem(Answer):
    """A sample with what counts for it."""

    sha256: str
    media_type: str
    split: Split
    label: Label
    defect_type: str | None
    mask_sha256: str | None = Field(description="of a PNG of the image's size in which the defect is white")


class SamplePage(Answer):
    """Samples by hash."""

    samples: list[SampleItem]
    next_after: str | None = Field(description="give it as `after` for the next page; None at the end")


class Statement(Answer):
    """What stands of one source; an upload has neither user nor result."""

    user: str | None
    result_id: str | None
    label: Label
    defect_type: str | None


class Doubt(Answer):
    """A sample to look at before a training."""

    sha256: str
    split: Split
    kind: DoubtKind
    why: str
    counts_as: str | None = Field(description="for a training: good, a defect type, or None where it is left out")
    said: list[Statement]
    alike: list[str] = Field(description="SHA-256 of further samples that show nearly the same; good ones, too")
    looks_like: str | None = Field(description="the defect type that it may be of, by the last training")


class NewRuling(Body):
    """What counts for a doubtful sample from now on."""

    label: Literal["good", "defect", "unsure"]
    defect_type: DefectType | None = None


class NewStation(Body):
    """A station to make."""

    name: Name
    recipe: Name
    line: Name | None = Field(None, description="that it stands at, with others; results are searched by it")
    reuse: bool = Field(
        default=False, description="the name may be that of a station out of service, whose results become this one's"
    )


class StationLine(Body):
    """Where a station stands from now on; its earlier results count for this line, too."""

    line: Name | None


class StationRetirement(Body):
    """Why a station is taken out of service."""

    reason: Reason


class RetiredStation(Answer):
    """A station that is out of service; its results stay."""

    name: str
    recipe: str
    line: str | None
    retired_at: datetime


class StationKey(Answer):
    """A station's key, shown this once."""

    name: str
    recipe: str
    api_key: str


class RecentPart(Answer):
    """A dot on the strip of recent parts."""

    id: str
    part_id: str
    verdict: Verdict
    frame_sha256: str | None


class Station(Answer):
    """A station as last heard."""

    name: str
    recipe: str
    line: str | None
    state: Literal["never_seen", "live", "silent"]
    heartbeat_age_s: float | None
    heartbeat: Heartbeat | None = Field(description="without its picture")
    clock_ahead_s: float | None = Field(description="station's clock against the plant's, when it was last heard")
    desired_bundle_id: str | None
    yield_fraction: float | None = Field(description="passed / settled since the station was started")
    picture_result_id: str | None
    picture_age_s: float | None
    recent: list[RecentPart] = Field(description="newest first")


class ShownLabel(Answer):
    """The latest label of one person."""

    user: str
    label: Label
    defect_type: str | None
    comment: str | None
    mask_sha256: str | None = Field(description="of a PNG in which what is defective is white")
    created_at: datetime


class ShownRuling(Answer):
    """What somebody ruled about a doubtful picture: it outweighed what was said before."""

    user: str
    label: Label
    defect_type: str | None
    created_at: datetime


class StoredResult(Answer):
    """A result, with what the plant knows of it."""

    number: int = Field(description="order of arrival; cursor of the next page")
    received_at: datetime
    result: InspectionResult
    images: dict[str, str] = Field(description="SHA-256 by kind, of the images that have arrived")
    images_removed: list[str] = Field(description="kinds of the images that retention removed")
    labels: list[ShownLabel]
    rulings: list[ShownRuling] = Field(description="on its picture, the oldest first")


class ResultPage(Answer):
    """Results, newest first."""

    results: list[StoredResult]
    next_before: int | None = Field(description="give it as `before` for the next page; None at the end")


class AuditEntry(Answer):
    """A row of the audit log."""

    number: int
    at: str
    actor: str
    action: str
    details: str
    previous_hash: str
    hash: str


class RetentionRule(Answer):
    """How long images of some results are kept; null fits all."""

    station: str | None
    line: Annotated[str | None, Field(description="of the stations that stand there")]
    verdict: Verdict | None
    keep_days: float


class RetentionDue(Answer):
    """What a run of retention would remove now."""

    images: int
    size_bytes: int


class Retention(Answer):
    """Rules of retention; the first that fits a result decides, and a result that none fits keeps its images."""

    rules: list[RetentionRule]
    due: RetentionDue


class AuditCheck(Answer):
    """What a check of the whole audit chain found."""

    rows: int
    head: str = Field(description="hash of the last good row; noted elsewhere, it also proves that no end was cut off")
    broken_at: int | None = Field(description="number of the first row that does not fit; null if all do")
    problem: str | None
