"""Signing in at an OpenID provider: authorization code with PKCE, the identity token checked by the provider's keys.

Source: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9700 (current practice).
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from edge.contract.errors import NotAllowed, NotSignedIn, RequestRefused
from edge.contract.settings import read_secret
from edge.contract.tls import tls_context
from inspection.people.oidc_settings import OidcSettings
from inspection.people.roles import Role

__all__ = ["Claimed", "OidcClient", "Outward", "ProviderLost"]

_WAITS = timedelta(minutes=10)
_MOST_WAITING = 1000
_TIMEOUT_S = 10.0
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


class ProviderLost(RequestRefused):
    """The OpenID provider does not answer, or not as one; sign in with name and password meanwhile."""


@dataclass(frozen=True)
class Outward:
    """Where a browser is sent; `state` must come back with the same browser."""

    address: str
    state: str


@dataclass(frozen=True)
class Claimed:
    """Who the provider says it is, and what was wanted when the browser was sent there."""

    name: str
    role: Role
    wanted: str = "/"


@dataclass(frozen=True)
class _Waiting:
    verifier: str
    nonce: str
    until: datetime
    wanted: str


class OidcClient:
    """One plant at one provider; keeps who is on the way, in memory, for ten minutes."""

    def __init__(self, settings: OidcSettings, transport: httpx.BaseTransport | None = None) -> None:
        """Nothing is asked yet.

        Raises:
            SettingsInvalid: the secret cannot be read, or `ca_file` is none.
        """
        self._settings = settings
        self._secret = str(read_secret(None, settings.client_secret_file))
        self._http = httpx.Client(timeout=_TIMEOUT_S, verify=tls_context(settings.ca_file), transport=transport)
        self._lock = Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._provider: dict[str, Any] | None = None

    def begin(self, now: datetime, wanted: str = "/") -> Outward:
        """Send a browser to the provider; `wanted` comes back with who it is.

        Raises:
            ProviderLost: the provider does not answer.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._lock:
            fresh = {key: one for key, one in self._waiting.items() if one.until > now}
            self._waiting = dict(list(fresh.items())[-_MOST_WAITING:])
            self._waiting[state] = _Waiting(verifier, nonce, now + _WAITS, wanted)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._callback,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return Outward(f"{self._configuration()['authorization_endpoint']}?{urlencode(asked)}", state)

    def finish(self, code: str, state: str, now: datetime) -> Claimed:
        """Who comes back with this code.

        Raises:
            NotSignedIn: nobody was sent with this state lately, or the provider's answer does not prove anything.
            NotAllowed: the person is in no group that may do something here.
            ProviderLost: the provider does not answer.
        """
        with self._lock:
            waiting = self._waiting.pop(state, None)
        if waiting is None or waiting.until <= now:
            raise NotSignedIn("this sign-in has expired or was used: begin again")
        claims = self._claims(self._token(code, waiting.verifier), waiting.nonce, now)
        return Claimed(self._name(claims), self._role(claims), waiting.wanted)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    @property
    def _callback(self) -> str:
        return f"{self._settings.plant_url.rstrip('/')}/oidc/callback"

    def _configuration(self) -> dict[str, Any]:
        if self._provider is None:
            issuer = self._settings.issuer.rstrip("/")
            found = self._ask("GET", f"{issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != issuer:
                raise ProviderLost(f"OpenID provider: expected the issuer {issuer}, got {found.get('issuer')!r}")
            for name in _ADDRESSES:
                if not isinstance(found.get(name), str):
                    raise ProviderLost(f"OpenID provider: expected an address as {name}, got {found.get(name)!r}")
            self._provider = found
        return self._provider

    def _token(self, code: str, verifier: str) -> str:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": verifier,
        }
        auth = (self._settings.client_id, self._secret)
        answer = self._ask("POST", self._configuration()["token_endpoint"], data=sent, auth=auth)
        if not isinstance(answer.get("id_token"), str):
            raise NotSignedIn("OpenID provider: expected an identity token, got none")
        return str(answer["id_token"])

    def _claims(self, token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """Keys are asked for at each sign-in: they change, and a person signs in once a shift."""
        keys = self._ask("GET", self._configuration()["jwks_uri"])
        rules = JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=60,
            iss={"essential": True, "value": self._configuration()["issuer"]},
            aud={"essential": True, "value": self._settings.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            known = KeySet.import_key_set(keys)  # type: ignore[arg-type]
            claims = jwt.decode(token, known, algorithms=_ALGORITHMS).claims
            rules.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise NotSignedIn(f"OpenID provider: the identity token is not good: {error}") from error
        return claims

    def _name(self, claims: Mapping[str, Any]) -> str:
        name = claims.get(self._settings.name_claim)
        if not isinstance(name, str) or not name or "\0" in name:
            raise NotSignedIn(f"OpenID provider: expected the claim {self._settings.name_claim!r}, got {name!r}")
        return name

    def _role(self, claims: Mapping[str, Any]) -> Role:
        groups = claims.get(self._settings.role_claim)
        named = groups if isinstance(groups, list) else [groups]
        roles = [self._settings.roles[name] for name in named if isinstance(name, str) and name in self._settings.roles]
        if not roles:
            raise NotAllowed(
                f"{self._name(claims)} is in no group that may do something here; ask an admin for one of "
                f"{', '.join(sorted(self._settings.roles))}"
            )
        return max(roles, key=lambda role: sum(role.covers(other) for other in Role))

    def _ask(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, address, **options)
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderLost(f"OpenID provider {address}: no usable answer: {error}") from error
        if answer.is_error or not isinstance(found, dict):
            raise NotSignedIn(f"OpenID provider {address}: expected 200, got {answer.status_code}: {answer.text[:200]}")
        return found
