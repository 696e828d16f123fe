"""Results as MQTT messages, and the station's state as a retained one with a last will.

`TOPIC/result`   the result's JSON, quality of service 1; retained if the settings say so
`TOPIC/state`    retained: {"state": "ready" | "not ready" | "offline", "reasons": […]}; the broker says "offline"
                 when the station disappears
"""

import json

from paho.mqtt.client import MQTTMessageInfo

from edge.clock import Clock
from edge.contract.errors import ControllerLost, OutputFailed
from edge.contract.result import InspectionResult
from edge.contract.settings import read_secret
from edge.fieldbus.mqtt import MqttConnection
from edge.outputs.age import AgeLimit
from edge.outputs.protocol import LineState, Output
from edge.outputs.settings import MqttOutputSettings

__all__ = ["MqttOutput"]


class MqttOutput(Output):
    """Publishes each result and waits for the broker's acknowledgement."""

    def __init__(self, settings: MqttOutputSettings, clock: Clock) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            SettingsInvalid: password or certificates cannot be read.
        """
        self.name = settings.name
        self._topic = settings.topic
        self._retain = settings.retain_result
        self._age = AgeLimit(settings.max_age_s, clock)
        password = read_secret(settings.password, settings.password_file)
        self._broker = MqttConnection(settings, password, will=(self._state_topic, _state("offline")))
        self._told: tuple[int, LineState] | None = None
        self._sent: tuple[str, MQTTMessageInfo] | None = None

    def send(self, result: InspectionResult) -> None:
        """Publish once and wait; a repeated try waits for the same message, which the library delivers again.

        Raises:
            OutputFailed: no broker, or no acknowledgement in time; too old by now.
        """
        try:
            self._broker.ensure()
            if self._age.left_s(result) <= 0:
                raise OutputFailed(f"output {self.name}: a result became older than max_age_s before a broker came")
            self._broker.wait_for(self._message(result))
        except ControllerLost as error:
            raise OutputFailed(f"output {self.name}: {error}") from error
        self._sent = None

    def forget(self) -> None:
        """Take the message back from the library, which would deliver it when the broker is there again."""
        if self._sent is not None:
            self._broker.renew()
            self._sent = None

    def attend(self, state: LineState) -> None:
        """Connect, and publish the state when it or the connection changed.

        Raises:
            OutputFailed: no broker.
        """
        try:
            self._broker.ensure()
            news = (self._broker.sessions, state)
            if news != self._told:
                payload = _state("ready" if state.ready else "not ready", state.reasons)
                self._broker.wait_for(self._broker.publish(self._state_topic, payload, retain=True))
                self._told = news
        except ControllerLost as error:
            raise OutputFailed(f"output {self.name}: {error}") from error

    def close(self) -> None:
        """Say "offline" and disconnect."""
        self._broker.close()

    @property
    def _state_topic(self) -> str:
        return f"{self._topic}/state"

    def _message(self, result: InspectionResult) -> MQTTMessageInfo:
        if self._sent is None or self._sent[0] != result.id:
            message = self._broker.publish(f"{self._topic}/result", result.model_dump_json(), retain=self._retain)
            self._sent = (result.id, message)
        return self._sent[1]


def _state(name: str, reasons: tuple[str, ...] = ()) -> str:
    return json.dumps({"state": name, "reasons": list(reasons)})
