"""kill -9 of the service amid a rollout, on both databases: each station is told what the audit log says, or before."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from edge.contract.signature import SigningKey
from inspection.audit.log import verify
from inspection.people.api_keys import Rights, add_api_key
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.registry.bundles import register
from inspection.registry.gates import add_gate
from inspection.registry.promotions import promote
from inspection.rollout.steps import advance, start
from inspection.store.tables import AuditRow
from tests.support.doomed_plant import doomed_plant
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import API, a_heartbeat, add_station, new_plant, running, sign_in
from tests.support.tiny_bundle import write_tiny_bundle

WHY = {"reason": "to see it run"}
LINES = ("line-1", "line-2", "line-3")
Prepare = Callable[[Session, "Made"], object]


@dataclass(frozen=True)
class Made:
    """A plant that was closed, with three stations, a champion, and a challenger that passed the gate."""

    folder: Path
    where: dict[str, Any]
    bundles: tuple[str, str]
    stations: dict[str, dict[str, str]]
    program: dict[str, str]

    def opened(self) -> Plant:
        """Started again."""
        return new_plant(self.folder, **self.where)

    def told(self, client: TestClient) -> str:
        """Which bundle each station is told: `a` is the champion, `b` the challenger."""
        names = dict(zip(self.bundles, "ab", strict=True))
        beat = a_heartbeat().model_dump(mode="json")
        address = f"{API}/stations/me/heartbeat"
        answers = [client.post(address, json=beat, headers=self.stations[name]) for name in LINES]
        return "".join(names[answer.json()["bundle_id"]] for answer in answers)


@dataclass(frozen=True)
class Step:
    """A step of a rollout, and when the service dies in it.

    Attributes:
        stages: of the rollout under way before it; None if there is none.
        finished: whether that rollout has come to its end.
        told: which bundle each station is told before and after it.
        action: what the audit log says of it.
    """

    path: str
    dies: str
    told: tuple[str, str]
    action: str
    stages: tuple[list[str], ...] | None = None
    finished: bool = False

    @property
    def kept(self) -> bool:
        """Whether it was committed when the service died."""
        return self.dies.startswith("committed")


ADVANCE = "/recipes/part/rollouts/current/advance"
HALT = "/recipes/part/rollouts/current/halt"
AUDIT, COMMITTED = "INSERT INTO audit ", "committed: INSERT INTO audit "
ONE, TWO = (["line-1"],), (["line-1"], ["line-2"])
STEPS = {
    "start, kept": Step("/recipes/part/rollouts", COMMITTED, ("aaa", "baa"), "rollout.started"),
    "advance": Step(ADVANCE, AUDIT, ("baa", "bba"), "rollout.advanced", TWO),
    "finish": Step(ADVANCE, "INSERT INTO promotions", ("baa", "bbb"), "rollout.finished", ONE),
    "halt": Step(HALT, "INSERT INTO rollout_steps", ("bba", "aaa"), "rollout.halted", ([*LINES[:2]],)),
    "roll back": Step("/recipes/part/rollback", AUDIT, ("bbb", "aaa"), "model.rolled_back", ONE, finished=True),
}


@pytest.fixture(name="made")
def _made(tmp_path: Path, where: dict[str, Any]) -> Made:
    plant = new_plant(tmp_path, **where)
    with running(plant) as client:
        admin = sign_in(client)
        stations = {name: add_station(admin, name) for name in LINES}
    plant = new_plant(tmp_path, **where)
    now = plant.clock()
    signing = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    with plant.database.write() as session:
        bundles = []
        for threshold, champion in ((1.0, None), (2.0, bundles)):
            path = tmp_path / f"{threshold}.bundle"
            write_tiny_bundle(path, signing, "part", threshold)
            bundle_id = register(session, plant.bundles, path, recipe="part", origin="upload", now=now).id
            add_gate(session, bundle_id, champion and champion[0], {"passed": True, "reasons": []}, now)
            bundles.append(bundle_id)
            if champion is None:
                promote(session, "part", bundle_id, user="admin", now=now, **WHY)
        key = add_api_key(session, "mes", Rights(Role.ENGINEER), "admin", now)
    plant.close()
    return Made(tmp_path, where, (bundles[0], bundles[1]), stations, {"Authorization": f"Bearer {key}"})


def _come_to(made: Made, step: Step) -> None:
    """The rollout that is under way before the step."""
    if step.stages is None:
        return
    plant = made.opened()
    with plant.database.write() as session:
        said: dict[str, Any] = {"user": "admin", "now": plant.clock(), **WHY}
        start(session, "part", made.bundles[1], stages=step.stages, **said)
        if step.finished:
            advance(session, "part", **said)
    plant.close()


def _log(plant: Plant) -> tuple[list[str], int | None]:
    """What the audit log says of rollouts and models; and where its chain is broken."""
    with plant.database.read() as session:
        actions = session.scalars(select(AuditRow.action).order_by(AuditRow.number))
        return [action for action in actions if action.startswith(("rollout.", "model."))], verify(session).broken_at


@pytest.mark.parametrize("name", list(STEPS))
def test_a_step_of_a_rollout_is_whole_or_not_at_all(made: Made, name: str) -> None:
    step = STEPS[name]
    _come_to(made, step)
    body = {**WHY, "bundle_id": made.bundles[1], "stages": ONE} if step.path.endswith("rollouts") else WHY
    with doomed_plant(made.folder, step.dies, made.where) as process:
        address = process.address()
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{address}{API}{step.path}", json=body, headers=made.program, verify=NO_CERTIFICATES)
        assert process.wait() == -signal.SIGKILL
    with running(plant := made.opened()) as client:
        assert made.told(client) == step.told[step.kept]
        assert _log(plant) == ([step.action] if step.kept else [], None)
        again = client.post(f"{API}{step.path}", json=body, headers=made.program)
        assert again.is_success is not step.kept, again.text
        assert made.told(client) == step.told[1]
        assert _log(plant) == ([step.action], None)
