"""What the API takes and gives of rollouts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from inspection.api.schemas import Answer, Body, Name, Reason, Sha256
from inspection.rollout.book import StepKind
from inspection.rollout.judge import Measure

__all__ = ["Finding", "LineStage", "NewRollout", "Rollout", "RolloutReason", "RolloutStep", "StationEvidence"]

StationStage = Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]


class LineStage(Body):
    """A stage of all stations of the recipe that stand at a line now and are in no stage before."""

    line: Name


class NewRollout(Body):
    """A rollout to start."""

    bundle_id: Sha256
    stages: Annotated[
        tuple[StationStage | LineStage, ...],
        Field(min_length=1, max_length=20, description="stations or line that each stage adds; then all, by promotion"),
    ]
    wait_min: Annotated[
        float | None,
        Field(
            ge=0,
            le=43_200,
            description="minutes that a stage lasts before it goes on by itself, if every station has judged "
            "`advance_parts` within the bands; null: as `[rollout]` says",
        ),
    ] = None
    reason: Reason


class RolloutReason(Body):
    """Why a rollout is advanced or halted."""

    reason: Reason


class Finding(Answer):
    """A measure of a station at its last look."""

    measure: Measure
    champion: float = Field(description="share of parts; of those slower than `limit_ms` for the latency")
    challenger: float
    p_value: float = Field(description="chance of at least this difference if nothing is wrong")
    halts: bool
    limit_ms: float | None
    text: str


class StationEvidence(Answer):
    """What speaks for or against the challenger at one station."""

    station: str
    running: str | None = Field(description="bundle that the station said it runs")
    parts: int = Field(description="judged with the challenger, drops and timeouts among them")
    looked_at: int = Field(description="how many of them the last look took; 0 before the first")
    compared_with: Literal["itself", "others"] | None = Field(description="null: too few parts with the champion")
    findings: list[Finding]
    refused: str | None = Field(description="why the station does not run the challenger")


class RolloutStep(Answer):
    """A step, with the evidence that it was decided on."""

    kind: StepKind
    reason: str
    user: str
    created_at: datetime
    evidence: list[StationEvidence]


class Rollout(Answer):
    """A rollout; `evidence` is of now while it is under way, and empty afterwards."""

    bundle_id: str
    champion_id: str
    state: Literal["running", "halted", "finished"]
    stage: int = Field(description="from 0")
    stages: list[list[str]] = Field(description="stations that each stage adds, those of a line by name")
    wait_min: float | None = Field(description="minutes before a stage goes on by itself; null: a person advances it")
    advance_parts: int = Field(description="that each station must have judged for that")
    stations: list[str] = Field(description="that run the challenger while it is under way")
    reason: str
    user: str
    created_at: datetime
    steps: list[RolloutStep] = Field(description="oldest first")
    evidence: list[StationEvidence]
