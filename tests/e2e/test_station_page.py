"""The station's own page in a real browser, with no plant."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import beyond, chromium, put_away
from tests.support.edge_fakes import png
from tests.support.stations import StationFolder, station_process

pytestmark = pytest.mark.browser


def test_the_page_shows_part_ledger_latency_and_threads(tmp_path: Path) -> None:
    """Asks for the key first; a good part, a torn one, a bad one with its map. Nothing is blocked or fails."""
    folder = StationFolder(tmp_path)
    settings = folder.settings_file(api={"port": 0, "api_key": "secret"})
    with station_process(settings) as station, chromium() as browser:
        url, headers = station.url(), {"authorization": "Bearer secret"}
        page, problems = browser.new_page(), []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if "Security" in m.text else None)
        for data in (png(), png()[:50], png(255)):
            httpx.post(f"{url}/v1/inspect", content=data, params={"part_id": "p-7"}, headers=headers, trust_env=False)
        page.goto(url)
        page.fill("#key", "secret")
        page.keyboard.press("Enter")
        expect(page.locator("#verdict")).to_have_text("FAIL")
        expect(page.locator("#ready")).to_have_text("judges")
        expect(page.locator("#part")).to_contain_text("p-7, score 1.98 at 1.00")
        expect(page.locator("#balance")).to_have_text("3 triggers = 3 accounted for")
        expect(page.locator("#histogram rect")).not_to_have_count(0)
        expect(page.locator("#threads li.bad")).to_have_count(0)
        expect(page.locator("#threads")).to_contain_text("judge")
        assert page.evaluate("[...document.images].map((i) => i.complete && i.naturalWidth > 0)") == [True, True]
        page.uncheck("#show-map")
        expect(page.locator("#map")).to_be_hidden()
        httpx.post(f"{url}/v1/inspect", content=b"torn", params={"part_id": "p-8"}, headers=headers, trust_env=False)
        expect(page.locator("#verdict")).to_have_text("UNDECIDED")
        expect(page.locator("#part")).to_contain_text("p-8: expected a PNG")
        page.check("#show-map")
        for picture in ("#frame", "#map"):
            expect(page.locator(picture)).to_be_hidden()
        page.set_viewport_size({"width": 1200, "height": 800})
        page.screenshot(path=tmp_path / "page.png")
        station.stop()
        expect(page.locator("#link")).to_contain_text("no connection")
    assert problems == []


def test_long_names_leave_the_state_in_sight(tmp_path: Path) -> None:
    folder = StationFolder(tmp_path)
    settings = folder.settings_file(station="W" * 64, api={"port": 0})
    with station_process(settings) as station, chromium() as browser:
        page = browser.new_page()
        page.goto(station.url())
        expect(page.locator("#name")).to_have_text("W" * 64)
        expect(page.locator("#ready")).to_have_text("judges")
        for width, height in ((800, 480), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            assert beyond(page) == []
            expect(page.locator("#ready")).to_be_in_viewport(ratio=0.99)
        put_away(page)


def test_the_page_says_why_the_plant_takes_nothing(tmp_path: Path) -> None:
    """A plant that is away, and one that does not know the key, want different things to be done."""
    link = {"url": "http://127.0.0.1:1", "heartbeat_s": 0.1}
    settings = StationFolder(tmp_path).settings_file(api={"port": 0}, plant=link)
    with station_process(settings) as station, chromium() as browser:
        page = browser.new_page()
        page.goto(station.url())
        expect(page.locator("#parts .bad")).to_contain_text("http://127.0.0.1:1: ConnectError")
