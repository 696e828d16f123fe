"""Analytics over HTTP: what stations sent and people said, counted."""

import csv
from codecs import BOM_UTF8
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from edge.contract.result import Outcome, Times, Verdict
from inspection.people.roles import Role
from inspection.plant import Plant
from inspection.store.schema import migrate, revert
from inspection.store.tables import HourRow
from tests.support.plants import Person, a_result, add_station, new_plant, person_with, running, send_results, sign_in

DAY = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
WINDOW = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-03T00:00:00Z"}
_MINUTE = datetime(2026, 3, 1, tzinfo=UTC).astimezone().minute
"""At which an hour of UTC begins on this machine's clock; not 0 in India."""


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


def test_the_period_that_is_told_is_the_one_that_is_counted(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """A day counts from its beginning, whatever the hour that was asked for."""
    _send(client, station)
    answer = _answer(admin, since="2026-03-01T23:10:00Z")
    assert answer["passed"] == 2
    assert datetime.fromisoformat(answer["since"]) == datetime(2026, 3, 1, tzinfo=UTC)
    answer = _answer(admin, since="2026-03-01T23:10:00Z", step="hour")
    assert answer["passed"] == 0
    assert datetime.fromisoformat(answer["since"]) == datetime(2026, 3, 1, 23, tzinfo=UTC)


def test_an_hour_is_told_as_it_was_counted_where_the_clock_is_half_an_hour_off(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """In Delhi the hour from 20:00 UTC begins at 01:30."""
    _send(client, station)
    buckets = _answer(admin, step="hour", utc_offset_min=330)["buckets"]
    assert [datetime.fromisoformat(b["start"]) for b in buckets if b["passed"]] == [DAY.replace(minute=0)]


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


def test_a_part_with_second_opinions_counts_once_as_what_was_said_last(
    plant: Plant, client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    results = [a_result(captured_at=DAY) for _ in range(4)]
    send_results(client, station, *results)
    two = (admin, person_with(plant, client, Role.INSPECTOR))
    for result, said in zip(results, ("dent dent", "dent scratch", "good dent", "dent good"), strict=True):
        for person, word in zip(two, said.split(), strict=True):
            told = {"label": "good"} if word == "good" else {"label": "defect", "defect_type": word}
            person.post("/labels", {"result_id": result.id, **told})
    answer = _answer(admin)
    assert answer["confirmed"] == {"dent": 2, "scratch": 1}
    assert answer["reviewed"] == {"admin": 4, two[1].name: 4}


def _table(answer: httpx.Response) -> list[str]:
    """Its lines; the mark tells Excel that letters beyond ASCII are UTF-8."""
    assert answer.content.startswith(BOM_UTF8)
    return answer.content.decode("utf-8-sig").splitlines()


def test_the_table_has_what_the_charts_have(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    _send(client, station)
    answer = admin.get("/analytics.csv", params={**WINDOW, "step": "hour"})
    rows = list(csv.DictReader(_table(answer)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 48
    assert [row["passed"] for row in rows if row["passed"] != "0"] == ["2"]


def test_each_charts_table_has_its_numbers_and_units(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    _send(client, station)
    for chart, first, values in (
        ("control-chart", "judged_parts", ["3", "1"]),
        ("verdicts", "passed_parts", ["2", "0"]),
        ("pareto", "parts", ["1", "1"]),
        ("score", "mean_pass_score_log10", ["2.5", ""]),
        ("latency", "timed_parts", ["3", "1"]),
        ("labels", "labels", []),
    ):
        answer = admin.get(f"/analytics/{chart}.csv", params=WINDOW)
        rows = list(csv.DictReader(_table(answer)))
        assert [row[first] for row in rows] == values, chart
        assert answer.headers["content-disposition"] == f'attachment; filename="{chart}.csv"'
    assert admin.get("/analytics/weather.csv").status_code == 422


def test_a_table_runs_nothing_in_a_spreadsheet(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    """A station names a class that a spreadsheet would take for a formula."""
    send_results(client, station, a_result(Verdict.FAIL, captured_at=DAY, defect_class='=HYPERLINK("x")'))
    rows = list(csv.DictReader(_table(admin.get("/analytics/pareto.csv", params=WINDOW))))
    assert [(row["defect_class"], row["running_fraction"]) for row in rows] == [('\'=HYPERLINK("x")', "1.0")]


def test_drift_and_reviewers_are_tables_too(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    part = a_result(captured_at=DAY)
    send_results(client, station, part)
    admin.post("/labels", {"result_id": part.id, "label": "good", "took_s": 2.5})
    (row,) = csv.DictReader(_table(admin.get("/review/reviewers.csv")))
    assert (row["person"], row["decisions"], row["median_s"]) == ("admin", "1", "2.5")
    head = next(iter(_table(admin.get("/drift.csv"))))
    assert head.startswith("station,camera,recipe,bundle_id,since,likely_cause,compared_with")


def test_latency_by_bucket(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    for took_us, hour in ((10_000, 0), (10_000, 0), (100_000, 0), (20_000, 5)):
        times = Times(trigger_us=0, frame_received_us=0, verdict_us=took_us)
        send_results(client, station, a_result(captured_at=DAY + timedelta(hours=hour), times=times))
    first, second = _answer(admin)["buckets"]
    assert (first["timed"], second["timed"]) == (3, 1)
    assert first["p50_ms"] == pytest.approx(10, rel=0.09)
    assert first["p99_ms"] == pytest.approx(100, rel=0.09)
    assert second["p50_ms"] == pytest.approx(20, rel=0.09)


def test_what_is_told_at_once_makes_no_latency_shorter(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    """As on the station: a full inbox is answered in no time, a timeout took until its deadline."""
    told: list[tuple[Verdict, Outcome, int]] = [
        (Verdict.PASS, Outcome.VERDICT, 20_000),
        *[(Verdict.UNDECIDED, Outcome.DROP, 50)] * 5,
        (Verdict.UNDECIDED, Outcome.VERDICT, 300),
        (Verdict.UNDECIDED, Outcome.TIMEOUT, 100_000),
    ]
    for verdict, outcome, took_us in told:
        times = Times(trigger_us=0, frame_received_us=0, verdict_us=took_us)
        send_results(client, station, a_result(verdict, outcome=outcome, captured_at=DAY, times=times))
    bucket = _answer(admin)["buckets"][0]
    assert (bucket["undecided"], bucket["timed"]) == (7, 2)
    assert bucket["p50_ms"] == pytest.approx(20, rel=0.09)


@pytest.mark.parametrize(
    ("zone", "day", "since", "until"),
    [
        ("Asia/Shanghai", "2026-03-01", "2026-03-01T14:00:00Z", "2026-03-01T22:00:00Z"),
        ("Europe/Berlin", "2026-03-28", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),  # clocks go forward at 01:00Z
        ("America/New_York", "2026-03-01", "2026-03-02T03:00:00Z", "2026-03-02T11:00:00Z"),
    ],
)
def test_a_shift_goes_by_the_plants_clock_and_past_midnight(
    tmp_path: Path, zone: str, day: str, since: str, until: str
) -> None:
    with running(new_plant(tmp_path, time_zone=zone)) as client:
        asked = {"shift_day": day, "shift_start": "22:00"}
        answer = sign_in(client).get("/analytics", params=asked).json()
        assert (answer["since"], answer["until"]) == (since, until)
        assert (len(answer["buckets"]), answer["buckets"][0]["start"]) == (8, since)


def test_a_shift_between_the_hours_that_are_counted_is_refused(admin: Person) -> None:
    answer = admin.get("/analytics", params={"shift_day": "2026-03-01", "shift_start": f"06:{(_MINUTE + 30) % 60:02d}"})
    assert (answer.status_code, "expected the beginning of an hour" in answer.json()["message"]) == (400, True)
    alone = admin.get("/analytics", params={"shift_day": "2026-03-01"})
    assert "together" in alone.json()["message"]


def test_windows_that_make_no_sense_are_refused(admin: Person) -> None:
    backwards = admin.get("/analytics", params={"since": WINDOW["until"], "until": WINDOW["since"]})
    assert backwards.status_code == 400
    assert "expected an instant after 2026-03-03" in backwards.json()["message"]
    long = admin.get("/analytics", params={"since": "2020-01-01T00:00:00Z", "step": "hour"})
    assert long.status_code == 400
    assert "at most 2000 hours" in long.json()["message"]
    assert admin.get("/analytics", params={"since": "yesterday"}).status_code == 422


@pytest.mark.parametrize(
    ("params", "status", "why"),
    [
        ({"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}, 400, "at most 2000"),
        ({"until": "0001-01-01T00:00:00Z"}, 200, ""),
        ({"since": "9999-12-31T00:00:00Z", "until": "9999-12-31T23:59:59-14:00"}, 400, "expected an instant after"),
        ({"shift_day": "0001-01-01", "shift_start": "06:00"}, 400, "years 2 to 9998, got 0001-01-01"),
        ({"shift_day": "9999-12-31", "shift_start": f"23:{_MINUTE:02d}", "shift_hours": 24}, 400, "years 2 to 9998"),
        ({"shift_day": "9998-12-31", "shift_start": f"23:{_MINUTE:02d}", "shift_hours": 24}, 200, ""),
    ],
)
def test_windows_at_the_ends_of_time_are_answered_in_words(
    admin: Person, params: dict[str, str], status: int, why: str
) -> None:
    for offset_min in (-840, 0, 840):
        answer = admin.get("/analytics", params={**params, "utc_offset_min": offset_min})
        assert (answer.status_code, why in answer.text) == (status, True), answer.text


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
