"""Jobs on a Ray cluster of two workers: side by side, with their lines, cancelled, and with one worker killed."""

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edge.contract.archive import open_sealed
from edge.contract.signature import TrustedKeys
from inspection.clock import utc_now
from inspection.jobs.ray_settings import RaySettings
from inspection.plant import Plant, open_plant
from tests.support.compared import compared, measured
from tests.support.plants import (
    FAKE_MODELS,
    Person,
    add_samples,
    new_plant,
    plant_settings,
    running,
    sign_in,
    wait_for_job,
)
from tests.support.ray_cluster import RayCluster, processes_with, ray_cluster

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="no ray; to run these: .venv/bin/pip install -c constraints.txt 'ray'"
)
RECIPES = ("slow-a", "slow-b", "slow-c")
on_sqlite = pytest.mark.parametrize("where", [{}], ids=["sqlite"])
"""Where the jobs run has little to do with the database; one test is on both."""


@pytest.fixture(name="cluster", scope="module")
def _cluster() -> Iterator[RayCluster]:
    with ray_cluster() as cluster:
        yield cluster


@pytest.fixture(name="plant")
def _plant(tmp_path: Path, cluster: RayCluster, where: dict[str, Any]) -> Plant:
    """Its jobs are whole processes on the workers, not forks of one that would outlive them."""
    ray = RaySettings(address=cluster.address, jobs_at_once=3)
    return open_plant(plant_settings(tmp_path, ray=ray, job_memory_mb=2000, **where), FAKE_MODELS, utc_now)


@pytest.fixture(name="engineer")
def _engineer(plant: Plant) -> Iterator[Person]:
    with running(plant) as client:
        yield sign_in(client)


def _start(person: Person, recipe: str) -> str:
    add_samples(person, recipe, range(8), range(100, 103))
    return str(person.post("/jobs", {"kind": "train", "recipe": recipe}).json()["id"])


def _wait_until(person: Person, job: str, said: str) -> None:
    """Until the job has said this; bounded by the test's timeout."""
    while not _has_said(person, job, said):
        assert person.get(f"/jobs/{job}").json()["state"] in {"queued", "running"}


def _has_said(person: Person, job: str, said: str) -> bool:
    return any(said in line for line in person.get(f"/jobs/{job}").json()["log"])


def test_cancelled_job_leaves_no_process_on_its_worker(engineer: Person) -> None:
    job = _start(engineer, "hangs")
    _wait_until(engineer, job, "fake models: ")
    assert processes_with("inspection-job-") != []
    engineer.post(f"/jobs/{job}/cancel")
    assert wait_for_job(engineer, job)["state"] == "cancelled"
    while processes_with("inspection-job-"):
        pass


@on_sqlite
def test_failed_command_says_why(engineer: Person) -> None:
    job = wait_for_job(engineer, _start(engineer, "fails"))
    assert (job["state"], job["result"]) == ("failed", None)
    assert "bottle_003.png: expected 3 channels, got 1" in job["error"]


@on_sqlite
def test_all_recipes_are_trained_though_a_worker_is_killed(engineer: Person, plant: Plant, cluster: RayCluster) -> None:
    jobs = [_start(engineer, recipe) for recipe in RECIPES]
    while sum(_has_said(engineer, job, "fake models: ") for job in jobs) < 2:
        time.sleep(0.02)  # one on each worker; which of the three comes last, Ray decides
    cluster.kill_worker()
    deadline = time.monotonic() + 10
    while len(processes_with("inspection-job-")) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)  # a job could still end well on a worker that is about to die
    cluster.go()
    ended: list[dict[str, Any]] = [wait_for_job(engineer, job) for job in jobs]
    assert [(job["state"], job["error"]) for job in ended] == [("succeeded", None)] * len(RECIPES)
    assert sum("the worker was lost" in line for job in ended for line in job["log"]) >= 1
    for job in ended:  # signed by the plant, which never gave its key away
        sealed = open_sealed(plant.bundles.path(job["result"]["bundle_id"]), TrustedKeys((plant.public_key,)))
        assert sealed.manifest.recipe == job["recipe"]
        assert (job["result"]["goods"], job["result"]["gate"]["passed"]) == (
            engineer.get(f"/recipes/{job['recipe']}/samples").json()["goods"]["train"],
            True,
        )


def test_evaluation_and_replay_run_on_a_worker(tmp_path: Path, cluster: RayCluster) -> None:
    """Inputs travel there, report and flips come back; both models are made on one machine, which is quicker."""
    with running(new_plant(tmp_path)) as client:
        made = compared(client, sign_in(client))
    ray = RaySettings(address=cluster.address)
    with running(open_plant(plant_settings(tmp_path, ray=ray), FAKE_MODELS, utc_now)) as client:
        admin = sign_in(client)
        evaluated = measured(admin, "evaluate", bundle_id=made.challenger)
        replayed = measured(admin, "replay", bundle_id=made.challenger)
        report = admin.get(f"/recipes/part/models/{made.challenger}/report").text
    assert (evaluated["state"], evaluated["error"], report.endswith("fake evaluation</title>")) == (
        "succeeded",
        None,
        True,
    )
    assert (replayed["state"], replayed["error"], replayed["result"]["against"]) == ("succeeded", None, made.champion)
    assert {flip["result_id"] for flip in replayed["result"]["flipped"]} >= set(made.parts[1:])
