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

    A message that cannot be read is a trigger all the same: a part is there.
    """
    text = payload.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, dict):
        value = value.get("part_id")
    return str(value)[-_MAX_ID:] if value not in (None, "") else None
