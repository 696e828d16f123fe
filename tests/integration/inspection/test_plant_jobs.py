"""Jobs: real processes that succeed, fail, are cancelled, or are left behind."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from edge.contract.errors import JobFailed
from inspection.jobs import judging, steps
from inspection.jobs.book import BY_PEOPLE, JobKind, JobState, add_job, next_job, require_job, resume_abandoned
from inspection.plant import Plant
from inspection.registry.recipes import add_recipe, list_recipes
from tests.support.plants import (
    ManualClock,
    Person,
    add_samples,
    image_ref,
    new_plant,
    png,
    running,
    sign_in,
    train,
    wait_for_job,
)


def test_training_registers_a_challenger_with_its_evidence(admin: Person) -> None:
    add_samples(admin, "part", range(12), range(100, 106))
    job = train(admin, "part")
    assert (job["state"], job["progress"], job["error"]) == ("succeeded", 1.0, None)
    models = admin.get("/recipes/part/models").json()
    version = models["models"][0]
    assert version["id"] == job["result"]["bundle_id"]
    assert (version["champion"], version["gate"]["passed"], models["champion_id"]) == (False, True, None)
    assert version["gate"]["evaluation"]["challenger"]["recall"] == {"scratch": 1.0, "dent": 0.875}


def test_training_sees_the_train_split_and_the_gate_the_holdout(admin: Person) -> None:
    add_samples(admin, "part", range(12), range(100, 106))
    counts = admin.get("/recipes/part/samples").json()
    result = train(admin, "part")["result"]
    assert result["goods"] == counts["goods"]["train"]
    assert result["defects"] == counts["defects"]["train"]["scratch"]
    assert result["gate"]["challenger"]["goods"] == counts["goods"]["holdout"]
    assert result["gate"]["challenger"]["defects"] == counts["defects"]["holdout"].get("scratch", 0)


def test_labelled_defects_can_be_left_out(admin: Person) -> None:
    add_samples(admin, "part", range(8), range(100, 106))
    job = admin.post("/jobs", {"kind": "train", "recipe": "part", "use_defects": False}).json()
    assert wait_for_job(admin, job["id"])["result"]["defects"] == 0


def test_next_model_follows_the_champion(admin: Person) -> None:
    add_samples(admin, "part", range(8))
    first = train(admin, "part")["result"]["bundle_id"]
    admin.post("/recipes/part/promote", {"bundle_id": first, "reason": "first"})
    add_samples(admin, "part", range(20, 30))
    second = train(admin, "part")["result"]
    assert second["parent"] == first
    assert second["gate"]["champion"] is not None


def test_waiting_labels_count_from_the_last_training(admin: Person, clock: ManualClock) -> None:
    add_samples(admin, "part", range(8), range(100, 103))
    assert admin.get("/recipes/part/models").json()["waiting"] == {"good": 8, "defect": 3}
    train(admin, "part")
    clock.advance(60)
    add_samples(admin, "part", range(30, 32))
    assert admin.get("/recipes/part/models").json()["waiting"] == {"good": 2, "defect": 0}


def test_failed_training_says_why(admin: Person) -> None:
    add_samples(admin, "fails", range(8))
    job = train(admin, "fails")
    assert job["state"] == "failed"
    assert "bottle_003.png" in job["error"]
    assert "error: bottle_003.png: expected 3 channels, got 1" in job["log"]
    assert admin.get("/recipes/fails/models").json()["models"] == []


def test_what_a_training_made_keeps_its_origin_though_the_gate_broke(
    admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays in the registry, and another gate may let it pass."""

    def broken(*_: object, **__: object) -> None:
        raise JobFailed("gate: no memory left")

    add_samples(admin, "part", range(8))
    monkeypatch.setattr(steps, "judge", broken)
    job = train(admin, "part")
    assert (job["state"], job["error"]) == ("failed", "gate: no memory left")
    (model,) = admin.get("/recipes/part/models").json()["models"]
    lineage = admin.get(f"/recipes/part/models/{model['id']}/lineage").json()
    assert (lineage["job_id"], lineage["data_version"]) == (job["id"], job["result"]["data_version"])


def test_a_gate_without_a_hold_out_says_what_to_add(admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command names a folder of the job without images, which is of no use to whoever uploads pictures."""

    def broken(*_: object, **__: object) -> None:
        raise JobFailed("training process ended with code 2: data/test: no images")

    admin.post("/recipes", {"name": "part"})
    for data in [data for data in map(png, range(12)) if int(image_ref(data).sha256, 16) % 5]:
        admin.send("/recipes/part/samples", data, label="good")
    monkeypatch.setattr(judging, "run_models", broken)
    assert "add good parts, of which one in five is held out" in train(admin, "part")["error"]
    add_samples(admin, "part", range(12))
    assert train(admin, "part")["error"] == "training process ended with code 2: data/test: no images"


def test_job_after_a_failed_one_runs(admin: Person) -> None:
    add_samples(admin, "fails", range(8))
    add_samples(admin, "part", range(8))
    jobs = [admin.post("/jobs", {"kind": "train", "recipe": name}).json()["id"] for name in ("fails", "part")]
    assert [wait_for_job(admin, job)["state"] for job in jobs] == ["failed", "succeeded"]


def test_running_job_is_cancelled_with_its_process(admin: Person, plant: Plant) -> None:
    add_samples(admin, "hangs", range(8))
    job = admin.post("/jobs", {"kind": "train", "recipe": "hangs"}).json()["id"]
    pid_file = plant.jobs.folder(job) / "pid"
    while not (pid_file.exists() and admin.get(f"/jobs/{job}").json()["step"] == "reading images"):
        pass
    pid = int(pid_file.read_text("utf-8"))
    assert admin.post(f"/jobs/{job}/cancel").json()["cancel_requested"] is True
    assert wait_for_job(admin, job)["state"] == "cancelled"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_job_outlives_a_database_that_is_away(admin: Person, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it tells how far it is, and at its end: one that stayed `running` would bar its recipe until a restart."""
    monkeypatch.setattr("inspection.jobs.worker._IDLE_S", 0.01)
    add_samples(admin, "part", range(8))
    write, failed = plant.database.write, Counter[str]()

    @contextmanager
    def away() -> Iterator[Session]:
        caller = sys._getframe(2).f_code.co_name  # behind contextlib's own
        if caller in {"report", "_note"} and failed[caller] < 3:
            failed[caller] += 1
            raise OperationalError("", {}, Exception("away"))
        with write() as session:
            yield session

    monkeypatch.setattr(plant.database, "write", away)
    assert train(admin, "part")["state"] == "succeeded"
    assert failed == {"report": 3, "_note": 3}


def test_waiting_job_is_cancelled_at_once(admin: Person) -> None:
    add_samples(admin, "hangs", range(8))
    first = _asked(admin)
    wait_for_job(admin, first, "running")
    second = _asked(admin)
    assert admin.post(f"/jobs/{second}/cancel").json()["state"] == "cancelled"
    assert admin.post(f"/jobs/{second}/cancel").status_code == 409
    assert [job["id"] for job in admin.get("/jobs", params={"recipe": "hangs"}).json()] != []
    admin.post(f"/jobs/{first}/cancel")
    wait_for_job(admin, first)


def test_the_same_training_waits_once(admin: Person) -> None:
    """A double click, or an impatient script, made a bundle each time."""
    add_samples(admin, "hangs", range(8))
    first = _asked(admin)
    wait_for_job(admin, first, "running")
    second = _asked(admin)
    assert second != first, "what is running does not know of what came since"
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: _asked(admin), range(8))) == {second}
    assert second not in {_asked(admin, use_defects=False), _asked(admin, reason="new labels")}
    assert len(admin.get("/jobs", params={"recipe": "hangs"}).json()) == 4
    log = [row["action"] for row in admin.get("/audit").json()]
    assert (log.count("job.created"), log.count("job.asked_again")) == (4, 8)
    admin.post(f"/jobs/{second}/cancel")
    assert _asked(admin) != second
    for job in admin.get("/jobs", params={"recipe": "hangs"}).json():
        admin.post(f"/jobs/{job['id']}/cancel")
    wait_for_job(admin, first)


@pytest.mark.parametrize("changes", [{"priority": BY_PEOPLE - 1}, {"step": "waiting to go on after the service ended"}])
def test_a_training_of_the_schedule_or_one_that_was_interrupted_is_another(
    admin: Person, plant: Plant, changes: dict[str, Any]
) -> None:
    add_samples(admin, "hangs", range(8))
    first = _asked(admin)
    wait_for_job(admin, first, "running")
    waiting = _asked(admin)
    with plant.database.write() as session:
        for name, value in changes.items():
            setattr(require_job(session, waiting), name, value)
    other = _asked(admin)
    assert other not in {first, waiting}
    for job in (other, waiting, first):
        admin.post(f"/jobs/{job}/cancel")
    wait_for_job(admin, first)


def _asked(person: Person, **options: Any) -> str:
    """A training that takes until it is cancelled."""
    return str(person.post("/jobs", {"kind": "train", "recipe": "hangs", **options}).json()["id"])


def test_nothing_to_train_on_is_told_at_once(admin: Person) -> None:
    admin.post("/recipes", {"name": "part"})
    answer = admin.post("/jobs", {"kind": "train", "recipe": "part"})
    assert answer.status_code == 422
    assert "upload or label" in answer.json()["message"]
    assert admin.post("/jobs", {"kind": "train", "recipe": "other"}).status_code == 404
    assert admin.get("/jobs/0").status_code == 404


def test_a_stopped_service_goes_on_with_its_job(tmp_path: Path, where: dict[str, Any]) -> None:
    with running(new_plant(tmp_path, **where)) as client:
        admin = sign_in(client)
        add_samples(admin, "hangs", range(8))
        job = admin.post("/jobs", {"kind": "train", "recipe": "hangs"}).json()["id"]
        wait_for_job(admin, job, "running")
    with running(new_plant(tmp_path, **where)) as client:
        admin = sign_in(client)
        log = wait_for_job(admin, job, "running")["log"]  # the process, started again, may have spoken already
        assert any("goes on when it starts again" in line for line in log)
        admin.post(f"/jobs/{job}/cancel")
        assert wait_for_job(admin, job)["state"] == "cancelled"


def _left_running(plant: Plant, **changes: int | bool) -> str:
    """A job as kill -9 leaves it: the row says running."""
    with plant.database.write() as session:
        if "part" not in {row.name for row in list_recipes(session)}:
            add_recipe(session, "part", plant.clock())
        job_id = add_job(session, JobKind.TRAIN, "part", {}, "ann", plant.clock()).id
        row = next_job(session, plant.clock())
        assert row is not None
        for name, value in changes.items():
            setattr(row, name, value)
    plant.jobs.folder(job_id).mkdir(parents=True)
    return job_id


def test_killed_service_leaves_no_process_and_its_job_runs_again(tmp_path: Path, where: dict[str, Any]) -> None:
    plant = new_plant(tmp_path, **where)
    job_id = _left_running(plant)
    folder = plant.jobs.folder(job_id)
    (folder / "data").mkdir()  # what it had laid out
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", str(folder)], start_new_session=True
    )
    (folder / "pid").write_text(str(orphan.pid), "utf-8")
    plant.database.close()
    again = new_plant(tmp_path, **where)
    with running(again) as client:
        assert orphan.wait(10) == -9
        job = wait_for_job(sign_in(client), job_id)
    assert (job["interruptions"], job["log"]) == (
        1,
        ["the service died while this job ran; run 2 of at most 3 goes on from its inputs"],
    )
    assert "expected good images" in job["error"]  # it ran: the recipe has none


@pytest.mark.parametrize(
    ("changes", "state", "error"),
    [
        ({"interruptions": 1}, JobState.QUEUED, None),
        ({"interruptions": 2}, JobState.FAILED, "the service died 3 times while this job ran; it is not started again"),
        ({"cancel_requested": True}, JobState.CANCELLED, None),
    ],
)
def test_a_job_is_not_started_again_for_ever(
    tmp_path: Path, where: dict[str, Any], changes: dict[str, int | bool], state: JobState, error: str | None
) -> None:
    plant = new_plant(tmp_path, **where)
    job_id = _left_running(plant, **changes)
    with plant.database.write() as session:
        resume_abandoned(session, plant.clock())
    with plant.database.read() as session:
        row = require_job(session, job_id)
        assert (row.state, row.error) == (state, error)
    plant.database.close()


def test_a_stranger_with_the_same_process_number_is_left_alone(tmp_path: Path, where: dict[str, Any]) -> None:
    plant = new_plant(tmp_path, **where)
    folder = plant.jobs.folder(_left_running(plant))
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    (folder / "pid").write_text(str(stranger.pid), "utf-8")
    with running(plant):
        assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_images_of_a_job_do_not_stay_behind(admin: Person, plant: Plant) -> None:
    add_samples(admin, "part", range(8))
    job = train(admin, "part")["id"]
    assert [path.name for path in plant.jobs.folder(job).iterdir()] == ["log.txt"]
