"""Settings of each way to hear of a changeover; `kind` decides which."""

from typing import Annotated, Literal

from pydantic import Field

from edge.fieldbus.settings import ModbusAddress, MqttBroker

__all__ = ["ChangeoverSettings", "ModbusChangeoverSettings", "MqttChangeoverSettings"]


class MqttChangeoverSettings(MqttBroker):
    """A message with the recipe's name."""

    kind: Annotated[Literal["mqtt"], Field(description="a message names the recipe; a retained one counts, too")]
    topic: Annotated[
        str, Field(pattern=r"^[^#+\x00]+$", max_length=200, description="what is subscribed to; TOPIC/done answers")
    ]


class ModbusChangeoverSettings(ModbusAddress):
    """A register with the recipe's number."""

    kind: Annotated[Literal["modbus"], Field(description="a register of a PLC holds the recipe's number")]
    register_number: Annotated[
        int, Field(ge=0, le=65_535, description="register: 1 for `recipe`, 2 for the first of `other_recipes`, …")
    ]
    done_register: Annotated[
        int | None,
        Field(ge=0, le=65_535, description="the station writes the number when done, 65535 if it cannot"),
    ] = None
    poll_ms: Annotated[float, Field(ge=1, le=10_000, description="time between two looks at the register")] = 50.0


ChangeoverSettings = Annotated[MqttChangeoverSettings | ModbusChangeoverSettings, Field(discriminator="kind")]
