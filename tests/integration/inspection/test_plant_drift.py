"""Drift over HTTP: sums by hour while results come in, windows by bundle, and the likely cause."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from edge.contract.result import ImageStatistics, InspectionResult, Verdict
from inspection.plant import Plant
from inspection.store.tables import MeasureHourRow
from tests.support.plants import ManualClock, Person, a_result, send_results, sign_in

START = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)


def _hour(number: int, *, bundle: str = "b", brightness: float = 120.0, score: float = 0.4) -> list[InspectionResult]:
    """30 passed parts and a failed one of hour `number`."""
    random = np.random.default_rng(number)
    noise = random.normal(0, 1, (30, 2))
    passed = [
        a_result(
            Verdict.PASS,
            score=score + 0.1 * noise[part, 0],
            bundle_id=bundle * 64,
            captured_at=START + timedelta(hours=number, minutes=part),
            statistics=ImageStatistics(brightness=brightness + noise[part, 1], contrast=40, sharpness_db=-9),
        )
        for part in range(30)
    ]
    return [*passed, a_result(Verdict.FAIL, score=9.0, bundle_id=bundle * 64, captured_at=passed[0].captured_at)]


def _drift(admin: Person, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.get("/drift", params=params).json()
    return found


def test_light_that_changes_is_found(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    for number in range(10):
        batch = _hour(number, brightness=120.0 if number < 8 else 90.0)
        for _ in range(2):  # a batch sent twice counts once
            send_results(client, station, *batch)
        if number == 7:
            assert _drift(admin)[0]["shifts"] == []  # the baseline is not compared with itself
    (found,) = _drift(admin)
    shifts = {shift["measure"]: shift for shift in found["shifts"]}
    assert (found["station"], found["camera"], found["recipe"]) == ("line-1", "top", "part")
    assert (found["bundle_id"], found["cause"]) == ("b" * 64, "light")
    assert datetime.fromisoformat(found["since"]) == START
    assert shifts["brightness"]["recent"] == pytest.approx(90, abs=1)
    assert (shifts["brightness"]["parts"], shifts["brightness"]["beyond_bound"]) == (60, True)
    assert shifts["score"]["recent"] == pytest.approx(0.4, abs=0.1)  # the failed parts are not in it
    assert [name for name, shift in shifts.items() if shift["beyond_bound"]] == ["brightness"]
    assert _drift(admin, station="line-2") == []
    assert len(_drift(admin, station="line-1", recipe="part")) == 1


def test_a_score_that_jumps_with_a_new_bundle_is_the_models(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    for number in range(4):
        send_results(client, station, *_hour(number, bundle="a"))
    for number in range(3, 6):
        send_results(client, station, *_hour(number, bundle="b", score=1.4))
    (found,) = _drift(admin)
    assert (found["bundle_id"], found["cause"], found["change_cause"]) == ("b" * 64, None, "model")
    jump = next(shift for shift in found["change"] if shift["measure"] == "score")
    assert jump["shift"] == pytest.approx(10, rel=0.3)


def test_a_bundle_is_there_since_its_first_hour_however_long_ago(
    client: TestClient, station: dict[str, str], clock: ManualClock
) -> None:
    """Cameras that were silent for two weeks are left out; of the others all hours count."""
    clock.advance(30 * 86_400)
    for number in (0, 24 * 29):
        send_results(client, station, *_hour(number))
    (found,) = _drift(sign_in(client))
    assert datetime.fromisoformat(found["since"]) == START


def test_sums_are_kept_by_hour_camera_and_bundle(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str]
) -> None:
    del admin
    send_results(client, station, *_hour(0), a_result(Verdict.UNDECIDED, bundle_id=None, captured_at=START))
    send_results(client, station, *[r.model_copy(update={"camera": "side"}) for r in _hour(0, bundle="c")[-1:]])
    with plant.database.read() as session:
        rows = {row.measure: row for row in session.scalars(select(MeasureHourRow))}
        assert session.scalar(select(func.count()).select_from(MeasureHourRow)) == 4
    assert (rows["brightness"].count, rows["score"].count) == (30, 30)
    assert rows["contrast"].total == 1200
    assert rows["contrast"].total_of_squares == 48_000
