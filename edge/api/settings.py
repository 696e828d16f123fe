"""Settings of the station's HTTP API."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from edge.contract.values import Value

__all__ = ["ApiSettings"]


class ApiSettings(Value):
    """Where the station listens."""

    host: Annotated[str, Field(max_length=255, description="address to listen on; 0.0.0.0 for all")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8090
    max_body_mb: Annotated[float, Field(gt=0, le=1024, description="largest image taken, in MiB")] = 32.0
    api_key: Annotated[
        SecretStr | None,
        Field(description="if set, /v1/… needs it as `Authorization: Bearer`; health and metrics stay open"),
    ] = None
    api_key_file: Annotated[Path | None, Field(description="file with the key; instead of `api_key`")] = None
