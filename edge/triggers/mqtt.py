"""A message on an MQTT topic as a trigger."""

import json

from edge.clock import Clock
from edge.contract.settings import read_secret
from edge.fieldbus.mqtt import Message, MqttConnection
from edge.triggers.settings import MqttTriggerSettings
from edge.triggers.source import Fire, Listening

__all__ = ["MessageListener", "part_id_of"]

_PAUSE_S = 0.2
_MAX_ID = 128


class MessageListener(Listening):
    """Fires in the connection's own thread, as soon as a message comes."""

    def __init__(self, settings: MqttTriggerSettings, fire: Fire, clock: Clock) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            SettingsInvalid: password or certificates cannot be read.
        """
        self._clock = clock
        password = read_secret(settings.password, settings.password_file)
        self._fire = fire
        self._broker = MqttConnection(settings, password, subscription=(settings.topic, self._heard))

    def listen(self) -> None:
        """Keep the connection.

        Raises:
            ControllerLost: no broker.
        """
        self._broker.ensure()
        self._clock.sleep(_PAUSE_S)

    def close(self) -> None:
        """Disconnect."""
        self._broker.close()

    def _heard(self, message: Message) -> None:
        if not message.retained:  # what the broker kept is a part of long ago
            self._fire(part_id_of(message.payload))


def part_id_of(payload: bytes) -> str | None:
    """The part that a message names: `{"part_id": "…"}`, or the plain text; None for an empty one.

    A message that cannot be read is a trigger all the same: a part is there. Plain text stays as it came: the serial
    number 1.10 is not 1.1, and 4711E12 is no number at all.
    """
    text = payload.decode("utf-8", "replace").strip()
    named = _named(text)
    # JSON can name half of a character; no result could carry it, and the trigger would get no verdict.
    return named.encode("utf-8", "replace").decode()[-_MAX_ID:] or None


def _named(text: str) -> str:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict):
        value = value.get("part_id")
        return "" if value is None else str(value)
    return value if isinstance(value, str) else text
