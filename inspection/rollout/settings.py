"""`[rollout]` of PLANT.toml: how closely a rollout is watched, and when it goes on by itself."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RolloutSettings"]


class RolloutSettings(BaseModel):
    """The bands of a rollout; what leaves its band by more than chance halts it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check_every_s: Annotated[float, Field(gt=0, le=3600, description="Seconds between two looks at a rollout.")] = 5
    first_look_parts: Annotated[
        int, Field(ge=10, le=1000, description="Parts of a station before it is judged; then each time they doubled.")
    ] = 20
    baseline_parts: Annotated[
        int, Field(ge=50, le=5000, description="Newest parts of the champion that a station is compared with.")
    ] = 2000
    false_halt: Annotated[
        float, Field(gt=0, le=0.1, description="Chance that a stage is halted although nothing is wrong.")
    ] = 0.01
    fail_rate_band: Annotated[
        float, Field(ge=0, lt=1, description="How far the share of FAIL may move, up or down, from the champion's.")
    ] = 0.02
    undecided_band: Annotated[
        float, Field(ge=0, lt=1, description="How far the share of drops, timeouts and UNDECIDED may rise.")
    ] = 0.005
    latency_factor: Annotated[
        float, Field(ge=1, le=100, description="Most times the champion's 99th percentile; the deadline holds besides.")
    ] = 1.5
    advance: Annotated[
        bool, Field(description="Go to the next stage without a person, once the two below have passed.")
    ] = False
    advance_parts: Annotated[
        int, Field(ge=20, le=5000, description="Parts that each station of the rollout must have judged for that.")
    ] = 320
    advance_after_min: Annotated[
        float, Field(ge=0, le=43_200, description="Minutes that the stage must have lasted for that.")
    ] = 60
