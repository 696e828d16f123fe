"""Accept as good: from failed results to a gated challenger, and back in one call."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.contract.result import Verdict
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.samples.splits import Split, part_key, split_of
from tests.support.acceptances import (
    TRAINED,
    accept,
    accepted,
    champion,
    current,
    failed,
    labels,
    promoted,
    row_of,
)
from tests.support.plants import (
    ManualClock,
    Person,
    add_samples,
    add_station,
    new_plant,
    person_with,
    running,
    sign_in,
    train,
    wait_for_job,
)


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


def test_an_acceptance_of_held_out_parts_says_that_it_teaches_nothing(admin: Person) -> None:
    """Alone, and beside one that is taught: it would look as if it had been, while its like go on to fail."""
    station, hour = add_station(admin, "line-2", "unlike"), datetime(2026, 3, 2, 7, tzinfo=UTC)
    first = champion(admin, "unlike")
    parts = [f"P-{number}" for number in range(40)]
    held = [part for part in parts if split_of(part_key("unlike", part, hour)) is Split.HOLDOUT]
    learnt = next(part for part in parts if part not in held)

    def accept_one(part: str, seed: int, minute: int) -> dict[str, Any]:
        at = {"part_id": part, "captured_at": hour.replace(minute=minute), "station": "line-2"}
        return accepted(admin, failed(admin, station, seed, "unlike", **at), recipe="unlike")

    alone = accept_one(held[0], TRAINED[0], 1)["job"]
    assert (alone["state"], alone["error"]) == ("succeeded", None)
    assert (row_of(admin, "unlike")["state"], current(admin, "unlike")) == ("only_tests", first)
    accept_one(learnt, TRAINED[1], 2)
    accept_one(held[1], TRAINED[2], 3)
    states = [row["state"] for row in admin.get("/recipes/unlike/acceptances").json()]
    assert sorted(states) == ["only_tests", "only_tests", "taught"]


def test_a_job_that_breaks_refuses_nothing(admin: Person) -> None:
    station = add_station(admin, "line-2", "unreadable")
    champion(admin, "unreadable")
    done = accepted(admin, failed(admin, station, TRAINED[0], "unreadable", station="line-2"), recipe="unreadable")
    assert (done["job"]["state"], "stain_7.png" in done["job"]["error"]) == ("failed", True)
    row = row_of(admin, "unreadable")
    assert (done["state"], row["state"], row["undone_by"]) == ("open", "failed", None)


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
