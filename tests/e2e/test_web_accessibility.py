"""Every page by keyboard, and an offline scan of each in both themes and languages without a serious finding."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edge.contract.result import Verdict
from inspection.api.access import COOKIE
from tests.support.browser import put_away
from tests.support.floor import JOB_MS, Floor, sign_in_page
from tests.support.live_plants import live_plant
from tests.support.plants import ADMIN_PASSWORD, a_heartbeat, a_result, image_ref, png

PAGES = {
    "/": "#andon:has(li) ~ .stations .station .verdict",
    "/?kiosk=1": "#andon:has(li) ~ .stations .station .verdict",
    "/new-line?recipe=part&station=line-1": "#live-picture[src]",
    "/review": "#facts:not(:empty)",
    "/groups": ".group .member",
    "/models?recipe=part": "#train:not(:empty)",
    "/analytics?days=365": "#pchart .main-svg",
    "/admin": "#audit td",
}
"""Each page, and what it shows once it has asked the service."""
STATES = {
    "/": "#andon:has(li) ~ .stations .station + .station",
    "/review?part={lost}": "#no-picture:not(:empty)",
    "/models?recipe=part": ".versions tr.selected .gate.yes",
    "/models?recipe=worse": ".versions tr.selected .gate.no",
    "/models?recipe=hangs": ".job.running .progress",
}
"""Further states: more stations than fit, no picture, a gate that passed, one that refused, a job under way."""
DIALOGS = {
    *("accept-dialog", "key-dialog", "key-sheet", "password-dialog", "person-dialog", "program-dialog"),
    *("reason-dialog", "recipe-dialog", "retire-dialog", "rollout-dialog", "settings-dialog", "station-dialog"),
}
GRAVE = {"serious", "critical"}

pytestmark = pytest.mark.browser


@pytest.fixture(name="silent_floor")
def _silent_floor(tmp_path: Path) -> Iterator[Floor]:
    """Its station is silent at once: an alert."""
    with live_plant(tmp_path, alerts={"watch_every_s": 1, "silent_after_s": 1}) as address:
        floor = Floor(address, tmp_path)
        yield floor
        floor.close()


@pytest.fixture(name="context", params=["dark-en", "light-zh"])
def _context(browser: Browser, silent_floor: Floor, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    address = silent_floor.address
    theme, language = request.param.split("-")
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800}, bypass_csp=True)
    cookies = {"inspection_theme": theme, "inspection_language": language}
    page = context.new_page()
    sign_in_page(page)
    page.close()
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    yield context
    put_away(context)


_DIALOGS = "() => [...document.querySelectorAll('dialog')].map((dialog) => dialog.id)"
_OPEN = """(id) => {
  document.querySelector("dialog[open]")?.close();
  document.getElementById(id).showModal();
}"""


def _grave(page: Page, part: str | None = None) -> list[str]:
    """Serious findings on a page, or on a part of it."""
    answer = Axe().run(page, part).response
    assert "color-contrast" in {rule["id"] for rule in answer["passes"]}, f"{page.url}: the scan saw no text"
    found = answer["violations"]
    return [
        f"{page.url}: {rule['id']}: {node['html'][:120]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def test_no_page_has_a_serious_finding(context: BrowserContext, silent_floor: Floor) -> None:
    floor = silent_floor
    floor.send(a_heartbeat(bundle_id="b" * 64))
    for number in range(3):
        floor.report(f"P-{number}", seed=60 + number, signature=(127, number))
    floor.beat(floor.report("P-9", Verdict.FAIL, seed=70))
    floor.add_model("part")
    page = context.new_page()
    findings: list[str] = []
    dialogs: set[str] = set()
    for path, shown in PAGES.items():
        page.goto(path)
        page.locator(shown).first.wait_for()
        findings += _grave(page)
        for name in set(page.evaluate(_DIALOGS)) - dialogs:
            dialogs.add(name)
            page.evaluate(_OPEN, name)
            findings += _grave(page, f"#{name}")
    assert dialogs == DIALOGS
    page.goto("about:blank")  # a page of the plant that asks after its session has ended goes elsewhere by itself
    context.clear_cookies(name=COOKIE)
    page.goto("/login")
    findings += _grave(page)
    assert findings == []


def test_no_state_of_a_page_has_a_serious_finding(context: BrowserContext, silent_floor: Floor) -> None:
    floor = silent_floor
    floor.send(a_heartbeat(bundle_id="b" * 64))
    for name in ("line-2", "line-3", "line-4"):
        floor.http.post("/stations", json={"name": name, "recipe": "part"}).raise_for_status()
    lost = a_result(Verdict.FAIL, (image_ref(png(40)),), part_id="P-lost")
    batch = {"results": [lost.model_dump(mode="json")]}
    floor.station.post("/ingest/results", json=batch).raise_for_status()
    floor.train_and_promote("part")
    floor.http.post("/recipes", json={"name": "worse"}).raise_for_status()
    for number in range(8):
        floor.http.post("/recipes/worse/samples?label=good", content=png(number)).raise_for_status()
    floor.train("worse")
    floor.http.post("/jobs", json={"kind": "train", "recipe": "hangs"}).raise_for_status()
    page = context.new_page()
    findings: list[str] = []
    for path, shown in STATES.items():
        page.goto(path.format(lost=lost.id))
        page.locator(shown).first.wait_for(timeout=JOB_MS)
        findings += _grave(page)
    assert findings == []


def test_a_part_is_judged_by_keyboard_alone_from_the_sign_in_on(browser: Browser, floor: Floor) -> None:
    part = floor.report("P-1")
    page = browser.new_page(base_url=floor.address)
    page.goto("/login")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Review")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["good:-"]
    put_away(page)


def test_a_panel_shows_nothing_but_the_stations(page: Page, floor: Floor) -> None:
    floor.beat(floor.report("P-77", Verdict.FAIL))
    page.goto("/?kiosk=1")
    expect(page.locator(".station")).to_contain_text("P-77")
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.keyboard.press("f")
    expect(page.get_by_role("navigation")).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_role("navigation")).to_be_hidden()
    page.get_by_role("button", name="Leave full screen").click()
    expect(page.get_by_role("heading", name="Stations")).to_be_visible()


def test_light_and_dark_are_remembered(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.goto("/models")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(238, 241, 244)"
