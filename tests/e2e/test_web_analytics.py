"""The analytics page in a real browser."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from edge.contract.result import Verdict
from tests.support.browser import put_away
from tests.support.floor import Floor, fits, sign_in_page
from tests.support.live_plants import live_plant

pytestmark = pytest.mark.browser


def test_analytics_charts_a_day_and_gives_the_table(page: Page, floor: Floor) -> None:
    for verdict in (Verdict.PASS, Verdict.PASS, Verdict.FAIL):
        floor.report("P-1", verdict)
    page.goto("/analytics")
    expect(page.locator("#empty")).to_contain_text("No part was judged in this period")
    page.locator("#days").select_option("1 year")
    expect(page.locator("#figures")).to_contain_text("66.67 %")
    expect(page.locator("#pchart .main-svg").first).to_be_visible()
    expect(page.locator("#pareto .main-svg").first).to_be_visible()
    expect(page.locator("#signals")).to_have_text("✓ no rule broken")
    expect(page).to_have_url(re.compile("days=365"))
    page.reload()
    expect(page.locator("#figures")).to_contain_text("66.67 %")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download table").click()
    rows = Path(started.value.path()).read_text("utf-8").splitlines()
    assert any(",2,1,0," in row for row in rows)
    expect(page.locator("#latency-time .main-svg").first).to_be_visible()
    for chart in ("control-chart", "verdicts", "pareto", "score", "latency", "labels", "drift", "reviewers"):
        with page.expect_download() as started:
            page.locator(f"a.data[href*='/{chart}.csv']").click()
        assert started.value.suggested_filename == f"{chart}.csv"
        assert "," in Path(started.value.path()).read_text("utf-8").splitlines()[0]
    page.get_by_label("Recipe").select_option("hangs")
    expect(page.locator("#empty")).to_be_visible()
    assert fits(page)


def test_a_late_answer_does_not_replace_a_newer_one(page: Page, floor: Floor) -> None:
    """The period is changed twice, and the service answers the first question last."""
    for verdict in (Verdict.PASS, Verdict.FAIL):
        floor.report("P-1", verdict)
    page.goto("/analytics")
    expect(page.locator("#empty")).to_be_visible()
    held: list[Route] = []
    week = re.compile(r"/api/v1/analytics\?.*step=hour")
    page.route(week, lambda route: held.append(route))  # noqa: PLW0108 - it sets an attribute on it
    with page.expect_request(week):
        page.locator("#days").select_option("7 days")
    page.locator("#days").select_option("1 year")
    expect(page.locator("#figures")).to_contain_text("50.00 %")
    with page.expect_response(week) as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator("#figures")).to_be_visible()
    expect(page.locator("#empty")).to_be_hidden()


def test_analytics_say_what_the_random_sample_shows(browser: Browser, tmp_path: Path) -> None:
    """A passed part is drawn, reviewed in the page, and counted for the recipe."""
    with live_plant(tmp_path / "audit", audit_escapes_at_most=0.1, audit_period_passes=1) as address:
        floor = Floor(address, tmp_path / "audit")
        floor.report("P-1", Verdict.PASS)
        page = browser.new_page(base_url=address)
        sign_in_page(page)
        page.goto("/review")
        expect(page.locator("#facts")).to_contain_text("by chance, to check what is passed")
        page.keyboard.press("g")
        expect(page.locator("#outbox")).to_have_text("✓ all saved")
        page.goto("/analytics?days=365")
        expect(page.locator("#audit")).to_contain_text("Choose a recipe")
        page.locator("#recipe").select_option("part")
        expect(page.locator("#audit")).to_contain_text("To show 10.0 %: 28 more passed parts to review")
        expect(page.locator("#audit")).to_contain_text("At most 95.0 % of the passed parts are bad")
        floor.close()
        put_away(page)


@pytest.mark.parametrize(
    ("language", "title", "save", "march"),
    [
        ("en", "Failed fraction, control chart", "Download picture of the chart", "March"),
        ("zh", "不合格率控制图（p 图）", "下载图表图片", "三月"),  # noqa: RUF001 - as it is set in Chinese
    ],
)
def test_a_shift_report_is_printed(
    browser: Browser, floor: Floor, language: str, title: str, save: str, march: str
) -> None:
    """The browser makes a PDF of it: light, without buttons, in either language."""
    for verdict in (Verdict.PASS, Verdict.FAIL):
        floor.beat(floor.report("P-1", verdict))
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    page.context.add_cookies([{"name": "inspection_language", "value": language, "url": floor.address}])
    page.goto("/analytics?days=365")
    expect(page.locator("#pchart .main-svg").first).to_be_visible()
    expect(page.locator("#pchart .modebar-btn").first).to_have_attribute("data-title", save)
    expect(page.locator("#latency")).to_contain_text("line-1")
    begin = page.evaluate("new Date('2026-03-02T07:00:00Z').toTimeString().slice(0, 5)")  # the plant has this clock
    page.locator("#days").select_option("shift")
    page.locator("#start").fill(begin)
    page.locator("#hours").fill("2")
    page.locator("#day").fill("2026-03-02")
    page.locator("#day").dispatch_event("change")
    expect(page.locator("#period")).to_contain_text(f"2026-03-02 {begin}")
    expect(page.locator("#figures")).to_contain_text("50.00 %")
    expect(page.locator("#latency")).to_be_hidden()
    month = page.evaluate(
        "document.getElementById('pchart')._fullLayout._d3locale.timeFormat('%B')(new Date(2026, 2, 2))"
    )
    assert month == march
    page.emulate_media(media="print")
    expect(page.locator("#chart-title")).to_have_text(title)
    expect(page.get_by_role("navigation")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("#pchart .xtick text").first).to_have_css("fill", "rgb(17, 17, 17)")
    pdf = page.pdf()
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") >= 1
    put_away(page)


def test_figures_of_a_station_out_of_service_are_its_own(page: Page, floor: Floor) -> None:
    floor.report("P-1", Verdict.PASS)
    made = floor.http.post("/stations", json={"name": "line-2", "recipe": "part"}).raise_for_status().json()
    floor.http.post("/stations/line-1/retirement", json={"reason": "sold"}).raise_for_status()
    floor.station.headers["Authorization"] = f"Bearer {made['api_key']}"
    floor.report("P-2", Verdict.FAIL, station="line-2")
    page.goto("/analytics?days=365&station=line-1")
    expect(page.locator("#figures")).to_contain_text("100.00 %")
    expect(page.locator("#station")).to_have_value("line-1")


@pytest.mark.parametrize(("zone", "minute"), [("UTC", "00"), ("Asia/Kolkata", "30"), ("America/New_York", "00")])
def test_the_period_that_is_told_is_the_one_that_is_counted(
    browser: Browser, floor: Floor, zone: str, minute: str
) -> None:
    """Parts are counted by hours of UTC and days: a period that said 06:24 counted from midnight on."""
    page = browser.new_page(base_url=floor.address, timezone_id=zone)
    sign_in_page(page)
    for days, begins in ((1, rf"\d\d:{minute}"), (30, "00:00")):
        page.goto(f"/analytics?days={days}")
        expect(page.locator("#period")).to_have_text(re.compile(rf"^\d{{4}}-\d\d-\d\d {begins} to "))
    put_away(page)


def test_a_shift_where_clocks_are_half_an_hour_beside_utc(browser: Browser, tmp_path: Path) -> None:
    """Shifts begin with the hours by which parts are counted, and the page offers those."""
    with live_plant(tmp_path, time_zone="Asia/Kolkata") as address, closing(Floor(address, tmp_path)) as floor:
        for verdict in (Verdict.PASS, Verdict.FAIL):
            floor.report("P-1", verdict)
        page = browser.new_page(base_url=address)
        sign_in_page(page)
        page.goto("/analytics")
        page.locator("#days").select_option("shift")
        expect(page.locator("#start")).to_have_value("06:30")
        page.locator("#day").fill("2026-03-02")
        page.locator("#day").dispatch_event("change")
        expect(page.locator("#period")).to_contain_text("2026-03-02 06:30 to 2026-03-02 14:30 (UTC+05:30)")
        expect(page.locator("#figures")).to_contain_text("50.00 %")
        put_away(page)
