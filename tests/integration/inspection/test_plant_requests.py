"""Requests can be followed: an id in answer, error and log; counts by route; readiness that says what is wrong."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from inspection.api.app import plant_app
from inspection.logs import set_up_plant_logging
from inspection.plant import Plant
from inspection.store.tables import JobRow
from tests.support.plants import API, ManualClock, Person, a_result, new_plant, running, send_results
from tests.support.postgres import closed_to_all


def test_the_callers_id_comes_back_in_header_and_error(client: TestClient) -> None:
    answer = client.get(f"{API}/recipes", headers={"X-Request-ID": "mes-42"})
    assert (answer.status_code, answer.headers["X-Request-ID"], answer.json()["request_id"]) == (
        401,
        "mes-42",
        "mes-42",
    )
    assert client.get("/healthz", headers={"X-Request-ID": "mes-43"}).headers["X-Request-ID"] == "mes-43"


@pytest.mark.parametrize("given", [None, "a b", "x" * 65, 'a"b'])
def test_another_id_is_made_where_there_is_none_to_trust(client: TestClient, given: str | None) -> None:
    ids = {
        client.get("/healthz", headers={} if given is None else {"X-Request-ID": given}).headers["X-Request-ID"]
        for _ in range(2)
    }
    assert len(ids) == 2
    assert all(len(id_) == 32 for id_ in ids)


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_fault_of_ours_is_found_in_the_log_by_the_id_of_its_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, log_format: str
) -> None:
    plant = new_plant(tmp_path)

    def broken(*_: object) -> bytes:
        logging.getLogger("inspection.test").info("in the thread of the request")
        raise ZeroDivisionError

    monkeypatch.setattr(plant.metrics, "render", broken)
    with TestClient(plant_app(plant), raise_server_exceptions=False) as client:
        set_up_plant_logging("INFO", "json" if log_format == "json" else "text")
        capsys.readouterr()
        answer = client.get("/metrics", headers={"X-Request-ID": "scrape-1"})
        lines = capsys.readouterr().err.splitlines()
    assert answer.status_code == 500
    assert (answer.json()["error"], answer.json()["request_id"]) == ("Broken", "scrape-1")
    if log_format == "json":
        told = {line["message"].split(" after")[0]: line.get("request_id") for line in map(json.loads, lines)}
        assert (told["in the thread of the request"], told["GET /metrics: 500"]) == ("scrape-1", "scrape-1")
    else:
        assert any(line.endswith("in the thread of the request [scrape-1]") for line in lines)


def test_requests_are_counted_by_route_and_never_by_address(client: TestClient, admin: Person) -> None:
    for path in ("/results/0", "/results/1", "/recipes/part/samples/list"):
        assert admin.get(path).status_code == 404
    client.get("/no/such/page")
    client.get("/static/app.css")
    text = client.get("/metrics").text
    assert 'plant_http_requests_total{method="GET",route="/api/v1/results/{result_id}",status="404"} 2.0' in text
    assert 'plant_http_request_seconds_count{method="POST",route="/api/v1/login"} 1.0' in text
    assert 'route="/static",status="200"' in text
    client.get("/login")
    text = client.get("/metrics").text
    assert 'route="none",status="404"' in text
    assert 'plant_http_requests_total{method="GET",route="/login",status="200"} 1.0' in text
    assert "/results/0" not in text


def test_methods_that_somebody_makes_up_are_one_series(client: TestClient) -> None:
    """Nobody has to sign in for it: each name would stay in memory and in Prometheus."""
    for method in ("FOO1", "FOO2", "PROPFIND"):
        assert client.request(method, "/healthz").status_code == 405
    text = client.get("/metrics").text
    assert 'plant_http_requests_total{method="other",route="/healthz",status="405"} 3.0' in text
    assert "FOO" not in text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/stations", "GET, POST"),
        ("GET", "/api/v1/stations/line-1/line", "PUT"),
        ("POST", "/login", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PUT", "/static/app.css", "GET, HEAD"),
    ],
)
def test_what_an_address_takes_is_told_where_a_method_is_refused(
    client: TestClient, method: str, path: str, allowed: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_watcher_may_ask_for_the_health_without_a_body(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200


def test_what_waits_is_in_the_metrics(
    client: TestClient, plant: Plant, admin: Person, station: dict[str, str], clock: ManualClock
) -> None:
    send_results(client, station, a_result(), a_result())
    with plant.database.write() as session:
        fields = {"kind": "train", "recipe": "part", "parameters": {}, "user": "admin", "created_at": clock()}
        session.add(JobRow(id="0" * 32, state="failed", **fields))
    text = client.get("/metrics").text
    for line in (
        "plant_database_up 1.0",
        "plant_results_stored 2.0",
        'plant_jobs{state="failed"} 1.0',
        'plant_review_waiting{recipe="part",verdict="FAIL"} 2.0',
        "plant_feed_listeners 0.0",
    ):
        assert line in text.splitlines()
    send_results(client, station, a_result())
    assert "plant_results_stored 2.0" in client.get("/metrics").text
    clock.advance(31)
    assert "plant_results_stored 3.0" in client.get("/metrics").text
    del admin


@contextmanager
def _database_lost(plant: Plant) -> Iterator[None]:
    """A folder where SQLite's file was; a PostgreSQL that lets nobody in."""
    url = plant.database.engine.url
    if url.get_backend_name() == "sqlite":
        plant.database.close()
        file = Path(str(url.database))
        file.unlink()
        file.mkdir()
        yield
        file.rmdir()
    else:
        with closed_to_all(url):
            yield


def test_readiness_says_what_is_wrong_and_metrics_go_on(tmp_path: Path, where: dict[str, Any]) -> None:
    """Without its images the plant is not ready; without its database neither, and that is told as a number."""
    plant = new_plant(tmp_path, **where)
    with running(plant) as client:
        shutil.rmtree(plant.settings.data_dir / "images")
        answer = client.get("/readyz")
        assert (answer.status_code, len(answer.json()["problems"])) == (503, 1)
        assert "images" in answer.json()["problems"][0]
        with _database_lost(plant):
            assert "database" in client.get("/readyz").json()["problems"][0]
            assert "plant_database_up 0.0" in client.get("/metrics").text
