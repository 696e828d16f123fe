"""Signing in leads to what was asked for, and a page that is open meanwhile loses nothing."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import ALL_SENT, put_away
from tests.support.floor import SMALL, Floor, sign_in_page
from tests.support.plants import ADMIN_PASSWORD

SIGN_IN = re.compile("/login")

pytestmark = pytest.mark.browser


@pytest.fixture(name="context")
def _context(browser: Browser, floor: Floor) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=floor.address, viewport=SMALL)
    yield context
    put_away(context)


def say_who(page: Page, name: str = "admin") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(ADMIN_PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_link_leads_over_the_sign_in_to_its_page(context: BrowserContext, floor: Floor) -> None:
    part = floor.report("P-linked")
    floor.report("P-newer", seed=51)
    page = context.new_page()
    page.goto(f"/review?recipe=part&part={part.id}")
    say_who(page)
    expect(page.locator("#facts")).to_contain_text("P-linked")
    assert page.url == f"{floor.address}/review?recipe=part&part={part.id}"


def test_who_is_signed_in_is_led_on(context: BrowserContext, floor: Floor) -> None:
    """A browser sends no cookie along with a link in a mail, so that it comes to the sign-in first."""
    page = context.new_page()
    sign_in_page(page)
    page.goto(f"/login?next={quote('/review?order=time', safe='')}")
    expect(page).to_have_url(f"{floor.address}/review?order=time")


@pytest.mark.parametrize("address", ["https://elsewhere.test/", "//elsewhere.test/", "javascript:alert(1)", "http://["])
def test_the_sign_in_leads_nowhere_else(context: BrowserContext, floor: Floor, address: str) -> None:
    page = context.new_page()
    page.goto(f"/login?next={quote(address, safe='')}")
    say_who(page)
    expect(page).to_have_url(f"{floor.address}/")


def test_nothing_is_sent_before_the_page_can_send_it(context: BrowserContext) -> None:
    """The browser itself would post name and password to an address that takes none, and show what it answers."""
    page = context.new_page()
    page.route("**/static/login.js", lambda route: route.abort())
    page.goto("/login")
    expect(page.get_by_role("button", name="Sign in")).to_be_disabled()
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("not sent")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Password")).to_have_value("not sent")


def test_a_session_that_ends_while_somebody_reviews_costs_no_label(context: BrowserContext, floor: Floor) -> None:
    part, other = floor.report("P-1"), floor.report("P-2", seed=51)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/review?order=time")
    expect(page.locator("#facts")).to_contain_text("P-2")
    page.wait_for_load_state("networkidle")  # else what the page still asks for leads away before the key is pressed
    context.clear_cookies()
    page.keyboard.press("g")
    expect(page).to_have_url(SIGN_IN)
    say_who(page)
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.wait_for_function(ALL_SENT)
    assert (floor.labels(other), floor.labels(part)) == (["good:-"], [])


def test_a_page_goes_on_after_another_tab_has_signed_in(context: BrowserContext, floor: Floor) -> None:
    part = floor.report("P-1")
    page, another = context.new_page(), context.new_page()
    sign_in_page(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    sign_in_page(another)
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["defect:-"]
    sign_in_page(another)
    page.locator("#sign-out").click()
    expect(page).to_have_url(SIGN_IN)
    page.goto("/models")
    expect(page).to_have_url(SIGN_IN)  # the session has ended


def test_what_one_person_decided_is_not_sent_as_another(context: BrowserContext, floor: Floor) -> None:
    body = {"name": "another", "role": "inspector", "password": ADMIN_PASSWORD}
    floor.http.post("/users", json=body).raise_for_status()
    part = floor.report("P-1")
    page, another = context.new_page(), context.new_page()
    sign_in_page(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    another.goto("/login")
    say_who(another, "another")
    another.wait_for_url("**/")
    page.keyboard.press("g")
    expect(page.locator(".who")).to_contain_text("another")
    assert floor.labels(part) == []
    sign_in_page(another)
    another.wait_for_function(ALL_SENT)
    assert floor.labels(part) == ["good:-"]


def test_signing_out_while_the_service_is_away_signs_nobody_out(context: BrowserContext) -> None:
    page = context.new_page()
    sign_in_page(page)
    context.set_offline(True)
    page.locator("#sign-out").click()
    expect(page.locator("#link-state")).to_contain_text("no connection")
    expect(page.locator(".who")).to_contain_text("admin")
    context.set_offline(False)
    page.locator("#sign-out").click()
    expect(page).to_have_url(SIGN_IN)
