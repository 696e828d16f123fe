"""Who may do what; the cases come from the route table itself."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from edge.contract import errors
from inspection.api.access import COOKIE, CSRF_HEADER
from inspection.api.description import description
from inspection.api.errors import STATUS, status_of
from inspection.api.headers import CONTENT_SECURITY_POLICY
from inspection.api.routes import sign_in as sign_in_routes
from inspection.people.roles import Role
from inspection.people.users import authenticate, authenticated_still
from inspection.plant import Plant
from inspection.store.tables import UserRow
from inspection.web.pages import PAGES
from tests.support.plants import ADMIN_PASSWORD, API, ManualClock, Person, person_with, sign_in

OPEN = {("POST", "/api/v1/login"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""What anybody on the network may ask."""


def _routes() -> list[tuple[str, str]]:
    import json  # noqa: PLC0415 - the route table as the outside sees it

    paths = json.loads(description())["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def _address(path: str) -> str:
    return path.replace("{sha256}", "0" * 64).replace("{bundle_id}", "0" * 64).replace("{", "").replace("}", "")


CLOSED = [route for route in _routes() if route not in OPEN]


@pytest.fixture(scope="module", name="anyone")
def _anyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    from tests.support.plants import new_plant, running  # noqa: PLC0415 - one plant for all cases below

    with running(new_plant(tmp_path_factory.mktemp("plant"))) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_pages_send_nobody_to_the_sign_in(anyone: TestClient, path: str) -> None:
    answer = anyone.get(path, follow_redirects=False)
    wanted = "/login" if path == "/" else f"/login?{urlencode({'next': path})}"
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


def test_the_sign_in_knows_the_filters_of_a_link(anyone: TestClient) -> None:
    answer = anyone.get("/review?recipe=part&score_from=2", follow_redirects=False)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked == {"next": ["/review?recipe=part&score_from=2"]}


PEOPLE_CHANGE = [
    (method, path)
    for method, path in CLOSED
    if method != "GET" and "/ingest/" not in path and "/me/heartbeat" not in path
]


ALLOWED = {
    Role.OPERATOR: {"/logout", "/alerts/{alert_id}/acknowledgement"},
    Role.INSPECTOR: {"/logout", "/labels", "/labels/batch", "/alerts/{alert_id}/acknowledgement"},
    Role.ENGINEER: {
        "/logout",
        "/alerts/{alert_id}/acknowledgement",
        "/labels",
        "/labels/batch",
        "/recipes",
        "/recipes/{recipe}/samples",
        "/recipes/{recipe}/promote",
        "/recipes/{recipe}/rollback",
        "/recipes/{recipe}/versions",
        "/recipes/{recipe}/acceptances",
        "/recipes/{recipe}/acceptances/{acceptance_id}",
        "/recipes/{recipe}/images",
        "/recipes/{recipe}/shadow",
        "/recipes/{recipe}/rollouts",
        "/recipes/{recipe}/rollouts/current/advance",
        "/recipes/{recipe}/rollouts/current/halt",
        "/recipes/{recipe}/bundles",
        "/recipes/{recipe}/models/{bundle_id}/trial",
        "/stations",
        "/stations/{name}/key",
        "/stations/{name}/line",
        "/stations/{name}/retirement",
        "/recipes/{recipe}/samples/{sha256}/ruling",
        "/recipes/{recipe}/samples/{sha256}/mask",
        "/jobs",
        "/jobs/{job_id}/cancel",
        "/retraining",
    },
}


@pytest.mark.parametrize("role", list(ALLOWED))
def test_each_role_changes_only_what_it_may(client: TestClient, plant: Plant, role: Role) -> None:
    person = person_with(plant, client, role)
    allowed = set()
    for method, path in PEOPLE_CHANGE:
        if path.endswith("/logout"):
            allowed.add("/logout")  # would end the session
            continue
        answer = person.client.request(method, _address(path), headers={CSRF_HEADER: person.csrf})
        if answer.status_code != 403:
            allowed.add(path.removeprefix(API))
    assert allowed == ALLOWED[role]


@pytest.mark.parametrize("path", ["/users", "/audit", "/audit/verification", "/api-keys"])
def test_people_and_the_audit_log_are_for_admins(client: TestClient, plant: Plant, path: str) -> None:
    assert person_with(plant, client, Role.ENGINEER).get(path).status_code == 403
    assert sign_in(client).get(path).status_code == 200


def test_signing_out_ends_the_session(admin: Person) -> None:
    token = admin.client.cookies[COOKIE]
    assert admin.post("/logout").status_code == 204
    admin.client.cookies.set(COOKIE, token)
    assert admin.get("/me").status_code == 401


def test_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(client: TestClient) -> None:
    answer = client.post(f"{API}/login", json={"name": "admin", "password": ADMIN_PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_guessing_is_slowed_down(client: TestClient, clock: ManualClock) -> None:
    wrong = {"name": "admin", "password": "wrong"}
    assert [client.post(f"{API}/login", json=wrong).status_code for _ in range(6)] == [401] * 5 + [429]
    right = {"name": "admin", "password": ADMIN_PASSWORD}
    assert client.post(f"{API}/login", json=right).headers["retry-after"] == "60"
    clock.advance(61)
    assert client.post(f"{API}/login", json=right).status_code == 200


def test_guessing_many_at_once_is_slowed_down_as_well(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them passed the check before the first had failed."""

    def slowly(session: Session, name: str, password: str) -> UserRow:
        time.sleep(0.05)  # as a password takes that is dear to guess: the others come meanwhile
        return authenticate(session, name, password)

    def guess(number: int) -> int:
        return client.post(f"{API}/login", json={"name": "admin", "password": f"guess-{number}"}).status_code

    monkeypatch.setattr(sign_in_routes, "authenticate", slowly)
    with ThreadPoolExecutor(12) as guessers:
        assert sorted(guessers.map(guess, range(12))) == [401] * 5 + [429] * 7


def test_a_wrong_password_waits_for_no_change_and_holds_up_none(client: TestClient, plant: Plant) -> None:
    """Trying it takes a tenth of a second: forty people at once held the results of all stations up."""
    with plant.database.write() as session:
        session.connection()  # the lock is taken
        assert client.post(f"{API}/login", json={"name": "admin", "password": "wrong"}).status_code == 401


@pytest.mark.parametrize("changed", [{"disabled": True}, {"password": "another-password"}])
def test_who_was_changed_while_the_password_was_tried_is_not_signed_in(
    admin: Person, plant: Plant, changed: dict[str, object]
) -> None:
    admin.post("/users", {"name": "ann", "role": "operator", "password": ADMIN_PASSWORD})
    with plant.database.read() as session:
        tried = authenticate(session, "ann", ADMIN_PASSWORD)
    assert admin.patch("/users/ann", changed).status_code == 200
    with plant.database.read() as session, pytest.raises(errors.NotSignedIn):
        authenticated_still(session, tried)


def test_new_password_ends_other_sessions(client: TestClient, admin: Person) -> None:
    admin.post("/users", {"name": "ann", "password": "first-password", "role": "inspector"})
    ann = sign_in(client, "ann", "first-password")
    assert admin.patch("/users/ann", {"password": "second-password"}).status_code == 200
    assert ann.get("/me").status_code == 401
    sign_in(client, "ann", "second-password")


def test_every_change_is_in_the_audit_log(admin: Person) -> None:
    admin.post("/recipes", {"name": "part"})
    admin.post("/users", {"name": "ann", "password": "first-password", "role": "inspector"})
    rows = admin.get("/audit").json()
    assert [row["action"] for row in rows] == ["user.created", "recipe.created", "session.opened"]
    assert "first-password" not in str(rows)


def test_every_answer_carries_the_security_headers(anyone: TestClient) -> None:
    for path in ("/login", "/static/app.css", "/healthz", f"{API}/me"):
        headers = anyone.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"


def test_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def _tree(kind: type[errors.InspectionError]) -> Iterator[type[errors.InspectionError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def test_every_error_finds_its_line_in_the_table() -> None:
    unmapped = [
        kind.__name__
        for kind in _tree(errors.InspectionError)
        if kind is not errors.InspectionError and not any(ancestor in STATUS for ancestor in kind.__mro__)
    ]
    assert unmapped == []
    assert errors.InspectionError not in STATUS


def test_status_of_a_child_is_its_nearest_ancestors() -> None:
    assert status_of(errors.BundleUnsigned) == 422
    assert status_of(errors.BundleMismatch) == 409
