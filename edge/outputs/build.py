"""From settings to an output; the one place that knows every kind."""

from typing import assert_never

from edge.clock import Clock
from edge.optional import require_package
from edge.outputs.protocol import Output
from edge.outputs.settings import (
    CsvOutputSettings,
    LogOutputSettings,
    ModbusOutputSettings,
    MqttOutputSettings,
    OpcUaOutputSettings,
    OutputSettings,
    WebhookOutputSettings,
)

__all__ = ["build_output"]


def build_output(settings: OutputSettings, clock: Clock) -> Output:
    """The output that the settings describe; only its own module is imported.

    Raises:
        SettingsInvalid: its package is not installed, or a secret or certificate cannot be read.
    """
    wanted_by = f"output {settings.name} (kind {settings.kind})"
    match settings:
        case WebhookOutputSettings():
            from edge.outputs.webhook import WebhookOutput  # noqa: PLC0415 - a kind that is not used is not loaded

            return WebhookOutput(settings)
        case LogOutputSettings():
            from edge.outputs.log import LogOutput  # noqa: PLC0415 - the same

            return LogOutput(settings)
        case CsvOutputSettings():
            from edge.outputs.csv_log import CsvOutput  # noqa: PLC0415 - the same

            return CsvOutput(settings)
        case ModbusOutputSettings():
            require_package("pymodbus", "plc", wanted_by)
            from edge.outputs.modbus import ModbusOutput  # noqa: PLC0415 - the same

            return ModbusOutput(settings, clock)
        case MqttOutputSettings():
            require_package("paho", "plc", wanted_by)
            from edge.outputs.mqtt import MqttOutput  # noqa: PLC0415 - the same

            return MqttOutput(settings, clock)
        case OpcUaOutputSettings():
            require_package("asyncua", "plc", wanted_by)
            from edge.outputs.opcua import OpcUaOutput  # noqa: PLC0415 - the same

            return OpcUaOutput(settings)
    assert_never(settings)
