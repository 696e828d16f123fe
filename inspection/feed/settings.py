"""Webhooks, as PLANT.toml says them."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from edge.contract.result import Verdict

__all__ = ["WebhookSettings"]


class WebhookSettings(BaseModel):
    """Where results are posted as they come; signed as https://www.standardwebhooks.com says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Under which the plant notes how far it is."),
    ]
    url: Annotated[str, Field(pattern=r"^https?://", max_length=500, description="Gets a POST for each result.")]
    secret_file: Annotated[Path, Field(description="File with the key of the signature: text, or `whsec_` and base64.")]
    ca_file: Annotated[
        Path | None, Field(description="Certificates to trust for https, PEM; those of the system without it.")
    ] = None
    station: Annotated[str | None, Field(min_length=1, max_length=64, description="Only results of this station.")] = (
        None
    )
    recipe: Annotated[str | None, Field(min_length=1, max_length=64, description="Only results of this recipe.")] = None
    verdicts: Annotated[
        tuple[Verdict, ...], Field(min_length=1, description="Only results with one of these verdicts.")
    ] = tuple(Verdict)
    from_start: Annotated[
        bool, Field(description="Begin with the first result of the plant; otherwise with the next one.")
    ] = False
    timeout_s: Annotated[float, Field(gt=0, le=60, description="Seconds that an answer may take.")] = 10
    retry_first_s: Annotated[float, Field(gt=0, le=60, description="Pause after the first failure; then doubled.")] = 1
    retry_max_s: Annotated[float, Field(gt=0, le=3600, description="Longest pause between two tries.")] = 300
