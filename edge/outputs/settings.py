"""Settings of each kind of output; `kind` decides which."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from edge.contract.values import Value
from edge.fieldbus.settings import ModbusAddress, MqttBroker

__all__ = [
    "CsvOutputSettings",
    "LogOutputSettings",
    "ModbusOutputSettings",
    "MqttOutputSettings",
    "OpcUaOutputSettings",
    "OutputSettings",
    "WebhookOutputSettings",
]

_BEFORE_PART_ID = 9  # registers of a result and its heartbeat; see `edge/outputs/modbus.py`
Name = Annotated[str, Field(min_length=1, max_length=64, description="name of the output in status and metrics")]
QueueSize = Annotated[
    int, Field(ge=1, le=100_000, description="results that wait; beyond it the oldest is given up and counted")
]
Attempts = Annotated[int, Field(ge=1, le=1000, description="tries for one result before it is given up and counted")]
MaxAge = Annotated[
    float | None,
    Field(
        gt=0,
        le=86_400,
        description="a result older than so many seconds is given up and counted; for who acts on each verdict, as an "
        "ejector does; none: each is told, however late, as who keeps a record wants it",
    ),
]


class WebhookOutputSettings(Value):
    """POSTs each result as JSON."""

    kind: Annotated[Literal["webhook"], Field(description="POST each result as JSON")]
    name: Name = "webhook"
    url: Annotated[str, Field(pattern=r"^https?://", description="where each result is posted")]
    bearer_token: Annotated[SecretStr | None, Field(description="sent as `Authorization: Bearer`")] = None
    bearer_token_file: Annotated[Path | None, Field(description="file with the token; instead of `bearer_token`")] = (
        None
    )
    ca_file: Annotated[
        Path | None, Field(description="certificates that sign the receiver's, PEM; the system's without it")
    ] = None
    timeout_s: Annotated[float, Field(gt=0, le=60, description="for one try")] = 2.0
    attempts: Attempts = 5
    queue_size: QueueSize = 1000
    max_age_s: MaxAge = None


class LogOutputSettings(Value):
    """Appends each result to a file."""

    kind: Annotated[Literal["log"], Field(description="append each result to a file, one JSON object a line")]
    name: Name = "log"
    path: Annotated[Path, Field(description="the file; relative to the settings file")]
    attempts: Attempts = 5
    queue_size: QueueSize = 10_000


class CsvOutputSettings(Value):
    """Appends each result to a table."""

    kind: Annotated[Literal["csv"], Field(description="append each result to a CSV file, one row each")]
    name: Name = "csv"
    path: Annotated[Path, Field(description="the file; relative to the settings file")]
    spreadsheet: Annotated[
        bool,
        Field(description="apostrophe before texts that a spreadsheet would run, such as `=1+1`; false: as they are"),
    ] = True
    attempts: Attempts = 5
    queue_size: QueueSize = 10_000


class ModbusOutputSettings(ModbusAddress):
    """Writes each result into a PLC's holding registers."""

    kind: Annotated[Literal["modbus"], Field(description="write each result into registers of a PLC, Modbus TCP")]
    name: Name = "plc"
    register_base: Annotated[
        int, Field(ge=0, le=65_000, description="first of the holding registers that the station writes, from 0")
    ] = 0
    part_id_registers: Annotated[
        int, Field(ge=1, le=64, description="registers for the part id, two characters each")
    ] = 16
    ack_register: Annotated[
        int | None,
        Field(ge=0, le=65_535, description="register into which the PLC copies the handshake; none: no handshake"),
    ] = None
    ack_timeout_s: Annotated[float, Field(gt=0, le=60, description="for the PLC's acknowledgement of one try")] = 1.0
    heartbeat_s: Annotated[float, Field(ge=0.1, le=60, description="time between two heartbeats")] = 1.0
    attempts: Attempts = 3
    queue_size: QueueSize = 1000
    max_age_s: MaxAge = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        last = self.register_base + _BEFORE_PART_ID + self.part_id_registers - 1
        if self.ack_register is not None and self.register_base <= self.ack_register <= last:
            msg = f"ack_register: expected one outside of {self.register_base} to {last}, which the station writes, "
            msg += f"got {self.ack_register}"
            raise ValueError(msg)
        return self


class MqttOutputSettings(MqttBroker):
    """Publishes each result."""

    kind: Annotated[Literal["mqtt"], Field(description="publish each result, and the state, to an MQTT broker")]
    name: Name = "mqtt"
    topic: Annotated[
        str, Field(pattern=r"^[^#+\x00]*[^#+/\x00]$", max_length=200, description="TOPIC/result and TOPIC/state")
    ]
    retain_result: Annotated[bool, Field(description="the broker keeps the latest result for who comes later")] = False
    attempts: Attempts = 5
    queue_size: QueueSize = 1000
    max_age_s: MaxAge = None


class OpcUaOutputSettings(Value):
    """Serves the latest result and the station's state."""

    kind: Annotated[Literal["opcua"], Field(description="serve results and state as an OPC UA server")]
    name: Name = "opcua"
    host: Annotated[
        str, Field(max_length=255, description="address to listen on; 0.0.0.0 for all of IPv4, :: for all of IPv6")
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535, description="port to listen on")] = 4840
    username: Annotated[str, Field(min_length=1, max_length=64, description="who may read; nobody else may")]
    password: Annotated[SecretStr | None, Field(description="of that user; needed, here or in a file")] = None
    password_file: Annotated[Path | None, Field(description="file with the password; instead of `password`")] = None
    certificate_file: Annotated[
        Path, Field(description="the server's certificate, DER; self-signed and written if the file is not there")
    ]
    private_key_file: Annotated[Path, Field(description="key of that certificate, PEM; written with it")]
    attempts: Attempts = 3
    queue_size: QueueSize = 1000
    max_age_s: MaxAge = None


OutputSettings = Annotated[
    WebhookOutputSettings
    | LogOutputSettings
    | CsvOutputSettings
    | ModbusOutputSettings
    | MqttOutputSettings
    | OpcUaOutputSettings,
    Field(discriminator="kind"),
]
