"""Who is refused what, asked of every route there is; the cases come from the application's routes and their guards."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.testclient import TestClient

from inspection.api import access
from inspection.api.access import CSRF_HEADER
from inspection.api.app import build_app
from inspection.api.scopes import FREE, scope_of
from inspection.people.roles import Role
from inspection.people.scopes import Scope
from inspection.plant import Plant
from inspection.settings import PlantSettings
from tests.support.plants import API, Person, a_heartbeat, add_station, new_plant, person_with, running, sign_in

OPEN = {"POST /api/v1/login", "GET /healthz", "GET /readyz", "GET /metrics"}
"""What anybody on the network may ask."""

ASKED = {"before": "no-number", "after": "no-number"}
"""Makes the feed end: who is let in gets 422."""


@dataclass(frozen=True)
class Guarded:
    """A route, and who is let in.

    Attributes:
        role: the least that a person needs; None where it is for stations.
        station: whether a station's key opens it.
    """

    method: str
    path: str
    role: Role | None
    station: bool

    @property
    def address(self) -> str:
        """With something plausible in the place of each parameter."""
        digests = self.path.replace("{sha256}", "0" * 64).replace("{bundle_id}", "0" * 64)
        return digests.replace("{alert_id}", "1").replace("{", "").replace("}", "")

    @property
    def changes(self) -> bool:
        """Whether it is no mere question."""
        return self.method != "GET"

    @property
    def for_admins(self) -> bool:
        """No key is an admin's."""
        return self.role is Role.ADMIN


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _guarded(route: RouteContext, method: str) -> Guarded:
    assert route.dependant is not None
    calls = list(_calls(route.dependant))
    roles = [call._role for call in calls if isinstance(call, access._Needs)]
    either = access._bundle_reader in calls
    role = roles[0] if roles else Role.OPERATOR if either else None
    return Guarded(method, route.path, role, either or access._station in calls)


SERVED = [
    route
    for route in iter_route_contexts(build_app(PlantSettings()).routes)
    if isinstance(route.original_route, APIRoute)
]
"""Without the pages."""

ROUTES = [
    _guarded(route, method)
    for route in SERVED
    for method in sorted(route.methods or ())
    if f"{method} {route.path}" not in OPEN
]
DESCRIBED = {
    f"{method.upper()} {path}": sorted(said["name"] for said in told.get("parameters", ()) if said["in"] == "query")
    for path, methods in build_app(PlantSettings()).openapi()["paths"].items()
    for method, told in methods.items()
}
"""The parameters of each route."""

LISTS = {"GET /api/v1/review/parts": {"id"}, "GET /api/v1/review/queue": {"looking_at"}}
ONCE = {route: [name for name in names if name not in LISTS.get(route, ())] for route, names in DESCRIBED.items()}
"""Those of them that take one value."""

PEOPLE = [route for route in ROUTES if route.role is not None]
KEYED = [route for route in PEOPLE if not route.for_admins]
SCOPED = [route for route in KEYED if route.path not in FREE]


def _name(route: Guarded) -> str:
    return f"{route.method} {route.path}"


def each(routes: list[Guarded]) -> pytest.MarkDecorator:
    """A case for each of these routes."""
    return pytest.mark.parametrize("route", routes, ids=_name)


@pytest.fixture(scope="module", name="served")
def _served(
    tmp_path_factory: pytest.TempPathFactory, where_for_all: dict[str, Any]
) -> Iterator[tuple[Plant, TestClient]]:
    """One plant for all cases; none of them changes anything."""
    plant = new_plant(tmp_path_factory.mktemp("plant"), **where_for_all)
    with running(plant) as client:
        yield plant, client


@pytest.fixture(scope="module", name="nobody")
def _nobody(served: tuple[Plant, TestClient]) -> TestClient:
    return served[1]


@pytest.fixture(scope="module", name="admin")
def _admin(served: tuple[Plant, TestClient]) -> Person:
    return sign_in(served[1])


@pytest.fixture(scope="module", name="people")
def _people(served: tuple[Plant, TestClient], admin: Person) -> dict[Role, Person]:
    below = [role for role in Role if role is not Role.ADMIN]
    return {**{role: person_with(*served, role) for role in below}, Role.ADMIN: admin}


@dataclass(frozen=True)
class Keys:
    """Headers with keys of programs.

    Attributes:
        of: by role, without scopes.
        only: by scope, an engineer's with that scope alone.
        without: by scope, an engineer's with all the others; for None with all.
    """

    of: dict[Role, dict[str, str]]
    only: dict[Scope, dict[str, str]]
    without: dict[Scope | None, dict[str, str]]


@pytest.fixture(scope="module", name="keys")
def _keys(admin: Person) -> Keys:
    def engineer(name: str, *scopes: Scope) -> dict[str, str]:
        return _key(admin, Role.ENGINEER, name.replace(":", "."), *scopes)

    return Keys(
        {role: _key(admin, role, role) for role in Role if role is not Role.ADMIN},
        {scope: engineer(f"only-{scope}", scope) for scope in Scope},
        {scope: engineer(f"no-{scope}", *(other for other in Scope if other is not scope)) for scope in (*Scope, None)},
    )


def _key(admin: Person, role: Role, name: str, *scopes: Scope) -> dict[str, str]:
    answer = admin.post("/api-keys", {"name": name, "role": role, "scopes": list(scopes) or None})
    assert answer.status_code == 201, answer.text
    assert answer.json()["scopes"] == (sorted(scopes) or None)
    return {"Authorization": f"Bearer {answer.json()['api_key']}"}


def test_the_table_has_every_route_of_the_description() -> None:
    paths = build_app(PlantSettings()).openapi()["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert {_name(route) for route in ROUTES} | OPEN == described
    assert len(ROUTES) > 50


@each(ROUTES)
def test_every_route_has_a_guard_that_refuses_nobody_and_unknown_keys(nobody: TestClient, route: Guarded) -> None:
    assert route.role is not None or route.station
    for key in ({}, {"Authorization": "Bearer st_unknown"}, {"Authorization": "Bearer ik_unknown"}):
        answer = nobody.request(route.method, route.address, headers=key, params=ASKED)
        assert answer.status_code == 401
        assert route.method == "HEAD" or answer.json()["error"] == "NotSignedIn"  # an answer to HEAD has no body


@each(PEOPLE)
def test_a_parameter_that_a_route_does_not_have_is_refused(admin: Person, route: Guarded) -> None:
    """Left out, a misspelt filter gives everything."""
    headers = {CSRF_HEADER: admin.csrf}
    answer = admin.client.request(route.method, route.address, headers=headers, params={"verdit": "FAIL", "limt": "1"})
    assert answer.status_code == 422, answer.text
    known = DESCRIBED[_name(route)]
    there_are = f"some of {', '.join(known)}" if known else "none"
    said = f"query: no parameter limt, verdit, is it misspelt? expected {there_are}"
    assert (answer.json()["error"], answer.json()["message"]) == ("RequestInvalid", said)


@each([route for route in PEOPLE if ONCE[_name(route)]])
def test_a_parameter_that_comes_twice_is_refused_where_one_counts(admin: Person, route: Guarded) -> None:
    """The last one counted, as if the others had not been there."""
    names = ONCE[_name(route)]
    twice = {name: ["1", "2"] for name in names}
    answer = admin.client.request(route.method, route.address, headers={CSRF_HEADER: admin.csrf}, params=twice)
    said = f"query: expected one value of {', '.join(names)}, got several"
    assert (answer.status_code, answer.json()["message"]) == (422, said)


def test_a_parameter_that_is_a_list_comes_as_often_as_it_likes(admin: Person) -> None:
    both = {"id": ["0" * 32, "1" * 32]}
    assert admin.get("/review/parts", params=both).status_code == 404
    assert admin.get("/review/queue", params={"looking_at": both["id"]}).status_code == 200


def test_a_station_may_say_more_than_the_plant_knows(admin: Person) -> None:
    """It may be newer."""
    key, beat = add_station(admin, "newer"), a_heartbeat().model_dump(mode="json")
    answer = admin.client.post(f"{API}/stations/me/heartbeat", headers=key, params={"more": "1"}, json=beat)
    assert answer.status_code == 200, answer.text


@each([route for route in PEOPLE if route.role is not Role.OPERATOR])
def test_a_role_below_is_refused(people: dict[Role, Person], keys: Keys, route: Guarded) -> None:
    for role in Role:
        if route.role is not None and not role.covers(route.role):
            person = people[role]
            headers = {CSRF_HEADER: person.csrf}
            by_cookie = person.client.request(route.method, route.address, headers=headers, params=ASKED)
            by_key = person.client.request(route.method, route.address, headers=keys.of[role], params=ASKED)
            for answer in (by_cookie, by_key):
                assert answer.status_code == 403, answer.text
                assert f"needs the role {route.role}" in answer.json()["message"]


@each([route for route in PEOPLE if route.changes])
def test_a_change_by_cookie_without_the_csrf_header_is_refused(admin: Person, route: Guarded) -> None:
    for headers in ({}, {CSRF_HEADER: "0" * 64}):
        answer = admin.client.request(route.method, route.address, headers=headers)
        assert answer.status_code == 403, answer.text
        assert CSRF_HEADER in answer.json()["message"]


@each([route for route in ROUTES if route.station and route.role is None])
def test_a_station_route_refuses_people_and_programs(admin: Person, keys: Keys, route: Guarded) -> None:
    by_cookie = admin.client.request(route.method, route.address, headers={CSRF_HEADER: admin.csrf})
    by_key = admin.client.request(route.method, route.address, headers=keys.of[Role.ENGINEER])
    assert (by_cookie.status_code, by_key.status_code) == (401, 401)


@each(SCOPED)
def test_every_route_that_a_key_may_ask_has_a_scope(route: Guarded) -> None:
    assert scope_of(route.method, route.address) is not None, "give its address a line in inspection/api/scopes.py"


@each(SCOPED)
def test_only_the_scope_lets_a_key_in(nobody: TestClient, keys: Keys, route: Guarded) -> None:
    needed = scope_of(route.method, route.address)
    assert needed is not None
    refused = nobody.request(route.method, route.address, headers=keys.without[needed], params=ASKED)
    assert refused.status_code == 403, refused.text
    assert f"needs the scope {needed}" in refused.json()["message"]
    let_in = nobody.request(route.method, route.address, headers=keys.only[needed], params=ASKED)
    assert let_in.status_code not in {401, 403}, let_in.text


@each([route for route in PEOPLE if route.for_admins])
def test_no_scope_opens_what_is_for_admins(nobody: TestClient, keys: Keys, route: Guarded) -> None:
    refused = nobody.request(route.method, route.address, headers=keys.without[None], params=ASKED)
    assert refused.status_code == 403, refused.text
    assert "no key with scopes may do this" in refused.json()["message"]


@pytest.mark.parametrize("scopes", [[], ["results:write"], ["everything"]])
def test_a_key_needs_scopes_that_exist(admin: Person, scopes: list[str]) -> None:
    answer = admin.post("/api-keys", {"name": "x", "role": "operator", "scopes": scopes})
    assert answer.status_code == 422, answer.text


def test_a_key_is_listed_with_its_scopes(admin: Person, keys: Keys) -> None:
    del keys
    scopes = {key["name"]: key["scopes"] for key in admin.get("/api-keys").json()}
    assert scopes["operator"] is None
    assert scopes["only-results.read"] == ["results:read"]
