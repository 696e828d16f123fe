"""Pages with much to show: many alerts, names as long as they may be, counts of months. Nothing loses its place."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from edge.contract.ledger import LedgerCounts
from edge.contract.result import Verdict, ViewVerdict
from inspection.web.pages import ADMIN_PAGE
from tests.support.browser import beyond, put_away
from tests.support.floor import JOB_MS, LARGE, PHONE, SMALL, TABLET, Floor, sign_in_page
from tests.support.plants import a_heartbeat, png

TINY = ViewportSize(width=800, height=480)
LONG = "W" * 64
MONTHS = LedgerCounts(
    triggers=12345678, verdicts=12345677, timeouts=1, passed=9876543, failed=1234567, undecided=1234568
)

pytestmark = pytest.mark.browser


def _alerts(route: Route) -> None:
    """As the service answers when a switch has failed: a dozen, of which somebody cares for the newest."""
    at = datetime.now(UTC).isoformat()
    said = [
        {
            "id": number,
            "kind": "station_silent",
            "text": f"station line-{number}: no heartbeat since {at}",
            "opened_at": at,
            "acknowledged_at": at if number == 12 else None,
            "acknowledged_by": "eve" if number == 12 else None,
        }
        for number in range(12, 0, -1)
    ]
    route.fulfill(json=said)


@pytest.mark.parametrize("size", [TINY, SMALL, LARGE], ids=["800x480", "1024x600", "1440x900"])
@pytest.mark.parametrize("address", ["/", "/?kiosk=1"])
def test_many_alerts_leave_the_stations_their_room(page: Page, floor: Floor, address: str, size: ViewportSize) -> None:
    floor.beat(floor.report("P-1"))
    page.set_viewport_size(size)
    page.route("**/api/v1/alerts?*", _alerts)
    page.goto(address)
    alerts = page.locator(".alert")
    expect(alerts).to_have_count(12)
    expect(page.locator("#andon")).to_contain_text("12 alerts")
    expect(alerts.first).to_contain_text("line-11")
    expect(alerts.last).to_contain_text("eve cares")
    expect(page.locator(".station .verdict")).to_be_in_viewport(ratio=0.99)
    alerts.last.scroll_into_view_if_needed()
    expect(alerts.last).to_be_in_viewport()
    expect(page.locator(".station .verdict")).to_be_in_viewport(ratio=0.99)
    page.unroute_all(behavior="wait")


_ENDS_OF_COUNTS = "() => [...document.querySelectorAll('.count')].map((one) => one.getBoundingClientRect().right)"


def _cut(page: Page, place: str) -> int:
    """How many pixels of what is there lie beyond its right edge."""
    return int(page.locator(place).evaluate("e => Math.max(0, e.scrollWidth - e.clientWidth)"))


def _add_long(floor: Floor) -> None:
    """A recipe and its station, with names that are as long as they may be, and counts of months."""
    floor.http.post("/recipes", json={"name": LONG}).raise_for_status()
    key = floor.http.post("/stations", json={"name": LONG, "recipe": LONG}).raise_for_status().json()["api_key"]
    floor.station.headers["Authorization"] = f"Bearer {key}"
    names = {"station": LONG, "recipe": LONG, "camera": LONG, "defect_class": LONG}
    view = floor.report("P" * 128, seed=80, **names)
    views = (ViewVerdict(view=LONG, result_id=view.id, verdict=Verdict.FAIL),)
    for number in range(3):
        floor.report(f"{number}" * 128, seed=81 + number, signature=(127, number), **names)
    floor.report("P" * 128, Verdict.UNDECIDED, seed=90, views=views, **{**names, "reason": "R" * 500})
    floor.send(a_heartbeat(recipe=LONG, ledger=MONTHS, bundle_id="b" * 64, bundle_refused="N" * 500))


def test_a_card_keeps_its_state_beside_long_names_and_large_counts(page: Page, floor: Floor) -> None:
    _add_long(floor)
    for size in (TINY, SMALL, LARGE, TABLET, PHONE):
        page.set_viewport_size(size)
        for address in ("/", "/?kiosk=1"):
            page.goto(address)
            card = page.locator(".station", has=page.get_by_role("heading", name=LONG))
            expect(card.locator(".count b").first).to_have_text("9876543")
            expect(page.locator(".station")).to_have_count(2)
            card.locator(".state").scroll_into_view_if_needed()
            expect(card.locator(".state")).to_be_in_viewport(ratio=0.99)
            assert max(page.evaluate(_ENDS_OF_COUNTS)) <= size["width"], (address, size)
            assert _cut(page, "#stations") == 0, (address, size)


def test_long_names_push_nothing_beyond_the_edge(browser: Browser, floor: Floor) -> None:
    """Every panel is open: models with a rollout, data, parts to review, administration."""
    _add_long(floor)
    for recipe in ("part", LONG):
        for number in range(110, 113):
            asked = {"label": "defect", "defect_type": LONG}
            floor.http.post(f"/recipes/{recipe}/samples", params=asked, content=png(number)).raise_for_status()
    for number in range(20, 28):
        floor.http.post(f"/recipes/{LONG}/samples?label=good", content=png(number)).raise_for_status()
    floor.train_and_promote(LONG)
    for number in range(30, 38):
        floor.http.post(f"/recipes/{LONG}/samples?label=good", content=png(number)).raise_for_status()
    bundle = floor.train(LONG)
    stages = {"bundle_id": bundle, "stages": [[LONG]], "wait_min": 60, "reason": "r" * 300}
    floor.http.post(f"/recipes/{LONG}/rollouts", json=stages).raise_for_status()
    filled = {
        f"/models?recipe={LONG}": "#detail .compare td",
        "/review?station=" + LONG: "#facts dd",
        "/groups": ".group .member",
        "/analytics?days=365": "#content .chart svg.main-svg",
        "/new-line": "#known-stations option",
        ADMIN_PAGE: "#audit td",
    }
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    for path, shown in filled.items():
        page.goto(path)
        expect(page.locator(shown).first).to_be_attached(timeout=JOB_MS)
        _unfold(page)
        for size in (LARGE, SMALL, TINY, TABLET, PHONE):
            page.set_viewport_size(size)
            assert (path, size["width"], beyond(page)) == (path, size["width"], [])
    put_away(page)


def _unfold(page: Page) -> None:
    """Open what is folded, and leave it time to ask the service."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_timeout(1000)


def test_a_dialog_is_as_wide_as_its_window_whatever_it_offers(page: Page, floor: Floor) -> None:
    floor.http.post("/recipes", json={"name": LONG}).raise_for_status()
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Add station…").click()
    dialog = page.locator("#station-dialog")
    expect(dialog.locator("option", has_text=LONG)).to_be_attached()
    assert _cut(page, "#station-dialog") == 0
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Add station…")).to_be_focused()


def test_tools_do_not_lie_on_the_marking_of_a_low_window(page: Page, floor: Floor) -> None:
    floor.report("P-1")
    page.set_viewport_size(TINY)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.locator("#mark").click()
    page.get_by_role("button", name="Eraser").click()  # refused where something else would get the click
    page.locator(".marking [data-tool]").first.click()
    expect(page.locator(".marking [data-tool]").first).to_have_attribute("aria-pressed", "true")
