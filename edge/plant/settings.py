"""Settings of the link to the plant service."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from edge.contract.values import Value

__all__ = ["PlantSettings"]


class PlantSettings(Value):
    """Where the plant service is and how this station speaks to it."""

    url: Annotated[str, Field(pattern=r"^https?://", description="address of the plant service")]
    api_key: Annotated[SecretStr | None, Field(description="this station's key, shown once by the plant")] = None
    api_key_file: Annotated[Path | None, Field(description="file with the key; instead of `api_key`")] = None
    ca_file: Annotated[Path | None, Field(description="certificates to trust for https, PEM; system's without it")] = (
        None
    )
    heartbeat_s: Annotated[float, Field(ge=0.05, le=60, description="seconds between two heartbeats")] = 1.0
    timeout_s: Annotated[float, Field(gt=0, le=120, description="for one request")] = 10.0
    batch_size: Annotated[int, Field(ge=1, le=500, description="results in one upload")] = 250
    max_backoff_s: Annotated[float, Field(gt=0, le=600, description="longest pause after repeated failures")] = 30.0
    drain_s: Annotated[
        float, Field(ge=0, le=300, description="when the station ends, time to upload what still waits on disk")
    ] = 2.0
    pictures: Annotated[bool, Field(description="send the last judged part as a small picture with the heartbeat")] = (
        True
    )
