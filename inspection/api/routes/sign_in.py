"""Signing in and out."""

from fastapi import APIRouter, Request, Response

from inspection.api.access import COOKIE, Operator, PlantDep
from inspection.api.schemas import Credentials, Me
from inspection.api.session_cookie import lifetime_of, set_session
from inspection.audit.change import change
from inspection.people.roles import Role
from inspection.people.sessions import close_session, csrf_token, open_session
from inspection.people.users import authenticate, authenticated_still

__all__ = ["router"]

router = APIRouter(tags=["people"])


@router.post("/login")
def login(body: Credentials, request: Request, response: Response, plant: PlantDep) -> Me:
    """Sign in; the session comes as a cookie."""
    address = request.client.host if request.client else "unknown"
    with plant.throttle.attempt(body.name, address, plant.clock):
        with plant.database.read() as session:  # a password takes long to try: nobody else's change waits for it
            tried = authenticate(session, body.name, body.password)
        with change(plant.database, body.name, plant.clock()) as doing:
            user = authenticated_still(doing.session, tried)
            token = open_session(doing.session, user, doing.now, lifetime_of(plant.settings))
            doing.record("session.opened", address=address)
            role = Role(user.role)
    set_session(response, token, plant.settings)
    return Me(name=body.name, role=role, csrf=csrf_token(token))


@router.post("/logout", status_code=204)
def logout(request: Request, response: Response, person: Operator, plant: PlantDep) -> None:
    """Sign out; a program's key has no session to end."""
    if COOKIE not in request.cookies:
        return
    with change(plant.database, person.name, plant.clock()) as doing:
        close_session(doing.session, request.cookies[COOKIE])
        doing.record("session.closed")
    response.delete_cookie(COOKIE)


@router.get("/me")
def me(request: Request, person: Operator) -> Me:
    """Who is signed in, or whose key this is (it needs no CSRF token)."""
    token = request.cookies.get(COOKIE)
    return Me(name=person.name, role=person.role, csrf="" if token is None else csrf_token(token))
