"""An MQTT connection that comes back by itself. Source: OASIS MQTT 3.1.1."""

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTMessageInfo,
)
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.contract.errors import ControllerLost, SettingsInvalid
from edge.fieldbus.settings import MqttBroker

__all__ = ["Message", "MqttConnection"]

_log = logging.getLogger(__name__)
_AT_LEAST_ONCE = 1


@dataclass(frozen=True, slots=True)
class Message:
    """What came on a topic.

    Attributes:
        topic: where.
        payload: what.
        retained: the broker had kept it from earlier.
    """

    topic: str
    payload: bytes
    retained: bool


class MqttConnection:
    """Publishes and receives; a thread of the library keeps it alive and connects it again.

    Order of calls: `ensure` before each use, `renew` at any time, `close` once.

    Attributes:
        sessions: how often the broker took the connection; a change tells that it was away in between.
    """

    def __init__(
        self,
        broker: MqttBroker,
        password: str | None,
        will: tuple[str, str] | None = None,
        subscription: tuple[str, Callable[[Message], object]] | None = None,
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            broker: where.
            password: goes with the broker's user name.
            will: topic and payload that the broker publishes, retained, when this client disappears.
            subscription: topic to listen to, and who is told, in the connection's own thread; must not raise.

        Raises:
            SettingsInvalid: the certificates cannot be read.
        """
        self.sessions = 0
        self._broker = broker
        self._will = will
        self._subscription = subscription
        self._up = Event()
        self._refused: str | None = None
        self._started = False
        self._password = password
        self._tls = _tls(broker.ca_file, broker.cert_file, broker.key_file) if broker.tls else None
        self._client = self._new_client()

    def ensure(self) -> None:
        """Return once connected.

        Raises:
            ControllerLost: not within the settings' timeout; the library goes on trying.
        """
        if not self._started:
            self._start()
        if not self._up.wait(self._broker.timeout_s):
            why = self._refused or "not connected"
            if self._client.is_connected():
                self._subscribe()  # its rights may have changed since
            raise ControllerLost(f"mqtt {self._where}: {why}")

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> MQTTMessageInfo:
        """Hand a message over for delivery at least once; the answer tells when the broker has it."""
        return self._client.publish(topic, payload, qos=_AT_LEAST_ONCE, retain=retain)

    def wait_for(self, message: MQTTMessageInfo) -> None:
        """Return once the broker acknowledged a message.

        Raises:
            ControllerLost: not within the settings' timeout.
        """
        try:
            message.wait_for_publish(self._broker.timeout_s)
        except (ValueError, RuntimeError) as error:
            raise ControllerLost(f"mqtt {self._where}: {error}") from error
        if not message.is_published():
            raise ControllerLost(f"mqtt {self._where}: no acknowledgement within {self._broker.timeout_s:g} s")

    def close(self) -> None:
        """Say what the last will would say, and disconnect; never raises."""
        if not self._started:
            return
        if self._will is not None and self._up.is_set():
            # A clean goodbye keeps the broker from publishing the will; who listens wants to know all the same.
            farewell = self.publish(*self._will, retain=True)
            try:
                self.wait_for(farewell)
            except ControllerLost as error:
                _log.warning("%s", error)
        self._let_go()

    def renew(self) -> None:
        """Begin anew, without what was handed over and not acknowledged: the library takes back no single message."""
        self._let_go()
        self._client = self._new_client()

    @property
    def _where(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _new_client(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=self._broker.client_id)
        client.reconnect_delay_set(1, 10)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._password)
        if self._will is not None:
            client.will_set(self._will[0], self._will[1], qos=_AT_LEAST_ONCE, retain=True)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        return client

    def _let_go(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._up.clear()
        self._started = False

    def _start(self) -> None:
        try:
            self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s)
        except (OSError, ValueError) as error:
            raise ControllerLost(f"mqtt {self._where}: {error}") from error
        self._client.loop_start()
        self._started = True

    def _connected(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refused = f"the broker answered {reason}"
            return
        self._refused = None
        self.sessions += 1
        if self._subscription is None:
            self._up.set()
        else:
            self._subscribe()

    def _subscribe(self) -> None:
        if self._subscription is None:
            return
        try:
            self._client.subscribe(self._subscription[0], qos=_AT_LEAST_ONCE)
        except ValueError as error:
            self._refused = f"topic {self._subscription[0]}: {error}"

    def _subscribed(
        self, _client: Client, _data: object, _id: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        """Only now anything can be heard."""
        if any(reason.is_failure for reason in reasons):
            topic = "" if self._subscription is None else self._subscription[0]
            self._refused = f"the broker refuses the subscription to {topic}: {reasons[0]}"
            return
        self._refused = None
        self._up.set()

    def _disconnected(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._up.clear()
        if reason.is_failure:
            _log.warning("mqtt %s: connection lost: %s", self._where, reason)

    def _received(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if self._subscription is not None:
            self._subscription[1](Message(message.topic, bytes(message.payload), message.retain))


def _tls(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert_file is not None:
            context.load_cert_chain(cert_file, key_file)
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(str(path) for path in (ca_file, cert_file, key_file) if path is not None)
        raise SettingsInvalid(f"mqtt: certificates {named}: {error}") from error
    return context
