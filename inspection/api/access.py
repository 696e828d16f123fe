"""Who is asking: a person by cookie, a program or a station by key. Every route names what it needs."""

from typing import Annotated

from fastapi import Depends, Request

from edge.contract.errors import NotAllowed, NotSignedIn
from inspection.api.queries import refuse_unknown_parameters
from inspection.api.scopes import require_scope
from inspection.people.api_keys import PREFIX, person_of_key
from inspection.people.roles import Role
from inspection.people.sessions import check_csrf, person_of
from inspection.people.users import Person
from inspection.plant import Plant
from inspection.stations.keys import station_of_key

__all__ = [
    "COOKIE",
    "CSRF_HEADER",
    "Admin",
    "BundleReader",
    "Caller",
    "Engineer",
    "Inspector",
    "Operator",
    "PlantDep",
    "StationDep",
    "page_person",
    "person_asking",
]

COOKIE = "inspection_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def _plant(request: Request) -> Plant:
    plant: Plant = request.app.state.plant
    return plant


PlantDep = Annotated[Plant, Depends(_plant)]


class Caller:
    """A calling station, as its key says.

    Attributes:
        name: of the station.
        recipe: that the plant wants it to run.
    """

    def __init__(self, name: str, recipe: str) -> None:
        self.name = name
        self.recipe = recipe


def _bearer(request: Request) -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" else None


def _person(request: Request, plant: PlantDep) -> Person:
    """Whoever has signed in, or a program by its key; a key needs no CSRF header, for no browser sends it by itself."""
    key = _bearer(request)
    if key is not None and key.startswith(PREFIX):
        with plant.database.read() as session:
            person = person_of_key(session, key)
        require_scope(person, request.method, request.scope["path"])
        return person
    token = request.cookies.get(COOKIE)
    if key is not None and token is None:
        raise NotSignedIn(f"header Authorization: expected the API key of a program, which begins with {PREFIX}")
    with plant.database.read() as session:
        person = person_of(session, token, plant.clock())
    if token is not None and request.method not in _SAFE_METHODS:
        check_csrf(token, request.headers.get(CSRF_HEADER))
    return person


def person_asking(request: Request, plant: Plant) -> Person:
    """Who asks, for an answer that goes on for hours: the key may be revoked meanwhile.

    Raises:
        NotSignedIn: nobody, any more.
    """
    return _person(request, plant)


def _station(request: Request, plant: PlantDep) -> Caller:
    with plant.database.read() as session:
        row = station_of_key(session, _bearer(request))
        return Caller(row.name, row.recipe)


def _bundle_reader(request: Request, plant: PlantDep) -> Caller | Person:
    """A station with its key, or a person."""
    key = _bearer(request)
    if key is not None and not key.startswith(PREFIX):
        return _station(request, plant)
    person = _person(request, plant)
    refuse_unknown_parameters(request)
    return person


class _Needs:
    """Lets a person through whose role covers `role`, with nothing in the address that the route does not know.

    Stations come another way: a newer one may say more than this plant knows.
    """

    def __init__(self, role: Role) -> None:
        self._role = role

    def __call__(self, request: Request, person: Annotated[Person, Depends(_person)]) -> Person:
        if not person.role.covers(self._role):
            raise NotAllowed(f"{person.name} is {person.role}; this needs the role {self._role} or above")
        refuse_unknown_parameters(request)
        return person


Operator = Annotated[Person, Depends(_Needs(Role.OPERATOR))]
Inspector = Annotated[Person, Depends(_Needs(Role.INSPECTOR))]
Engineer = Annotated[Person, Depends(_Needs(Role.ENGINEER))]
Admin = Annotated[Person, Depends(_Needs(Role.ADMIN))]
StationDep = Annotated[Caller, Depends(_station)]
BundleReader = Annotated[Caller | Person, Depends(_bundle_reader)]


def page_person(request: Request, plant: Plant) -> tuple[Person, str] | None:
    """Who opened a page, with the session's token; None if nobody is signed in."""
    token = request.cookies.get(COOKIE)
    with plant.database.read() as session:
        try:
            return (person_of(session, token, plant.clock()), token) if token else None
        except NotSignedIn:
            return None
