"""Every page on a tablet that is held upright and on a phone: nothing lies beyond the right edge."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from edge.contract.result import Verdict
from inspection.web.pages import ADMIN_PAGE, PAGES
from tests.support.browser import beyond, put_away
from tests.support.floor import PHONE, TABLET, Floor
from tests.support.plants import ADMIN_PASSWORD

LONG_NAME = "somebody-whose-name-is-as-long-as-a-name-may-be-in-a-plant-it-is"
FILLED = {
    "/": ".station .part-id",
    "/review": "#facts dd",
    "/groups": "#empty b",
    "/models": "#training .figure",
    "/new-line": "#known-stations option",
    "/analytics": "#content .chart svg.main-svg",
    "/admin": "#audit td",
}
"""What is there when a page is."""

pytestmark = pytest.mark.browser


def sign_in_as(page: Page, name: str) -> None:
    page.goto("/login")
    page.locator("[name=name]").fill(name)
    page.locator("[name=password]").fill(ADMIN_PASSWORD)
    page.locator("button.primary").click()
    page.wait_for_url("**/")


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_nothing_lies_beyond_the_right_edge(browser: Browser, floor: Floor, locale: str) -> None:
    person = {"name": LONG_NAME, "role": "admin", "password": ADMIN_PASSWORD}
    floor.http.post("/users", json=person).raise_for_status()
    floor.beat(floor.report("P" * 128, Verdict.FAIL, captured_at=datetime.now(UTC)))
    page = browser.new_page(base_url=floor.address, locale=locale)
    sign_in_as(page, LONG_NAME)
    for path in (*PAGES, ADMIN_PAGE):
        page.goto(path)
        expect(page.locator(FILLED[path]).first).to_be_attached()
        for size in (TABLET, PHONE):
            page.set_viewport_size(size)
            assert (path, size["width"], beyond(page)) == (path, size["width"], [])
    put_away(page)


def test_filters_and_picture_are_there_on_both(browser: Browser, floor: Floor) -> None:
    floor.beat(floor.report("P-1", Verdict.FAIL))
    page = browser.new_page(base_url=floor.address)
    sign_in_as(page, "admin")
    for size in (TABLET, PHONE):
        page.set_viewport_size(size)
        page.goto("/")
        expect(page.locator(".station .frame")).to_be_visible()
        seen = page.locator(".station .picture").bounding_box()
        assert seen is not None
        assert seen["height"] > 150
        page.goto("/review")
        page.locator("#more summary").click()
        box = page.locator(".more-filters").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
    put_away(page)
