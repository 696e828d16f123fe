"""Any request that the description allows, and many that it does not: no 5xx, and no answer outside the description."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inspection.api.access import CSRF_HEADER
from inspection.api.description import description
from tests.support.live_plants import live_plant
from tests.support.plain_http import NO_CERTIFICATES
from tests.support.plants import (
    ADMIN_PASSWORD,
    API,
    Person,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
    sign_in,
)

EXAMPLES = int(os.environ.get("ANY_REQUEST_EXAMPLES", "4"))
"""For each route; more than 10 also try the bounds of every parameter, for a long search."""

FEED = f"{API}/feed"
"""Has no end: asked of a real server, and left when its answer has begun."""

LOGIN, LOGOUT = f"{API}/login", f"{API}/logout"
"""Are about the session that asks: each request gets one of its own, or none."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

SCHEMA = schemathesis.openapi.from_dict(json.loads(description()))
SCHEMA.config.phases.coverage.enabled = EXAMPLES > 10
ENDING, ENDLESS = SCHEMA.exclude(path=FEED), SCHEMA.include(path=FEED)

as_many = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Asker:
    """An admin and a station of one plant that has something to tell."""

    admin: Person
    station: dict[str, str]

    def send(self, case: schemathesis.Case) -> None:
        """Send a request as who may, and look at the answer."""
        path = case.operation.path
        who = sign_in(self.admin.client) if path == LOGOUT else self.admin
        for_station = path.startswith(f"{API}/ingest") or path.endswith("/me/heartbeat")
        headers = self.station if for_station else {} if path == LOGIN else {CSRF_HEADER: who.csrf}
        asked = case.as_transport_kwargs(base_url="http://plant.test", headers=headers)
        asked.pop("cookies", None)  # the session's stay
        body = asked.pop("data", None)
        answer = who.client.request(**asked, content=body)
        case.validate_response(answer, checks=CHECKS, headers=headers, transport_kwargs=asked)


@pytest.fixture(scope="module", name="asker")
def _asker(tmp_path_factory: pytest.TempPathFactory, where_for_all: dict[str, Any]) -> Iterator[Asker]:
    with running(new_plant(tmp_path_factory.mktemp("plant"), **where_for_all)) as client:
        said = {"name": "admin", "password": ADMIN_PASSWORD}
        me = client.post(LOGIN, json=said).json()
        admin = Person(client, "admin", me["csrf"])  # on this client, which needs no loop of its own for each request
        station = add_station(admin)
        add_samples(admin, "part", range(4), range(4, 6))
        frame = png(9)
        send_results(client, station, *(a_result(images=(image_ref(frame),)) for _ in range(3)))
        send_image(client, station, frame)
        yield Asker(admin, station)


@ENDING.parametrize()
@as_many
def test_no_request_breaks_the_plant(case: schemathesis.Case, asker: Asker) -> None:
    asker.send(case)


def test_the_session_that_asks_has_outlived_all_requests(asker: Asker) -> None:
    """Else they would all have been answered 401."""
    assert asker.admin.get("/me").status_code == 200


@dataclass(frozen=True)
class Listener:
    """Somebody signed in at a real server, with results to be told."""

    http: httpx.Client

    def listen(self, case: schemathesis.Case) -> None:
        """Ask, wait for the first piece of the answer, look at it and go."""
        asked = case.as_transport_kwargs(base_url=str(self.http.base_url))
        for name in ("cookies", "data"):
            asked.pop(name, None)
        with self.http.stream(**asked) as answer:
            begun = next(answer.iter_raw(), b"")
        whole = httpx.Response(answer.status_code, headers=answer.headers, content=begun, request=answer.request)
        whole.elapsed = answer.elapsed
        case.validate_response(whole, checks=CHECKS, transport_kwargs=asked)
        assert whole.is_client_error or begun.startswith(b"retry: ")


@pytest.fixture(scope="module", name="listener")
def _listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with live_plant(tmp_path_factory.mktemp("live")) as url, httpx.Client(base_url=url, verify=NO_CERTIFICATES) as http:
        said = {"name": "admin", "password": ADMIN_PASSWORD}
        csrf = http.post(LOGIN, json=said).raise_for_status().json()["csrf"]
        change = {CSRF_HEADER: csrf}
        http.post(f"{API}/recipes", json={"name": "part"}, headers=change).raise_for_status()
        made = http.post(f"{API}/stations", json={"name": "line-1", "recipe": "part"}, headers=change).json()
        station = {"Authorization": f"Bearer {made['api_key']}"}
        batch = {"results": [a_result().model_dump(mode="json") for _ in range(3)]}
        http.post(f"{API}/ingest/results", json=batch, headers=station).raise_for_status()
        yield Listener(http)


@ENDLESS.parametrize()
@settings(as_many, max_examples=5 * EXAMPLES)
def test_no_request_breaks_the_feed(case: schemathesis.Case, listener: Listener) -> None:
    listener.listen(case)


def test_the_feed_goes_on_telling_after_all_of_them(listener: Listener) -> None:
    with listener.http.stream("GET", FEED, params={"after": 0}) as answer:
        text = ""
        for piece in answer.iter_text():
            text += piece
            if text.count("event: result") == 3:
                break
    assert "retry: " in text
