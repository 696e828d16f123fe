"""`[alerts]` of PLANT.toml: when something is worth an alert, and who is told."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AlertSettings", "MqttTarget", "Target", "WebhookTarget"]

Name = Annotated[str, Field(min_length=1, max_length=64, description="Tells the targets apart; each once.")]
Timeout = Annotated[float, Field(gt=0, le=60, description="Seconds to wait for an answer.")]


class WebhookTarget(BaseModel):
    """Alerts as HTTP POST requests, signed with a shared secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[Literal["webhook"], Field(description="POST each event as JSON.")]
    name: Name
    url: Annotated[str, Field(pattern=r"^https?://", max_length=2000, description="Where to.")]
    secret_file: Annotated[Path, Field(description="File with the secret that the receiver checks the HMAC with.")]
    ca_file: Annotated[
        Path | None, Field(description="Certificates to trust for https, PEM; those of the system without it.")
    ] = None
    timeout_s: Timeout = 10


class MqttTarget(BaseModel):
    """Alerts as MQTT messages, quality of service 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[Literal["mqtt"], Field(description="Publish each event as JSON.")]
    name: Name
    host: Annotated[str, Field(min_length=1, max_length=255, description="Of the broker.")]
    port: Annotated[int, Field(ge=1, le=65535, description="Of the broker.")] = 1883
    topic: Annotated[str, Field(pattern=r"^[^#+\x00]+$", max_length=200, description="To publish on.")] = (
        "inspection/alerts"
    )
    username: Annotated[str | None, Field(max_length=200, description="None: the broker asks for none.")] = None
    password_file: Annotated[Path | None, Field(description="File with the password of `username`.")] = None
    ca_file: Annotated[Path | None, Field(description="Certificates to trust; with it the connection is TLS.")] = None
    timeout_s: Timeout = 10


Target = Annotated[WebhookTarget | MqttTarget, Field(discriminator="kind")]


class AlertSettings(BaseModel):
    """When there is an alert."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    watch_every_s: Annotated[float, Field(gt=0, le=3600, description="Seconds between two looks at the rules.")] = 30
    close_after_min: Annotated[
        float, Field(ge=0, le=1440, description="Minutes without the cause after which an alert closes by itself.")
    ] = 10
    silent_after_s: Annotated[
        float, Field(gt=0, le=86_400, description="Seconds without a heartbeat until a silent station is an alert.")
    ] = 60
    clock_skew_s: Annotated[
        float, Field(gt=0, le=86_400, description="Seconds that a station's clock may differ from the plant's.")
    ] = 30
    chart_hours: Annotated[
        int, Field(ge=12, le=2000, description="Hours of the control chart whose newest hour with parts may signal.")
    ] = 72
    targets: Annotated[tuple[Target, ...], Field(description="Who is told, beside the pages.")] = ()

    def taken_from(self, folder: Path) -> Self:
        """The same with the targets' files taken from `folder`."""
        return self.model_copy(update={"targets": tuple(_taken_from(target, folder) for target in self.targets)})


def _taken_from(target: WebhookTarget | MqttTarget, folder: Path) -> WebhookTarget | MqttTarget:
    paths = {name: folder / value for name, value in target if isinstance(value, Path)}
    return target.model_copy(update=paths)
