"""A message on an MQTT topic that names the recipe."""

import json
import logging
from collections.abc import Callable

from edge.changeover.settings import MqttChangeoverSettings
from edge.clock import Clock
from edge.contract.errors import RequestRefused
from edge.contract.settings import read_secret
from edge.fieldbus.mqtt import Message, MqttConnection
from edge.triggers.source import Listening

__all__ = ["RecipeMessageListener", "recipe_of"]

_log = logging.getLogger(__name__)
_PAUSE_S = 0.2


class RecipeMessageListener(Listening):
    """Changes in the connection's own thread, as soon as a message comes; answers on TOPIC/done."""

    def __init__(self, settings: MqttChangeoverSettings, change: Callable[[str], None], clock: Clock) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            SettingsInvalid: password or certificates cannot be read.
        """
        self._topic = settings.topic
        self._change = change
        self._clock = clock
        password = read_secret(settings.password, settings.password_file)
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
        name = recipe_of(message.payload)
        try:
            self._change(name)
        except RequestRefused as error:
            _log.error("changeover: %s", error)
            answer = {"recipe": name, "ok": False, "reason": str(error)}
        else:
            answer = {"recipe": name, "ok": True, "reason": None}
        self._broker.publish(f"{self._topic}/done", json.dumps(answer))


def recipe_of(payload: bytes) -> str:
    """The recipe that a message names: `{"recipe": "…"}`, `"…"` in quotes, or the plain text."""
    text = payload.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict):
        value = value.get("recipe")
        return "" if value is None else str(value)
    return value if isinstance(value, str) else text
