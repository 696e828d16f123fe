"""Signing in where the company does: out to the OpenID provider, and back with a proof of who it is."""

import re
from html import escape
from typing import Protocol
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from edge.contract.errors import NotFound, NotSignedIn, RequestRefused
from inspection.api.errors import status_of
from inspection.api.session_cookie import lifetime_of, set_session
from inspection.audit.change import change
from inspection.people.oidc import OidcClient
from inspection.people.sessions import open_session
from inspection.people.users import name_here, user_from_elsewhere
from inspection.plant import Plant

__all__ = ["BACK", "OUT", "Refuse", "address_out", "sign_in_back", "sign_in_out"]

OUT, BACK = "/oidc/login", "/oidc/callback"
_STATE = "inspection_oidc_state"
_STATE_S = 600
# The session's cookie is not sent along with a redirect that another site began: the browser goes on by itself.
_GO_ON = (
    '<!doctype html><meta http-equiv="refresh" content="0;url={0}">'
    '<title>inspection</title><a href="{0}">inspection</a>'
)
_PAGE = re.compile(r"/(?!/)[!-\[\]-~]{0,2000}")  # browsers read `\` as `/`, and leave out what is no character


class Refuse(Protocol):
    """Makes the sign-in page with a message."""

    def __call__(self, request: Request, problem: str, status: int) -> Response:
        """Answer."""
        ...


def address_out(wanted: str | None) -> str:
    """Where signing in elsewhere begins; it leads on to the wanted page."""
    return OUT if wanted is None else f"{OUT}?{urlencode({'next': wanted})}"


async def sign_in_out(request: Request, refuse: Refuse) -> Response:
    """Send the browser to the provider, with a state that it must bring back."""
    plant: Plant = request.app.state.plant
    try:
        wanted = _page_here(request.query_params.get("next", ""))
        outward = await run_in_threadpool(_client(plant).begin, plant.clock(), wanted)
    except RequestRefused as error:
        return refuse(request, str(error), status_of(type(error)))
    answer = RedirectResponse(outward.address, 303)
    answer.set_cookie(
        _STATE, outward.state, max_age=_STATE_S, httponly=True, samesite="lax", secure=plant.settings.cookie_secure
    )
    return answer


async def sign_in_back(request: Request, refuse: Refuse) -> Response:
    """Check what the browser brings back, and open a session."""
    plant: Plant = request.app.state.plant
    asked = request.query_params
    try:
        if "code" not in asked or asked.get("state") != request.cookies.get(_STATE, ""):
            said = asked.get("error_description") or asked.get("error") or "it was not begun in this browser"
            raise NotSignedIn(f"signing in did not end well: {said[:200]}")
        address = request.client.host if request.client else "unknown"
        token, wanted = await run_in_threadpool(_open, plant, asked["code"], asked["state"], address)
    except RequestRefused as error:
        return refuse(request, str(error), status_of(type(error)))
    answer = Response(_GO_ON.format(escape(wanted)), media_type="text/html")
    answer.delete_cookie(_STATE)
    set_session(answer, token, plant.settings)
    return answer


def _page_here(address: str) -> str:
    """An address of this service; the first page for any other."""
    return address if _PAGE.fullmatch(address) else "/"


def _open(plant: Plant, code: str, state: str, address: str) -> tuple[str, str]:
    """The session's token, and the page that was wanted."""
    claimed = _client(plant).finish(code, state, plant.clock())
    with change(plant.database, name_here(claimed.name), plant.clock()) as doing:
        user = user_from_elsewhere(doing.session, claimed.name, claimed.role, doing.now)
        token = open_session(doing.session, user, doing.now, lifetime_of(plant.settings))
        doing.record("session.opened", address=address, provider=_issuer(plant), role=claimed.role)
    return token, claimed.wanted


def _client(plant: Plant) -> OidcClient:
    if plant.oidc is None:
        raise NotFound("PLANT.toml has no [oidc]: sign in with name and password")
    return plant.oidc


def _issuer(plant: Plant) -> str:
    return "" if plant.settings.oidc is None else plant.settings.oidc.issuer
