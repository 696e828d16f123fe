"""Rollouts over HTTP: who is told which bundle, what halts one, and what cannot be done meanwhile."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.contract.ledger import LedgerCounts
from edge.contract.result import InspectionResult, Outcome, Times, Verdict
from edge.contract.signature import SigningKey
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.registry.bundles import register
from inspection.registry.gates import add_gate
from inspection.registry.promotions import champion_of, promote
from inspection.rollout import evidence
from inspection.rollout.settings import RolloutSettings
from inspection.samples.splits import Split, split_of
from tests.support.plants import (
    API,
    ManualClock,
    Person,
    a_heartbeat,
    a_result,
    add_station,
    new_plant,
    person_with,
    png,
    running,
    send_results,
    sign_in,
)
from tests.support.tiny_bundle import write_tiny_bundle

WHY = {"reason": "to see it run"}
ON_DEMAND = RolloutSettings(check_every_s=3600)
BY_ITSELF = RolloutSettings(check_every_s=3600, advance=True, advance_parts=20, advance_after_min=10)


class Floor:
    """A plant with the stations `line-1` to `line-3`, a champion, and a challenger that passed the gate."""

    def __init__(self, plant: Plant, client: TestClient, folder: Path) -> None:
        self.plant, self.client = plant, client
        self.admin = sign_in(client)
        self.keys = {name: add_station(self.admin, name) for name in ("line-1", "line-2", "line-3")}
        self.champion = self._add(folder, 1.0)
        self._pass_gate(self.champion, None)
        with plant.database.write() as session:
            promote(session, "part", self.champion, reason="first", user="admin", now=plant.clock())
        self.challenger = self._add(folder, 2.0)
        self._pass_gate(self.challenger, self.champion)

    def _add(self, folder: Path, threshold: float) -> str:
        key = SigningKey.load_or_create(self.plant.settings.data_dir / "keys" / "signing_key.pem")
        path = folder / f"{threshold}.bundle"
        write_tiny_bundle(path, key, "part", threshold)
        with self.plant.database.write() as session:
            now = self.plant.clock()
            return register(session, self.plant.bundles, path, recipe="part", origin="upload", now=now).id

    def _pass_gate(self, bundle_id: str, champion: str | None) -> None:
        with self.plant.database.write() as session:
            add_gate(session, bundle_id, champion, {"passed": True, "reasons": []}, self.plant.clock())

    def start(self, *stages: list[str] | dict[str, str]) -> Any:
        """Start a rollout."""
        body = {"bundle_id": self.challenger, "stages": stages or [["line-1"]], **WHY}
        return self.admin.post("/recipes/part/rollouts", body)

    def step(self, what: str) -> Any:
        """Advance or halt it."""
        return self.admin.post(f"/recipes/part/rollouts/current/{what}", WHY)

    def beat(self, station: str, **changes: Any) -> Any:
        """A heartbeat of a station; the bundle that it is told."""
        beat = a_heartbeat(**changes).model_dump(mode="json")
        answer = self.client.post(f"{API}/stations/me/heartbeat", json=beat, headers=self.keys[station])
        assert answer.status_code == 200, answer.text
        return answer.json()["bundle_id"]

    def told(self) -> list[str]:
        """Which bundle each station is told."""
        names = {self.champion: "champion", self.challenger: "challenger"}
        return [names[self.beat(station)] for station in self.keys]

    def counted(self, station: str, bundle_id: str, *, passed: int = 0, drops: int = 0) -> None:
        """A heartbeat with this ledger."""
        counts = {"triggers": passed + drops, "verdicts": passed, "drops": drops, "passed": passed, "undecided": drops}
        self.beat(station, bundle_id=bundle_id, ledger=LedgerCounts(**counts))

    def judged(self, station: str, bundle_id: str | None, count: int, verdict: Verdict = Verdict.PASS) -> None:
        """Send results; without a bundle they are timeouts."""
        outcome = Outcome.VERDICT if bundle_id else Outcome.TIMEOUT
        times = Times(trigger_us=0, frame_received_us=0, verdict_us=12_000 if bundle_id else 100_000)
        fields = {"station": station, "bundle_id": bundle_id, "outcome": outcome, "times": times}
        self._send(station, [a_result(verdict, captured_at=self.plant.clock(), **fields) for _ in range(count)])

    def _send(self, station: str, results: list[InspectionResult]) -> None:
        assert send_results(self.client, self.keys[station], *results).status_code == 200

    def look(self) -> dict[str, Any]:
        """Let the watch look once; the newest rollout."""
        self.plant.rollouts.look()
        newest: dict[str, Any] = self.admin.get("/recipes/part/rollouts").json()[0]
        return newest


@contextmanager
def _open(folder: Path, clock: ManualClock, settings: RolloutSettings = ON_DEMAND, **where: Any) -> Iterator[Floor]:
    plant = new_plant(folder, clock, rollout=settings, **where)
    with running(plant) as client:
        yield Floor(plant, client, folder)


@pytest.fixture(name="floor")
def _floor(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> Iterator[Floor]:
    """A floor whose watch looks when the test says so."""
    with _open(tmp_path, clock, **where) as floor:
        yield floor


@pytest.fixture(name="moving")
def _moving(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> Iterator[Floor]:
    """A floor whose rollouts advance by themselves."""
    with _open(tmp_path, clock, BY_ITSELF, **where) as floor:
        yield floor


def test_the_audit_log_says_what_the_gate_of_a_finished_rollout_has_not_seen(floor: Floor, clock: ManualClock) -> None:
    floor.start(["line-1"])
    clock.advance(60)
    held = next(seed for seed in range(500, 560) if split_of(sha256(png(seed)).hexdigest()) is Split.HOLDOUT)
    floor.admin.send("/recipes/part/samples", png(held), label="defect", defect_type="dent").raise_for_status()
    assert floor.step("advance").json()["state"] == "finished"
    row = next(row for row in floor.admin.get("/audit").json() if row["action"] == "rollout.finished")
    assert json.loads(row["details"])["heldout_since_gate"] == {"goods": 0, "defects": 1}


def test_stages_bring_the_challenger_to_more_stations_and_end_in_the_promotion(floor: Floor) -> None:
    answer = floor.start(["line-2"], ["line-1"])
    assert answer.status_code == 201, answer.text
    assert floor.told() == ["champion", "challenger", "champion"]
    assert floor.step("advance").json()["stations"] == ["line-2", "line-1"]
    assert floor.told() == ["challenger", "challenger", "champion"]
    shown = {station["name"]: station["desired_bundle_id"] for station in floor.admin.get("/stations").json()}
    assert (shown["line-1"], shown["line-3"]) == (floor.challenger, floor.champion)
    finished = floor.step("advance").json()
    assert (finished["state"], [step["kind"] for step in finished["steps"]]) == (
        "finished",
        ["start", "advance", "finish"],
    )
    assert floor.told() == ["challenger"] * 3
    assert floor.admin.get("/recipes/part/models").json()["champion_id"] == floor.challenger
    assert floor.admin.post("/recipes/part/rollback", WHY).json()["bundle_id"] == floor.champion


def test_a_fail_rate_out_of_its_band_halts_it_and_says_why(floor: Floor) -> None:
    floor.judged("line-1", floor.champion, 60)
    floor.start()
    floor.judged("line-1", floor.champion, 30, Verdict.FAIL)  # late results of the champion count for nobody
    assert floor.look()["state"] == "running"
    floor.judged("line-1", floor.challenger, 12)
    floor.judged("line-1", floor.challenger, 8, Verdict.FAIL)
    halted = floor.look()
    step = halted["steps"][-1]
    assert (halted["state"], step["kind"], step["user"]) == ("halted", "halt", "system")
    assert "station line-1: FAIL: 40.0% of the parts, 0.0% with the champion" in step["reason"]
    evidence = step["evidence"][0]
    assert (evidence["station"], evidence["looked_at"], evidence["compared_with"]) == ("line-1", 20, "itself")
    assert floor.told() == ["champion"] * 3
    newest = floor.admin.get("/audit", params={"limit": 1}).json()[0]
    assert (newest["actor"], newest["action"]) == ("system", "rollout.halted")
    floor.plant.alerts.look()
    (alert,) = [alert for alert in floor.admin.get("/alerts").json() if alert["kind"] == "rollout_halted"]
    assert "FAIL: 40.0% of the parts" in alert["text"]


def test_parts_like_the_champions_do_not_halt_it(floor: Floor) -> None:
    floor.judged("line-1", floor.champion, 55)
    floor.judged("line-1", floor.champion, 5, Verdict.FAIL)
    floor.start()
    floor.judged("line-1", floor.challenger, 2, Verdict.FAIL)
    floor.judged("line-1", floor.challenger, 39)
    rollout = floor.look()
    assert rollout["state"] == "running"
    assert (rollout["evidence"][0]["parts"], rollout["evidence"][0]["looked_at"]) == (41, 40)


def test_a_challenger_of_which_only_timeouts_are_heard_is_halted(floor: Floor, clock: ManualClock) -> None:
    """A timeout names no bundle: it counts from when the station said that it runs the challenger."""
    floor.judged("line-1", floor.champion, 60)
    floor.start()
    clock.advance(60)
    floor.judged("line-1", None, 20, Verdict.UNDECIDED)
    assert floor.look()["evidence"][0]["parts"] == 0
    floor.beat("line-1", bundle_id=floor.challenger)
    clock.advance(60)
    floor.judged("line-1", None, 20, Verdict.UNDECIDED)
    step = floor.look()["steps"][-1]
    assert step["kind"] == "halt"
    assert "drops, timeouts and UNDECIDED: 100.0%" in step["reason"]
    assert "took more than 100 ms" in step["reason"]


def test_a_ledger_out_of_its_band_halts_it_before_any_result_has_come(floor: Floor) -> None:
    """The results wait in the station's spool; its heartbeats count what it has dropped."""
    floor.judged("line-1", floor.champion, 200)
    floor.start()
    floor.counted("line-1", floor.champion, drops=50)
    floor.counted("line-1", floor.challenger, drops=50)
    floor.counted("line-1", floor.challenger, passed=60, drops=50)
    running = floor.look()
    assert running["state"] == "running", "what was dropped before it came is not its own"
    assert [finding["measure"] for finding in running["evidence"][0]["findings"]] == ["ledger"]
    floor.counted("line-1", floor.challenger, passed=90, drops=100)
    step = floor.look()["steps"][-1]
    assert step["kind"] == "halt"
    assert "ledger: drops, timeouts and UNDECIDED: 35.7% of the parts, 0.0% with the champion" in step["reason"]


def test_a_new_station_is_compared_with_the_others(floor: Floor) -> None:
    floor.start()
    floor.judged("line-2", floor.champion, 40)
    floor.judged("line-1", floor.challenger, 20, Verdict.FAIL)
    halted = floor.look()
    assert (halted["state"], halted["steps"][-1]["evidence"][0]["compared_with"]) == ("halted", "others")


def test_a_station_that_refuses_the_challenger_halts_it(floor: Floor, clock: ManualClock) -> None:
    floor.start()
    floor.beat("line-1", bundle_id=floor.champion, bundle_refused="of before")
    assert floor.look()["state"] == "running"
    clock.advance(7201)
    floor.beat("line-1", bundle_id=floor.champion, bundle_refused="scores differ on this box")
    halted = floor.look()
    assert halted["steps"][-1]["reason"] == "station line-1 refuses it: scores differ on this box"


def test_a_station_that_was_offline_catches_up(floor: Floor, clock: ManualClock) -> None:
    floor.beat("line-1", bundle_id=floor.champion)
    floor.start()
    clock.advance(14_400)
    assert floor.look()["state"] == "running"
    assert floor.beat("line-1", bundle_id=floor.champion) == floor.challenger
    floor.step("halt")
    clock.advance(14_400)
    assert floor.beat("line-1", bundle_id=floor.challenger) == floor.champion


def test_what_waited_in_the_spool_hides_no_part_of_the_challenger(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More parts of the champion than are looked at come after the step: the station was away for days."""
    monkeypatch.setattr(evidence, "_MOST_PARTS", 40)
    floor.judged("line-1", floor.champion, 100)
    floor.start()
    floor.judged("line-1", floor.champion, 50)
    floor.judged("line-1", floor.challenger, 40, Verdict.FAIL)
    halted = floor.look()
    assert halted["state"] == "halted"
    assert halted["steps"][-1]["evidence"][0]["parts"] == 40


def test_it_advances_by_itself_after_enough_parts_and_time(moving: Floor, clock: ManualClock) -> None:
    moving.judged("line-1", moving.champion, 40)
    moving.judged("line-2", moving.champion, 40)
    moving.start(["line-1"], ["line-2"])
    moving.judged("line-1", moving.challenger, 25)
    assert moving.look()["stage"] == 0
    clock.advance(700)
    assert moving.look()["stage"] == 1
    clock.advance(700)
    assert moving.look()["state"] == "running"  # line-2 has judged nothing yet
    moving.judged("line-2", moving.challenger, 25)
    finished = moving.look()
    assert (finished["state"], finished["steps"][-1]["user"]) == ("finished", "system")
    with moving.plant.database.read() as session:
        assert champion_of(session, "part") == moving.challenger


def test_a_rollout_waits_as_long_as_the_engineer_says(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any]
) -> None:
    """By the settings only a person takes it on; this one goes on by itself after five minutes."""
    with _open(tmp_path, clock, RolloutSettings(check_every_s=3600, advance_parts=20), **where) as floor:
        floor.judged("line-1", floor.champion, 40)
        body = {"bundle_id": floor.challenger, "stages": [["line-1"], ["line-2"]], "wait_min": 5, **WHY}
        assert floor.admin.post("/recipes/part/rollouts", body).json()["wait_min"] == 5
        floor.judged("line-1", floor.challenger, 25)
        clock.advance(299)
        assert floor.look()["stage"] == 0
        clock.advance(2)
        assert floor.look()["stage"] == 1
        assert floor.step("halt").json()["state"] == "halted"
        assert floor.start().json()["wait_min"] is None


def test_a_stage_is_a_line(floor: Floor) -> None:
    """One station, its line, then all: the stage of the line leaves out what runs the challenger already."""
    for station in ("line-2", "line-1"):
        assert floor.admin.put(f"/stations/{station}/line", {"line": "hall-A"}).status_code == 204
    rollout = floor.start(["line-1"], {"line": "hall-A"}).json()
    assert rollout["stages"] == [["line-1"], ["line-2"]]
    assert floor.told() == ["challenger", "champion", "champion"]
    floor.step("advance")
    assert floor.told() == ["challenger", "challenger", "champion"]
    floor.step("advance")
    assert floor.told() == ["challenger"] * 3


def test_a_line_without_a_station_of_the_recipe_is_no_stage(floor: Floor) -> None:
    refused = floor.start({"line": "hall-Z"})
    assert refused.status_code == 409
    assert "line 'hall-Z': expected a station of recipe 'part' that is in no earlier stage" in refused.json()["message"]


def test_the_champion_stays_while_a_rollout_is_under_way(floor: Floor) -> None:
    floor.start()
    refused = [
        floor.start(),
        floor.admin.post("/recipes/part/promote", {"bundle_id": floor.challenger, **WHY}),
        floor.admin.post("/recipes/part/promote", {"bundle_id": floor.challenger, "force": True, **WHY}),
        floor.admin.post("/recipes/part/rollback", WHY),
    ]
    assert [answer.status_code for answer in refused] == [409] * 4
    assert all("is being rolled out; advance that rollout" in answer.json()["message"] for answer in refused)
    assert floor.step("halt").json()["state"] == "halted"
    assert floor.start().status_code == 201


def test_what_cannot_be_rolled_out_is_refused_in_words(floor: Floor) -> None:
    add_station(floor.admin, "cap-1", "cap")
    assert "runs recipe 'cap'" in floor.start(["cap-1"]).json()["message"]
    assert "got it 2 times" in floor.start(["line-1"], ["line-1"]).json()["message"]
    assert floor.start(["line-9"]).status_code == 404
    assert floor.start([]).status_code == 422
    assert floor.step("advance").json()["message"] == "recipe 'part': no rollout is under way"
    body = {"bundle_id": floor.champion, "stages": [["line-1"]], **WHY}
    assert "is the champion" in floor.admin.post("/recipes/part/rollouts", body).json()["message"]


def test_starting_one_is_for_engineers(floor: Floor) -> None:
    inspector: Person = person_with(floor.plant, floor.client, Role.INSPECTOR)
    body = {"bundle_id": floor.challenger, "stages": [["line-1"]], **WHY}
    assert inspector.post("/recipes/part/rollouts", body).status_code == 403
    assert inspector.post("/recipes/part/rollouts/current/halt", WHY).status_code == 403
    assert inspector.get("/recipes/part/rollouts").json() == []
