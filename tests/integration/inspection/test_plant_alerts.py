"""Alerts: one for each cause, closed by themselves, acknowledged by people, and told at least once."""

import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy.exc import OperationalError

from edge.contract.errors import OutputFailed, SettingsInvalid
from edge.contract.ledger import LedgerCounts
from edge.contract.result import ImageStatistics, Verdict
from inspection.alerts.mqtt import MqttAlerts
from inspection.alerts.settings import AlertSettings, MqttTarget, WebhookTarget
from inspection.alerts.targets import WebhookAlerts, open_targets
from inspection.plant import Plant
from tests.support.alert_receiver import AlertReceiver, alert_receiver
from tests.support.broker import free_port, mosquitto
from tests.support.certificates import write_certificates
from tests.support.edge_fakes import eventually
from tests.support.plants import (
    API,
    ManualClock,
    Person,
    a_heartbeat,
    a_result,
    add_station,
    new_plant,
    running,
    send_results,
    sign_in,
)
from tests.support.receivers import receiver

SECRET = "between-us"


@contextmanager
def _listening(port: int, topic: str) -> Iterator[list[bytes]]:
    """What another client of the broker hears."""
    heard: list[bytes] = []
    ready = Event()
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append(message.payload)
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe(topic, 1)
    assert ready.wait(10)
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


class Floor:
    """A plant with one station, whose watch looks and tells when the test says so."""

    def __init__(self, plant: Plant, client: TestClient, clock: ManualClock, key: dict[str, str] | None = None) -> None:
        self.plant, self.client, self.clock = plant, client, clock
        self.admin: Person = sign_in(client)
        self.key = key or add_station(self.admin)

    def beat(self, drops: int = 0, ahead_s: float = 0.0, process: str | None = None) -> None:
        """A heartbeat with so many drops so far, by a clock that is so far ahead, of this process."""
        ledger = LedgerCounts(triggers=10 + drops, verdicts=10, drops=drops, passed=10, undecided=drops)
        sent_at = self.clock() + timedelta(seconds=ahead_s)
        described = a_heartbeat(ledger=ledger, bundle_id="b" * 64, sent_at=sent_at, process=process)
        beat = described.model_dump(mode="json", exclude_none=process is None)
        assert self.client.post(f"{API}/stations/me/heartbeat", json=beat, headers=self.key).status_code == 200

    def look(self, after_s: float = 0.0) -> list[dict[str, Any]]:
        """Let time pass and the watch look; the open alerts."""
        self.clock.advance(after_s)
        self.plant.alerts.look()
        found: list[dict[str, Any]] = self.admin.get("/alerts").json()
        return found

    def hour(self, failed: int, brightness: float = 120.0) -> None:
        """Forty results of the hour that just passed."""
        seen = ImageStatistics(brightness=brightness, contrast=40, sharpness_db=-9)
        verdicts = [Verdict.FAIL] * failed + [Verdict.PASS] * (40 - failed)
        at = self.clock()
        send_results(
            self.client, self.key, *[a_result(verdict, captured_at=at, statistics=seen) for verdict in verdicts]
        )
        self.clock.advance(3600)


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[AlertReceiver]:
    with alert_receiver() as receiver:
        yield receiver


@pytest.fixture(name="floor")
def _floor(tmp_path: Path, clock: ManualClock, where: dict[str, Any], receiver: AlertReceiver) -> Iterator[Floor]:
    secret = tmp_path / "alerts-secret.txt"
    secret.write_text(SECRET + "\n", "utf-8")
    target = WebhookTarget(kind="webhook", name="mes", url=receiver.url, secret_file=secret)
    settings = AlertSettings(watch_every_s=3600, targets=(target,))
    plant = new_plant(tmp_path, clock, alerts=settings, session_hours=168, **where)
    with running(plant) as client:
        yield Floor(plant, client, clock)


def test_one_alert_for_each_cause_that_closes_and_is_told(floor: Floor, receiver: AlertReceiver) -> None:
    floor.beat()
    assert floor.look() == []
    (silent,) = floor.look(after_s=61)
    assert (silent["kind"], silent["station"], silent["closed_at"]) == ("station_silent", "line-1", None)
    assert silent["text"] == "station line-1: no heartbeat since 2026-03-02 08:00:00 UTC"
    (still,) = floor.look(after_s=60)
    assert (still["id"], still["last_seen_at"] > silent["last_seen_at"]) == (silent["id"], True)

    told = floor.admin.post(f"/alerts/{silent['id']}/acknowledgement", {"comment": "cable"}).json()
    assert (told["acknowledged_by"], told["comment"]) == ("admin", "cable")
    again = floor.admin.post(f"/alerts/{silent['id']}/acknowledgement", {})
    assert (again.status_code, again.json()["message"]) == (
        409,
        f"alert {silent['id']}: admin has acknowledged it already",
    )
    assert floor.admin.post("/alerts/999/acknowledgement", {}).status_code == 404
    assert floor.admin.get("/audit", params={"limit": 1}).json()[0]["action"] == "alert.acknowledged"

    floor.beat()
    assert len(floor.look(after_s=5)) == 1  # its cause may come back at once
    for _ in range(20):
        floor.beat()
        floor.look(after_s=30)
    assert floor.look() == []
    (closed,) = floor.admin.get("/alerts", params={"open": False}).json()
    assert closed["closed_at"] is not None

    floor.plant.post.deliver()
    floor.plant.post.deliver()
    assert [one.event["event"] for one in receiver.received] == ["opened", "acknowledged", "closed"]
    assert receiver.received[1].event["alert"]["comment"] == "cable"


def test_what_does_not_arrive_is_sent_again_in_order(floor: Floor, receiver: AlertReceiver) -> None:
    floor.beat()
    floor.beat(drops=0)
    floor.look()
    floor.beat(drops=3)
    (drops,) = floor.look(after_s=5)
    assert (drops["kind"], drops["text"]) == (
        "drops",
        "station line-1: triggers were dropped, 3 since it was started",
    )
    floor.admin.post(f"/alerts/{drops['id']}/acknowledgement", {})
    receiver.status = 503
    floor.plant.post.deliver()
    floor.plant.post.deliver()  # too early to try again
    assert len(receiver.received) == 1
    receiver.status = 204
    floor.clock.advance(5)
    floor.plant.post.deliver()
    first, second, third = receiver.received
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] != third.headers["idempotency-key"]
    assert [first.event["event"], second.event["event"], third.event["event"]] == ["opened", "opened", "acknowledged"]
    signed = third.headers["x-inspection-timestamp"].encode() + b"." + third.body
    expected = hmac.new(SECRET.encode(), signed, sha256).hexdigest()
    assert third.headers["x-inspection-signature"] == f"sha256={expected}"


def test_drift_and_the_control_chart_raise_alerts(floor: Floor) -> None:
    for _ in range(9):
        floor.hour(failed=1)
    floor.beat()
    assert floor.look() == []
    floor.hour(failed=12, brightness=80.0)
    floor.hour(failed=12, brightness=80.0)
    floor.beat()
    found = {alert["kind"]: alert for alert in floor.look()}
    assert set(found) == {"drift", "control_chart"}
    assert found["drift"]["text"] == ("station line-1, camera top: drift since the bundle came, probably by the light")
    assert found["control_chart"]["text"].startswith("station line-1: 30.0% FAIL in the newest hour, beyond limits")
    assert found["control_chart"]["recipe"] == "part"


def test_a_station_that_was_there_before_a_restart_is_missed(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any]
) -> None:
    """A service that has just started cannot know who is silent; what was open stays open meanwhile."""
    settings = AlertSettings(watch_every_s=3600)
    with running(new_plant(tmp_path, clock, alerts=settings, **where)) as client:
        floor = Floor(client.app.state.plant, client, clock)
        floor.beat()
        assert len(floor.look(after_s=61)) == 1
    with running(new_plant(tmp_path, clock, alerts=settings, **where)) as client:
        admin, watch = sign_in(client), client.app.state.plant.alerts
        clock.advance(50)
        watch.look()
        (still,) = admin.get("/alerts").json()
        assert still["text"].startswith("station line-1: no heartbeat since 2026")
        clock.advance(11)
        watch.look()
        assert admin.get("/alerts").json()[0]["text"] == "station line-1: no heartbeat since this service started"


def test_a_name_that_is_used_again_is_missed_once_its_new_station_has_reported(floor: Floor) -> None:
    floor.beat()
    floor.admin.post("/stations/line-1/retirement", {"reason": "sold"})
    assert floor.look(after_s=61) == []
    again = floor.admin.post("/stations", {"name": "line-1", "recipe": "part", "reuse": True}).json()
    assert floor.look(after_s=61) == []
    floor.key = {"Authorization": f"Bearer {again['api_key']}"}
    floor.beat()
    (silent,) = floor.look(after_s=61)
    assert silent["kind"] == "station_silent"


def test_drops_of_a_station_that_was_started_again_are_told_although_it_had_more_before(floor: Floor) -> None:
    def told(drops: int, process: str) -> list[str]:
        floor.clock.advance(601)  # what was told before has gone
        floor.beat(drops=drops, process=process)
        return [alert["text"] for alert in floor.look()]

    assert told(0, "one") == []
    assert told(5, "one") == ["station line-1: triggers were dropped, 5 since it was started"]
    assert told(5, "one") == []
    assert told(3, "two") == ["station line-1: triggers were dropped, 3 since it was started"]
    assert told(3, "two") == []


def test_drops_are_told_when_the_service_was_away_or_the_database_busy(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = AlertSettings(watch_every_s=3600)
    with running(new_plant(tmp_path, clock, alerts=settings, **where)) as client:
        floor = Floor(client.app.state.plant, client, clock)
        floor.beat(drops=2)  # of before the plant knew the station
        assert floor.look() == []
    with running(new_plant(tmp_path, clock, alerts=settings, **where)) as client:
        again = Floor(client.app.state.plant, client, clock, floor.key)
        again.beat(drops=5)
        with monkeypatch.context() as patched:
            busy = OperationalError("", {}, Exception())
            patched.setattr("inspection.alerts.watch.reconcile", Mock(side_effect=busy))
            with pytest.raises(OperationalError):
                again.look()
        (alert,) = again.look()
        assert alert["text"] == "station line-1: triggers were dropped, 5 since it was started"
        clock.advance(601)
        again.beat(drops=0)  # another box
        assert again.look() == []
        again.beat(drops=1)
        assert [one["text"] for one in again.look()] == [
            "station line-1: triggers were dropped, 1 since it was started"
        ]


def test_alerts_go_to_receivers_with_a_certificate_of_the_plants_own(tmp_path: Path, clock: ManualClock) -> None:
    certificates = write_certificates(tmp_path / "tls")
    (tmp_path / "secret").write_text(SECRET, "utf-8")
    with receiver(certificates) as mes:
        wary = WebhookTarget(kind="webhook", name="mes", url=mes.url, secret_file=tmp_path / "secret")
        with pytest.raises(OutputFailed, match="certificate"):
            WebhookAlerts(wary).send(1, {"event": "opened"}, clock())
        trusting = wary.model_copy(update={"ca_file": certificates.ca})
        WebhookAlerts(trusting).send(1, {"event": "opened"}, clock())
        mes.wait_for(1)
    with pytest.raises(SettingsInvalid, match="ca_file"):
        open_targets([wary.model_copy(update={"ca_file": tmp_path / "secret"})])


@pytest.mark.broker
def test_a_broker_is_told_and_one_that_is_gone_fails(tmp_path: Path, clock: ManualClock) -> None:
    port = free_port()
    target = MqttTarget(kind="mqtt", name="broker", host="127.0.0.1", port=port, topic="plant/alerts", timeout_s=5)
    with pytest.raises(OutputFailed, match=f"127.0.0.1:{port}"):
        MqttAlerts(target).send(1, {"event": "opened"}, clock())
    with mosquitto(tmp_path / "broker", port), _listening(port, "plant/alerts") as heard:
        MqttAlerts(target).send(7, {"event": "opened"}, clock())
        eventually(lambda: bool(heard))
    assert [json.loads(payload) for payload in heard] == [{"event": "opened", "delivery": 7}]


def test_targets_that_cannot_work_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    target = WebhookTarget(kind="webhook", name="mes", url="http://mes", secret_file=secret)
    with pytest.raises(SettingsInvalid, match="secret"):
        open_targets([target])
    secret.write_text(SECRET, "utf-8")
    with pytest.raises(SettingsInvalid, match="'mes' twice"):
        open_targets([target, target])


@pytest.mark.parametrize(("ahead_s", "said"), [(90.0, "90 s ahead of"), (-3600.0, "3600 s behind")])
def test_a_clock_that_is_off_is_told_and_closes_when_it_is_set(floor: Floor, ahead_s: float, said: str) -> None:
    floor.beat(ahead_s=20)
    assert floor.admin.get("/stations").json()[0]["clock_ahead_s"] == 20
    assert floor.look() == []
    floor.beat(ahead_s=ahead_s)
    assert floor.admin.get("/stations").json()[0]["clock_ahead_s"] == ahead_s
    (alert,) = floor.look()
    assert (alert["kind"], alert["station"]) == ("clock_skew", "line-1")
    assert said in alert["text"]
    floor.clock.advance(601)
    floor.beat()
    assert floor.look() == []


def test_two_boxes_with_the_key_of_one_station_are_told_until_one_is_gone(floor: Floor) -> None:
    for process in "abab":
        floor.beat(process=process)
        assert floor.look(after_s=1) == []
    floor.beat(process="a")
    (alert,) = floor.look()
    assert (alert["kind"], alert["station"]) == ("key_shared", "line-1")
    assert alert["text"].startswith("station line-1: two boxes report with its API key in turn")
    for _ in range(16):
        floor.beat(process="a")
        last = floor.look(after_s=60)
    assert last == []


def test_boxes_that_restart_again_and_again_share_no_key(floor: Floor) -> None:
    """Also where a heartbeat that was under way arrives after the new process', and by a version that names none."""
    for process in ("a", "a", "b", "a", "b", None, "c", "d", "e", "f"):
        floor.beat(process=process)
        assert floor.look(after_s=1) == []
