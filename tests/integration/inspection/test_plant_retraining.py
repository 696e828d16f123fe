"""Trainings that start by themselves: for a reason, within a budget, and promoted by a person unless told otherwise."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from inspection.jobs.book import JobKind, JobState, add_job, require_job, resume_abandoned
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.registry.promotions import champion_of
from inspection.registry.recipes import add_recipe
from inspection.samples.splits import Split, split_of
from tests.support.plants import (
    ManualClock,
    Person,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    person_with,
    png,
    running,
    send_image,
    send_results,
    sign_in,
    train,
    wait_for_job,
)

DAY_S = 86_400


class Line:
    """A plant whose retraining is looked at by hand."""

    def __init__(self, plant: Plant, client: TestClient, clock: ManualClock) -> None:
        self.plant = plant
        self.client = client
        self.clock = clock
        self.admin: Person = sign_in(client)
        add_samples(self.admin, "part", range(6))
        self.first = train(self.admin, "part")["result"]["bundle_id"]
        body = {"bundle_id": self.first, "reason": "the first"}
        self.admin.post("/recipes/part/promote", body).raise_for_status()

    def wait(self, seconds: float = 60) -> None:
        """Let time pass; sessions end with it."""
        self.clock.advance(seconds)
        self.admin = sign_in(self.client)

    def look(self) -> list[dict[str, Any]]:
        """Jobs that the schedule has started so far, ended."""
        self.plant.retraining.look()
        jobs = [job for job in self.admin.get("/jobs").json() if job["user"] == "schedule"]
        return [wait_for_job(self.admin, job["id"]) for job in jobs]

    def due(self) -> list[dict[str, Any]]:
        """What has a reason to be trained."""
        due: list[dict[str, Any]] = self.admin.get("/retraining").json()["due"]
        return due

    def champion(self) -> str | None:
        """Id of the bundle that the stations shall run."""
        with self.plant.database.read() as session:
            return champion_of(session, "part")


@pytest.fixture(name="line_with")
def _line_with(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> Iterator[Any]:
    """Makes a plant with these settings of `[retraining]`; the thread of its own does not look in between."""
    opened = []

    def make(**settings: Any) -> Line:
        plant = new_plant(tmp_path, clock, retraining={"check_every_s": 86_400, **settings}, **where)
        opened.append(running(plant))
        return Line(plant, opened[0].__enter__(), clock)

    yield make
    opened[0].__exit__(None, None, None)


def test_enough_new_labels_start_a_training_that_a_person_promotes(line_with: Any) -> None:
    line = line_with(new_labels=3)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    assert (line.look(), line.due()) == ([], [])
    add_samples(line.admin, "part", range(12, 13))
    (due,) = line.due()
    assert (due["recipe"], due["reasons"], due["new_labels"]) == ("part", ["3 new labels"], 3)
    (job,) = line.look()
    assert job["parameters"]["reasons"] == ["3 new labels"]
    line.wait()
    assert len(line.look()) == 1  # the labels are learnt, so there is no reason left
    assert line.champion() == line.first
    assert "job.created" in {row["action"] for row in line.admin.get("/audit").json() if row["actor"] == "schedule"}


def test_what_passed_is_promoted_if_that_is_wanted_and_never_after_a_rollback(line_with: Any) -> None:
    line = line_with(new_labels=1, promote=True)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    (job,) = line.look()
    line.wait()
    line.look()
    assert line.champion() == job["result"]["bundle_id"]
    line.wait()
    line.admin.post("/recipes/part/rollback", {"reason": "overkill rose"}).raise_for_status()
    line.wait()
    line.look()
    assert line.champion() == line.first


def test_the_audit_log_says_what_the_gate_of_a_promotion_by_schedule_has_not_seen(line_with: Any) -> None:
    line = line_with(new_labels=1, promote=True)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    line.look()
    line.wait()
    held = [seed for seed in range(500, 560) if split_of(sha256(png(seed)).hexdigest()) is Split.HOLDOUT]
    add_samples(line.admin, "part", range(held[0], held[0] + 1), range(held[1], held[1] + 1))
    line.plant.retraining.look()
    row = next(row for row in line.admin.get("/audit").json() if row["action"] == "model.promoted")
    unseen = json.loads(row["details"])["heldout_since_gate"]
    assert (row["actor"], unseen) == ("schedule", {"goods": 1, "defects": 1})


def test_the_calendar_needs_something_new_to_learn(line_with: Any) -> None:
    line = line_with(every_days=7)
    line.wait(8 * DAY_S)
    assert line.look() == []
    add_samples(line.admin, "part", range(10, 11))
    assert [job["parameters"]["reasons"] for job in line.look()] == [["8 days since the last training"]]


def test_the_budget_and_the_hour_hold_back(line_with: Any) -> None:
    line = line_with(new_labels=1, budget_min=0)
    line.wait()
    add_samples(line.admin, "part", range(10, 11))
    assert len(line.due()) == 1
    assert line.look() == []


def test_only_within_the_hours(line_with: Any, clock: ManualClock) -> None:
    now = clock.now.astimezone().hour
    line = line_with(new_labels=1, hours=((now + 2) % 24, (now + 3) % 24))
    line.wait()
    add_samples(line.admin, "part", range(10, 11))
    assert line.look() == []
    assert line.admin.get("/retraining").json()["may_start"] is False
    line.wait(2 * 3600)
    assert len(line.look()) == 1


def test_without_a_reason_set_nothing_starts(line_with: Any) -> None:
    line = line_with()
    line.wait(30 * DAY_S)
    add_samples(line.admin, "part", range(10, 40))
    assert (line.look(), line.due()) == ([], [])
    operator = person_with(line.plant, line.client, Role.OPERATOR)
    assert operator.get("/retraining").status_code == 200


def _due(line: Line, minutes: dict[str, float]) -> None:
    """Recipes whose last training took so long, with a new label each."""
    with line.plant.database.write() as session:
        for recipe, took in minutes.items():
            add_recipe(session, recipe, line.clock())
            row = add_job(session, JobKind.TRAIN, recipe, {}, "ann", line.clock())
            row.state, row.started_at = JobState.SUCCEEDED.value, line.clock()
            row.finished_at = line.clock() + timedelta(minutes=took)
    line.wait(3600)
    for recipe in minutes:
        add_samples(line.admin, recipe, range(10, 16))


def test_the_plan_shows_cost_and_what_waits_spends_the_budget(line_with: Any, clock: ManualClock) -> None:
    """The first by priority, then what still fits; asked again while those wait, nothing more is started."""
    hour = clock.now.astimezone().hour
    line = line_with(
        new_labels=1, budget_min=50, hours=((hour + 4) % 24, (hour + 5) % 24), priorities={"hangs": 9, "short": 5}
    )
    _due(line, {"hangs": 30, "long": 25, "short": 10})
    plan = line.admin.get("/retraining").json()
    assert [(due["recipe"], due["minutes"], due["fits"]) for due in plan["due"]] == [
        ("hangs", 30, True),
        ("long", 25, False),
        ("short", 10, True),
    ]
    assert (plan["may_start"], plan["core_min"], plan["ends_in_min"]) == (False, 40 * plan["cores"], 40)
    assert line.look() == []
    started = line.admin.post("/retraining").json()["jobs"]
    jobs = [line.admin.get(f"/jobs/{job}").json() for job in started]
    assert [(job["recipe"], job["priority"], job["user"]) for job in jobs] == [
        ("hangs", 9, "schedule"),
        ("short", 5, "schedule"),
    ]
    plan = line.admin.get("/retraining").json()
    assert (plan["spent_min"], plan["left_min"]) == (40, 10)
    assert line.admin.post("/retraining").json()["jobs"] == []
    line.admin.post(f"/jobs/{started[0]}/cancel")
    assert wait_for_job(line.admin, started[1])["state"] == "succeeded"


@pytest.mark.parametrize("recipe", ["fails", "hangs"])
def test_what_failed_or_was_cancelled_starts_again_a_day_later_unless_a_person_wants_it(
    line_with: Any, recipe: str
) -> None:
    line = line_with(new_labels=1)
    _due(line, {recipe: 1})
    states = []
    for wait in (60, 60, DAY_S):
        line.plant.retraining.look()
        jobs = line.admin.get(f"/jobs?recipe={recipe}").json()
        if recipe == "hangs" and jobs[0]["state"] in {"queued", "running"}:
            line.admin.post(f"/jobs/{jobs[0]['id']}/cancel").raise_for_status()
        states.append([wait_for_job(line.admin, job["id"])["state"] for job in jobs])
        line.wait(wait)
    ended = {"fails": "failed", "hangs": "cancelled"}[recipe]
    assert states == [[ended, "succeeded"]] * 3
    (due,) = line.due()
    assert due["failed_at"] is None
    line.plant.retraining.look()
    (job, *_) = line.admin.get(f"/jobs?recipe={recipe}").json()
    if recipe == "hangs":
        line.admin.post(f"/jobs/{job['id']}/cancel")
    assert wait_for_job(line.admin, job["id"])["state"] == ended
    (due,) = line.due()
    assert due["failed_at"] == wait_for_job(line.admin, job["id"])["finished_at"]
    (again,) = line.admin.post("/retraining").json()["jobs"]
    line.admin.post(f"/jobs/{again}/cancel")


def _accepted(line: Line) -> str:
    """A failed part that the split keeps for training, accepted as good; the acceptance's id when its job has ended."""
    picture = next(data for data in map(png, range(400, 440)) if int(image_ref(data).sha256, 16) % 5)
    result, station = a_result(images=(image_ref(picture),)), add_station(line.admin)
    send_results(line.client, station, result)
    send_image(line.client, station, picture)
    body = {"result_ids": [result.id], "reason": "harmless stain"}
    acceptance: dict[str, str] = line.admin.post("/recipes/part/acceptances", body).json()
    wait_for_job(line.admin, acceptance["job_id"])
    return acceptance["id"]


def test_a_training_that_was_taught_what_was_undone_since_is_not_promoted(line_with: Any) -> None:
    line = line_with(new_labels=1, promote=True)
    accepted = _accepted(line)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    (job,) = line.look()
    assert job["result"]["acceptances"] == [accepted]
    line.admin.delete(f"/recipes/part/acceptances/{accepted}").raise_for_status()
    line.wait()
    line.look()
    assert line.champion() == line.first


def test_what_a_rollout_halted_is_not_promoted_by_the_schedule(line_with: Any) -> None:
    """A person tried it on one station before the schedule looked again, and the station spoke against it."""
    line = line_with(new_labels=1, promote=True)
    add_station(line.admin)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    (job,) = line.look()
    rollout = {"bundle_id": job["result"]["bundle_id"], "stages": [["line-1"]], "reason": "try it first"}
    line.admin.post("/recipes/part/rollouts", rollout).raise_for_status()
    line.admin.post("/recipes/part/rollouts/current/halt", {"reason": "fails too many"}).raise_for_status()
    line.wait()
    line.look()
    assert line.champion() == line.first


def test_labels_given_while_a_training_was_interrupted_are_new(line_with: Any) -> None:
    """The bundle was made before the service ended, and only the gate ran again: nothing of them was learnt."""
    line = line_with(new_labels=2)
    line.wait()
    job_id = train(line.admin, "part")["id"]
    with line.plant.database.write() as session:  # as if the service had died in its gate
        require_job(session, job_id).state = JobState.RUNNING.value
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    line.wait()
    with line.plant.database.write() as session:
        resume_abandoned(session, line.clock())
    line.plant.jobs.wake()
    assert wait_for_job(line.admin, job_id)["interruptions"] == 1
    assert [due["new_labels"] for due in line.due()] == [2]
    assert line.admin.get("/recipes/part/models").json()["waiting"]["good"] == 2


def test_of_many_recipes_that_passed_in_a_night_none_is_left_behind(line_with: Any, clock: ManualClock) -> None:
    """More than a hundred others were trained after it, before the service looked again."""
    line = line_with(new_labels=1, promote=True)
    line.wait()
    add_samples(line.admin, "part", range(10, 12))
    (job,) = line.look()
    line.wait()
    with line.plant.database.write() as session:
        for number in range(101):
            add_recipe(session, f"other-{number}", clock())
            other = add_job(session, JobKind.TRAIN, f"other-{number}", {}, "schedule", clock())
            other.state, other.finished_at = JobState.SUCCEEDED.value, clock()
    line.plant.retraining.look()
    assert line.champion() == job["result"]["bundle_id"]
