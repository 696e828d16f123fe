"""The system's browser, a live plant, and a signed-in page in a panel PC's window; `fits` looks at a large one, too."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import chromium, photograph, put_away
from tests.support.floor import SMALL, Floor, sign_in_page
from tests.support.live_plants import live_plant
from tests.support.plants import quick_passwords

expect.set_options(timeout=20_000)  # a busy machine draws a page of charts in seconds


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    with quick_passwords():
        yield


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="floor")
def _floor(tmp_path: Path) -> Iterator[Floor]:
    with live_plant(tmp_path) as address:
        floor = Floor(address, tmp_path)
        yield floor
        floor.close()


@pytest.fixture(scope="module", name="shared_floor")
def _shared_floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One plant for those tests of a module that look at parts of their own only, by class: a start takes seconds."""
    folder = tmp_path_factory.mktemp("shared")
    with live_plant(folder) as address:
        floor = Floor(address, folder)
        yield floor
        floor.close()


@pytest.fixture(name="page")
def _page(browser: Browser, floor: Floor, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A signed-in page."""
    yield from _watched(browser, floor, request.node.name)


@pytest.fixture(name="shared_page")
def _shared_page(browser: Browser, shared_floor: Floor, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The same on the shared plant."""
    yield from _watched(browser, shared_floor, request.node.name)


def _watched(browser: Browser, floor: Floor, name: str) -> Iterator[Page]:
    """Whatever the test does, nothing leaves the host and nothing is complained of."""
    page = browser.new_page(base_url=floor.address, viewport=SMALL)
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    sign_in_page(page)
    yield page
    photograph(page, name)
    assert complaints == []
    assert hosts - {""} == {urlsplit(floor.address).netloc}
    put_away(page)
