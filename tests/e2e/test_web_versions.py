"""What a part type's settings, data and jobs were, version by version, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.floor import JOB_MS, Floor, fits
from tests.support.plants import png

pytestmark = pytest.mark.browser


def test_settings_are_changed_with_a_reason_and_compared(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    page.get_by_text("Settings of the part type, by version").click()
    panel = page.locator("#settings")
    expect(panel).to_contain_text("nobody has changed one")
    panel.get_by_role("button", name="Change…").click()
    dialog = page.locator("#settings-dialog")
    dialog.get_by_label("Name of the part").fill("bottle, 0.5 l")
    dialog.get_by_label("Reason").fill("so that people know it")
    dialog.get_by_role("button", name="Make this version").click()
    expect(panel.locator("tbody tr")).to_have_count(1)
    expect(panel).to_contain_text("nothing to compare yet")
    panel.get_by_role("button", name="Change…").click()
    expect(dialog.get_by_label("Overkill at most")).to_have_value("0.05")
    dialog.get_by_label("Overkill at most").fill("0.02")
    dialog.get_by_label("An escape costs").fill("500")
    dialog.get_by_label("Reason").fill("customer complained")
    assert fits(page)
    dialog.get_by_role("button", name="Make this version").click()
    expect(panel.locator(".recipe-versions tbody tr").first).to_have_text(
        re.compile(r"^2.*admin.*customer complained$")
    )
    differences = panel.locator(".differences tr")
    expect(differences).to_have_text(["BeforeAfter", "Overkill at most0.050.02", "An escape costs–500"])  # noqa: RUF001 - as it is shown
    panel.get_by_label("Earlier version").select_option("2")
    expect(panel.locator(".differences")).to_have_text("Nothing differs.")
    newest = floor.http.get("/recipes/part/versions").json()[0]["settings"]
    assert (newest["max_overkill"], newest["escape_cost"], newest["overkill_cost"]) == (0.02, 500.0, 1.0)
    assert fits(page)


def test_data_versions_are_compared_image_by_image_and_jobs_are_listed(page: Page, floor: Floor) -> None:
    page.goto("/models?recipe=part")
    page.get_by_text("Data, by version").click()
    panel = page.locator("#data")
    expect(panel).to_contain_text("No training has used the data yet")
    for count in (1, 2):
        for number in range(3):
            floor.http.post("/recipes/part/samples?label=good", content=png(100 * count + number)).raise_for_status()
        page.locator("#train").click()
        expect(page.locator("#versions tbody tr")).to_have_count(count, timeout=JOB_MS)
    expect(panel.locator(".data-versions tbody tr")).to_have_count(2)
    expect(panel.locator(".data-versions tbody tr").first).to_contain_text("good 14")
    expect(panel.locator(".differences h3")).to_have_text("3 images added")
    expect(panel.locator(".differences img").first).to_have_js_property("naturalWidth", 32)
    page.get_by_text("Jobs so far").click()
    jobs = page.locator("#jobs")
    expect(jobs.locator("tbody tr")).to_have_count(2)
    expect(jobs.locator("tbody tr").first).to_have_text(re.compile("training.*admin.*done"))
    jobs.get_by_role("button", name="Log").first.click()
    expect(jobs.locator(".job-log")).to_contain_text("fake models")
    assert fits(page)
