"""Webhooks: signed, in order, at least once, across restarts and failures, and never in the way of a station."""

import base64
import hmac
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.contract.errors import SettingsInvalid
from edge.contract.result import Verdict
from inspection.feed.settings import WebhookSettings
from inspection.feed.signing import key_of, signature
from inspection.plant import Plant, open_plant
from inspection.settings import load_plant_settings
from inspection.store.tables import WebhookCursorRow
from tests.support.certificates import write_certificates
from tests.support.plants import (
    FAKE_MODELS,
    ManualClock,
    a_result,
    add_station,
    plant_settings,
    running,
    send_results,
    sign_in,
)
from tests.support.receivers import Receiver, receiver

SECRET = "whsec_" + base64.b64encode(b"a key of 24 bytes length").decode()
Opened = Callable[..., Plant]


@pytest.fixture(name="mes")
def _mes() -> Iterator[Receiver]:
    with receiver() as mes:
        yield mes


def _opener(folder: Path, mes: Receiver, clock: ManualClock, where: dict[str, Any]) -> Opened:
    """Opens the same plant again and again, with its one webhook changed."""
    (folder / "secret").write_text(SECRET + "\n", "utf-8")

    def open_(**changes: Any) -> Plant:
        said = {"name": "mes", "url": mes.url, "secret_file": folder / "secret", "retry_first_s": 0.01} | changes
        settings = plant_settings(folder, webhooks=(WebhookSettings(**said),), **where)
        return open_plant(settings, FAKE_MODELS, clock)

    return open_


@pytest.fixture(name="opened")
def _opened(tmp_path: Path, where: dict[str, Any], mes: Receiver, clock: ManualClock) -> Opened:
    return _opener(tmp_path, mes, clock, where)


def _results(client: TestClient, key: dict[str, str], count: int, verdict: Verdict = Verdict.FAIL) -> list[str]:
    sent = [a_result(verdict) for _ in range(count)]
    for result in sent:
        assert send_results(client, key, result).status_code == 200
    return [result.id for result in sent]


def _cursor(plant: Plant) -> int:
    with plant.database.read() as session:
        return session.get_one(WebhookCursorRow, "mes").number


def test_each_result_is_posted_once_in_order_and_signed(opened: Opened, mes: Receiver, clock: ManualClock) -> None:
    plant = opened()
    with running(plant) as client:
        ids = _results(client, add_station(sign_in(client)), 3)
        mes.wait_for(3)
    assert mes.ids() == ids
    assert _cursor_after(opened) == 3
    headers, body = mes.posts[0]
    assert mes.bodies()[0]["type"] == "result.created"
    assert mes.bodies()[0]["data"]["result"]["id"] == ids[0]
    stamp = headers["webhook-timestamp"]
    assert stamp == str(int(clock.now.timestamp()))
    signed = hmac.new(b"a key of 24 bytes length", f"{ids[0]}.{stamp}.".encode() + body, sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"


def _cursor_after(opened: Opened) -> int:
    plant = opened()
    try:
        return _cursor(plant)
    finally:
        plant.close()


def test_a_receiver_that_fails_gets_it_again_before_the_next_one(opened: Opened, mes: Receiver) -> None:
    mes.answers += [500, 302, 404]
    with running(opened()) as client:
        first, second = _results(client, add_station(sign_in(client)), 2)
        mes.wait_for(5)
        metrics = client.get("/metrics").text
    assert mes.ids() == [first] * 4 + [second]
    assert 'plant_webhook_failures_total{webhook="mes"} 3.0' in metrics


def test_a_restart_goes_on_where_the_last_one_was(opened: Opened, mes: Receiver) -> None:
    """The first plant ends while nobody takes anything, the second finds what waits, and what came meanwhile."""
    with running(opened()) as client:
        station = add_station(sign_in(client))
        taken = _results(client, station, 2)
        mes.wait_for(2)
        mes.answers += [503] * 10_000
        waiting = _results(client, station, 2)
        mes.wait_for(3)
    with running(opened(url="http://127.0.0.1:9/nobody")) as client:
        waiting += _results(client, station, 1)
    mes.answers.clear()
    tried = len(mes.posts)
    with running(opened()):
        mes.wait_for(tried + 3)
    assert mes.ids()[:2] == taken
    assert set(mes.ids()[2:tried]) == {waiting[0]}
    assert mes.ids()[tried:] == waiting


def test_a_receiver_that_hangs_keeps_no_station_waiting(opened: Opened, mes: Receiver) -> None:
    mes.gate.clear()
    with running(opened(timeout_s=60)) as client:
        station = add_station(sign_in(client))
        ids = _results(client, station, 1)
        mes.wait_for(1)
        ids += _results(client, station, 60)  # more than a page
        assert len(mes.posts) == 1
        mes.gate.set()
        mes.wait_for(61)
    assert mes.ids() == ids


def test_filters_leave_out_and_a_new_webhook_begins_with_the_next_result(
    opened: Opened, mes: Receiver, clock: ManualClock
) -> None:
    del clock
    with running(opened(verdicts=(Verdict.UNDECIDED,))) as client:
        station = add_station(sign_in(client))
        _results(client, station, 2)
        wanted = _results(client, station, 1, Verdict.UNDECIDED)
        mes.wait_for(1)
    assert mes.ids() == wanted
    with running(opened(name="late")) as client:
        wanted += _results(client, station, 1)
        mes.wait_for(2)
    with running(opened(name="other", from_start=True, station="line-2")) as client:
        other = add_station(sign_in(client), "line-2")
        result = a_result(station="line-2")
        send_results(client, other, result)
        mes.wait_for(3)
    assert mes.ids() == [*wanted, result.id]


def test_https_by_an_authority_of_the_plants_own(tmp_path: Path, clock: ManualClock) -> None:
    """Without its certificate nothing is posted."""
    certificates = write_certificates(tmp_path / "tls")
    (tmp_path / "secret").write_text("secret", "utf-8")
    with receiver(certificates) as mes:
        said = {"url": mes.url, "secret_file": tmp_path / "secret", "retry_first_s": 0.01}
        hooks = (
            WebhookSettings(name="trusting", ca_file=certificates.ca, **said),
            WebhookSettings(name="wary", **said),
        )
        with running(open_plant(plant_settings(tmp_path, webhooks=hooks), FAKE_MODELS, clock)) as client:
            ids = _results(client, add_station(sign_in(client)), 2)
            mes.wait_for(2)
            while 'plant_webhook_failures_total{webhook="wary"}' not in client.get("/metrics").text:
                pass  # bounded by the test's timeout
        assert mes.ids() == ids


def test_signature_is_the_one_of_the_standard() -> None:
    """Source: the example of the reference implementations of Standard Webhooks."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    said = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert key_of("plain text") == b"plain text"


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ('[[webhooks]]\nname="a"\nurl="ftp://x"\nsecret_file="s"', "url"),
        ('[[webhooks]]\nname="a"\nurl="http://x"\nsecret_file="none"', "none"),
        ('[[webhooks]]\nname="a"\nurl="http://x"\nsecret_file="bad"', "whsec_"),
        ('[[webhooks]]\nname="a"\nurl="https://x"\nsecret_file="s"\nca_file="s"', "ca_file"),
        ('[[webhooks]]\nname="a"\nurl="http://x"\nsecret_file="s"\n' * 2, "'a' is there twice"),
    ],
)
def test_a_webhook_that_cannot_work_stops_the_start(tmp_path: Path, hooks: str, said: str) -> None:
    (tmp_path / "s").write_text("secret", "utf-8")
    (tmp_path / "bad").write_text("whsec_$$$", "utf-8")
    (tmp_path / "PLANT.toml").write_text(hooks, "utf-8")
    with pytest.raises(SettingsInvalid, match=said):
        open_plant(load_plant_settings(tmp_path / "PLANT.toml"), FAKE_MODELS)
