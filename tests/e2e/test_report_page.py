"""The evaluation report in a real browser without a network."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import chromium
from tests.support.commands import run_command
from tests.support.reports import judged_folder

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_the_report_opens_offline_and_draws_its_charts(tmp_path: Path) -> None:
    """From a file, with the network off: nothing is asked for, nothing is wrong, and hostile names are text."""
    bundle, key, folder = judged_folder(tmp_path)
    report = tmp_path / "out" / "report.html"
    done = run_command("evaluate", bundle, folder, "--trust", key, "--report", report, "--json", home=tmp_path)
    assert done.code == 0, done.err
    assert done.json()["report"] == str(report)
    with chromium() as browser:
        _check(browser.new_page(), report)


def _check(page: Page, report: Path) -> None:
    asked: list[str] = []
    wrong: list[str] = []
    page.context.set_offline(offline=True)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(report.as_uri())
    page.locator("#chart-costs svg.main-svg").first.wait_for()
    assert page.locator("svg.main-svg").count() >= 5
    assert page.locator("#escapes figure.wrong").count() == 1
    assert page.locator("#overkill figure.wrong").count() == 1
    assert page.locator("#escapes img").evaluate_all("all => all.every(img => img.naturalWidth > 0)")
    assert "<img src=x onerror=alert(1)>" in page.locator("#recall").inner_text()
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
