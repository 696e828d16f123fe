"""`[ray]` of PLANT.toml: a cluster on which jobs run instead of on the plant's machine."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RaySettings"]


class RaySettings(BaseModel):
    """Which cluster, and how much of it; a job takes `job_cores` (1 if unset) and `job_memory_mb` of a worker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9._-]+:[0-9]{1,5}$",
            description="`HOST:PORT` of the cluster's head, which this machine has joined: `ray start --address=…`.",
        ),
    ]
    jobs_at_once: Annotated[
        int, Field(ge=1, le=256, description="Jobs under way at the same time, of different recipes.")
    ] = 4
    attempts: Annotated[int, Field(ge=1, le=10, description="Workers on which a command is tried if they die.")] = 3
