"""Review by many and of many: filters, groups, marked masks, second opinions, parts of known truth."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from edge.contract.result import InspectionResult, Verdict
from inspection.jobs.material import lay_out
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.review import known_parts
from inspection.samples.samples import samples_of
from tests.support.plants import (
    ManualClock,
    Person,
    a_result,
    add_station,
    image_ref,
    new_plant,
    person_with,
    png,
    running,
    send_image,
    send_results,
    sign_in,
)

SCRATCH, HOLE = (127, 0, 0, 0), (0, 127, 0, 0)


def part(client: TestClient, station: dict[str, str], seed: int, **changes: Any) -> InspectionResult:
    """A failed part whose picture has arrived."""
    frame = png(seed)
    result = a_result(images=(image_ref(frame),), part_id=f"P-{seed}", **changes)
    send_results(client, station, result)
    send_image(client, station, frame)
    return result


def mask(size: int = 32, marked: int = 5) -> str:
    pixels = np.zeros((size, size), np.uint8)
    pixels[:marked, :marked] = 1
    return base64.b64encode(cv2.imencode(".png", pixels)[1].tobytes()).decode()


def found(person: Person, **asked: Any) -> list[str]:
    answer = person.get("/review/queue", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["result"]["part_id"] for item in answer.json()["results"]]


@pytest.fixture(name="everybody_twice")
def _everybody_twice(tmp_path: Any, clock: ManualClock, where: dict[str, Any]) -> Iterator[tuple[Plant, TestClient]]:
    """A plant in which every judged part is judged again, and every second waiting one is of known truth."""
    plant = new_plant(tmp_path, clock, review_second_share=1, review_known_share=0.5, **where)
    with running(plant) as client:
        yield plant, client


def test_queue_is_filtered_by_class_score_and_time(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    early, late = "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"
    send_results(client, station, a_result(part_id="low", score=1.5, defect_class="scratch", captured_at=early))
    send_results(client, station, a_result(part_id="high", score=4.0, defect_class="hole", captured_at=late))
    send_results(client, station, a_result(Verdict.UNDECIDED, part_id="none", captured_at=late))
    assert found(admin, defect_class="hole") == ["high"]
    assert found(admin, score_to=2) == ["low"]
    assert found(admin, score_from=2) == ["high"]
    assert found(admin, since=late) == ["none", "high"]
    assert found(admin, until=late) == ["low"]
    assert found(admin, line="west") == []
    admin.put("/stations/line-1/line", {"line": "west"}).raise_for_status()
    assert found(admin, line="west", score_from=2) == ["high"]


@pytest.mark.parametrize("order", ["time", "value"])
def test_what_was_skipped_is_not_given_again(
    client: TestClient, admin: Person, station: dict[str, str], order: str
) -> None:
    send_results(client, station, *(a_result(part_id=str(n), score=1.0 + n) for n in range(5)))
    everything = found(admin, order=order)
    assert sorted(everything) == ["0", "1", "2", "3", "4"]
    assert found(admin, order=order, limit=2, offset=2) == everything[2:4]
    assert found(admin, order=order, limit=2, offset=4) == everything[4:]
    assert found(admin, order=order, offset=5000) == []


@pytest.mark.parametrize("order", ["time", "value"])
def test_two_people_at_once_do_not_begin_with_the_same_parts(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock, order: str
) -> None:
    other = person_with(plant, client, Role.INSPECTOR)
    send_results(client, station, *(a_result(part_id=str(n), score=1.0 + n) for n in range(6)))
    first = admin.get("/review/queue", params={"order": order}).json()
    names = [item["result"]["part_id"] for item in first["results"]]
    ids = [item["result"]["id"] for item in first["results"]]
    assert first["held"] == []
    assert found(admin, order=order, looking_at=ids[:2]) == names  # nobody waits for himself

    answer = other.get("/review/queue", params={"order": order, "looking_at": ids[1:4]}).json()
    assert [item["result"]["part_id"] for item in answer["results"]] == [*names[2:], *names[:2]]
    assert answer["held"] == ids[:2]
    assert found(admin, order=order, looking_at=ids[:2]) == [*names[:2], *names[4:], *names[2:4]]

    clock.advance(15)
    assert found(admin, order=order, looking_at=ids[:2])[:2] == names[:2]
    clock.advance(15)  # the other one has gone
    assert found(admin, order=order) == names
    for _ in range(60):  # this one went, too, and left the page open
        clock.advance(11)
        found(admin, order=order, looking_at=ids[:2])
    assert found(other, order=order) == names
    assert other.get("/review/queue", params={"looking_at": ["x"]}).status_code == 422


def test_queue_shows_what_was_said(client: TestClient, plant: Plant, admin: Person, station: dict[str, str]) -> None:
    other = person_with(plant, client, Role.INSPECTOR)
    parts = [part(client, station, seed) for seed in range(3)]
    admin.post("/labels", {"result_id": parts[0].id, "label": "good"})
    other.post("/labels", {"result_id": parts[0].id, "label": "defect"})
    admin.post("/labels", {"result_id": parts[1].id, "label": "unsure"})
    assert found(admin, state="disputed") == ["P-0"]
    assert found(admin, state="unsure") == ["P-1"]
    assert found(admin, state="labelled") == ["P-1", "P-0"]
    assert found(admin) == ["P-2"]
    labels = admin.get("/review/queue", params={"state": "disputed"}).json()["results"][0]["labels"]
    assert {row["label"] for row in labels} == {"good", "defect"}


def test_alike_parts_are_a_group_and_cleared_by_one_decision(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    scratches = [part(client, station, seed, signature=SCRATCH, score=2.0 + seed) for seed in range(3)]
    part(client, station, 3, signature=HOLE)
    part(client, station, 4, signature=SCRATCH, defect_class="scratch")
    part(client, station, 5)
    answer = admin.get("/review/groups").json()
    (group,) = answer["groups"]
    assert set(group["ids"]) == {result.id for result in scratches}
    assert group["worst"] == scratches[2].id
    assert answer["alone"] == 3
    labelled = admin.post("/labels/batch", {"result_ids": group["ids"], "label": "good", "took_s": 3})
    assert labelled.json() == {"labelled": 3}
    assert admin.get("/review/groups").json()["groups"] == []
    admin.post("/labels/batch", {"result_ids": group["ids"], "label": "retracted"})
    assert len(admin.get("/review/groups").json()["groups"][0]["ids"]) == 3


def test_a_batch_is_stored_whole_or_not_at_all(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    known = part(client, station, 0)
    answer = admin.post("/labels/batch", {"result_ids": [known.id, "f" * 32], "label": "good"})
    assert answer.status_code == 404
    assert found(admin) == ["P-0"]


def test_a_marked_mask_reaches_the_training(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], tmp_path: Any
) -> None:
    """Seeds 0 to 7 give pictures of both splits."""
    for seed in range(8):
        result = part(client, station, seed)
        body = {"result_id": result.id, "label": "defect", "defect_type": "scratch", "mask_png_base64": mask()}
        assert admin.post("/labels", body).json()["mask_sha256"] is not None
    with plant.database.read() as session:
        material = lay_out(session, plant.blobs, samples_of(session, "part"), tmp_path / "job")
    assert material.defects is not None
    images = [path.stem for path in (material.defects / "scratch").iterdir()]
    held_out = [path.stem for path in (material.holdout / "test" / "scratch").iterdir()]
    assert sorted(path.stem for path in (material.defects / "masks" / "scratch").iterdir()) == sorted(images)
    masks = sorted((material.holdout / "ground_truth" / "scratch").iterdir())
    assert [path.stem for path in masks] == sorted(held_out) != []
    pixels = cv2.imread(str(masks[0]), cv2.IMREAD_GRAYSCALE)
    assert (pixels == 255).sum() == 25


@pytest.mark.parametrize("pixels", [np.uint16([1]), np.uint16([300]), np.uint8([1, 0, 0]), np.uint8([0, 1, 0, 255])])
def test_whatever_is_not_0_is_marked(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], pixels: np.ndarray
) -> None:
    """Numbers of objects in sixteen bits, and colours however dark."""
    picture = np.zeros((32, 32, len(pixels)), pixels.dtype)
    picture[4:6, 3:8] = pixels
    picture[..., 3:] = 255
    png = base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()
    body = {"result_id": part(client, station, 0).id, "label": "defect", "mask_png_base64": png}
    answer = admin.post("/labels", body)
    assert answer.status_code == 201, answer.text
    kept = cv2.imdecode(np.frombuffer(plant.blobs.get(answer.json()["mask_sha256"]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert (kept == 255).sum() == 10


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (mask(size=16), "expected (32, 32) px"),
        (mask(marked=0), "something marked"),
        ("not base64!", "base64"),
        (base64.b64encode(b"GIF89a").decode(), "PNG"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(
    client: TestClient, admin: Person, station: dict[str, str], text: str, why: str
) -> None:
    result = part(client, station, 0)
    answer = admin.post("/labels", {"result_id": result.id, "label": "defect", "mask_png_base64": text})
    assert answer.status_code == 422
    assert why in answer.json()["message"]
    assert found(admin) == ["P-0"]


def test_a_mask_without_a_picture_is_refused(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    result = a_result()
    send_results(client, station, result)
    answer = admin.post("/labels", {"result_id": result.id, "label": "defect", "mask_png_base64": mask()})
    assert (answer.status_code, "no picture" in answer.json()["message"]) == (422, True)


def test_beside_a_part_are_its_history_alike_faults_and_a_good_one(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    before = a_result(Verdict.PASS, part_id="P-7")
    send_results(client, station, before)
    good = png(40)
    part(client, station, 1, signature=SCRATCH)
    part(client, station, 2, signature=HOLE)
    passed = a_result(Verdict.PASS, images=(image_ref(good),), part_id="good")
    send_results(client, station, passed)
    send_image(client, station, good)
    shown = part(client, station, 7, signature=SCRATCH)
    beside = admin.get(f"/results/{shown.id}/beside").json()
    assert [item["result"]["id"] for item in beside["history"]] == [before.id]
    assert [item["result"]["part_id"] for item in beside["alike"]] == ["P-1"]
    assert beside["good_sha256"] == image_ref(good).sha256
    assert beside["golden"] is False
    assert admin.get(f"/results/{shown.id}/golden").status_code == 404


def test_the_views_of_a_part_are_its_other_cameras_at_the_same_moment(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    top = a_result(part_id="P-9", camera="top")
    earlier = a_result(part_id="P-9", camera="side", captured_at=top.captured_at - timedelta(seconds=30))
    side = a_result(Verdict.PASS, part_id="P-9", camera="side", captured_at=top.captured_at + timedelta(seconds=1))
    again = a_result(part_id="P-9", camera="top", captured_at=top.captured_at + timedelta(seconds=40))
    reworked = a_result(part_id="P-9", camera="side", captured_at=top.captured_at + timedelta(minutes=5))
    other = a_result(part_id="P-8", camera="side")
    send_results(client, station, top, earlier, side, again, reworked, other)
    beside = admin.get(f"/results/{top.id}/beside").json()
    assert [item["result"]["id"] for item in beside["views"]] == [side.id]
    assert {item["result"]["id"] for item in beside["history"]} == {earlier.id, again.id, reworked.id}


def test_a_second_opinion_is_asked_for_blind(everybody_twice: tuple[Plant, TestClient]) -> None:
    plant, client = everybody_twice
    admin = sign_in(client)
    station = add_station(admin)
    other = person_with(plant, client, Role.INSPECTOR)
    result = part(client, station, 0)
    admin.post("/labels", {"result_id": result.id, "label": "defect"})
    (item,) = other.get("/review/queue").json()["results"]
    assert (item["result"]["id"], item["labels"]) == (result.id, [])
    assert found(admin) == []
    other.post("/labels", {"result_id": result.id, "label": "good", "from_queue": True, "took_s": 1.5})
    assert found(other) == []
    assert found(admin, state="disputed") == ["P-0"]
    measured = {row["user"]: row for row in admin.get("/review/reviewers").json()}
    assert measured[other.name]["second_opinions"] == 1
    assert measured[other.name]["agreement"]["value"] == 0
    assert measured[other.name]["seconds_median"] == 1.5


def test_a_share_of_the_judged_parts_is_drawn_by_the_end_of_the_id(
    tmp_path: Any, clock: ManualClock, where: dict[str, Any]
) -> None:
    """The beginning is the time, and would give the second person all parts of a morning or none."""
    with running(plant := new_plant(tmp_path, clock, review_second_share=0.5, **where)) as client:
        admin = sign_in(client)
        station = add_station(admin)
        other = person_with(plant, client, Role.INSPECTOR)
        for seed, (begin, end) in enumerate([("0", "7fffffff"), ("0", "80000000"), ("f", "00000000"), ("f", "f" * 8)]):
            one = part(client, station, seed, id=f"{begin * 24}{end}")
            admin.post("/labels", {"result_id": one.id, "label": "defect"}).raise_for_status()
        assert found(other) == ["P-2", "P-0"]


def test_a_part_of_known_truth_measures_and_labels_nothing(everybody_twice: tuple[Plant, TestClient]) -> None:
    plant, client = everybody_twice
    admin = sign_in(client)
    station = add_station(admin)
    second, third = person_with(plant, client, Role.ENGINEER), person_with(plant, client, Role.INSPECTOR)
    known = part(client, station, 0)
    for person in (admin, second):
        person.post("/labels", {"result_id": known.id, "label": "defect", "from_queue": True})
    assert found(third) == []  # nothing waits, so nothing is mixed in
    part(client, station, 1)
    assert sorted(found(third)) == ["P-0", "P-1"]
    assert found(admin) == ["P-1"]
    body = {"result_id": known.id, "label": "good", "from_queue": True}
    assert third.post("/labels", body).status_code == 201
    assert found(third) == ["P-1"]
    assert {row["user"] for row in admin.get(f"/results/{known.id}").json()["labels"]} == {"admin", second.name}
    measured = {row["user"]: row for row in admin.get("/review/reviewers").json()}
    assert (measured[third.name]["known_defects"], measured[third.name]["missed"]["value"]) == (1, 1.0)
    third.post("/labels", {"result_id": known.id, "label": "retracted", "from_queue": True})
    assert sorted(found(third)) == ["P-0", "P-1"]
    again = third.post("/labels", {"result_id": known.id, "label": "retracted", "from_queue": True})
    assert again.status_code == 201
    never = {"result_id": known.id, "label": "retracted", "from_queue": True}
    assert person_with(plant, client, Role.OPERATOR).post("/labels", never).status_code == 403


def test_known_parts_in_a_group_measure_and_are_not_told_apart(
    everybody_twice: tuple[Plant, TestClient],
) -> None:
    """The group looks as if all of it waited; what is said of the known part labels nothing and can be taken back."""
    plant, client = everybody_twice
    admin = sign_in(client)
    station = add_station(admin)
    second, third = person_with(plant, client, Role.ENGINEER), person_with(plant, client, Role.INSPECTOR)
    known = part(client, station, 0, signature=SCRATCH)
    unlike = part(client, station, 9, signature=HOLE)
    for result in (known, unlike):
        for person in (admin, second):
            person.post("/labels", {"result_id": result.id, "label": "defect"})
    waiting = [part(client, station, seed, signature=(127, seed, 0, 0)) for seed in (1, 2)]
    part(client, station, 3, signature=(0, 0, 127, 0))
    ids = {result.id for result in (known, *waiting)}
    answer = third.get("/review/groups").json()
    (group,) = answer["groups"]
    assert (set(group["ids"]), answer["alone"]) == (ids, 1)
    shown = group["results"] + third.get("/review/parts", params={"id": group["ids"]}).json()
    assert [item["result"]["id"] for item in shown] == group["ids"] * 2
    assert {(str(item["labels"]), str(item["rulings"])) for item in shown} == {("[]", "[]")}
    assert set(admin.get("/review/groups").json()["groups"][0]["ids"]) == ids - {known.id}
    said = {"result_ids": group["ids"], "label": "good", "from_queue": True, "took_s": 3}
    assert third.post("/labels/batch", said).json() == {"labelled": 3}
    assert {row["user"] for row in admin.get(f"/results/{known.id}").json()["labels"]} == {"admin", second.name}
    measured = {row["user"]: row for row in admin.get("/review/reviewers").json()}
    assert (measured[third.name]["known_defects"], measured[third.name]["missed"]["value"]) == (1, 1.0)
    assert (measured[third.name]["decisions"], measured[third.name]["seconds_median"]) == (3, 1.0)
    third.post("/labels/batch", {**said, "label": "retracted"})
    assert set(third.get("/review/groups").json()["groups"][0]["ids"]) == ids
    assert third.get("/review/groups", params={"station": "elsewhere"}).json()["groups"] == []


def test_the_worst_and_the_odd_parts_of_a_large_group_come_first(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """The group gives a first page; every other part is given by its id, in the same order."""
    parts = [part(client, station, seed, signature=(127, seed % 5, 0, 0), score=2 + seed / 100) for seed in range(25)]
    odd = part(client, station, 25, signature=(127, 60, 0, 0), score=1.5)
    (group,) = admin.get("/review/groups").json()["groups"]
    assert (len(group["ids"]), len(group["results"])) == (26, 24)
    assert group["ids"][:2] == [parts[24].id, odd.id]
    assert (group["worst"], group["odd"][0]) == (parts[24].id, odd.id)
    rest = admin.get("/review/parts", params={"id": group["ids"][24:]}).json()
    assert [item["result"]["id"] for item in rest] == group["ids"][24:]
    assert admin.get("/review/parts", params={"id": ["f" * 32]}).status_code == 404
    assert admin.get("/review/parts", params={"id": ["no id"]}).status_code == 422


def test_known_parts_fit_the_filters(everybody_twice: tuple[Plant, TestClient]) -> None:
    """A known part of another class among the parts of one class would be found out."""
    plant, client = everybody_twice
    admin = sign_in(client)
    station = add_station(admin)
    second, third = person_with(plant, client, Role.ENGINEER), person_with(plant, client, Role.INSPECTOR)
    known = part(client, station, 0, defect_class="hole")
    for person in (admin, second):
        person.post("/labels", {"result_id": known.id, "label": "defect"})
    part(client, station, 1, defect_class="scratch")
    assert found(third, defect_class="scratch") == ["P-1"]
    assert sorted(found(third)) == ["P-0", "P-1"]


def test_known_parts_are_looked_for_further_back_when_the_newest_were_seen(
    everybody_twice: tuple[Plant, TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_parts, "_PAGE", 2)
    plant, client = everybody_twice
    admin = sign_in(client)
    station = add_station(admin)
    second, third = person_with(plant, client, Role.ENGINEER), person_with(plant, client, Role.INSPECTOR)
    known = [part(client, station, seed) for seed in range(5)]
    for result in known:
        for person in (admin, second):
            person.post("/labels", {"result_id": result.id, "label": "defect"})
    for result in known[2:]:  # the newest three
        third.post("/labels", {"result_id": result.id, "label": "defect"})
    for seed in range(10, 14):
        part(client, station, seed)
    assert {"P-0", "P-1"} < set(found(third))
    monkeypatch.setattr(known_parts, "_PAGES", 1)
    assert not {f"P-{seed}" for seed in range(5)} & set(found(third))


def test_reviewers_are_not_shown_to_operators(client: TestClient, plant: Plant, admin: Person) -> None:
    assert admin.get("/review/reviewers").json() == []
    assert person_with(plant, client, Role.OPERATOR).get("/review/reviewers").status_code == 403
