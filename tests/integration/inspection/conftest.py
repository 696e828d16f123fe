"""A plant, its application, and the people and stations around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inspection.plant import Plant
from tests.support.plants import ManualClock, Person, add_station, new_plant, running, sign_in


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until told."""
    return ManualClock()


@pytest.fixture
def plant(tmp_path: Path, clock: ManualClock) -> Plant:
    """A real plant in a temporary folder."""
    return new_plant(tmp_path, clock)


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
