"""The random audit sample at the plant: drawn as results come in, reviewed, and told with what it cannot tell."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.contract.result import ShadowVerdict, Verdict
from tests.support.plants import (
    Person,
    a_result,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    sign_in,
)


@dataclass
class Floor:
    """A plant that draws every part with a picture, and one station."""

    client: TestClient
    admin: Person
    station: dict[str, str]

    def part(self, verdict: Verdict, *, picture: bool = True, arrives: bool = True, **changes: object) -> str:
        """Report a part; its id."""
        number = int(str(changes.get("part_id", "0")))
        frame = png(number)
        result = a_result(verdict, (image_ref(frame),) if picture else (), **changes)
        send_results(self.client, self.station, result)
        if picture and arrives:
            send_image(self.client, self.station, frame)
        return result.id

    def label(self, result_id: str, label: str) -> None:
        """Say what is true."""
        assert self.admin.post("/labels", {"result_id": result_id, "label": label}).status_code == 201

    def report(self, **params: object) -> dict[str, object]:
        """What the sample says."""
        answer = self.admin.get("/review/audit", params={"recipe": "part", **params})
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    def queue(self, order: str) -> list[str]:
        """Part ids in this order."""
        answer = self.admin.get("/review/queue", params={"order": order}).json()
        return [item["result"]["part_id"] for item in answer["results"]]


@pytest.fixture(name="floor")
def _floor(tmp_path: Path, where: dict[str, Any]) -> Iterator[Floor]:
    drawn = {"audit_escapes_at_most": 0.1, "audit_period_passes": 1, "audit_fail_share": 1.0}
    plant = new_plant(tmp_path, **drawn, **where)
    with running(plant) as client:
        admin = sign_in(client)
        yield Floor(client, admin, add_station(admin))


def test_passed_parts_drawn_by_chance_wait_for_review(floor: Floor) -> None:
    drawn = floor.part(Verdict.PASS, part_id="1", score=0.2)
    floor.part(Verdict.PASS, part_id="2", picture=False)
    floor.part(Verdict.PASS, part_id="3", arrives=False)
    queue = floor.admin.get("/review/queue").json()
    assert (queue["waiting"], queue["drawn"]) == ({"PASS": 1, "FAIL": 0, "UNDECIDED": 0}, [drawn])
    floor.label(drawn, "good")
    assert floor.admin.get("/review/queue").json()["results"] == []


def test_escapes_and_overkill_are_estimated_from_what_was_drawn(floor: Floor) -> None:
    passed = [floor.part(Verdict.PASS, part_id=str(number), score=0.2) for number in range(10)]
    failed = [floor.part(Verdict.FAIL, part_id=str(number)) for number in range(10, 14)]
    for number, id_ in enumerate(passed):
        floor.label(id_, "defect" if number == 0 else "good")
    for number, id_ in enumerate(failed):
        floor.label(id_, "good" if number == 0 else "defect")
    report = floor.report()
    assert report["passes"]["wrong"]["value"] == pytest.approx(0.1)
    assert report["passes"]["wrong"]["lower"] == pytest.approx(0.0025, abs=1e-4)  # Clopper-Pearson, 1 of 10
    assert report["passes"]["wrong"]["upper"] == pytest.approx(0.4450, abs=1e-4)
    assert report["escape_rate"]["value"] == pytest.approx(1 / 4)
    assert report["overkill_rate"]["value"] == pytest.approx(1 / 10)
    assert (report["shown"], report["plan"]["parts_needed"]) == (False, 29)


def test_a_bound_is_shown_once_the_sample_is_large_enough(floor: Floor) -> None:
    for number in range(29):
        assert floor.report()["shown"] is False
        floor.label(floor.part(Verdict.PASS, part_id=str(number), score=0.2), "good")
    report = floor.report()
    assert report["shown"] is True
    assert report["escapes_at_most"] <= 0.1


def test_a_station_that_nobody_reviewed_leaves_the_bound_open(floor: Floor) -> None:
    """What the sample says of one station says nothing of another, of which all parts may be bad."""
    for number in range(29):
        floor.label(floor.part(Verdict.PASS, part_id=str(number), score=0.2), "good")
    assert floor.report()["shown"] is True
    floor.station = add_station(floor.admin, "line-2")
    other = floor.part(Verdict.PASS, part_id="30", score=0.2, station="line-2")
    report = floor.report()
    assert (report["passes"]["uncovered"], report["shown"]) == (1, False)
    assert report["escapes_at_most"] == pytest.approx((29 * (1 - 0.05 ** (1 / 29)) + 1) / 30)
    floor.label(other, "good")
    report = floor.report()
    assert (report["passes"]["uncovered"], report["shown"]) == (0, True)


def test_what_cannot_be_reviewed_is_told(floor: Floor) -> None:
    """Parts without a picture, those a person is unsure of, and a station of which nothing was reviewed."""
    floor.label(floor.part(Verdict.PASS, part_id="1"), "good")
    floor.label(floor.part(Verdict.PASS, part_id="2"), "unsure")
    floor.part(Verdict.PASS, part_id="3", picture=False)
    floor.station = add_station(floor.admin, "line-2")
    floor.part(Verdict.PASS, part_id="4", picture=False, station="line-2")
    passes = floor.report()["passes"]
    assert {name: passes[name] for name in ("parts", "with_picture", "drawn", "reviewed", "unsure", "uncovered")} == {
        "parts": 4,
        "with_picture": 2,
        "drawn": 2,
        "reviewed": 1,
        "unsure": 1,
        "uncovered": 1,
    }


def test_a_label_taken_back_counts_no_more(floor: Floor) -> None:
    id_ = floor.part(Verdict.PASS, part_id="1")
    for label in ("defect", "retracted"):
        floor.label(id_, label)
    assert floor.report()["passes"]["wrong"] is None


def test_since_leaves_out_what_came_before(floor: Floor) -> None:
    floor.label(floor.part(Verdict.PASS, part_id="1"), "good")
    assert floor.report(since="2026-03-02T09:00:00Z")["passes"]["parts"] == 0


def test_results_sent_again_are_not_drawn_again(floor: Floor) -> None:
    result = a_result(Verdict.PASS, (image_ref(png(1)),))
    for _ in range(2):
        send_results(floor.client, floor.station, result)
    assert floor.report()["passes"]["drawn"] == 1


def test_plan_says_how_many_parts_a_bound_needs(floor: Floor) -> None:
    answer = floor.admin.get("/review/audit/plan", params={"escapes_at_most": 0.01}).json()
    assert answer == {"escapes_at_most": 0.01, "confidence": 0.95, "parts_needed": 299}
    assert floor.admin.get("/review/audit/plan", params={"escapes_at_most": 0}).status_code == 422
    assert floor.admin.get("/review/audit", params={"recipe": "none"}).status_code == 404


def test_order_by_value_mixes_near_novel_and_chance(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    """Nothing is drawn here: two near the threshold, then the farthest that looks like no known defect."""
    parts = (("far", 9.0, None), ("close", 1.1, None), ("known", 8.0, "dent"), ("closer", 1.05, None))
    for part, score, known in parts:
        send_results(client, station, a_result(part_id=part, score=score, defect_class=known))
    send_results(client, station, a_result(Verdict.UNDECIDED, part_id="lost"))
    answer = {
        order: [item["result"]["part_id"] for item in admin.get(f"/review/queue?order={order}").json()["results"]]
        for order in ("time", "value")
    }
    assert answer["time"] == ["lost", "closer", "known", "close", "far"]
    assert answer["value"] == ["closer", "close", "far", "known", "lost"]
    assert admin.get("/review/queue?order=mood").status_code == 422


def test_order_by_value_asks_about_each_new_kind_once_and_where_two_models_disagree(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """Three scratches and a hole of no known class: one scratch, then the hole, before the other scratches."""
    scratch, hole = (100, 5, 0, 10), (0, 0, 100, 10)
    others = [(f"scratch-{number}", 5.0 + number, {"signature": (100, number, 0, 10)}) for number in (4, 6)]
    shadow = ShadowVerdict(bundle_id="2" * 64, verdict=Verdict.PASS, score=0.5)
    parts: list[tuple[str, float, dict[str, Any]]] = [
        ("scratch", 5.0, {"signature": scratch}),
        *others,
        ("hole", 4.0, {"signature": hole}),
        ("disputed", 3.0, {"shadow": shadow, "defect_class": "dent"}),
        *((f"near-{number}", 1.0 + number / 100, {"defect_class": "dent"}) for number in range(6)),
    ]
    for part, score, changes in parts:
        send_results(client, station, a_result(part_id=part, score=score, **changes))
    answer = admin.get("/review/queue?order=value&limit=20").json()["results"]
    names = [item["result"]["part_id"] for item in answer]
    assert names[:8] == ["near-0", "near-1", "disputed", "scratch", "near-2", "near-3", "hole", "near-4"]
    assert sorted(names) == sorted(part for part, _, _ in parts)


def test_drawn_parts_come_oldest_first_whatever_their_score(floor: Floor) -> None:
    for number, score in enumerate((0.1, 0.99, 0.5)):
        floor.part(Verdict.PASS, part_id=str(number), score=score)
    floor.part(Verdict.UNDECIDED, part_id="9")
    assert floor.queue("value") == ["9", "0", "1", "2"]


def test_the_first_parts_after_a_change_count_as_often_as_they_are_there(floor: Floor) -> None:
    """A station keeps all of those, and one in ten of the others: each of the others stands for ten."""
    for number in range(10):
        first = floor.part(Verdict.PASS, part_id=str(number), kept_share=1.0)
        floor.label(first, "defect" if number < 5 else "good")
    for number in range(10, 20):
        floor.label(floor.part(Verdict.PASS, part_id=str(number), kept_share=0.1), "good")
    passes = floor.report()["passes"]
    assert isinstance(passes, dict)
    assert passes["wrong"]["value"] == pytest.approx(5 / 110)
