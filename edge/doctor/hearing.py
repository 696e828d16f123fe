"""Whether who gives triggers and recipes can be heard; nothing of what they say is taken or answered."""

from edge.changeover.settings import ModbusChangeoverSettings, MqttChangeoverSettings
from edge.contract.settings import read_secret
from edge.optional import require_package
from edge.triggers.settings import ModbusTriggerSettings, MqttTriggerSettings

__all__ = ["Heard", "hear_once"]

Heard = MqttTriggerSettings | ModbusTriggerSettings | MqttChangeoverSettings | ModbusChangeoverSettings


def hear_once(settings: Heard, wanted_by: str) -> str:
    """Connect and ask once: a coil that waits for the station stays as it is.

    Raises:
        ControllerLost: nobody answers, or not to this.
        SettingsInvalid: a package or a password is missing.
    """
    if isinstance(settings, MqttTriggerSettings | MqttChangeoverSettings):
        _subscribe(settings, wanted_by)
    else:
        _look(settings, wanted_by)
    return f"{settings.host}:{settings.port} can be heard"


def _subscribe(settings: MqttTriggerSettings | MqttChangeoverSettings, wanted_by: str) -> None:
    require_package("paho", "plc", wanted_by)
    from edge.fieldbus.mqtt import MqttConnection  # noqa: PLC0415 - what is not used is not loaded

    password = read_secret(settings.password, settings.password_file)
    broker = MqttConnection(settings, password, subscription=(settings.topic, lambda _: None))
    try:
        broker.ensure()
    finally:
        broker.close()


def _look(settings: ModbusTriggerSettings | ModbusChangeoverSettings, wanted_by: str) -> None:
    require_package("pymodbus", "plc", wanted_by)
    from edge.fieldbus.modbus import ModbusConnection  # noqa: PLC0415 - what is not used is not loaded

    plc = ModbusConnection(settings)
    try:
        if isinstance(settings, ModbusTriggerSettings):
            plc.read_coil(settings.coil)
        else:
            plc.read_registers(settings.register_number, 1)
    finally:
        plc.close()
