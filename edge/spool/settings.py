"""Settings of the spool."""

from typing import Annotated

from pydantic import Field

from edge.contract.values import Value

__all__ = ["SpoolSettings"]


class SpoolSettings(Value):
    """How much of the disk may hold what the plant has not got yet."""

    max_mb: Annotated[
        float,
        Field(ge=0.25, le=1_000_000, description="size limit in MiB; when full, images are given up, results wait"),
    ] = 2048.0
    waiting_mb: Annotated[
        float,
        Field(gt=0, le=4096, description="MiB of images that may wait in memory for the disk; beyond it they go"),
    ] = 64.0
