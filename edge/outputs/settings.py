"""Settings of each kind of output; `kind` decides which."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from edge.contract.values import Value

__all__ = ["LogOutputSettings", "OutputSettings", "WebhookOutputSettings"]

Name = Annotated[str, Field(min_length=1, max_length=64, description="name of the output in status and metrics")]
QueueSize = Annotated[
    int, Field(ge=1, le=100_000, description="results that wait; beyond it the oldest is given up and counted")
]
Attempts = Annotated[int, Field(ge=1, le=1000, description="tries for one result before it is given up and counted")]


class WebhookOutputSettings(Value):
    """POSTs each result as JSON."""

    kind: Annotated[Literal["webhook"], Field(description="POST each result as JSON")]
    name: Name = "webhook"
    url: Annotated[str, Field(pattern=r"^https?://", description="where each result is posted")]
    bearer_token: Annotated[SecretStr | None, Field(description="sent as `Authorization: Bearer`")] = None
    timeout_s: Annotated[float, Field(gt=0, le=60, description="for one try")] = 2.0
    attempts: Attempts = 5
    queue_size: QueueSize = 1000


class LogOutputSettings(Value):
    """Appends each result to a file."""

    kind: Annotated[Literal["log"], Field(description="append each result to a file, one JSON object a line")]
    name: Name = "log"
    path: Annotated[Path, Field(description="the file; relative to the settings file")]
    attempts: Attempts = 5
    queue_size: QueueSize = 10_000


OutputSettings = Annotated[WebhookOutputSettings | LogOutputSettings, Field(discriminator="kind")]
