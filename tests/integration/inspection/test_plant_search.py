"""Results found again by line, time, score, class, label and state in review; on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from edge.contract.result import InspectionResult, Verdict
from inspection.api.access import CSRF_HEADER
from inspection.client import PlantClient
from inspection.review.states import PartState
from inspection.samples.statements import Label
from tests.support.plants import API, Person, a_result, add_station, send_results

TAKEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(name="parts")
def _parts(client: TestClient, station: dict[str, str]) -> list[InspectionResult]:
    """Four parts of `line-1`, taken a minute apart and sent in another order than they were taken."""
    parts = [
        a_result(Verdict.PASS, part_id="P-0", score=0.5, captured_at=TAKEN),
        a_result(part_id="P-1", score=1.5, defect_class="scratch", captured_at=TAKEN + timedelta(minutes=1)),
        a_result(part_id="P-2", score=2.5, defect_class="dent", captured_at=TAKEN + timedelta(minutes=2)),
        a_result(Verdict.UNDECIDED, part_id="P-3", captured_at=TAKEN + timedelta(minutes=3)),
    ]
    send_results(client, station, parts[3], parts[0], parts[2], parts[1])
    return parts


def _found(admin: Person, **wanted: Any) -> list[str]:
    answer = admin.get("/results", params=wanted)
    assert answer.status_code == 200, answer.text
    return [item["result"]["part_id"] for item in answer.json()["results"]]


@pytest.mark.usefixtures("parts")
def test_parts_are_found_by_score_and_class(admin: Person) -> None:
    assert _found(admin, score_from=1.5) == ["P-1", "P-2"]
    assert _found(admin, score_to=1.5) == ["P-1", "P-0"]
    assert _found(admin, score_from=1, score_to=2) == ["P-1"]
    assert _found(admin, defect_class="dent") == ["P-2"]
    assert _found(admin, defect_class="stain") == []


@pytest.mark.usefixtures("parts")
def test_a_time_finds_what_was_taken_then_in_the_order_of_taking(admin: Person) -> None:
    first, last = TAKEN.isoformat(), (TAKEN + timedelta(minutes=3)).isoformat()
    assert _found(admin) == ["P-1", "P-2", "P-0", "P-3"]
    assert _found(admin, since=first) == ["P-3", "P-2", "P-1", "P-0"]
    assert _found(admin, since=first, until=last) == ["P-2", "P-1", "P-0"]
    assert _found(admin, until=first) == []
    assert _found(admin, since=first, verdict="FAIL", station="line-1") == ["P-2", "P-1"]


def test_pages_by_time_give_each_part_once_though_all_were_taken_at_once(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    send_results(client, station, *(a_result(part_id=f"P-{number}", captured_at=TAKEN) for number in range(7)))
    found: list[str] = []
    before: dict[str, int] = {}
    while True:
        page = admin.get("/results", params={"since": TAKEN.isoformat(), "limit": 3, **before}).json()
        found += [item["result"]["part_id"] for item in page["results"]]
        if page["next_before"] is None:
            break
        before = {"before": page["next_before"]}
    assert found == [f"P-{number}" for number in reversed(range(7))]


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("zone", ["Z", "+14:00", "-14:00"])
def test_ever_is_a_time_in_every_zone(admin: Person, zone: str) -> None:
    """What other programs have for the first and the last of their instants."""
    ever = {"since": f"0001-01-01T00:00:00{zone}", "until": f"9999-12-31T23:59:59{zone}"}
    assert len(_found(admin, **ever)) == 4
    assert admin.get("/results.csv", params=ever).text.count("\r\n") == 5
    since, whose = {"since": ever["since"]}, {"recipe": "part", "station": "line-1"}
    asked = {"/review/queue": {**ever, **whose}, "/review/groups": {**ever, **whose}, "/review/reviewers": since}
    for path, wanted in {**asked, "/review/audit": {**since, "recipe": "part"}}.items():
        answer = admin.get(path, params=wanted)
        assert answer.status_code == 200, answer.text


def test_a_part_of_a_clock_that_is_far_off_holds_up_no_other(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    odd = [
        datetime.fromisoformat(f"{day}T00:00:00{zone}")
        for day, zone in (("0001-01-01", "+14:00"), ("9999-12-31", "-14:00"))
    ]
    sent = send_results(client, station, *(a_result(captured_at=taken) for taken in odd), a_result(part_id="P-9"))
    assert (sent.status_code, sent.json()["stored"]) == (200, 3)
    assert "P-9" in _found(admin)


@pytest.mark.usefixtures("parts")
def test_what_cannot_be_searched_for_is_refused_by_name(admin: Person) -> None:
    unknown = admin.get("/results", params={"since": TAKEN.isoformat(), "before": 99})
    assert (unknown.status_code, "got 99" in unknown.json()["message"]) == (404, True)
    endless = admin.get("/results", params={"score_from": "inf"})
    assert (endless.status_code, "score_from" in endless.text) == (422, True)


@pytest.mark.parametrize(
    "path", ["/results", "/analytics", "/review/queue", "/review/groups", "/review/reviewers", "/review/audit"]
)
def test_a_time_without_a_zone_is_refused(admin: Person, path: str) -> None:
    """It would be that of the machine of the service, which nobody who asks knows."""
    answer = admin.get(path, params={"since": "2026-03-02T08:00:00", "recipe": "part"})
    assert (answer.status_code, "since" in answer.text) == (422, True)


def test_parts_are_found_by_label_that_stands_and_state(admin: Person, parts: list[InspectionResult]) -> None:
    for part, label in ((parts[1], "good"), (parts[1], "defect"), (parts[2], "good"), (parts[2], "retracted")):
        admin.post("/labels", {"result_id": part.id, "label": label}).raise_for_status()
    assert _found(admin, label="defect") == ["P-1"]
    assert _found(admin, label="defect", recipe=parts[1].recipe, station=parts[1].station) == ["P-1"]
    assert _found(admin, label="defect", station="elsewhere") == []
    assert _found(admin, label="good") == []
    assert _found(admin, review="once") == ["P-1"]
    assert _found(admin, review="waiting") == ["P-2", "P-3"]


@pytest.mark.usefixtures("parts")
def test_a_line_is_all_stations_that_stand_at_it(client: TestClient, admin: Person) -> None:
    second = add_station(admin, "line-2")
    assert _found(admin, line="north") == []
    for name in ("line-1", "line-2"):
        said = admin.client.put(
            f"{API}/stations/{name}/line", json={"line": "north"}, headers={CSRF_HEADER: admin.csrf}
        )
        assert said.status_code == 204, said.text
    send_results(client, second, a_result(station="line-2", part_id="P-9", captured_at=TAKEN + timedelta(seconds=90)))
    assert _found(admin, line="north") == ["P-9", "P-1", "P-2", "P-0", "P-3"]
    assert _found(admin, line="north", limit=2) == ["P-9", "P-1"]
    assert _found(admin, line="north", since=TAKEN.isoformat()) == ["P-3", "P-2", "P-9", "P-1", "P-0"]
    assert _found(admin, line="north", station="line-2") == ["P-9"]
    assert {station["line"] for station in admin.get("/stations").json()} == {"north"}
    csv = admin.get("/results.csv", params={"line": "north", "defect_class": "dent"}).text
    assert ("P-2" in csv, "P-1" in csv) == (True, False)


def test_the_client_asks_by_every_filter() -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"results": [], "next_before": None})

    with PlantClient("http://plant.test", "ik_key", transport=httpx.MockTransport(answer)) as plant:
        wanted = {"line": "north", "defect_class": "dent", "score_from": 1.0, "score_to": 2.0}
        found = plant.results(
            line="north", defect_class="dent", score_from=1.0, score_to=2.0, since=TAKEN,
            until=TAKEN, label=Label.GOOD, review=PartState.ONCE,
        )  # fmt: skip
        assert list(found) == []
    said = {"since": TAKEN.isoformat(), "until": TAKEN.isoformat(), "label": "good", "review": "once"}
    assert asked == [{**{name: str(value) for name, value in wanted.items()}, **said, "limit": "500"}]
