"""Alerts as MQTT messages. Source: OASIS MQTT 3.1.1."""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from edge.contract.errors import OutputFailed
from edge.contract.settings import read_secret
from inspection.alerts.settings import MqttTarget

__all__ = ["MqttAlerts"]

_AT_LEAST_ONCE = 1


class MqttAlerts:
    """Connects, publishes one event, waits for the broker's acknowledgement, disconnects: alerts are rare."""

    def __init__(self, settings: MqttTarget) -> None:
        """Read the password.

        Raises:
            SettingsInvalid: it cannot be read.
        """
        self._settings = settings
        self._password = read_secret(None, settings.password_file)

    def send(self, delivery_id: int, payload: dict[str, Any], now: datetime) -> None:
        """Publish once; the message holds the delivery's number, which is the same when it comes again."""
        del now
        where = f"{self._settings.host}:{self._settings.port}"
        client = self._client()
        try:
            client.connect(self._settings.host, self._settings.port)
            client.loop_start()
            body = json.dumps({**payload, "delivery": delivery_id})
            info = client.publish(self._settings.topic, body, qos=_AT_LEAST_ONCE)
            info.wait_for_publish(self._settings.timeout_s)
            if not info.is_published():
                raise OutputFailed(f"{where}: no acknowledgement within {self._settings.timeout_s:g} s")
        except (OSError, ValueError, RuntimeError) as error:
            raise OutputFailed(f"{where}: {type(error).__name__}: {error}") from error
        finally:
            client.disconnect()
            with suppress(RuntimeError):
                client.loop_stop()

    def _client(self) -> Client:
        settings = self._settings
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect_timeout = settings.timeout_s
        if settings.username is not None:
            client.username_pw_set(settings.username, self._password)
        if settings.ca_file is not None:
            try:
                client.tls_set(str(settings.ca_file))
            except OSError as error:
                raise OutputFailed(f"{settings.ca_file}: {error}") from error
        return client
