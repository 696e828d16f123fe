"""Settings of each kind of trigger; `kind` decides which."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from edge.contract.values import Value
from edge.fieldbus.settings import ModbusAddress, MqttBroker

__all__ = [
    "AskedTriggerSettings",
    "EveryFrameTriggerSettings",
    "ModbusTriggerSettings",
    "MqttTriggerSettings",
    "PresenceTriggerSettings",
    "Region",
    "SoftwareTriggerSettings",
    "TriggerSettings",
]


class Region(Value):
    """A part of the frame."""

    x_px: Annotated[int, Field(ge=0, description="left edge")]
    y_px: Annotated[int, Field(ge=0, description="upper edge")]
    width_px: Annotated[int, Field(ge=8, description="columns")]
    height_px: Annotated[int, Field(ge=8, description="rows")]


class EveryFrameTriggerSettings(Value):
    """Each frame is a part: the camera has a hardware trigger, or replays parts."""

    kind: Annotated[Literal["every"], Field(description="each frame of the camera is a part")] = "every"


class PresenceTriggerSettings(Value):
    """A part that passes a free-running camera is judged once."""

    kind: Annotated[Literal["presence"], Field(description="each part that comes into view, once")]
    roi: Annotated[Region | None, Field(description="where parts are looked for, in pixels; none: the whole frame")] = (
        None
    )
    background_file: Annotated[
        Path | None, Field(description="picture without a part; none: the first frame, so start with an empty belt")
    ] = None
    min_change: Annotated[float, Field(gt=0, le=255, description="grey levels by which a part differs")] = 20.0
    min_area: Annotated[float, Field(gt=0, le=1, description="share of the region that must differ")] = 0.05
    settle_frames: Annotated[
        int, Field(ge=1, le=1000, description="the part is judged in the frame in which it is seen this often in a row")
    ] = 2
    clear_frames: Annotated[
        int, Field(ge=1, le=1000, description="frames without it before the next part can come")
    ] = 2
    relearn_frames: Annotated[
        int, Field(ge=10, le=1_000_000, description="a part that stays so long becomes background, until it goes")
    ] = 1000


class AskedTriggerSettings(Value):
    """What all triggers have in common that come from outside."""

    min_interval_ms: Annotated[
        float, Field(ge=0, le=60_000, description="a trigger sooner after the one before bounced: ignored, counted")
    ] = 0.0
    same_part_ms: Annotated[
        float,
        Field(ge=0, le=3_600_000, description="the same part id again within this time is the same trigger twice"),
    ] = 1000.0
    skip_frames: Annotated[
        int,
        Field(ge=0, le=100, description="frames to let pass: exposed before the trigger, read out after it"),
    ] = 0


class SoftwareTriggerSettings(AskedTriggerSettings):
    """POST /v1/trigger."""

    kind: Annotated[Literal["software"], Field(description="somebody asks over HTTP")]


class MqttTriggerSettings(MqttBroker, AskedTriggerSettings):
    """A message on a topic."""

    kind: Annotated[Literal["mqtt"], Field(description="a message is a trigger, and may name the part")]
    topic: Annotated[str, Field(min_length=1, max_length=200, description="what is subscribed to")]


class ModbusTriggerSettings(ModbusAddress, AskedTriggerSettings):
    """A PLC's coil."""

    kind: Annotated[Literal["modbus"], Field(description="a coil of a PLC that goes from 0 to 1")]
    coil: Annotated[int, Field(ge=0, le=65_535, description="address of the coil, from 0")]
    poll_ms: Annotated[float, Field(ge=1, le=1000, description="time between two looks at the coil")] = 5.0
    debounce_polls: Annotated[int, Field(ge=1, le=100, description="looks in a row that must agree")] = 1
    reset_coil: Annotated[
        bool, Field(description="write 0 when the trigger is taken, so that the PLC knows and no pulse is too short")
    ] = True
    part_id_register: Annotated[
        int | None, Field(ge=0, le=65_535, description="first register of the part id, ASCII; none: counted here")
    ] = None
    part_id_registers: Annotated[
        int, Field(ge=1, le=64, description="registers of the part id, two characters each")
    ] = 16


TriggerSettings = Annotated[
    EveryFrameTriggerSettings
    | PresenceTriggerSettings
    | SoftwareTriggerSettings
    | MqttTriggerSettings
    | ModbusTriggerSettings,
    Field(discriminator="kind"),
]
