"""Accepting as good at a plant of the tests."""

from typing import Any

from tests.support.plants import (
    Person,
    a_result,
    add_samples,
    image_ref,
    png,
    send_image,
    send_results,
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
