"""Plant, outputs, trigger and changeover: whoever the station speaks with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from edge.clock import SystemClock
from edge.contract.settings import bearer, read_secret
from edge.contract.tls import tls_context
from edge.doctor.check import Check, Trouble, run_check
from edge.doctor.hearing import Heard, hear_once
from edge.outputs.build import build_output
from edge.outputs.protocol import LineState
from edge.outputs.settings import OutputSettings, WebhookOutputSettings
from edge.plant.settings import PlantSettings
from edge.station.settings import StationSettings
from edge.triggers.settings import ModbusTriggerSettings, MqttTriggerSettings

__all__ = ["check_others"]

_MAX_SKEW_S = 60.0
_NO_BUNDLE = "0" * 64


def check_others(settings: StationSettings) -> Iterator[Check]:
    """The plant, each output, the trigger, who tells of a changeover."""
    plant = settings.plant
    if plant is not None:
        yield run_check("plant", lambda: _plant(plant), "is the plant service up, and its key in api_key_file?")
    for output in settings.outputs:
        yield _check_output(output)
    trigger = settings.trigger
    if isinstance(trigger, MqttTriggerSettings | ModbusTriggerSettings):
        yield _check_heard("trigger", trigger)
    if settings.changeover is not None:
        yield _check_heard("changeover", settings.changeover)


def _check_heard(name: str, settings: Heard) -> Check:
    wanted_by = f"{name} (kind {settings.kind})"
    return run_check(name, lambda: hear_once(settings, wanted_by), f"check address and settings: ping {settings.host}")


def _check_output(output: OutputSettings) -> Check:
    return run_check(
        f"output {output.name}", lambda: _output(output), "check address, rights and settings of this output"
    )


def _output(settings: OutputSettings) -> str:
    made = build_output(settings, SystemClock())
    try:
        if isinstance(settings, WebhookOutputSettings):
            return _webhook(settings)
        made.attend(LineState(ready=False, reasons=("doctor",)))
    finally:
        made.close()
    return f"{settings.kind} answers" if settings.kind not in ("log", "csv") else _folder_of(settings)


def _folder_of(settings: OutputSettings) -> str:
    path = getattr(settings, "path", None)
    if path is None:
        return "nothing to write"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.open("a").close()
    return f"{path}: writable"


def _webhook(settings: WebhookOutputSettings) -> str:
    """Any answer will do: a POST would be a result."""
    url = settings.url
    try:
        answer = httpx.head(url, timeout=5, verify=tls_context(settings.ca_file), trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Trouble(f"{url}: {error}", "is the receiver up? Check its address") from error
    return f"{url} answers {answer.status_code}"


def _plant(plant: PlantSettings) -> str:
    url = f"{plant.url.rstrip('/')}/api/v1/bundles/{_NO_BUNDLE}/file"
    key = read_secret(plant.api_key, plant.api_key_file)
    headers = {} if key is None else {"authorization": bearer(key)}
    verify = tls_context(plant.ca_file)
    try:
        answer = httpx.get(url, headers=headers, timeout=plant.timeout_s, verify=verify, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        advice = "the station works without it and uploads later; is the plant service up, the network, the address?"
        raise Trouble(f"{plant.url}: {error}", advice) from error
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise Trouble(f"{plant.url}: refuses the key", "make the station anew on the plant's live page, save its key")
    if answer.status_code != HTTPStatus.NOT_FOUND:
        raise Trouble(
            f"{plant.url}: expected 404 for a bundle that is none, got {answer.status_code}", "is it a plant?"
        )
    return f"{plant.url} answers and knows the key{_skew(answer)}"


def _skew(answer: httpx.Response) -> str:
    if "date" not in answer.headers:
        return ""
    skew_s = (datetime.now(UTC) - parsedate_to_datetime(answer.headers["date"])).total_seconds()
    if abs(skew_s) > _MAX_SKEW_S:
        raise Trouble(f"clock differs from the plant's by {skew_s:.0f} s", "set both by NTP: timedatectl set-ntp true")
    return f", clocks agree within {abs(skew_s) + 1:.0f} s"
