"""Signing in at an OpenID provider, a real one on a port that signs real tokens."""

import re
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from edge.contract.errors import SettingsInvalid
from edge.contract.tls import tls_context
from inspection.api.access import COOKIE
from inspection.clock import utc_now
from inspection.people.oidc import Claimed, OidcClient, ProviderLost
from inspection.people.oidc_settings import OidcSettings
from inspection.people.roles import Role
from inspection.plant import Plant, open_plant
from tests.support.certificates import write_certificates
from tests.support.openid_provider import CLIENT, SECRET, Provider, openid_provider
from tests.support.plants import ADMIN_PASSWORD, API, FAKE_MODELS, plant_settings, running, sign_in


@pytest.fixture(scope="module", name="provider")
def _provider() -> Iterator[Provider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture(name="plant")
def _plant(tmp_path: Path, provider: Provider, where: dict[str, Any]) -> Plant:
    """By the real clock, as the tokens are."""
    provider.key = provider.shown
    provider.claims = {"preferred_username": "li.wei", "groups": ["quality", "canteen"]}
    provider.audience, provider.lives_s = CLIENT, 300
    secret = tmp_path / "oidc.secret"
    secret.write_text(SECRET + "\n", "utf-8")
    oidc = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret_file": secret,
        "plant_url": "http://plant.test",
        "roles": {"quality": "inspector", "process": "engineer"},
    }
    return open_plant(plant_settings(tmp_path, oidc=oidc, **where), FAKE_MODELS, utc_now)


@pytest.fixture(name="client")
def _client(plant: Plant) -> Iterator[TestClient]:
    with running(plant) as client:
        yield client


class Browser:
    """Follows redirects between plant and provider as a browser does."""

    def __init__(self, client: TestClient) -> None:
        self.plant = TestClient(client.app, base_url="http://plant.test", follow_redirects=False)

    def out(self, begin: str = "/oidc/login") -> str:
        """To the provider and back: the address with code and state."""
        away = self.plant.get(begin)
        assert away.status_code == 303, away.text
        return str(httpx.get(away.headers["location"]).headers["location"])

    def back(self, address: str) -> Any:
        """Bring the code home."""
        return self.plant.get(address.removeprefix("http://plant.test"))

    def me(self) -> dict[str, Any]:
        """Who is signed in."""
        answer: dict[str, Any] = self.plant.get(f"{API}/me").json()
        return answer


def test_a_person_of_the_company_signs_in_with_the_role_of_the_group(client: TestClient, provider: Provider) -> None:
    browser = Browser(client)
    assert browser.back(browser.out()).status_code == 200
    me = browser.me()
    assert (me["name"], me["role"]) == ("sso:li.wei", "inspector")
    provider.claims = {"preferred_username": "li.wei", "groups": ["process", "quality"]}
    browser.back(browser.out())
    assert browser.me()["role"] == "engineer"
    admin = sign_in(client)
    assert [user["name"] for user in admin.get("/users").json()] == ["admin", "sso:li.wei"]
    opened = [row for row in admin.get("/audit").json() if row["action"] == "session.opened"]
    assert {row["actor"] for row in opened} == {"admin", "sso:li.wei"}
    assert provider.issuer in opened[-1]["details"]


def test_signing_in_leads_to_the_page_that_was_asked_for(client: TestClient) -> None:
    browser = Browser(client)
    asked = browser.plant.get("/review?recipe=part&score_from=2").headers["location"]
    page = browser.plant.get(asked).text
    begin = unescape(re.findall(r'href="(/oidc/login[^"]*)"', page)[0])
    answer = browser.back(browser.out(begin))
    assert 'content="0;url=/review?recipe=part&amp;score_from=2"' in answer.text
    assert 'content="0;url=/"' in browser.back(browser.out()).text


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.test/",
        "//elsewhere.test/",
        "/\\elsewhere.test",
        "/\t/elsewhere.test",
        "review",
        '/"><script>',
        "",
    ],
)
def test_signing_in_leads_nowhere_else(client: TestClient, address: str) -> None:
    browser = Browser(client)
    answer = browser.back(browser.out(f"/oidc/login?{urlencode({'next': address})}"))
    leads_to = unescape(re.findall(r'content="0;url=([^"]*)"', answer.text)[0])
    assert urljoin("http://plant.test/", leads_to).startswith("http://plant.test/")
    assert leads_to in {"/", address if address.startswith('/"') else "/"}
    assert "<script" not in answer.text


def test_the_request_to_the_provider_is_bound_to_this_browser(client: TestClient) -> None:
    browser, other = Browser(client), Browser(client)
    asked = parse_qs(urlsplit(browser.plant.get("/oidc/login").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://plant.test/oidc/callback"]
    address = browser.out()
    refused = other.back(address)
    assert (refused.status_code, COOKIE in other.plant.cookies) == (401, False)
    assert "not begun in this browser" in refused.text
    assert browser.back(address).status_code == 200
    assert browser.back(address).status_code == 401, "a code is good once"


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"key": RSAKey.generate_key(2048, {"kid": "one"})}, 401, "identity token is not good"),
        ({"audience": "another-program"}, 401, "identity token is not good"),
        ({"lives_s": -3600}, 401, "identity token is not good"),
        ({"claims": {"preferred_username": "li.wei", "groups": ["quality"], "nonce": "replayed"}}, 401, "not good"),
        ({"claims": {"groups": ["quality"]}}, 401, "preferred_username"),
        ({"claims": {"preferred_username": "li.wei", "groups": ["canteen"]}}, 403, "no group"),
        ({"claims": {"preferred_username": "li.wei", "groups": None}}, 403, "no group"),
        ({"claims": {"preferred_username": "li.wei", "groups": [{"id": 7}]}}, 403, "no group"),
    ],
)
def test_what_proves_nothing_is_refused(
    client: TestClient, provider: Provider, change: dict[str, Any], status: int, why: str
) -> None:
    for name, value in change.items():
        setattr(provider, name, value)
    browser = Browser(client)
    refused = browser.back(browser.out())
    assert (refused.status_code, why in refused.text) == (status, True)
    assert COOKIE not in browser.plant.cookies


def test_nobody_there_can_be_somebody_here(client: TestClient, provider: Provider) -> None:
    provider.claims = {"preferred_username": "admin", "groups": ["quality"]}
    browser = Browser(client)
    browser.back(browser.out())
    me = browser.me()
    assert (me["name"], me["role"]) == ("sso:admin", "inspector")
    body = {"name": "sso:admin", "password": ADMIN_PASSWORD}
    assert client.post(f"{API}/login", json=body).status_code == 401


def test_two_people_whose_long_names_begin_alike_stay_two(client: TestClient, provider: Provider) -> None:
    """Else the second one's role would be the first one's, too, and their labels one person's."""
    names = [f"{'quality-assurance.' * 4}{who}@plant.example" for who in ("li", "wei")]
    seen: dict[str, str] = {}
    for name, group in zip(names, ("quality", "process"), strict=True):
        provider.claims = {"preferred_username": name, "groups": [group]}
        browser = Browser(client)
        browser.back(browser.out())
        seen[browser.me()["name"]] = browser.me()["role"]
    assert list(seen.values()) == ["inspector", "engineer"]
    assert all(len(name) <= 64 for name in seen)
    log = sign_in(client).get("/audit").json()
    assert {row["actor"] for row in log if row["action"] == "session.opened"} == {"admin", *seen}


def test_a_provider_with_a_certificate_of_the_companys_own(tmp_path: Path) -> None:
    certificates = write_certificates(tmp_path / "tls")
    (tmp_path / "oidc.secret").write_text(SECRET, "utf-8")
    with openid_provider(certificates) as provider:
        wary = OidcSettings(
            issuer=provider.issuer,
            client_id=CLIENT,
            client_secret_file=Path("oidc.secret"),
            plant_url="http://plant.test",
            roles={"quality": Role.INSPECTOR},
        )
        with closing(OidcClient(wary.taken_from(tmp_path))) as client, pytest.raises(ProviderLost, match="certificate"):
            client.begin(utc_now())
        trusting = wary.model_copy(update={"ca_file": Path("tls/ca.pem")}).taken_from(tmp_path)
        with closing(OidcClient(trusting)) as client:
            outward = client.begin(utc_now())
            home = httpx.get(outward.address, verify=tls_context(certificates.ca)).headers["location"]
            (code,) = parse_qs(urlsplit(home).query)["code"]
            assert client.finish(code, outward.state, utc_now()) == Claimed("li.wei", Role.INSPECTOR)
    with pytest.raises(SettingsInvalid, match="ca_file"):
        OidcClient(trusting.model_copy(update={"ca_file": trusting.client_secret_file}))


def test_whom_an_admin_has_disabled_stays_out(client: TestClient) -> None:
    browser = Browser(client)
    browser.back(browser.out())
    assert sign_in(client).patch("/users/sso:li.wei", {"disabled": True}).status_code == 200
    assert browser.plant.get(f"{API}/me").status_code == 401
    assert browser.back(browser.out()).status_code == 401


def test_role_and_password_of_the_company_are_not_changed_here(client: TestClient) -> None:
    """The role would be the group's again with the next sign-in, and the password outlive the person's stay."""
    browser = Browser(client)
    browser.back(browser.out())
    admin = sign_in(client)
    for change in {"role": "operator"}, {"password": "a-way-past-the-company"}:
        refused = admin.patch("/users/sso:li.wei", change)
        assert (refused.status_code, "signs in elsewhere" in refused.json()["message"]) == (409, True)
    assert browser.me()["role"] == "inspector"


@pytest.mark.parametrize(
    ("name", "answer", "status", "why"),
    [
        ("_configuration", {}, 503, "expected an address as authorization_endpoint"),
        ("_configuration", {"authorization_endpoint": ["https://a", "https://b"]}, 503, "authorization_endpoint"),
        ("_keys", {"error": "out of order"}, 401, "identity token is not good"),
        ("_keys", {"keys": [{"kty": "unheard of"}]}, 401, "identity token is not good"),
        ("_keys", {"keys": [7]}, 401, "identity token is not good"),
    ],
)
def test_a_provider_that_is_half_set_up_is_told(
    client: TestClient, provider: Provider, name: str, answer: dict[str, Any], status: int, why: str
) -> None:
    browser = Browser(client)
    provider.says = {name: {"issuer": provider.issuer, **answer}}
    try:
        refused = browser.plant.get("/oidc/login")
        if refused.status_code == 303:
            refused = browser.back(str(httpx.get(refused.headers["location"]).headers["location"]))
    finally:
        provider.says = {}
    assert (refused.status_code, why in refused.text) == (status, True), refused.text


def test_a_provider_that_does_not_answer_is_told_and_passwords_still_work(tmp_path: Path) -> None:
    secret = tmp_path / "oidc.secret"
    secret.write_text(SECRET, "utf-8")
    oidc = {
        "issuer": "http://127.0.0.1:9",
        "client_id": CLIENT,
        "client_secret_file": secret,
        "plant_url": "http://plant.test",
        "roles": {"quality": "inspector"},
    }
    with running(open_plant(plant_settings(tmp_path, oidc=oidc), FAKE_MODELS, utc_now)) as client:
        refused = client.get("/oidc/login")
        assert (refused.status_code, "no usable answer" in refused.text) == (503, True)
        assert "company" in client.get("/login").text
        assert sign_in(client).get("/me").json()["name"] == "admin"


def test_without_the_section_there_is_no_such_way(tmp_path: Path) -> None:
    with running(open_plant(plant_settings(tmp_path), FAKE_MODELS, utc_now)) as client:
        assert client.get("/oidc/login").status_code == 404
        assert "company" not in client.get("/login").text
