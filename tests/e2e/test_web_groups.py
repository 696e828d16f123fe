"""The page of alike parts in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import put_away
from tests.support.floor import JOB_MS, Floor, fits, sign_in_page

pytestmark = pytest.mark.browser


def test_alike_parts_are_judged_together_but_for_those_kept_out(page: Page, floor: Floor) -> None:
    alike = [floor.report(f"P-{number}", seed=80 + number, signature=(127, number, 0)) for number in range(4)]
    floor.report("P-other", seed=90, signature=(0, 0, 127))
    page.goto("/groups")
    group = page.locator(".group")
    expect(group.get_by_role("heading")).to_have_text("4 parts")
    expect(page.locator("#alone")).to_have_text("1 part is like no other")
    expect(group.locator(".noted")).not_to_have_count(0)
    group.get_by_role("button", name=re.compile("keep P-2")).click()
    page.keyboard.press("t")
    page.keyboard.type("scratch")
    page.keyboard.press("Enter")
    expect(page.locator("#outbox")).to_have_text("3 parts judged · ✓ all saved")
    said = [floor.labels(part) for part in alike]
    assert said == [["defect:scratch"], ["defect:scratch"], [], ["defect:scratch"]]
    page.reload()  # what was decided before can be taken back all the same
    expect(page.locator("#alone")).to_have_text("2 parts are like no other")
    page.keyboard.press("z")
    expect(group.get_by_role("heading")).to_have_text("4 parts")
    assert floor.labels(alike[0]) == []
    page.keyboard.press("g")
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#empty")).to_contain_text("No alike parts wait")
    expect(page.locator("#outbox")).to_have_text("4 parts judged · ✓ all saved")
    assert [floor.labels(part) for part in alike] == [["good:-"]] * 4
    assert fits(page)


def test_every_part_of_a_large_group_is_seen_and_can_be_kept_out(page: Page, floor: Floor) -> None:
    """Page by page, by keys alone, with no more pictures on the page than one page holds."""
    parts = [floor.report(f"P-{number:02}", signature=(127, number, 0)) for number in range(26)]
    page.goto("/groups")
    group = page.locator(".group")
    expect(group.get_by_role("heading")).to_have_text("26 parts")
    expect(group.locator(".pages")).to_contain_text("1 to 24 of 26")
    expect(group.locator(".member")).to_have_count(24)
    page.keyboard.press("PageDown")
    expect(group.locator(".pages")).to_contain_text("25 to 26 of 26")
    expect(group.locator(".member")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    last = group.locator(".member").last
    expect(last).to_be_focused()
    out = last.get_attribute("data-id")
    page.keyboard.press("x")
    expect(group).to_contain_text("1 part kept out")
    page.keyboard.press("PageUp")
    expect(group.locator(".member")).to_have_count(24)
    page.keyboard.press("PageDown")
    expect(group.locator('.member[aria-pressed="true"]')).to_have_count(1)
    assert fits(page)
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_have_text("25 parts judged · ✓ all saved")
    assert {part.id for part in parts if floor.labels(part) == []} == {out}


def test_overkill_of_one_kind_is_accepted_as_good(page: Page, floor: Floor) -> None:
    floor.train_and_promote("part")
    parts = [floor.report(f"P-{number}", seed=80 + number, signature=(127, number, 0)) for number in range(3)]
    page.goto("/groups")
    page.locator(".group").get_by_role("button", name="Accept as good…").click()
    dialog = page.locator("#accept-dialog")
    dialog.get_by_label("Reason").fill("oil film, harmless")
    dialog.get_by_role("button", name="Accept").click()
    expect(page.locator("#outbox")).to_contain_text("3 parts accepted")
    (acceptance,) = floor.http.get("/recipes/part/acceptances").json()
    assert set(acceptance["result_ids"]) == {part.id for part in parts}
    assert [floor.labels(part) for part in parts] == [["good:-"]] * 3
    page.get_by_role("link", name="see what the gate says").click()
    expect(page.locator(".job")).to_contain_text("accepting as good")
    page.locator("#accepted summary").click()
    row = page.locator("#accepted tbody tr")
    expect(row).to_contain_text("oil film, harmless")
    expect(row).to_contain_text("stands; teaches nothing", timeout=JOB_MS)  # one is held out, the others lie beside
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("taken back by admin")
    expect(page.locator("#accepted [role=status]")).to_contain_text("the next training leaves it out")
    assert [floor.labels(part) for part in parts] == [[]] * 3


def test_what_was_accepted_is_taken_back_in_one_click(page: Page, floor: Floor) -> None:
    floor.train_and_promote("part")
    parts = [floor.report(f"P-{number}", seed=80 + number, signature=(127, number, 0)) for number in range(3)]
    page.goto("/groups")
    page.locator(".group").get_by_role("button", name="Accept as good…").click()
    page.locator("#accept-dialog").get_by_label("Reason").fill("oil film, harmless")
    page.locator("#accept-dialog").get_by_role("button", name="Accept").click()
    expect(page.locator(".group")).to_have_count(0)
    page.locator("#outbox").get_by_role("button", name="Undo").click()
    expect(page.locator(".group")).to_have_count(1)
    expect(page.locator("#outbox")).to_contain_text("Taken back")
    assert [floor.labels(part) for part in parts] == [[]] * 3


def test_a_double_click_judges_one_group(page: Page, floor: Floor) -> None:
    parts = [floor.report(f"P-{number}", seed=80 + number, signature=(127, number, 0)) for number in range(3)]
    others = [floor.report(f"Q-{number}", seed=90 + number, signature=(0, number, 127)) for number in range(2)]
    page.goto("/groups")
    expect(page.locator(".group")).to_have_count(2)
    page.locator(".group .good").first.dblclick()
    expect(page.locator(".group")).to_have_count(1)
    expect(page.locator("#outbox")).to_have_text("3 parts judged · ✓ all saved")
    assert [floor.labels(part) for part in parts] == [["good:-"]] * 3
    assert [floor.labels(part) for part in others] == [[], []]


def test_filters_that_were_changed_while_the_service_was_away_hold_when_it_is_back(
    browser: Browser, floor: Floor
) -> None:
    for number in range(2):
        floor.report(f"P-{number}", seed=80 + number, signature=(127, number, 0))
    context = browser.new_context(base_url=floor.address)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/groups")
    expect(page.locator(".group")).to_have_count(1)
    context.set_offline(True)
    page.locator("#verdict-filter").select_option("UNDECIDED")
    expect(page.locator("#outbox")).to_contain_text("does not answer")
    context.set_offline(False)
    expect(page.locator("#empty")).to_contain_text("No alike parts wait", timeout=JOB_MS)
    put_away(context)
