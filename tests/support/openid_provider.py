"""A small OpenID provider on a real port: signs real tokens, checks the code, the secret and PKCE."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from inspection.server import listen
from tests.support.certificates import Certificates

__all__ = ["CLIENT", "SECRET", "Provider", "openid_provider"]

CLIENT, SECRET = "inspection", "a-long-client-secret"


class Provider:
    """What the provider knows; a test changes `claims`, `key`, `audience`, `says` to see what is refused."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.shown = self.key
        self.claims: dict[str, Any] = {"preferred_username": "li.wei", "groups": ["quality"]}
        self.audience = CLIENT
        self.lives_s = 300
        self.says: dict[str, dict[str, Any]] = {}
        self._asked: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self._configuration)
        self.app.get("/authorize")(self._authorize)
        self.app.post("/token")(self._token)
        self.app.get("/keys")(self._keys)

    def _configuration(self) -> dict[str, Any]:
        if "_configuration" in self.says:
            return self.says["_configuration"]
        at = self.issuer
        endpoints = {"authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token"}
        return {"issuer": at, **endpoints, "jwks_uri": f"{at}/keys"}

    def _authorize(self, request: Request) -> RedirectResponse:
        """Whoever comes is li.wei; a real one would ask for a password."""
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(8)
        self._asked[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    def _token(self, request: Request, code: str = Form(), code_verifier: str = Form()) -> JSONResponse:
        asked = self._asked.pop(code, None)
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        if asked is None or request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if digest != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + self.lives_s}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, "nonce": asked["nonce"], **self.claims}, self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _keys(self) -> dict[str, Any]:
        if "_keys" in self.says:
            return self.says["_keys"]
        return {"keys": [self.shown.as_dict(private=False)]}


@contextmanager
def openid_provider(certificates: Certificates | None = None) -> Iterator[Provider]:
    """Serve a provider; by https with certificates."""
    provider = Provider()
    listener = listen("127.0.0.1", 0)
    provider.issuer = f"http{'' if certificates is None else 's'}://127.0.0.1:{listener.getsockname()[1]}"
    tls = {} if certificates is None else {"ssl_certfile": certificates.certificate, "ssl_keyfile": certificates.key}
    server = uvicorn.Server(uvicorn.Config(provider.app, log_config=None, access_log=False, **tls))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield provider
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
