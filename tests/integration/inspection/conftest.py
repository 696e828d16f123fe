"""A plant, its application, and the people and stations around it; on both databases."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL

from inspection.plant import Plant
from inspection.store.address import postgres_address, sqlite_address
from tests.support import databases
from tests.support.plants import ManualClock, Person, add_station, new_plant, quick_passwords, running, sign_in
from tests.support.postgres import PASSWORD, PostgresServer

_POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)
BOTH = [_POSTGRES] if databases.ON_POSTGRES else ["sqlite", _POSTGRES]


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with quick_passwords():
        yield


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    """A server for the whole session, with migrated tables in its first database, `plant_0`."""
    return databases.server()


@pytest.fixture(scope="session")
def password_file() -> Path:
    """The server's password, as PLANT.toml names it."""
    return databases.password_file()


@pytest.fixture(params=BOTH)
def where(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Settings of an empty database of each kind."""
    with _settings_of(request) as settings:
        yield settings


@pytest.fixture(scope="module", params=BOTH)
def where_for_all(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The same for the one plant of a module whose cases do not meet."""
    with _settings_of(request) as settings:
        yield settings


@pytest.fixture
def new_postgres(request: pytest.FixtureRequest) -> Iterator[Callable[[], URL]]:
    """Makes empty PostgreSQL databases, without tables."""
    with ExitStack() as made:
        yield lambda: _address(made.enter_context(request.getfixturevalue("postgres").database()))


@pytest.fixture(params=BOTH)
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], URL]:
    """Makes empty databases of each kind, without tables."""
    numbers = count()
    if request.param == "sqlite":
        return lambda: sqlite_address(tmp_path / f"{next(numbers)}.sqlite3")
    made: Callable[[], URL] = request.getfixturevalue("new_postgres")
    return made


@pytest.fixture
def address(new_address: Callable[[], URL]) -> URL:
    """An empty database of each kind, without tables."""
    return new_address()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until told."""
    return ManualClock()


@pytest.fixture
def plant(tmp_path: Path, clock: ManualClock, where: dict[str, Any]) -> Plant:
    """A real plant in a temporary folder."""
    return new_plant(tmp_path, clock, **where)


@pytest.fixture
def client(plant: Plant) -> Iterator[TestClient]:
    """Its application, jobs running, nobody signed in."""
    with running(plant) as client:
        yield client


@pytest.fixture
def admin(client: TestClient) -> Person:
    """The admin, signed in."""
    return sign_in(client)


@pytest.fixture
def station(admin: Person) -> dict[str, str]:
    """Headers of the station `line-1` of recipe `part`."""
    return add_station(admin)


@contextmanager
def _settings_of(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    if request.param == "sqlite":
        yield {}
        return
    with databases.server().database("plant_0") as url:
        yield {"database_url": url, "database_password_file": databases.password_file()}


def _address(url: str) -> URL:
    return postgres_address(url, None).set(password=PASSWORD)
