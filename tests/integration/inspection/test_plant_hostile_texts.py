"""Hostile text in every field and parameter that the API's description has: refused clearly, or kept to the letter."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import inspect

from edge.contract.result import new_result_id
from edge.contract.signature import SigningKey
from inspection.api.access import CSRF_HEADER
from inspection.plant import Plant
from inspection.store.tables import Base
from tests.support.described import TextField, TextParameter, body_fields, parameters, plausible, with_text
from tests.support.plants import (
    ADMIN_PASSWORD,
    API,
    Person,
    a_heartbeat,
    a_result,
    add_samples,
    add_station,
    image_ref,
    new_plant,
    png,
    running,
    send_image,
    send_results,
)
from tests.support.tiny_bundle import write_tiny_bundle

PLAIN = "a plain word"
HOSTILE = [
    "a\x00b",
    "'; DROP TABLE users; --",
    "\ud800",
    '"><img src=x onerror=y>',
    "\u202egnp.exe\u200b\ufeff\U0010ffff\ufffe",
    "=1+1\r\nb: c\x1b[31m\x07",
]
IN_ADDRESSES = [
    "a\x00b",
    "'; DROP TABLE users; --\"><script>{{7*7}}%s",
    "\r\nSet-Cookie: b=c\ud800",
    "9" * 30,
    str(2**63 - 1),
    "x" * 4000,
]
"""Of the letters that no address has the third is sent as bytes that are no UTF-8."""

FEED = f"{API}/feed"
"""Has no end; test_plant_any_request.py asks it."""

NOT_TOLD = {"password", "mask_png_base64", "frame_jpeg_base64", "overlay_png_base64", "source"}
"""Secrets and pictures; and where a station's frame came from."""

NO_PLAIN_WORD = {("results", "[]", "station"), ("mask_png_base64",)}
"""A station may name nobody but itself; a mask is a picture."""

NEEDS_A_STATE = {
    f"POST {API}/{path}"
    for path in (
        "login",
        "jobs",
        "alerts/{alert_id}/acknowledgement",
        "recipes/{recipe}/promote",
        "recipes/{recipe}/rollback",
        "recipes/{recipe}/rollouts",
        "recipes/{recipe}/rollouts/current/advance",
        "recipes/{recipe}/rollouts/current/halt",
        "recipes/{recipe}/shadow",
        "recipes/{recipe}/acceptances",
    )
}
"""Routes that may refuse a plausible request, too; texts that they take are read all the same."""


@dataclass(frozen=True)
class Sent:
    """A request that was taken, with the place of the text."""

    body: Any
    at: tuple[str, ...]

    def at_result(self) -> str:
        """Where the result that it is about is read."""
        one = self.body["results"][0]["id"] if "results" in self.body else self.body.get("result_id")
        return f"/results/{one or self.body['result_ids'][0]}"


READ_AT: dict[str, Callable[[Sent], str]] = {
    "/ingest/results": Sent.at_result,
    "/stations/me/heartbeat": lambda sent: "/stations/line-1/live" if "picture" in sent.at else "/stations",
    "/labels": Sent.at_result,
    "/labels/batch": Sent.at_result,
    "/recipes/{recipe}/samples/{sha256}/ruling": lambda _: "/recipes/part/samples/list",
    "/stations/{name}/retirement": lambda _: "/audit?limit=1",
    "/recipes/{recipe}/versions": lambda _: "/recipes/part/versions",
    "/recipes/{recipe}/acceptances": lambda _: "/recipes/part/acceptances",
    "/recipes/{recipe}/shadow": lambda _: "/audit?limit=1",
    "/recipes/{recipe}/rollouts": lambda _: "/recipes/part/rollouts",
    "/jobs": lambda _: "/jobs",
}
"""Where a text that was taken is read: a route with a new free text needs a line, unless it is in `NOT_TOLD`."""


@dataclass(frozen=True)
class Floor:
    """A plant with a bit of everything, and who may ask it."""

    plant: Plant
    admin: Person
    station: dict[str, str]
    known: Mapping[str, Any]
    names: Iterator[int]

    def ask(self, method: str, path: str, address: str, content: bytes | None = None) -> Any:
        """Send a request as who may."""
        for_station = path.startswith(f"{API}/ingest") or path.endswith("/me/heartbeat")
        headers = self.station if for_station else {CSRF_HEADER: self.admin.csrf}
        json_too = {**headers, "Content-Type": "application/json"}
        return self.admin.client.request(method, address, content=content, headers=json_too)

    def address(self, path: str) -> str:
        """With what there is in the place of each parameter."""
        if path.endswith("/retirement"):
            self.admin.post("/stations", {"name": self.known["name"], "recipe": "part", "reuse": True})
        for name, value in self.known.items():
            path = path.replace(f"{{{name}}}", str(value))
        return path.replace("{result_id}", self.known["result_ids"][0])

    def send(self, field: TextField, text: str) -> tuple[Any, Any]:
        """Send a plausible body with this text in this place; the body, and the answer."""
        known = {**self.known, "id": new_result_id()} if "/ingest" in field.path else self.known
        if field.path.endswith(("/users", "/api-keys", "/stations", "/recipes")):
            known = {**known, "name": f"new-{next(self.names)}"}
        body = with_text(plausible(field.body, known), field.at, text)
        return body, self.ask(field.method, field.path, self.address(field.path), json.dumps(body).encode())

    def read(self, address: str) -> set[str]:
        """All texts of an answer."""
        answer = self.admin.get(address)
        assert answer.status_code == 200, answer.text
        return set(_leaves(answer.json()))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.values(), *([json.loads(value["details"])] if "previous_hash" in value else [])]
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value


@pytest.fixture(scope="module", name="floor")
def _floor(tmp_path_factory: pytest.TempPathFactory, where_for_all: dict[str, Any]) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("plant")
    plant = new_plant(folder, **where_for_all)
    with running(plant) as client:
        said = {"name": "admin", "password": ADMIN_PASSWORD}
        admin = Person(
            client, "admin", client.post(f"{API}/login", json=said).json()["csrf"]
        )  # no loop for each request
        station = add_station(admin)
        admin.post("/users", {"name": "line-2", "role": "inspector", "password": ADMIN_PASSWORD})
        add_samples(admin, "part", range(4), range(4, 6))
        result = a_result(images=(image_ref(png(9)),))
        send_results(client, station, result)
        send_image(client, station, png(9))
        yield Floor(plant, admin, station, _known(admin, result.id, _bundle(admin, plant, folder)), count())


def _bundle(admin: Person, plant: Plant, folder: Path) -> str:
    key = SigningKey.load_or_create(plant.settings.data_dir / "keys" / "signing_key.pem")
    bundle_id = write_tiny_bundle(folder / "a.bundle", key)
    assert admin.send("/recipes/part/bundles", (folder / "a.bundle").read_bytes()).status_code == 201
    return bundle_id


def _known(admin: Person, result_id: str, bundle_id: str) -> dict[str, Any]:
    """What is there, by the names that fields and parameters have."""
    sample = admin.get("/recipes/part/samples/list").json()["samples"][0]["sha256"]
    return {
        "name": "line-2",
        "station": "line-1",
        "recipe": "part",
        "result_id": result_id,
        "result_ids": [result_id],
        "bundle_id": bundle_id,
        "sha256": sample,
        "golden_sha256": sample,
        "ignore_mask_sha256": None,
        "label": "defect",
        "mask_png_base64": None,
        "undecided_overkill": None,
        "size_px": None,
        "password": ADMIN_PASSWORD,
        "ledger": a_heartbeat().ledger.model_dump(mode="json"),
    }


@pytest.mark.parametrize("field", body_fields(), ids=str)
def test_a_text_in_a_body_is_refused_clearly_or_kept_to_the_letter(floor: Floor, field: TextField) -> None:
    long = "x" * (field.schema.get("maxLength", 10_000) + 1)
    texts = [PLAIN, *(HOSTILE if field.free else HOSTILE[:2]), long]
    taken = [_taken_or_refused(floor, field, text) for text in texts]
    if field.free and f"{field.method} {field.path}" not in NEEDS_A_STATE and field.at not in NO_PLAIN_WORD:
        assert taken[0], "a plain word is refused: then the others say nothing"
    assert not taken[-1], "a text needs a greatest length"


def _taken_or_refused(floor: Floor, field: TextField, text: str) -> bool:
    text = f"{text}{next(floor.names)}" if field.free else text  # told from what was sent before
    body, answer = floor.send(field, text)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert len(answer.json()["message"]) > 10
        return False
    if field.free and field.at[-1] not in NOT_TOLD:
        where = READ_AT[field.path.removeprefix(API)](Sent(body, field.at))
        assert {text, text.strip()} & floor.read(where)
    return True


ASKED = [parameter for parameter in parameters() if parameter.path != FEED]


@pytest.mark.parametrize("parameter", ASKED, ids=str)
def test_a_text_in_an_address_breaks_nothing(floor: Floor, parameter: TextParameter) -> None:
    for encoded in map(_encoded, IN_ADDRESSES):
        path = parameter.path
        query = f"?{parameter.name}={encoded}"
        if parameter.where == "path":
            path, query = path.replace(f"{{{parameter.name}}}", encoded), ""
        answer = floor.ask(parameter.method, parameter.path, floor.address(path) + query)
        assert answer.status_code < 500, (encoded, answer.text)
        if answer.status_code >= 400 and parameter.method != "HEAD":
            assert answer.json()["message"]
        assert "set-cookie" not in answer.headers


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def test_all_tables_and_people_are_still_there(floor: Floor) -> None:
    with floor.plant.database.read() as session:
        assert set(Base.metadata.tables) <= set(inspect(session.connection()).get_table_names())
    assert "admin" in {user["name"] for user in floor.admin.get("/users").json()}
    assert floor.admin.get("/audit/verification").json()["broken_at"] is None
