"""Accept as good: from failed results to a gated challenger, and back in one call."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.contract.result import Verdict
from inspection.jobs import accepting
from inspection.jobs.accepting import judge
from inspection.jobs.book import JobKind, JobState, add_job, require_job
from inspection.jobs.command import Command
from inspection.jobs.runner import Finished
from inspection.jobs.shop import Ticket, Workshop, run_models
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.samples.splits import Split, part_key, split_of
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

TRAINED = [seed for seed in range(400, 440) if int(image_ref(png(seed)).sha256, 16) % 5]
"""Pictures that the split keeps for training."""


def champion(admin: Person, recipe: str = "part") -> str:
    """Train and promote a first model; its id."""
    add_samples(admin, recipe, range(4), range(100, 103))
    bundle_id: str = train(admin, recipe)["result"]["bundle_id"]
    answer = admin.post(f"/recipes/{recipe}/promote", {"bundle_id": bundle_id, "reason": "the first"})
    assert answer.status_code in {200, 201}, answer.text
    return bundle_id


def failed(admin: Person, key: dict[str, str], seed: int, recipe: str = "part", **changes: Any) -> str:
    """A failed result whose picture has arrived; its id."""
    picture = png(seed)
    result = a_result(images=(image_ref(picture),), recipe=recipe, **changes)
    send_results(admin.client, key, result)
    send_image(admin.client, key, picture)
    return result.id


def accept(person: Person, *result_ids: str, recipe: str = "part") -> Any:
    return person.post(f"/recipes/{recipe}/acceptances", {"result_ids": list(result_ids), "reason": "harmless stain"})


def accepted(person: Person, *result_ids: str, recipe: str = "part") -> dict[str, Any]:
    """The acceptance, and its job when it has ended."""
    answer = accept(person, *result_ids, recipe=recipe)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), "job": wait_for_job(person, answer.json()["job_id"])}


def row_of(person: Person, recipe: str = "part") -> dict[str, Any]:
    """The one acceptance of a recipe."""
    (row,) = person.get(f"/recipes/{recipe}/acceptances").json()
    told: dict[str, Any] = row
    return told


def current(admin: Person, recipe: str = "part") -> str:
    id_: str = admin.get(f"/recipes/{recipe}/models").json()["champion_id"]
    return id_


def labels(admin: Person, result_id: str) -> list[tuple[str, str]]:
    return [(label["user"], label["label"]) for label in admin.get(f"/results/{result_id}").json()["labels"]]


def test_accepted_results_make_a_gated_challenger_and_new_models_accept_them_too(
    admin: Person, station: dict[str, str]
) -> None:
    first = champion(admin)
    ids = [failed(admin, station, seed) for seed in TRAINED[:2]]
    done = accepted(admin, *ids)
    job = done["job"]
    assert (job["state"], job["kind"]) == ("succeeded", "accept"), job["error"]
    assert (job["result"]["accepted"], job["result"]["promoted"]) == (2, False)
    assert job["result"]["defects"] == admin.get("/recipes/part/samples").json()["defects"]["train"]["scratch"]
    assert job["result"]["gate"]["champion"] is not None
    assert current(admin) == first
    assert [labels(admin, id_) for id_ in ids] == [[("admin", "good")]] * 2
    assert train(admin, "part")["result"]["accepted"]["passing"] == 2  # a new model still accepts them


def test_parts_that_the_champion_passes_already_need_no_teaching(admin: Person) -> None:
    """They failed by an earlier champion. Nothing is refused: what the person said stands, and can be taken back."""
    station = add_station(admin, "line-2", "passes")
    first = champion(admin, "passes")
    id_ = failed(admin, station, TRAINED[0], "passes", station="line-2")
    job = accepted(admin, id_, recipe="passes")["job"]
    assert (job["state"], job["result"]["nothing_to_teach"]) == ("succeeded", True)
    row = row_of(admin, "passes")
    assert (row["state"], row["undone_by"], row["effect"]) == ("nothing_to_teach", None, None)
    assert (labels(admin, id_), current(admin, "passes")) == ([("admin", "good")], first)
    assert "nothing_to_teach" in train(admin, "passes")["result"]["accepted"]
    undone = admin.delete(f"/recipes/passes/acceptances/{row['id']}").json()
    assert (undone["rolled_back"], undone["job"], undone["acceptance"]["state"]) == (False, None, "undone")
    assert labels(admin, id_) == []


def test_how_many_of_the_accepted_parts_pass_is_told(admin: Person, clock: ManualClock) -> None:
    """By the newest model that was taught them; of those held out nothing is told, for they only test."""
    station, hour = add_station(admin, "line-2", "unlike"), datetime(2026, 3, 2, 7, tzinfo=UTC)
    champion(admin, "unlike")
    parts: dict[Split, list[str]] = {Split.TRAIN: [], Split.HOLDOUT: []}
    for number in range(30):
        parts[split_of(part_key("unlike", f"P-{number}", hour))].append(f"P-{number}")
    chosen = enumerate((*parts[Split.TRAIN][:3], parts[Split.HOLDOUT][0]))
    places = [{"part_id": part, "captured_at": hour.replace(minute=at), "station": "line-2"} for at, part in chosen]
    ids = [failed(admin, station, seed, "unlike", **place) for seed, place in enumerate(places, TRAINED[0])]
    assert accept(admin, *ids, recipe="unlike").json()["effect"] is None
    made = wait_for_job(admin, row_of(admin, "unlike")["job_id"])["result"]
    row = row_of(admin, "unlike")
    assert (row["state"], len(row["result_ids"])) == ("taught", 4)
    assert row["effect"] == {"bundle_id": made["bundle_id"], "parts": 3, "passing": 1}
    clock.advance(1)
    trained = train(admin, "unlike")["result"]
    assert row_of(admin, "unlike")["effect"] == {"bundle_id": trained["bundle_id"], "parts": 3, "passing": 1}


def test_a_job_that_breaks_refuses_nothing(admin: Person) -> None:
    station = add_station(admin, "line-2", "unreadable")
    champion(admin, "unreadable")
    done = accepted(admin, failed(admin, station, TRAINED[0], "unreadable", station="line-2"), recipe="unreadable")
    assert (done["job"]["state"], "stain_7.png" in done["job"]["error"]) == ("failed", True)
    row = row_of(admin, "unreadable")
    assert (done["state"], row["state"], row["undone_by"]) == ("open", "failed", None)


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


def promoted(admin: Person, job: dict[str, Any]) -> str:
    """The bundle of a job that has ended, as champion; its id."""
    assert job["state"] == "succeeded", job["error"]
    bundle_id: str = job["result"]["bundle_id"]
    answer = admin.post("/recipes/part/promote", {"bundle_id": bundle_id, "reason": "as the gate says"})
    assert answer.status_code == 200, answer.text
    return bundle_id


def undone(admin: Person, acceptance: dict[str, Any]) -> tuple[bool, dict[str, Any] | None]:
    """Whether the champion before runs again, and the job that leaves it out when it has ended."""
    answer = admin.delete(f"/recipes/part/acceptances/{acceptance['id']}")
    assert answer.status_code == 200, answer.text
    job = answer.json()["job"]
    return answer.json()["rolled_back"], None if job is None else wait_for_job(admin, job["id"])


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


def test_what_was_accepted_waits_where_a_rollout_is_under_way(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any]
) -> None:
    """It is made and gated; a person promotes it when the rollout has ended."""
    with running(new_plant(tmp_path, clock, acceptances_promote=True, **where)) as client:
        admin = sign_in(client)
        station, first = add_station(admin), champion(admin)
        add_samples(admin, "part", range(10, 14))
        rollout = {"bundle_id": train(admin, "part")["result"]["bundle_id"], "stages": [["line-1"]], "reason": "try it"}
        assert admin.post("/recipes/part/rollouts", rollout).status_code == 201
        job = accepted(admin, failed(admin, station, TRAINED[0]))["job"]
        assert (job["state"], job["result"]["promoted"], current(admin)) == ("succeeded", False, first)
        assert "is being rolled out" in job["log"][-1]
        admin.post("/recipes/part/rollouts/current/halt", {"reason": "other first"}).raise_for_status()
        promoted(admin, job)


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


def test_known_defects_guard_also_where_a_training_does_not_learn_from_them(
    admin: Person, station: dict[str, str]
) -> None:
    champion(admin)
    accepted(admin, failed(admin, station, TRAINED[0]))
    known = admin.get("/recipes/part/samples").json()["defects"]["train"]["scratch"]
    asked = admin.post("/jobs", {"kind": "train", "recipe": "part", "use_defects": False}).json()
    made = wait_for_job(admin, asked["id"])["result"]
    assert (made["defects"], made["accepted"]["defects"]) == (0, known)


def test_a_training_that_accepts_follows_the_champion(admin: Person, station: dict[str, str]) -> None:
    """And not what it had made before it accepted, which nobody has."""
    first = champion(admin)
    accepted(admin, failed(admin, station, TRAINED[0]))
    made = train(admin, "part")["result"]
    lineage = lineage_of(admin, made["bundle_id"])
    assert (lineage["parent_id"], lineage["parent_known"]) == (first, True)


def lineage_of(admin: Person, bundle_id: str) -> dict[str, Any]:
    lineage: dict[str, Any] = admin.get(f"/recipes/part/models/{bundle_id}/lineage").json()
    return lineage


def test_what_is_made_of_a_model_learnt_from_what_that_one_did(admin: Person, station: dict[str, str]) -> None:
    """What was labelled since its training is in no network; acceptance and threshold do not change that."""
    first = champion(admin)
    learnt = lineage_of(admin, first)["data_version"]
    add_samples(admin, "part", range(10, 20))
    taught = accepted(admin, failed(admin, station, TRAINED[0]))["job"]
    moved = admin.post("/jobs", {"kind": "threshold", "recipe": "part", "bundle_id": first, "at": 3.5}).json()
    made = [taught, wait_for_job(admin, moved["id"])]
    assert [lineage_of(admin, job["result"]["bundle_id"])["data_version"] for job in made] == [learnt, learnt]


def test_known_defects_beside_a_held_out_part_guard_too(admin: Person, station: dict[str, str]) -> None:
    """They are not learnt from; that an acceptance must not lose them teaches nothing."""
    champion(admin)
    hour = datetime(2026, 3, 2, 7, tzinfo=UTC)
    parts: dict[Split, list[str]] = {Split.TRAIN: [], Split.HOLDOUT: []}
    for number in range(30):
        parts[split_of(part_key("part", f"P-{number}", hour))].append(f"P-{number}")
    known = admin.get("/recipes/part/samples").json()["defects"]["train"]["scratch"]
    for seed, part in enumerate((parts[Split.TRAIN][0], parts[Split.HOLDOUT][0]), 500):
        id_ = failed(admin, station, seed, part_id=part, captured_at=hour)
        admin.post("/labels", {"result_id": id_, "label": "defect", "defect_type": "scratch"}).raise_for_status()
    done = accepted(admin, failed(admin, station, TRAINED[0]))
    assert done["job"]["result"]["defects"] == known + 1


def test_what_would_lose_a_known_defect_is_refused_by_name(admin: Person) -> None:
    """Whoever calls defects good gets no model that lets them pass."""
    station = add_station(admin, "line-2", "alike")
    first = champion(admin, "alike")
    id_ = failed(admin, station, TRAINED[0], "alike", station="line-2")
    done = accepted(admin, id_, recipe="alike")
    assert done["job"]["state"] == "failed"
    assert "which would pass: crack_7.png" in done["job"]["error"]
    row = row_of(admin, "alike")
    assert (row["undone_by"], row["state"], row["effect"]) == ("gate", "refused", None)
    assert current(admin, "alike") == first


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": Verdict.PASS}, "it passed, there is nothing to accept"),
        ({"recipe": "other"}, "is of recipe 'other'"),
    ],
)
def test_what_is_no_overkill_of_the_recipe_is_refused(
    admin: Person, station: dict[str, str], changes: dict[str, Any], why: str
) -> None:
    answer = accept(admin, failed(admin, station, TRAINED[0], **changes))
    assert answer.status_code == 409
    assert why in answer.json()["message"]


def test_what_another_person_calls_a_defect_is_not_accepted(
    plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    id_ = failed(admin, station, TRAINED[0])
    inspector = person_with(plant, admin.client, Role.INSPECTOR)
    assert inspector.post("/labels", {"result_id": id_, "label": "defect"}).status_code == 201
    answer = accept(admin, id_)
    assert answer.status_code == 409
    assert f"called a defect by {inspector.name}" in answer.json()["message"]
    assert labels(admin, id_) == [(inspector.name, "defect")]


def test_a_part_of_known_truth_measures_and_is_not_accepted(
    plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    """It stood in the group to see what the engineer calls it; the others are accepted."""
    champion(admin)
    known, waiting = (failed(admin, station, seed) for seed in TRAINED[:2])
    for role in (Role.INSPECTOR, Role.ENGINEER):
        person_with(plant, admin.client, role).post("/labels", {"result_id": known, "label": "defect"})
    body = {"result_ids": [known, waiting], "reason": "harmless stain", "from_queue": True}
    assert admin.post("/recipes/part/acceptances", body).json()["result_ids"] == [waiting]
    (own,) = (row for row in admin.get("/review/reviewers").json() if row["user"] == "admin")
    assert own["missed"]["value"] == 1
    answer = admin.post("/recipes/part/acceptances", {**body, "result_ids": [known]})
    assert (answer.status_code, "nothing to accept" in answer.json()["message"]) == (409, True)


@pytest.mark.usefixtures("station")
def test_the_largest_group_is_decided_at_once(admin: Person) -> None:
    """The newest thousand parts, all alike, and half as many of known truth; these are parts that nobody has sent."""
    ids = [f"{number:032x}" for number in range(1500)]
    assert accept(admin, *ids).status_code == 404
    assert admin.post("/labels/batch", {"result_ids": ids, "label": "good"}).status_code == 404


def test_without_a_model_there_is_nothing_to_teach(admin: Person, station: dict[str, str]) -> None:
    answer = accept(admin, failed(admin, station, TRAINED[0]))
    assert answer.status_code == 409
    assert "promote one first" in answer.json()["message"]


def test_accepting_takes_an_engineer(plant: Plant, admin: Person, station: dict[str, str]) -> None:
    id_ = failed(admin, station, TRAINED[0])
    inspector = person_with(plant, admin.client, Role.INSPECTOR)
    assert accept(inspector, id_).status_code == 403
    assert inspector.delete("/recipes/part/acceptances/none").status_code == 403
    assert inspector.get("/recipes/part/acceptances").json() == []


def test_it_runs_at_once_where_the_settings_say_so_and_one_call_takes_all_of_it_back(
    tmp_path: Path, clock: ManualClock, where: dict[str, Any]
) -> None:
    with running(new_plant(tmp_path, clock, acceptances_promote=True, **where)) as client:
        admin = sign_in(client)
        station, first = add_station(admin), champion(admin)
        id_ = failed(admin, station, TRAINED[0])
        done = accepted(admin, id_)
        assert done["job"]["result"]["promoted"] is True
        assert current(admin) == done["job"]["result"]["bundle_id"]
        undone = admin.delete(f"/recipes/part/acceptances/{done['id']}")
        assert undone.status_code == 200, undone.text
        assert (undone.json()["rolled_back"], undone.json()["job"]) == (True, None)
        assert current(admin) == first
        assert labels(admin, id_) == []
        assert admin.delete(f"/recipes/part/acceptances/{done['id']}").status_code == 409
