"""Undoing what was accepted: whatever made the champion, it goes on without."""

from pathlib import Path
from typing import Any

import pytest

from inspection.jobs import accepting
from inspection.jobs.accepting import judge
from inspection.jobs.book import JobKind, JobState, add_job, require_job
from inspection.jobs.command import Command
from inspection.jobs.runner import Finished
from inspection.jobs.shop import Ticket, Workshop, run_models
from inspection.plant import Plant
from tests.support.acceptances import TRAINED, accept, accepted, champion, current, failed, labels, promoted, undone
from tests.support.plants import (
    ManualClock,
    Person,
    add_station,
    new_plant,
    running,
    sign_in,
    train,
    wait_for_job,
)


def test_undoing_an_earlier_one_teaches_the_later_one_alone(admin: Person, station: dict[str, str]) -> None:
    champion(admin)
    done = []
    for seed in TRAINED[:2]:
        done.append(accepted(admin, failed(admin, station, seed)))
        admin.post("/recipes/part/promote", {"bundle_id": done[-1]["job"]["result"]["bundle_id"], "reason": "harmless"})
    assert done[1]["job"]["result"]["accepted"] == 2
    undone = admin.delete(f"/recipes/part/acceptances/{done[0]['id']}").json()
    assert undone["rolled_back"] is False
    assert wait_for_job(admin, undone["job"]["id"])["result"]["accepted"] == 1


def test_what_is_undone_goes_also_where_the_others_need_no_teaching(
    admin: Person, station: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    champion(admin)
    done = []
    for seed in TRAINED[:2]:
        done.append(accepted(admin, failed(admin, station, seed)))
        promoted(admin, done[-1]["job"])

    def passing_all(shop: Workshop, ticket: Ticket, command: Command, allowed: set[int]) -> Finished:
        teaches = any(path.name == "accepted" for path in command.reads)
        return Finished(2, '{"bundle": null}') if teaches else run_models(shop, ticket, command, allowed)

    monkeypatch.setattr(accepting, "run_models", passing_all)
    rolled_back, job = undone(admin, done[0])
    assert (rolled_back, job and job["result"]["acceptances"], job and job["result"]["accepted"]) == (False, [], 0)


@pytest.mark.parametrize("between", [True, False])
def test_undoing_all_one_by_one_leaves_nothing_of_them(
    admin: Person, station: dict[str, str], *, between: bool
) -> None:
    """Whether or not what was made without the first one runs by then; no champion that was taught it comes back."""
    champion(admin)
    done = [accepted(admin, failed(admin, station, TRAINED[0]))]
    promoted(admin, done[0]["job"])
    done.append(accepted(admin, failed(admin, station, TRAINED[1])))
    second = promoted(admin, done[1]["job"])
    rolled_back, job = undone(admin, done[0])
    assert (rolled_back, job and job["result"]["acceptances"]) == (False, [done[1]["id"]])
    runs = promoted(admin, job or {}) if between else second
    rolled_back, job = undone(admin, done[1])
    assert (rolled_back, job and job["result"]["acceptances"], job and job["result"]["accepted"]) == (False, [], 0)
    assert current(admin) == runs  # until somebody promotes
    promoted(admin, job or {})


def test_a_job_that_leaves_out_what_the_champion_before_was_not_taught_is_not_needed(
    admin: Person, station: dict[str, str], plant: Plant, clock: ManualClock
) -> None:
    """Two are accepted at once and undone one after the other, while another job runs."""
    first = champion(admin)
    with plant.database.write() as session:  # as if it ran: those behind it wait
        busy = add_job(session, JobKind.TRAIN, "part", {}, "admin", clock())
        busy.state = JobState.RUNNING.value
        busy_id = busy.id
    both = [accept(admin, failed(admin, station, seed)).json() for seed in TRAINED[:2]]
    with plant.database.write() as session:
        require_job(session, busy_id).state = JobState.CANCELLED.value
    plant.jobs.wake()
    made = [wait_for_job(admin, one["job_id"]) for one in both]
    assert [job["result"]["accepted"] for job in made] == [2, 2]
    promoted(admin, made[0])
    with plant.database.write() as session:
        require_job(session, busy_id).state = JobState.RUNNING.value
    undone = [admin.delete(f"/recipes/part/acceptances/{one['id']}").json() for one in both]
    assert [one["rolled_back"] for one in undone] == [False, True]
    assert admin.get(f"/jobs/{undone[0]['job']['id']}").json()["state"] == "cancelled"
    assert current(admin) == first
    with plant.database.write() as session:
        require_job(session, busy_id).state = JobState.CANCELLED.value


def test_a_job_that_leaves_out_what_was_gone_back_from_has_nothing_to_do(
    admin: Person, station: dict[str, str], plant: Plant, clock: ManualClock
) -> None:
    """A training is undone while another job runs, and rolled back by hand before the one that was asked for begins."""
    first = champion(admin)
    done = accepted(admin, failed(admin, station, TRAINED[0]))
    promoted(admin, train(admin, "part"))
    with plant.database.write() as session:
        busy = add_job(session, JobKind.TRAIN, "part", {}, "admin", clock())
        busy.state, busy_id = JobState.RUNNING.value, busy.id
    asked = admin.delete(f"/recipes/part/acceptances/{done['id']}").json()["job"]["id"]
    admin.post("/recipes/part/rollback", {"reason": "too slow"}).raise_for_status()
    with plant.database.write() as session:
        require_job(session, busy_id).state = JobState.CANCELLED.value
    plant.jobs.wake()
    job = wait_for_job(admin, asked)
    assert (job["state"], job["error"], job["result"]["nothing_to_forget"]) == ("succeeded", None, True)
    assert current(admin) == first


def test_what_a_training_was_taught_is_undone_too(admin: Person, station: dict[str, str]) -> None:
    champion(admin)
    done = accepted(admin, failed(admin, station, TRAINED[0]))
    made = train(admin, "part")
    assert made["result"]["acceptances"] == [done["id"]]
    trained = promoted(admin, made)
    moved = admin.post("/jobs", {"kind": "threshold", "recipe": "part", "bundle_id": trained, "at": 3.5}).json()
    promoted(admin, wait_for_job(admin, moved["id"]))
    rolled_back, job = undone(admin, done)
    assert (rolled_back, job and job["result"]["acceptances"]) == (False, [])
    lineage = admin.get(f"/recipes/part/models/{promoted(admin, job or {})}/lineage").json()
    assert lineage["reasons"] == ["undone: harmless stain"]


def test_what_is_being_rolled_out_is_halted_before_it_is_undone(admin: Person, station: dict[str, str]) -> None:
    champion(admin)
    done = accepted(admin, failed(admin, station, TRAINED[0]))
    rollout = {"bundle_id": done["job"]["result"]["bundle_id"], "stages": [["line-1"]], "reason": "try it"}
    assert admin.post("/recipes/part/rollouts", rollout).status_code == 201
    answer = admin.delete(f"/recipes/part/acceptances/{done['id']}")
    assert (answer.status_code, "halt it first" in answer.json()["message"]) == (409, True)
    admin.post("/recipes/part/rollouts/current/halt", {"reason": "undo it"}).raise_for_status()
    assert undone(admin, done) == (False, None)


def undo_amid(monkeypatch: pytest.MonkeyPatch, admin: Person, number: int) -> None:
    """Undo the acceptance of this place, newest first, when the next gate has ended and before its job has."""

    def judged(*job: Any, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr(accepting, "judge", judge)
        verdict = judge(*job, **options)
        undo = admin.get("/recipes/part/acceptances").json()[number]["id"]
        assert admin.delete(f"/recipes/part/acceptances/{undo}").json()["rolled_back"] is False
        return verdict

    monkeypatch.setattr(accepting, "judge", judged)


def test_what_is_undone_while_it_is_taught_never_runs(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(new_plant(tmp_path, clock, acceptances_promote=True, **where)) as client:
        admin = sign_in(client)
        station, first = add_station(admin), champion(admin)
        undo_amid(monkeypatch, admin, 0)
        assert accepted(admin, failed(admin, station, TRAINED[0]))["job"]["state"] == "cancelled"
        assert current(admin) == first


def test_what_is_undone_while_another_is_taught_is_left_out(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is not yet taught, for its champion was rolled back, so that no undo would make a job."""
    with running(new_plant(tmp_path, clock, acceptances_promote=True, **where)) as client:
        admin = sign_in(client)
        station, first = add_station(admin), champion(admin)
        accepted(admin, failed(admin, station, TRAINED[0]))
        admin.post("/recipes/part/rollback", {"reason": "too early"}).raise_for_status()
        clock.advance(1)
        undo_amid(monkeypatch, admin, 1)
        second = accepted(admin, failed(admin, station, TRAINED[1]))
        assert (second["job"]["state"], second["job"]["result"]["promoted"]) == ("succeeded", False)
        again = next(job for job in admin.get("/jobs").json() if job["id"] != second["job"]["id"])
        told = wait_for_job(admin, again["id"])["result"]
        assert (told["acceptances"], told["promoted"]) == ([second["id"]], True)
        assert current(admin) == told["bundle_id"] != first


def test_an_undo_gives_back_what_the_person_said_before(admin: Person, station: dict[str, str]) -> None:
    champion(admin)
    id_ = failed(admin, station, TRAINED[0])
    admin.post("/labels", {"result_id": id_, "label": "defect", "defect_type": "dent", "comment": "at the rim"})
    for _ in range(2):
        undone(admin, accepted(admin, id_))
        (label,) = admin.get(f"/results/{id_}").json()["labels"]
        assert (label["label"], label["defect_type"], label["comment"]) == ("defect", "dent", "at the rim")
        assert "dent" in admin.get("/recipes/part/samples").json()["defects"]["train"]


def test_an_undo_leaves_what_another_acceptance_of_the_person_says(admin: Person, station: dict[str, str]) -> None:
    """The same part was accepted twice, in the same words."""
    champion(admin)
    id_ = failed(admin, station, TRAINED[0])
    first, second = (accepted(admin, id_) for _ in range(2))
    undone(admin, first)
    assert labels(admin, id_) == [("admin", "good")]
    undone(admin, second)
    assert labels(admin, id_) == []
