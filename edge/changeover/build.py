"""From settings to whoever tells of a changeover; the one place that knows every kind."""

from collections.abc import Callable, Sequence
from typing import assert_never

from edge.changeover.settings import ChangeoverSettings, ModbusChangeoverSettings, MqttChangeoverSettings
from edge.clock import Clock
from edge.optional import require_package
from edge.triggers.source import Listening

__all__ = ["build_changeover"]


def build_changeover(
    settings: ChangeoverSettings, names: Sequence[str], change: Callable[[str], None], clock: Clock
) -> Listening:
    """What the settings describe; only its own module is imported.

    Args:
        settings: who tells.
        names: recipes in the order of their numbers.
        change: does it, or raises RequestRefused.
        clock: time.

    Raises:
        SettingsInvalid: a package or a password is missing.
    """
    wanted_by = f"changeover (kind {settings.kind})"
    match settings:
        case MqttChangeoverSettings():
            require_package("paho", "plc", wanted_by)
            from edge.changeover.mqtt import RecipeMessageListener  # noqa: PLC0415 - what is not used is not loaded

            return RecipeMessageListener(settings, change, clock)
        case ModbusChangeoverSettings():
            require_package("pymodbus", "plc", wanted_by)
            from edge.changeover.modbus import RegisterListener  # noqa: PLC0415 - the same

            return RegisterListener(settings, names, change, clock)
    assert_never(settings)
