"""The station link: idempotent, verified, and only for one's own station."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import OperationalError

from edge.contract.result import ImageKind, Verdict
from inspection.api.routes import link
from inspection.plant import Plant
from inspection.stations.running import running_since
from tests.support.plants import (
    API,
    ManualClock,
    Person,
    a_heartbeat,
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


def test_results_sent_twice_are_stored_once(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    results = [a_result(part_id=f"P-{number}") for number in range(3)]
    first = send_results(client, station, *results[:2]).json()
    again = send_results(client, station, *results, results[0]).json()
    assert (first["stored"], first["known"]) == (2, 0)
    assert (again["stored"], again["known"]) == (1, 3)
    assert len(admin.get("/results").json()["results"]) == 3


def test_result_comes_back_as_it_was_sent(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    result = a_result(Verdict.UNDECIDED, part_id='<b>"Ünï"</b>')
    send_results(client, station, result)
    assert admin.get(f"/results/{result.id}").json()["result"] == result.model_dump(mode="json")


def test_result_of_another_station_is_refused_whole(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    """As something that will never be taken, not as a key that may nothing: the sender goes on with the others."""
    answer = send_results(client, station, a_result(), a_result(station="line-2"))
    assert answer.status_code == 409
    assert "line-2" in answer.json()["message"]
    assert admin.get("/results").json()["results"] == []


def test_image_is_wanted_until_it_is_there(client: TestClient, station: dict[str, str]) -> None:
    frame = png(1)
    result = a_result(images=(image_ref(frame),))
    digest = sha256(frame).hexdigest()
    assert send_results(client, station, result).json()["images_wanted"] == [digest]
    assert [send_image(client, station, frame).status_code for _ in range(2)] == [204, 204]
    assert send_results(client, station, result).json()["images_wanted"] == []


def test_image_that_does_not_match_its_address_is_refused(
    client: TestClient, admin: Person, station: dict[str, str]
) -> None:
    digest = sha256(png(1)).hexdigest()
    answer = client.put(f"{API}/ingest/images/{digest}", content=png(2), headers=station)
    assert answer.status_code == 422
    assert digest in answer.json()["message"]
    assert admin.get(f"/images/{digest}").status_code == 404


@pytest.mark.parametrize("chunked", [False, True])
def test_image_over_the_limit_is_refused(tmp_path: Path, where: dict[str, Any], *, chunked: bool) -> None:
    data = bytes(1_100_000)
    with running(new_plant(tmp_path, max_image_mb=1, **where)) as client:
        station = add_station(sign_in(client))
        content = iter([data[:600_000], data[600_000:]]) if chunked else data
        answer = client.put(f"{API}/ingest/images/{sha256(data).hexdigest()}", content=content, headers=station)
        assert answer.status_code == 413


def test_what_is_no_image_is_never_served_as_a_page(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    page = b"<html><script>alert(1)</script>"
    send_image(client, station, page)
    answer = admin.get(f"/images/{sha256(page).hexdigest()}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert admin.get(f"/images/{sha256(page).hexdigest()}?size=display").status_code == 404


def test_image_and_its_thumb_are_served(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    frame = png(1, 400)
    send_image(client, station, frame)
    digest = sha256(frame).hexdigest()
    original, thumb = admin.get(f"/images/{digest}"), admin.get(f"/images/{digest}?size=thumb")
    assert (original.content, original.headers["content-type"]) == (frame, "image/png")
    assert thumb.headers["content-type"] == "image/jpeg"
    assert "immutable" in original.headers["cache-control"]


def test_heartbeat_shows_on_the_stations_page(
    client: TestClient, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    assert admin.get("/stations").json()[0]["state"] == "never_seen"
    desired = client.post(f"{API}/stations/me/heartbeat", json=a_heartbeat().model_dump(mode="json"), headers=station)
    assert desired.json() == {"recipe": "part"}
    clock.advance(3)
    shown = admin.get("/stations").json()[0]
    assert (shown["state"], shown["heartbeat_age_s"], shown["yield_fraction"]) == ("live", 3.0, 0.7)
    clock.advance(8)
    assert admin.get("/stations").json()[0]["state"] == "silent"


def test_a_bundle_that_is_heard_while_the_database_is_busy_is_noted_later(
    client: TestClient, plant: Plant, station: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rollout counts drops and timeouts from when its station was first heard to run the challenger."""
    beat = a_heartbeat(bundle_id="c" * 64).model_dump(mode="json")

    def busy(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with monkeypatch.context() as patch:
        patch.setattr(link, "note_bundle", busy)
        assert client.post(f"{API}/stations/me/heartbeat", json=beat, headers=station).status_code == 503
    assert client.post(f"{API}/stations/me/heartbeat", json=beat, headers=station).status_code == 200
    with plant.database.read() as session:
        assert running_since(session, "line-1") == ("c" * 64, plant.clock())


def test_heartbeat_with_an_unbalanced_ledger_is_refused(client: TestClient, station: dict[str, str]) -> None:
    beat = a_heartbeat().model_dump(mode="json")
    beat["ledger"]["triggers"] = 11
    answer = client.post(f"{API}/stations/me/heartbeat", json=beat, headers=station)
    assert answer.status_code == 422
    assert "11 triggers" in answer.json()["message"]


def test_live_picture_stays_when_a_heartbeat_brings_none(
    client: TestClient, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    assert admin.get("/stations/line-1/live").status_code == 404
    picture = {"result": a_result().model_dump(mode="json"), "frame_jpeg_base64": "AAAA"}
    for beat in ({**a_heartbeat().model_dump(mode="json"), "picture": picture}, a_heartbeat().model_dump(mode="json")):
        client.post(f"{API}/stations/me/heartbeat", json=beat, headers=station)
        clock.advance(2)
    assert admin.get("/stations/line-1/live").json()["frame_jpeg_base64"] == "AAAA"
    assert admin.get("/stations").json()[0]["picture_age_s"] == 4.0


def test_renewed_key_replaces_the_old_one(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    key = admin.post("/stations/line-1/key").json()["api_key"]
    assert send_results(client, station, a_result()).status_code == 401
    assert send_results(client, {"Authorization": f"Bearer {key}"}, a_result()).status_code == 200


def test_a_station_is_taken_out_of_service_and_its_name_used_again(
    client: TestClient, admin: Person, station: dict[str, str], plant: Plant, clock: ManualClock
) -> None:
    client.post(f"{API}/stations/me/heartbeat", json=a_heartbeat().model_dump(mode="json"), headers=station)
    send_results(client, station, a_result())
    told = 'plant_heartbeat_age_seconds{station="line-1"}', 'plant_station_ledger{column="triggers",station="line-1"}'
    assert all(series in client.get("/metrics").text for series in told)
    assert admin.post("/stations/line-1/retirement", {"reason": "sold"}).json()["name"] == "line-1"
    assert not any(series in client.get("/metrics").text for series in told)  # a dashboard would show it as silent
    assert send_results(client, station, a_result()).status_code == 401
    assert admin.get("/stations").json() == []
    assert [row["name"] for row in admin.get("/stations/retired").json()] == ["line-1"]
    assert len(admin.get("/results?station=line-1").json()["results"]) == 1
    assert (admin.get("/audit").json()[0]["action"], admin.post("/stations/line-1/key").status_code) == (
        "station.retired",
        404,
    )
    clock.advance(3600)
    plant.alerts.look()
    assert admin.get("/alerts").json() == []
    again = {"name": "line-1", "recipe": "part"}
    assert "say that the name is to be used again" in admin.post("/stations", again).json()["message"]
    key = admin.post("/stations", {**again, "reuse": True}).json()["api_key"]
    assert send_results(client, {"Authorization": f"Bearer {key}"}, a_result()).status_code == 200
    assert [row["name"] for row in admin.get("/stations").json()] == ["line-1"]


def test_key_is_stored_as_a_hash_only(client: TestClient, plant: Plant, station: dict[str, str]) -> None:
    del client
    key = station["Authorization"].removeprefix("Bearer ")
    with plant.database.read() as session:
        rows = session.execute(text("SELECT * FROM stations")).fetchall()
    assert key not in str(rows)
    assert sha256(key.encode()).hexdigest() in str(rows)


def test_results_are_paged_and_filtered(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    for number in range(7):
        verdict = Verdict.FAIL if number % 2 else Verdict.PASS
        send_results(client, station, a_result(verdict, part_id=f"P-{number}"))
    pages, before = [], None
    while True:
        page = admin.get("/results", params={"limit": 3, **({} if before is None else {"before": before})}).json()
        pages.append([item["result"]["part_id"] for item in page["results"]])
        before = page["next_before"]
        if before is None:
            break
    assert pages == [["P-6", "P-5", "P-4"], ["P-3", "P-2", "P-1"], ["P-0"]]
    failed = admin.get("/results", params={"verdict": "FAIL", "station": "line-1", "recipe": "part"}).json()["results"]
    assert [item["result"]["part_id"] for item in failed] == ["P-5", "P-3", "P-1"]
    assert admin.get("/results", params={"part_id": "P-4"}).json()["results"][0]["result"]["verdict"] == "PASS"


def test_recent_parts_carry_their_thumbs(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    frame, overlay = png(1), png(2)
    result = a_result(images=(image_ref(frame), image_ref(overlay, ImageKind.OVERLAY)))
    send_results(client, station, result)
    assert admin.get("/stations").json()[0]["recent"][0]["frame_sha256"] is None
    send_image(client, station, frame)
    recent = admin.get("/stations").json()[0]["recent"]
    assert [(part["verdict"], part["frame_sha256"]) for part in recent] == [("FAIL", sha256(frame).hexdigest())]


def test_a_station_more_costs_one_statement(client: TestClient, admin: Person, plant: Plant) -> None:
    """The live page asks for all of them every second."""

    def statements() -> int:
        said: list[str] = []
        with listening(plant.database.engine, said.append):
            assert all(len(shown["recent"]) == 1 for shown in admin.get("/stations").json())
        return len(said)

    for number in range(6):
        name = f"line-{number}"
        send_results(client, add_station(admin, name), a_result(station=name))
        if number == 1:
            few = statements()
    assert statements() - few == 4


@contextmanager
def listening(engine: Engine, hear: Callable[[str], None]) -> Iterator[None]:
    """Every statement that the engine runs meanwhile."""

    def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        hear(statement)

    event.listen(engine, "before_cursor_execute", heard)
    yield
    event.remove(engine, "before_cursor_execute", heard)


def test_metrics_count_new_results_once(client: TestClient, station: dict[str, str]) -> None:
    result = a_result()
    for _ in range(2):
        send_results(client, station, result)
    text = client.get("/metrics").text
    assert 'plant_results_total{station="line-1",verdict="FAIL"} 1.0' in text
    assert 'plant_results_repeated_total{station="line-1"} 1.0' in text


def test_part_with_a_nul_in_its_name_is_stored(client: TestClient, admin: Person, station: dict[str, str]) -> None:
    """PostgreSQL's text has no NUL: the column for finding it shows a mark, the document keeps what came."""
    result = a_result(part_id="P\x001")
    assert send_results(client, station, result).json()["stored"] == 1
    assert admin.get(f"/results/{result.id}").json()["result"]["part_id"] == "P\x001"
    assert admin.get("/results", params={"part_id": "P\x001"}).status_code in {200, 422}


def test_service_is_ready(client: TestClient) -> None:
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
