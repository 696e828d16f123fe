"""Settings of the station's HTTP API."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from edge.contract.values import Value

__all__ = ["ApiSettings"]


class ApiSettings(Value):
    """Where the station listens."""

    host: Annotated[
        str, Field(max_length=255, description="address to listen on; 0.0.0.0 for all of IPv4, :: for all of IPv6")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8090
    max_body_mb: Annotated[float, Field(gt=0, le=1024, description="largest image taken, in MiB")] = 32.0
    max_megapixels: Annotated[
        float, Field(gt=0, le=200, description="largest image decoded; a larger one ends UNDECIDED")
    ] = 64.0
    certificate_file: Annotated[
        Path | None, Field(description="certificate, PEM, with its chain: HTTPS and WSS instead of HTTP and WS")
    ] = None
    private_key_file: Annotated[Path | None, Field(description="key of that certificate, PEM")] = None
    api_key: Annotated[
        SecretStr | None,
        Field(description="if set, /v1/… needs it as `Authorization: Bearer`; health and metrics stay open"),
    ] = None
    api_key_file: Annotated[Path | None, Field(description="file with the key; instead of `api_key`")] = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate_file is None) != (self.private_key_file is None):
            msg = "expected certificate_file and private_key_file together"
            raise ValueError(msg)
        return self
