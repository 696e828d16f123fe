"""Analytics over HTTP: what stations sent and people said, counted."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from edge.contract.result import Verdict
from inspection.plant import Plant
from inspection.store.schema import migrate, revert
from inspection.store.tables import HourRow
from tests.support.plants import Person, a_result, add_station, send_results

DAY = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
WINDOW = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-03T00:00:00Z"}


def _answer(person: Person, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = person.get("/analytics", params={**WINDOW, **params}).json()
    return answer


def _send(client: TestClient, station: dict[str, str]) -> None:
    for verdict, hour, kind in (
        (Verdict.PASS, 0, None),
        (Verdict.PASS, 0, None),
        (Verdict.FAIL, 1, "scratch"),
        (Verdict.FAIL, 5, None),
        (Verdict.UNDECIDED, 5, None),
    ):
        result = a_result(verdict, captured_at=DAY + timedelta(hours=hour), defect_class=kind)
        send_results(client, station, result)
        send_results(client, station, result)  # a batch sent twice counts once


def test_days_count_parts_by_verdict(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    _send(client, station)
    answer = _answer(admin)
    shown = [(b["start"][:10], b["passed"], b["failed"], b["undecided"]) for b in answer["buckets"]]
    assert shown == [("2026-03-01", 2, 1, 0), ("2026-03-02", 0, 1, 1)]
    assert (answer["yield_fraction"], answer["centre"]) == (0.4, 0.5)
    assert answer["suspected"] == {"scratch": 1, "": 1}
    assert answer["buckets"][0]["mean_pass_score"] == 2.5


def test_a_day_is_the_plants_day(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    """In Shanghai, 20:30 UTC is tomorrow."""
    _send(client, station)
    buckets = _answer(admin, utc_offset_min=480)["buckets"]
    east = timezone(timedelta(hours=8))
    days = {datetime.fromisoformat(b["start"]).astimezone(east).date().isoformat(): b["passed"] for b in buckets}
    assert days == {"2026-03-01": 0, "2026-03-02": 2, "2026-03-03": 0}


def test_filters_by_recipe_and_station(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    _send(client, station)
    other = add_station(admin, "line-2", "cap")
    send_results(client, other, a_result(Verdict.PASS, station="line-2", recipe="cap", captured_at=DAY))
    assert _answer(admin)["passed"] == 3
    assert _answer(admin, recipe="cap")["passed"] == 1
    assert _answer(admin, station="line-1")["passed"] == 2
    assert _answer(admin, station="nowhere")["yield_fraction"] is None


def test_labels_make_the_pareto_and_the_reviewers(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    results = [a_result(captured_at=DAY) for _ in range(3)]
    send_results(client, station, *results)
    for result, label, kind in zip(results, ("defect", "defect", "good"), ("dent", None, None), strict=True):
        admin.post("/labels", {"result_id": result.id, "label": label, "defect_type": kind})
    answer = _answer(admin)
    assert answer["confirmed"] == {"dent": 1, "": 1}
    assert answer["reviewed"] == {"admin": 3}
    admin.post("/labels", {"result_id": results[0].id, "label": "retracted"})
    assert _answer(admin)["confirmed"] == {"": 1}


def test_the_table_has_what_the_charts_have(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    _send(client, station)
    answer = admin.get("/analytics.csv", params={**WINDOW, "step": "hour"})
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 48
    assert [row["passed"] for row in rows if row["passed"] != "0"] == ["2"]


def test_windows_that_make_no_sense_are_refused(admin: Person) -> None:
    backwards = admin.get("/analytics", params={"since": WINDOW["until"], "until": WINDOW["since"]})
    assert backwards.status_code == 400
    assert "expected an instant after 2026-03-03" in backwards.json()["message"]
    long = admin.get("/analytics", params={"since": "2020-01-01T00:00:00Z", "step": "hour"})
    assert long.status_code == 400
    assert "at most 2000 hours" in long.json()["message"]
    assert admin.get("/analytics", params={"since": "yesterday"}).status_code == 422


def test_results_from_before_the_counts_are_counted(plant: Plant, client: TestClient, station: dict[str, str]) -> None:
    """The migration makes the same rows as counting them one by one."""
    _send(client, station)
    before = _hours(plant)
    revert(plant.database.engine, "0003")
    migrate(plant.database.engine)
    assert len(before) == 4
    assert _hours(plant) == before


def _hours(plant: Plant) -> set[tuple[Any, ...]]:
    with plant.database.read() as session:
        return {
            (r.hour, r.station, r.recipe, r.verdict, r.defect_class, r.count, r.scored, r.score_sum)
            for r in session.scalars(select(HourRow))
        }
