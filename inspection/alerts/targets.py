"""Who is told of alerts beside the pages: a Protocol of one method, chosen by the settings."""

import hmac
import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

import httpx

from edge.contract.errors import OutputFailed, SettingsInvalid
from edge.contract.settings import read_secret
from edge.contract.tls import tls_context
from inspection.alerts.settings import MqttTarget, Target, WebhookTarget

__all__ = ["AlertTarget", "WebhookAlerts", "open_targets"]


class AlertTarget(Protocol):
    """Takes one event at a time; may be given the same again."""

    def send(self, delivery_id: int, payload: dict[str, Any], now: datetime) -> None:
        """Deliver, and return when the other side has it.

        Raises:
            OutputFailed: it has not, or perhaps has not; the same is sent again later.
        """
        ...


def open_targets(targets: Iterable[Target]) -> dict[str, AlertTarget]:
    """The targets by name.

    Raises:
        SettingsInvalid: two have one name, or a file with a secret cannot be read.
    """
    found: dict[str, AlertTarget] = {}
    for target in targets:
        if target.name in found:
            raise SettingsInvalid(f"alerts: expected each target's name once, got {target.name!r} twice")
        found[target.name] = _open(target)
    return found


def _open(target: WebhookTarget | MqttTarget) -> AlertTarget:
    match target:
        case WebhookTarget():
            return WebhookAlerts(target)
        case MqttTarget():
            from inspection.alerts.mqtt import MqttAlerts  # noqa: PLC0415 - only where a broker is used

            return MqttAlerts(target)


class WebhookAlerts:
    """POSTs an event as JSON.

    The receiver checks `X-Inspection-Signature`: `sha256=` and the hexadecimal HMAC-SHA256 of the header
    `X-Inspection-Timestamp`, a full stop and the body. `Idempotency-Key` is the same when an event comes again.
    """

    def __init__(self, settings: WebhookTarget) -> None:
        """Read the secret and the certificates.

        Raises:
            SettingsInvalid: one of them cannot be read.
        """
        self._settings = settings
        self._secret = (read_secret(None, settings.secret_file) or "").encode()
        self._trusted = tls_context(settings.ca_file)

    def send(self, delivery_id: int, payload: dict[str, Any], now: datetime) -> None:
        """POST once."""
        url, body, timestamp = self._settings.url, json.dumps(payload).encode(), str(int(now.timestamp()))
        signature = hmac.new(self._secret, timestamp.encode() + b"." + body, sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "idempotency-key": str(delivery_id),
            "x-inspection-timestamp": timestamp,
            "x-inspection-signature": f"sha256={signature}",
        }
        try:
            with httpx.Client(timeout=self._settings.timeout_s, verify=self._trusted, trust_env=False) as client:
                answer = client.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutputFailed(f"{url}: {type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise OutputFailed(f"{url}: expected a 2xx answer, got {answer.status_code}")
