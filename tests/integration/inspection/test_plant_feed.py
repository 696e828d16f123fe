"""The feed: real connections that get results as they come, and come again where they were."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from edge.contract.result import InspectionResult, Verdict
from inspection.api.schemas import NewApiKey, NewRecipe, NewStation
from inspection.client import PlantClient
from inspection.feed import stream
from inspection.people.roles import Role
from inspection.plant import Plant
from tests.support.live_plants import live_plant
from tests.support.plants import ADMIN_PASSWORD, API, Person, a_result, person_with


class Floor:
    """A plant on a real port with one station."""

    def __init__(self, admin: PlantClient) -> None:
        self.admin = admin
        self.key = admin.post_api_key(NewApiKey(name="mes", role=Role.OPERATOR)).api_key
        admin.post_recipe(NewRecipe(name="part"))
        self._station = {
            "Authorization": f"Bearer {admin.post_station(NewStation(name='line-1', recipe='part')).api_key}"
        }

    def send(self, *results: InspectionResult) -> list[str]:
        """Send results as the station does; their ids."""
        body = {"results": [result.model_dump(mode="json") for result in results]}
        httpx.post(f"{self.admin.url}{API}/ingest/results", json=body, headers=self._station).raise_for_status()
        return [result.id for result in results]

    def listen(self, **options: Any) -> Any:
        """Open the feed."""
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        return httpx.stream("GET", f"{self.admin.url}{API}/feed", headers=headers, timeout=30, **options)


@contextmanager
def _opened(folder: Path, **changes: Any) -> Iterator[Floor]:
    with live_plant(folder, feed_listeners=2, **changes) as url, PlantClient(url) as admin:
        admin.sign_in("admin", ADMIN_PASSWORD)
        yield Floor(admin)


@pytest.fixture(name="floor")
def _floor(tmp_path: Path, where: dict[str, Any]) -> Iterator[Floor]:
    with _opened(tmp_path, **where) as floor:
        yield floor


def _next(lines: Iterator[str], count: int) -> list[tuple[int, str]]:
    """Number and result id of the next events."""
    found: list[tuple[int, str]] = []
    number = 0
    while len(found) < count:
        line = next(lines)
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            found.append((number, json.loads(line[6:])["result"]["id"]))
    return found


def _begun(answer: httpx.Response) -> Iterator[str]:
    """The lines after the first one, which says that the listener is in its place."""
    lines = answer.iter_lines()
    assert next(lines).startswith("retry: ")
    return lines


def test_results_come_as_they_arrive_and_a_listener_goes_on_where_it_was(floor: Floor) -> None:
    floor.send(a_result())
    with floor.listen() as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = _begun(answer)
        first = floor.send(a_result(), a_result(Verdict.PASS))
        numbers, ids = zip(*_next(lines, 2), strict=True)
        assert (numbers, sorted(ids)) == ((2, 3), sorted(first))
    missed = floor.send(*(a_result() for _ in range(120)))
    with floor.listen(headers={"Last-Event-ID": "3"}) as answer:
        lines = _begun(answer)
        assert sorted(id_ for _, id_ in _next(lines, 120)) == sorted(missed)
        more = floor.send(a_result())
        assert _next(lines, 1) == [(124, more[0])]


def test_filters_and_the_beginning_are_chosen(floor: Floor) -> None:
    floor.send(a_result(Verdict.PASS))
    fails = floor.send(a_result(Verdict.FAIL))
    with floor.listen(params={"after": 0, "verdict": "FAIL", "station": "line-1", "recipe": "part"}) as answer:
        lines = _begun(answer)
        assert _next(lines, 1) == [(2, fails[0])]
        floor.send(a_result(Verdict.PASS))
        fails = floor.send(a_result(Verdict.FAIL))
        assert _next(lines, 1) == [(4, fails[0])]


def test_a_python_program_listens_with_types(floor: Floor) -> None:
    sent = floor.send(a_result(Verdict.PASS)) + floor.send(a_result(Verdict.FAIL))
    with PlantClient(floor.admin.url, floor.key) as plant:
        heard = plant.feed(after=0)
        assert [next(heard).result.id for _ in sent] == sent
        heard.close()  # type: ignore[attr-defined]


def test_places_are_bounded_and_given_back(floor: Floor) -> None:
    with floor.listen() as one, floor.listen() as two:
        kept = _begun(one), _begun(two)  # a stream that nobody holds is closed
        with floor.listen() as third:
            assert third.status_code == 503
            assert json.loads(third.read())["error"] == "FeedFull"
        del kept
    while True:  # bounded by the test's timeout: the service notices that they went
        with floor.listen(params={"after": 0}) as again:
            if again.status_code == 200:
                break


def test_a_revoked_key_is_sent_away_and_a_comment_comes_meanwhile(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)
    with floor.listen() as answer:
        lines = _begun(answer)
        assert next(line for line in lines if line) == ": still here"
        floor.admin.post_revocation("mes")
        assert set(lines) <= {"", ": still here"}  # and it ends
    with floor.listen() as answer:
        assert answer.status_code == 401


def test_the_feed_is_for_people_and_programs(client: TestClient, plant: Plant, admin: Person) -> None:
    assert client.get(f"{API}/feed").status_code == 401
    assert admin.get("/feed", headers={"Last-Event-ID": "x"}).status_code == 422
    plant.feed.end()  # whoever comes now is sent home at once
    assert person_with(plant, client, Role.OPERATOR).get("/feed").text == "retry: 2000\n\n"
    assert plant.feed.listeners == 0
