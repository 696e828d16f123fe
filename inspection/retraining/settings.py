"""`[retraining]` of PLANT.toml: when models are trained again without anybody asking."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RetrainingSettings"]

Hour = Annotated[int, Field(ge=0, le=23)]


class RetrainingSettings(BaseModel):
    """Reasons to train again, and what it may cost; without a reason set nothing is trained by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    new_labels: Annotated[
        int | None, Field(ge=1, le=1_000_000, description="So many labels since the last training are a reason.")
    ] = None
    on_drift: Annotated[bool, Field(description="A drift of a camera is a reason, once there are new labels.")] = False
    every_days: Annotated[
        float | None, Field(gt=0, le=3650, description="So many days since the last are one, if there are new labels.")
    ] = None
    hours: Annotated[
        tuple[Hour, Hour] | None, Field(description="Start only from the one hour to the other, in local time.")
    ] = None
    budget_min: Annotated[
        float,
        Field(
            ge=0,
            le=1_000_000,
            description="Minutes of training in any 24 hours that may start by themselves, of all that run added up.",
        ),
    ] = 120
    priorities: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=9)]],
        Field(description="By recipe: the higher goes first, 5 without one; what people ask for goes before all."),
    ] = {}
    promote: Annotated[
        bool, Field(description="Promote what passed the gate without a person; else it waits for one.")
    ] = False
    check_every_s: Annotated[float, Field(gt=0, le=86_400, description="Seconds between two looks.")] = 60
