"""Evaluation and replay: jobs that measure a bundle, decide nothing, and go on after the service ended amid them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.contract.signature import SigningKey
from inspection.jobs.book import JobKind, JobState, add_job
from inspection.plant import Plant
from tests.support.compared import Compared, compared, measured
from tests.support.plants import Person, new_plant, running, sign_in, wait_for_job
from tests.support.tiny_bundle import write_tiny_bundle


@dataclass(frozen=True)
class World:
    """The plant of those tests that change nothing of it."""

    plant: Plant
    admin: Person
    made: Compared

    def left_by(self, job: dict[str, Any]) -> list[str]:
        """Names in the folder of a job."""
        return [path.name for path in self.plant.jobs.folder(job["id"]).iterdir()]


@pytest.fixture(name="world", scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory, where_for_all: dict[str, Any]) -> Iterator[World]:
    plant = new_plant(tmp_path_factory.mktemp("measured"), **where_for_all)
    with running(plant) as client:
        admin = sign_in(client)
        yield World(plant, admin, compared(client, admin))


def test_an_evaluation_is_a_job_of_its_own_and_no_evidence_for_a_promotion(
    world: World,
) -> None:
    admin, challenger = world.admin, world.made.challenger
    before = admin.get("/recipes/part/models").json()["models"]
    job = measured(admin, "evaluate", bundle_id=challenger)
    assert (job["state"], job["error"]) == ("succeeded", None)
    held = admin.get("/recipes/part/samples").json()["goods"]["holdout"]
    assert (job["result"]["bundle_id"], job["result"]["evaluation"]["goods"]) == (challenger, held)
    version = admin.get(f"/recipes/part/data-versions/{job['result']['data_version']}").json()
    assert sum(sample["split"] == "holdout" for sample in version["samples"]) == held > 0
    assert admin.get(f"/recipes/part/models/{challenger}/report").text.endswith("fake evaluation</title>")
    assert admin.get("/recipes/part/models").json()["models"] == before
    assert world.left_by(job) == ["log.txt"]


def test_a_replay_is_a_job_of_its_own_beside_the_champion(world: World) -> None:
    admin, champion = world.admin, world.made.champion
    bundle_id, ids = world.made.challenger, world.made.parts
    job = measured(admin, "replay", bundle_id=bundle_id)
    assert (job["state"], job["error"]) == ("succeeded", None)
    result = job["result"]
    assert (result["bundle_id"], result["against"], result["replayed"]["parts"]) == (
        bundle_id,
        champion,
        result["flips"],
    )
    assert set(ids[1:]) <= {flip["result_id"] for flip in result["flipped"]} <= set(ids)
    newest = measured(admin, "replay", bundle_id=champion, against=bundle_id, parts=1)["result"]
    assert [flip["result_id"] for flip in newest["flipped"]] == ids[-1:]
    assert world.left_by(job) == ["log.txt"]


def test_what_cannot_be_measured_is_refused_in_words(world: World) -> None:
    admin, champion, challenger = world.admin, world.made.champion, world.made.challenger
    same = admin.post("/jobs", {"kind": "replay", "recipe": "part", "bundle_id": champion})
    assert (same.status_code, "expected another bundle" in same.json()["message"]) == (409, True)
    foreign = admin.post("/jobs", {"kind": "evaluate", "recipe": "part", "bundle_id": "0" * 64})
    assert foreign.status_code == 404
    admin.post("/recipes", {"name": "other"})
    other = admin.post("/jobs", {"kind": "replay", "recipe": "other", "bundle_id": challenger})
    assert (other.status_code, "is not for recipe 'other'" in other.json()["message"]) == (409, True)


def test_measuring_without_pictures_says_so(admin: Person, plant: Plant, tmp_path: Path) -> None:
    admin.post("/recipes", {"name": "part"})
    key = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    ids = []
    for number in (1, 2):
        write_tiny_bundle(tmp_path / "made.bundle", key, "part", float(number))
        ids.append(admin.send("/recipes/part/bundles", (tmp_path / "made.bundle").read_bytes()).json()["id"])
    assert "the hold-out has no picture yet" in measured(admin, "evaluate", bundle_id=ids[0])["error"]
    unknown = admin.post("/jobs", {"kind": "replay", "recipe": "part", "bundle_id": ids[0]})
    assert (unknown.status_code, "no champion to compare with" in unknown.json()["message"]) == (409, True)
    assert "nothing to replay" in measured(admin, "replay", bundle_id=ids[0], against=ids[1])["error"]


def test_what_the_service_left_behind_is_measured_after_its_start(tmp_path: Path, where: dict[str, Any]) -> None:
    """As kill -9 leaves it: the rows say running."""
    with running(new_plant(tmp_path, **where)) as client:
        made = compared(client, sign_in(client))
    plant = new_plant(tmp_path, **where)
    asked: dict[JobKind, dict[str, object]] = {
        JobKind.EVALUATE: {"bundle_id": made.challenger},
        JobKind.REPLAY: {"bundle_id": made.challenger, "against": made.champion, "parts": 3},
    }
    with plant.database.write() as session:
        rows = [add_job(session, kind, "part", parameters, "ann", plant.clock()) for kind, parameters in asked.items()]
        for row in rows:
            row.state = JobState.RUNNING.value
        left = [row.id for row in rows]
    for job in left:
        plant.jobs.folder(job).mkdir(parents=True)
        (plant.jobs.folder(job) / "data").mkdir()  # what it had laid out
    plant.database.close()
    with running(new_plant(tmp_path, **where)) as client:
        admin = sign_in(client)
        evaluated, replayed = (wait_for_job(admin, job) for job in left)
    assert [(job["state"], job["error"], job["interruptions"]) for job in (evaluated, replayed)] == [
        ("succeeded", None, 1)
    ] * 2
    assert evaluated["result"]["evaluation"]["goods"] > 0
    assert [flip["result_id"] for flip in replayed["result"]["flipped"]] != []
