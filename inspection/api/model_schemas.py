"""What the API takes and gives of jobs, models and the gate."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from edge.contract.manifest import Costs
from edge.contract.result import Verdict
from inspection.api.schemas import Answer, Body, Name, Reason, SampleCounts, Sha256, ShownLabel
from inspection.jobs.book import JobKind, JobState

__all__ = [
    "Gate",
    "GateFlip",
    "GateReport",
    "Heldout",
    "HeldoutSince",
    "Job",
    "JobWithLog",
    "Lineage",
    "ModelVersion",
    "Models",
    "NewEvaluateJob",
    "NewGateJob",
    "NewJob",
    "NewReplayJob",
    "NewThresholdJob",
    "NewTrainJob",
    "Promote",
    "Promotion",
    "PublicKey",
    "Rollback",
    "Trial",
]


class NewTrainJob(Body):
    """Train a new model on everything the recipe has."""

    kind: Literal["train"]
    recipe: Name
    use_defects: Annotated[
        bool | None, Field(description="also learn from labelled defects; null: as the recipe's newest version says")
    ] = None
    reason: Annotated[Reason | None, Field(description="why; the lineage of the model tells it")] = None


class NewGateJob(Body):
    """Run the gate for a bundle that is in the registry."""

    kind: Literal["gate"]
    recipe: Name
    bundle_id: Sha256


class NewThresholdJob(Body):
    """Make a version of a bundle with another threshold, and run the gate for it."""

    kind: Literal["threshold"]
    recipe: Name
    bundle_id: Sha256
    at: Annotated[float, Field(allow_inf_nan=False, description="FAIL above this score")]
    undecided_from: Annotated[
        float | None,
        Field(allow_inf_nan=False, description="UNDECIDED above this score and up to `at`; None: never"),
    ] = None


class NewEvaluateJob(Body):
    """Measure a bundle of the registry on the frozen hold-out, by itself."""

    kind: Literal["evaluate"]
    recipe: Name
    bundle_id: Sha256


class NewReplayJob(Body):
    """Judge the newest parts of the line by a bundle of the registry and by another one; it decides nothing."""

    kind: Literal["replay"]
    recipe: Name
    bundle_id: Sha256
    against: Annotated[Sha256 | None, Field(description="bundle to compare with; null: the champion")] = None
    parts: Annotated[
        int | None, Field(ge=1, le=100_000, description="newest results that are looked at; null: `gate_replay_parts`")
    ] = None


NewJob = Annotated[
    NewTrainJob | NewGateJob | NewThresholdJob | NewEvaluateJob | NewReplayJob, Field(discriminator="kind")
]


class Job(Answer):
    """A job."""

    id: str
    kind: JobKind
    recipe: str
    parameters: dict[str, Any]
    state: JobState
    progress: float
    step: str
    error: str | None
    result: Annotated[dict[str, Any] | None, Field(description="while it runs: what it has made so far")]
    cancel_requested: bool
    interruptions: Annotated[int, Field(description="how often the service died while it ran; it was started again")]
    user: str
    priority: Annotated[int, Field(description="of those that wait, the higher goes first; 10 is a person's")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobWithLog(Job):
    """A job with the end of its log."""

    log: list[str]


class Gate(Answer):
    """What the gate said of a bundle."""

    passed: bool
    champion_id: str | None
    evaluation: dict[str, Any]
    created_at: datetime


class GateFlip(Answer):
    """A part on which a bundle and the champion disagreed when the gate ran."""

    source: Literal["holdout", "replay"]
    sha256: str = Field(description="of the picture")
    result_id: str | None = Field(description="of a replayed part")
    label: str | None = Field(description="when the gate ran: good, a defect type, or None")
    learnt: bool = Field(description="the challenger may have been trained on it")
    champion_verdict: Verdict
    champion_score: float | None
    challenger_verdict: Verdict
    challenger_score: float | None
    labels: list[ShownLabel] = Field(description="what people say of a replayed part now")


class GateReport(Answer):
    """The latest verdict of the gate on a bundle, with what a person should look at."""

    gate: Gate
    verdict: str = Field(description="in words, a line for each rule")
    flips_total: int
    flips: list[GateFlip] = Field(description="those that nobody had labelled first")


class HeldoutSince(Answer):
    """Parts of the hold-out that have a label now and had none then, or another one."""

    goods: int
    defects: int


class ModelVersion(Answer):
    """A model version of a recipe."""

    id: str
    origin: str
    registered_at: datetime
    created_at: datetime
    champion: bool
    trunk: str
    goods: int
    defects: dict[str, int]
    threshold: float
    promise: str
    gate: Gate | None
    gate_is_current: bool = Field(description="compared with today's champion")
    heldout_since_gate: HeldoutSince | None = Field(
        description="of the hold-out, labelled since the gate collected it, so that it says nothing of them: run it "
        "again; null if no current gate waits for a promotion"
    )


class Lineage(Answer):
    """Where a model version comes from; null where this plant does not know."""

    bundle_id: str
    origin: str
    parent_id: str | None = Field(description="bundle that it follows, or was made of")
    parent_known: bool = Field(description="the registry has the parent")
    code_version: str = Field(description="of the software that made it")
    versions: dict[str, str] = Field(description="of the libraries")
    trunk: str
    trunk_sha256: str
    seed: int
    job_id: str | None
    made_by: str | None = Field(description="who asked for the job; `system` or `schedule`: nobody did")
    made_at: datetime
    reasons: list[str] = Field(description="why, as far as somebody said so")
    data_version: str | None
    data_counts: dict[str, int] | None = Field(description="images of that version by truth")
    recipe_version: int | None
    settings_reason: str | None = Field(description="why that version of the settings was made")
    settings_by: str | None


class Trial(Answer):
    """What a model version says of one picture; nothing of it is stored."""

    verdict: Verdict
    score: float | None
    threshold: float | None
    defect_class: str | None
    reason: str | None = Field(description="why it is UNDECIDED")
    session_run_ms: float | None = Field(description="inside onnxruntime only")
    picture_png_base64: str | None = Field(description="the picture with the map over it")


class Heldout(Answer):
    """Scores of parts that a model had not seen, by which a person sees what a threshold would do."""

    threshold: float
    undecided_from: float | None
    goods: tuple[float, ...] = Field(description="sorted, at most a thousand")
    defects: tuple[float, ...]
    overkill_at_most: tuple[float, ...] = Field(
        description="by the number of these goods that fail, with 95 % confidence"
    )
    escapes_at_most: tuple[float, ...] = Field(description="by the number of these defects that pass, with the same")
    costs: Costs | None = Field(description="by which the threshold was chosen")


class Promotion(Answer):
    """A change of the champion."""

    bundle_id: str
    kind: str = Field(description="promote, force (against the gate's refusal) or rollback")
    reason: str
    user: str
    created_at: datetime


class Models(Answer):
    """Everything about a recipe's models; lists newest first."""

    recipe: str
    champion_id: str | None
    rollback_to: str | None
    waiting: dict[str, int] = Field(description="labels since the data of the last model, by label")
    samples: SampleCounts
    models: list[ModelVersion]
    promotions: list[Promotion]


class Promote(Body):
    """A promotion."""

    bundle_id: Sha256
    reason: Reason
    force: Annotated[bool, Field(description="against the gate's refusal; needs the role admin")] = False


class Rollback(Body):
    """A rollback."""

    reason: Reason


class PublicKey(Answer):
    """The key that signs this plant's bundles; stations list it under their trusted keys."""

    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str
