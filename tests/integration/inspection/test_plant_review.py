"""Review: labels are appended, the latest counts, frames become samples."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from edge.contract.result import InspectionResult, Verdict
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.samples.samples import samples_of
from inspection.store.tables import LabelRow
from tests.support.plants import Person, a_result, image_ref, person_with, png, send_image, send_results


@pytest.fixture(name="result")
def _result(client: TestClient, station: dict[str, str]) -> InspectionResult:
    frame = png(1)
    result = a_result(images=(image_ref(frame),))
    send_results(client, station, result)
    send_image(client, station, frame)
    return result


def _truths(plant: Plant) -> list[str | None]:
    with plant.database.read() as session:
        return [sample.truth.defect_type or "good" for sample in samples_of(session, "part")]


def _waiting(person: Person) -> dict[str, int]:
    waiting: dict[str, int] = person.get("/review/queue").json()["waiting"]
    return waiting


def test_queue_holds_what_was_not_passed(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED):
        send_results(client, station, a_result(verdict, part_id=verdict))
    queue = admin.get("/review/queue", params={"recipe": "part"}).json()
    assert [item["result"]["part_id"] for item in queue["results"]] == ["UNDECIDED", "FAIL"]
    assert queue["waiting"] == {"PASS": 0, "FAIL": 1, "UNDECIDED": 1}
    assert admin.get("/review/queue", params={"recipe": "other"}).json()["results"] == []
    assert admin.get("/review/queue", params={"station": "line-2"}).json()["results"] == []
    failed = admin.get("/review/queue", params={"verdict": "FAIL", "station": "line-1"}).json()
    assert [item["result"]["part_id"] for item in failed["results"]] == ["FAIL"]
    assert failed["waiting"]["UNDECIDED"] == 0


def test_label_takes_a_part_off_the_queue_and_makes_a_sample(
    plant: Plant, admin: Person, result: InspectionResult
) -> None:
    answer = admin.post("/labels", {"result_id": result.id, "label": "defect", "defect_type": "scratch"})
    assert answer.status_code == 201
    assert _waiting(admin) == {"PASS": 0, "FAIL": 0, "UNDECIDED": 0}
    assert _truths(plant) == ["scratch"]
    assert admin.get("/review/queue").json()["defect_types"] == ["scratch"]


def test_undo_puts_it_back_and_takes_the_sample_away(plant: Plant, admin: Person, result: InspectionResult) -> None:
    admin.post("/labels", {"result_id": result.id, "label": "good"})
    admin.post("/labels", {"result_id": result.id, "label": "retracted"})
    assert _waiting(admin)["FAIL"] == 1
    assert _truths(plant) == []
    assert admin.get(f"/results/{result.id}").json()["labels"] == []


def test_labels_are_only_ever_added(plant: Plant, admin: Person, result: InspectionResult) -> None:
    for label in ("good", "retracted", "unsure", "defect"):
        assert admin.post("/labels", {"result_id": result.id, "label": label}).status_code == 201
    with plant.database.read() as session:
        assert list(session.scalars(select(LabelRow.label).order_by(LabelRow.id))) == [
            "good",
            "retracted",
            "unsure",
            "defect",
        ]
    assert [row["label"] for row in admin.get(f"/results/{result.id}").json()["labels"]] == ["defect"]
    assert _truths(plant) == ["defect"]


def test_latest_of_each_person_is_shown(
    client: TestClient, plant: Plant, admin: Person, result: InspectionResult
) -> None:
    other = person_with(plant, client, Role.INSPECTOR)
    admin.post("/labels", {"result_id": result.id, "label": "good"})
    other.post("/labels", {"result_id": result.id, "label": "defect", "comment": "look at the rim"})
    admin.post("/labels", {"result_id": result.id, "label": "unsure"})
    shown = {row["user"]: row["label"] for row in other.get(f"/results/{result.id}").json()["labels"]}
    assert shown == {"admin": "unsure", other.name: "defect"}


def test_retracting_leaves_the_labels_of_others(
    client: TestClient, plant: Plant, admin: Person, result: InspectionResult
) -> None:
    other = person_with(plant, client, Role.INSPECTOR)
    other.post("/labels", {"result_id": result.id, "label": "defect"})
    admin.post("/labels", {"result_id": result.id, "label": "good"})
    admin.post("/labels", {"result_id": result.id, "label": "retracted"})
    assert _waiting(admin)["FAIL"] == 0
    assert _truths(plant) == ["defect"]


def test_saying_the_same_again_adds_nothing(plant: Plant, admin: Person, result: InspectionResult) -> None:
    """A page that was closed before the answer came says it twice."""
    for label in ("good", "good", "retracted", "retracted"):
        assert admin.post("/labels", {"result_id": result.id, "label": label}).status_code == 201
    with plant.database.read() as session:
        assert list(session.scalars(select(LabelRow.label).order_by(LabelRow.id))) == ["good", "retracted"]


@pytest.mark.parametrize("comment", [None, "it wipes off"])
def test_a_person_who_insists_has_the_last_word(
    client: TestClient, plant: Plant, admin: Person, result: InspectionResult, comment: str | None
) -> None:
    other = person_with(plant, client, Role.INSPECTOR)
    admin.post("/labels", {"result_id": result.id, "label": "good"})
    other.post("/labels", {"result_id": result.id, "label": "defect"})
    assert _truths(plant) == ["defect"]
    admin.post("/labels", {"result_id": result.id, "label": "good", "comment": comment})
    assert _truths(plant) == ["good"]


def test_a_person_who_insists_outweighs_a_ruling(plant: Plant, admin: Person, result: InspectionResult) -> None:
    admin.post("/labels", {"result_id": result.id, "label": "good"})
    sample = f"/recipes/part/samples/{result.images[0].sha256}/ruling"
    assert admin.post(sample, {"label": "unsure"}).status_code == 204
    assert _truths(plant) == []
    for _ in range(2):
        admin.post("/labels", {"result_id": result.id, "label": "good"})
    assert _truths(plant) == ["good"]


def test_labels_of_a_recipe_that_is_made_later_are_learnt_from(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    picture = png(7)
    result = a_result(images=(image_ref(picture),), recipe="later")
    send_results(client, station, result)
    send_image(client, station, picture)
    for label in ("good", "defect", "good"):
        assert admin.post("/labels", {"result_id": result.id, "label": label}).status_code == 201
    assert admin.post("/recipes", {"name": "later"}).status_code == 201
    with plant.database.read() as session:
        assert [sample.truth.label for sample in samples_of(session, "later")] == ["good"]


def test_nothing_to_retract_is_a_conflict(admin: Person, result: InspectionResult) -> None:
    assert admin.post("/labels", {"result_id": result.id, "label": "retracted"}).status_code == 409


def test_frame_that_arrives_after_its_label_becomes_a_sample(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    frame = png(5)
    result = a_result(images=(image_ref(frame),))
    send_results(client, station, result)
    admin.post("/labels", {"result_id": result.id, "label": "defect", "defect_type": "dent"})
    assert _truths(plant) == []
    send_image(client, station, frame)
    assert _truths(plant) == ["dent"]


def test_label_of_an_unknown_result_is_not_found(admin: Person) -> None:
    assert admin.post("/labels", {"result_id": "0" * 32, "label": "good"}).status_code == 404


@pytest.mark.usefixtures("result")
@pytest.mark.parametrize(
    ("window", "found"),
    [
        ({"until": "9999-12-31T23:59:59-12:00"}, 1),
        ({"since": "9999-12-31T23:59:59-12:00"}, 0),
        ({"since": "0001-01-01T00:00:00+12:00"}, 1),
    ],
)
def test_the_ends_of_time_are_instants_in_every_zone(admin: Person, window: dict[str, str], found: int) -> None:
    assert len(admin.get("/review/queue", params=window).json()["results"]) == found
    assert admin.get("/review/reviewers", params={"since": "9999-12-31T23:59:59-12:00"}).json() == []


def test_label_that_is_no_label_is_named(admin: Person, result: InspectionResult) -> None:
    answer = admin.post("/labels", {"result_id": result.id, "label": "bad"})
    assert answer.status_code == 422
    assert "label" in answer.json()["message"]


def test_uploaded_sample_is_idempotent(admin: Person, plant: Plant) -> None:
    admin.post("/recipes", {"name": "part"})
    first = admin.send("/recipes/part/samples", png(1), label="good").json()
    again = admin.send("/recipes/part/samples", png(1), label="good").json()
    assert (first["new"], again["new"]) == (True, False)
    assert again["split"] == first["split"]
    assert _truths(plant) == ["good"]


@pytest.mark.parametrize(
    ("label", "data", "said"),
    [
        ("unsure", png(1), "label"),
        ("good", b"no image", "expected a PNG, JPEG, BMP or TIFF file"),
        ("good", b"", "expected a PNG, JPEG, BMP or TIFF file"),
        ("good", png(1)[:-20], "the file ends early"),
    ],
)
def test_upload_that_cannot_be_used_is_refused(admin: Person, label: str, data: bytes, said: str) -> None:
    admin.post("/recipes", {"name": "part"})
    answer = admin.send("/recipes/part/samples", data, label=label)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_upload_to_an_unknown_recipe_is_not_found(admin: Person) -> None:
    assert admin.send("/recipes/other/samples", png(1), label="good").status_code == 404
