"""Accept as good: from failed results to a gated challenger, and back in one call."""

from pathlib import Path
from typing import Any

import pytest

from edge.contract.result import Verdict
from inspection.people.roles import Role
from inspection.plant import Plant
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


def test_what_would_lose_a_known_defect_is_refused_by_name(admin: Person) -> None:
    """Whoever calls defects good gets no model that lets them pass."""
    station = add_station(admin, "line-2", "alike")
    first = champion(admin, "alike")
    id_ = failed(admin, station, TRAINED[0], "alike", station="line-2")
    done = accepted(admin, id_, recipe="alike")
    assert done["job"]["state"] == "failed"
    assert "which would pass: crack_7.png" in done["job"]["error"]
    (row,) = admin.get("/recipes/alike/acceptances").json()
    assert row["undone_by"] == "gate"
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
