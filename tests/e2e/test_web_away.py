"""Every page while the service is away: it says so, and what was decided is kept and sent later."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import ALL_SENT, put_away
from tests.support.floor import JOB_MS, SMALL, Floor, sign_in_page

PAGES = ("/", "/review?order=time", "/groups", "/models", "/new-line", "/analytics", "/admin")

pytestmark = pytest.mark.browser


def test_every_page_says_that_the_service_is_away_and_any_page_sends_what_was_kept(
    browser: Browser, floor: Floor
) -> None:
    """Decided on two pages, which are closed before the service is back: a page that decides nothing sends it."""
    alike = [floor.report(f"A-{number}", seed=80 + number, signature=(127, number, 0)) for number in range(2)]
    single = floor.report("P-1")
    context = browser.new_context(base_url=floor.address, viewport=SMALL)
    sign_in_page(context.new_page())
    pages = {path: context.new_page() for path in PAGES}
    for path, page in pages.items():
        page.goto(path)
        expect(page.locator("#link-state")).to_be_hidden()
    review, groups, admin = pages["/review?order=time"], pages["/groups"], pages["/admin"]
    expect(review.locator("#facts")).to_contain_text("P-1")
    expect(groups.locator(".group")).to_have_count(1)
    context.set_offline(True)
    for page in pages.values():
        expect(page.locator("#link-state")).to_contain_text("no connection", timeout=JOB_MS)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    review.keyboard.press("g")
    expect(review.locator("#facts")).not_to_contain_text("P-1")  # it goes on at once
    groups.keyboard.press("d")
    expect(groups.locator("#empty")).to_contain_text("No alike parts wait")
    expect(groups.locator("#outbox")).to_contain_text("2 not stored yet")
    groups.keyboard.press("z")
    expect(groups.locator(".group")).to_have_count(1)
    groups.keyboard.press("g")
    expect(admin.locator("#link-state")).to_contain_text("decisions are kept in this browser")
    # Before the pages close: a browser lets the last request of a page through.
    assert [floor.labels(part) for part in (single, *alike)] == [[], [], []]
    review.close()
    groups.close()
    context.set_offline(False)
    expect(admin.locator("#link-state")).to_be_hidden(timeout=JOB_MS)
    admin.wait_for_function(ALL_SENT)
    assert [floor.labels(part) for part in (single, *alike)] == [["good:-"]] * 3
    expect(admin.locator("#people")).to_contain_text("everything, people too")
    put_away(context)
