"""How a controller or a broker is reached."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from edge.contract.values import Value

__all__ = ["ModbusAddress", "MqttBroker"]

Host = Annotated[str, Field(min_length=1, max_length=255, description="name or address of the machine")]


class ModbusAddress(Value):
    """A Modbus TCP server, as PLCs are."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535, description="its TCP port")] = 502
    device_id: Annotated[int, Field(ge=0, le=255, description="Modbus unit behind that address")] = 1
    timeout_s: Annotated[float, Field(gt=0, le=60, description="for connecting and for one answer")] = 1.0


class MqttBroker(Value):
    """An MQTT 3.1.1 broker."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535, description="its TCP port; 8883 is usual with TLS")] = 1883
    client_id: Annotated[
        str, Field(max_length=128, description="must differ between all clients of a broker; empty: made up")
    ] = ""
    username: Annotated[str | None, Field(description="none: without a password")] = None
    password: Annotated[SecretStr | None, Field(description="goes with `username`")] = None
    password_file: Annotated[Path | None, Field(description="file with the password; instead of `password`")] = None
    tls: Annotated[bool, Field(description="encrypt, and check the broker's certificate")] = False
    ca_file: Annotated[
        Path | None, Field(description="certificates that sign the broker's; the system's without it")
    ] = None
    cert_file: Annotated[Path | None, Field(description="this client's certificate, where the broker asks")] = None
    key_file: Annotated[Path | None, Field(description="key of that certificate")] = None
    keepalive_s: Annotated[int, Field(ge=1, le=3600, description="the broker hears something this often")] = 15
    timeout_s: Annotated[float, Field(gt=0, le=60, description="for connecting and for one acknowledgement")] = 5.0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.tls and (self.ca_file or self.cert_file or self.key_file):
            msg = "ca_file, cert_file and key_file need `tls = true`"
            raise ValueError(msg)
        if self.username is None and (self.password or self.password_file):
            msg = "a password needs a `username`"
            raise ValueError(msg)
        return self
