"""The review page in a real browser, as an inspector uses it."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.contract.result import Verdict
from tests.support.floor import Floor, fits, sign_in_page

pytestmark = pytest.mark.browser


def test_review_by_keys_with_undo(page: Page, floor: Floor) -> None:
    parts = [floor.report(f"P-{number}", seed=number + 60) for number in range(4)]
    page.goto("/review")
    facts = page.locator("#facts")
    expect(facts).to_contain_text("P-3")
    page.keyboard.press("g")
    expect(facts).to_contain_text("P-2")
    page.keyboard.press("t")
    page.keyboard.type("scratch")
    page.keyboard.press("Enter")
    expect(facts).to_contain_text("P-1")
    page.keyboard.press("1")
    page.keyboard.press("d")
    expect(facts).to_contain_text("P-0")
    page.keyboard.press("u")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert [floor.labels(part) for part in parts] == [["unsure:-"], ["defect:scratch"], ["defect:scratch"], ["good:-"]]
    page.keyboard.press("z")
    expect(facts).to_contain_text("P-0")
    expect(page.locator("#waiting")).to_have_text("1 part waits")
    page.keyboard.press("z")
    expect(facts).to_contain_text("P-1")
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    page.reload()
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    assert [floor.labels(part) for part in parts[:2]] == [[], []]
    assert fits(page)


def test_views_of_a_part_side_by_side(page: Page, floor: Floor) -> None:
    floor.report("P-1", Verdict.PASS, seed=61, camera="side")
    floor.report("P-1", Verdict.FAIL, seed=62, camera="top")
    page.goto("/review")
    strip = page.get_by_role("group", name="Other views of this part")
    expect(strip.get_by_role("button")).to_have_text("side · PASS · 2.50")
    expect(strip.locator("img").first).to_have_js_property("naturalWidth", 200)
    assert fits(page)
    strip.get_by_role("button").click()
    expect(page.locator("#reference-name")).to_have_text("View side")
    expect(page.locator("#reference-picture")).to_have_js_property("naturalWidth", 200)
    assert fits(page)
    page.keyboard.press("x")
    expect(page.locator("#reference-name")).to_have_text("a good part")
    page.keyboard.press("x")
    expect(page.locator("#reference-name")).to_have_text("View side")
    page.keyboard.press("c")
    expect(page.locator("#reference")).to_be_hidden()
    expect(strip).to_be_visible()


def test_review_shows_picture_score_and_map(page: Page, floor: Floor) -> None:
    floor.report("P-1")
    page.goto("/review")
    expect(page.get_by_role("img", name="verdict FAIL")).to_be_visible()
    expect(page.get_by_role("img", name="score 2.50 · threshold 1.00")).to_be_visible()
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    page.locator("#opacity").fill("25")
    assert page.locator("#map").evaluate("element => element.style.opacity") == "0.25"
    expect(page.locator("#answers").get_by_role("button", name="Good")).to_be_in_viewport()


def test_labels_wait_while_the_service_is_away(browser: Browser, floor: Floor) -> None:
    part = floor.report("P-1")
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.route("**/api/v1/labels", lambda route: route.abort())
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_contain_text("1 not stored yet, trying again")
    assert floor.labels(part) == []
    page.unroute("**/api/v1/labels")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["good:-"]
    page.close()


def test_a_picture_is_looked_at_closely(page: Page, floor: Floor) -> None:
    for part in ("P-0", "P-1"):
        floor.report(part, seed=50 + len(part))
    page.goto("/review")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    place = "element => [new DOMMatrix(element.style.transform).a, new DOMMatrix(element.style.transform).e]"
    page.locator("#picture").hover()
    page.mouse.wheel(0, -100)
    page.mouse.wheel(0, -100)
    page.mouse.wheel(0, -100)
    expect(page.locator("#picture")).to_have_class(re.compile("zoomed"))
    scale, left = page.locator("#frame").evaluate(place)
    assert scale == pytest.approx(1.25**3, rel=1e-4)
    page.mouse.down()
    page.mouse.move(200, 300)
    page.mouse.up()
    moved = page.locator("#frame").evaluate(place)
    assert moved[0] == scale
    assert moved[1] < left
    assert page.locator("#map").evaluate(place) == moved
    page.keyboard.press("b")
    assert page.locator("#frame").evaluate("element => element.style.filter") == "brightness(1.25)"
    assert page.locator("#map").evaluate("element => element.style.filter") == ""
    page.keyboard.press("n")
    expect(page.locator("#picture")).not_to_have_class(re.compile("zoomed"))
    assert page.locator("#frame").evaluate("element => element.style.filter") == ""


def test_markup_in_names_is_shown_as_text(page: Page, floor: Floor) -> None:
    """A part id comes from a scanner, a defect type from a keyboard; the fixture sees whatever a script would do."""
    hostile = "<img src=x onerror=alert(1)>"
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    floor.beat(floor.report(hostile))
    expect(page.locator(".station")).to_contain_text(hostile)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text(hostile)
    page.keyboard.press("t")
    page.keyboard.type(hostile)
    page.keyboard.press("Enter")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    page.goto("/analytics?days=365")
    expect(page.locator("#pareto")).to_contain_text("<img")
    assert page.locator("img[src='x']").count() == 0


def test_review_filters_stand_in_the_address(page: Page, floor: Floor) -> None:
    floor.report("P-bad", Verdict.FAIL, seed=60)
    floor.report("P-odd", Verdict.UNDECIDED, seed=61)
    page.goto("/review")
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    page.locator("#verdict-filter").select_option("UNDECIDED")
    expect(page.locator("#facts")).to_contain_text("P-odd")
    expect(page.locator("#waiting")).to_have_text("1 part waits")
    expect(page).to_have_url(re.compile("verdict=UNDECIDED"))
    page.reload()
    expect(page.locator("#facts")).to_contain_text("P-odd")
    page.get_by_label("Recipe").select_option("hangs")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    page.goto("/review?verdict=FAIL&station=line-1&recipe=nonsense")
    expect(page.locator("#facts")).to_contain_text("P-bad")
    floor.http.put("/stations/line-1/line", json={"line": "west"}).raise_for_status()
    page.goto("/review?line=west")
    expect(page.locator("#line")).to_have_value("west")
    expect(page.locator("#waiting")).to_have_text("2 parts wait")
    assert fits(page)


def test_a_defect_is_marked_where_it_is(page: Page, floor: Floor) -> None:
    """At the picture's own resolution, whatever the zoom; an eraser and an undo take back."""
    part = floor.report("P-1")
    page.goto("/review")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    page.keyboard.press("p")
    expect(page.locator("#marking")).to_be_visible()
    expect(page.locator("#marks")).to_have_js_property("width", 200)
    box = page.locator("#picture").bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / 200
    left, top = box["x"] + (box["width"] - 200 * scale) / 2, box["y"] + (box["height"] - 200 * scale) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * scale, top + y * scale

    page.get_by_role("button", name="Box").click()
    page.mouse.move(*at(20, 30))
    page.mouse.down()
    page.mouse.move(*at(60, 80))
    page.mouse.up()
    page.get_by_role("button", name="Polygon").click()
    for corner in ((100, 20), (140, 20), (140, 60)):
        page.mouse.click(*at(*corner))
    page.get_by_role("button", name="Brush").click()
    page.mouse.move(*at(20, 100))
    page.mouse.down()
    page.mouse.move(*at(60, 100))
    page.mouse.up()
    page.get_by_role("button", name="Undo stroke").click()
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    (label,) = floor.http.get(f"/results/{part.id}").json()["labels"]
    data = floor.http.get(f"/images/{label['mask_sha256']}?size=original").content
    mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert mask.shape == (200, 200)
    assert (mask[32:78, 22:58] == 255).all()
    assert mask[22:50, 105:138].any()
    assert (mask[:15] == 0).all()
    assert (mask[120:] == 0).all()


def test_the_map_is_outlined_taken_as_a_mask_and_a_good_part_shown_beside(page: Page, floor: Floor) -> None:
    floor.report("P-good", Verdict.PASS, seed=70)
    part = floor.report("P-1", seed=71)
    page.goto("/review")
    page.keyboard.press("k")
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator("#contour")).to_have_js_property("width", 64)
    page.keyboard.press("k")
    page.keyboard.press("c")
    expect(page.locator("#reference-name")).to_have_text("a good part")
    expect(page.locator("#reference-picture")).to_have_js_property("naturalWidth", 200)
    page.keyboard.press("c")
    expect(page.locator("#reference")).to_be_hidden()
    page.keyboard.press("p")
    page.get_by_role("button", name="Take from the map").click()
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    (label,) = floor.http.get(f"/results/{part.id}").json()["labels"]
    assert label["mask_sha256"] is not None
    assert fits(page)


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
    expect(page.locator("#outbox")).to_have_text("3 parts judged")
    said = [floor.labels(part) for part in alike]
    assert said == [["defect:scratch"], ["defect:scratch"], [], ["defect:scratch"]]
    page.keyboard.press("z")
    expect(group.get_by_role("heading")).to_have_text("4 parts")
    assert floor.labels(alike[0]) == []
    page.keyboard.press("g")
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#empty")).to_contain_text("No alike parts wait")
    assert [floor.labels(part) for part in alike] == [["good:-"]] * 4
    assert fits(page)


def test_labels_outlive_a_closed_page(browser: Browser, floor: Floor) -> None:
    """The service is away, the page is closed, and opened again when the service is back."""
    part = floor.report("P-1")
    context = browser.new_context(base_url=floor.address)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.route("**/api/v1/labels", lambda route: route.abort())
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_contain_text("1 not stored yet")
    page.close()
    assert floor.labels(part) == []
    page = context.new_page()
    page.goto("/review")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["good:-"]
    context.close()


def test_parts_on_which_people_disagree_are_found(page: Page, floor: Floor) -> None:
    part = floor.report("P-1")
    floor.report("P-2", seed=61, defect_class="hole")
    floor.http.post("/labels", json={"result_id": part.id, "label": "good"}).raise_for_status()
    floor.say_as("eve", part, "defect")
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-2")
    page.get_by_text("More filters").click()
    page.get_by_label("State").select_option("people disagree")
    expect(page.locator("#facts")).to_contain_text("P-1")
    expect(page.locator("#facts")).to_contain_text("eve")
    expect(page).to_have_url(re.compile("state=disputed"))
    page.reload()
    expect(page.locator("#facts")).to_contain_text("P-1")
    page.get_by_label("State").select_option("")
    page.get_by_label("Suspected class").fill("hole")
    page.get_by_label("Suspected class").press("Enter")
    expect(page.locator("#facts")).to_contain_text("P-2")
    page.get_by_label("Score from").fill("9")
    page.get_by_label("Score from").press("Enter")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    page.goto("/analytics?days=365")
    expect(page.locator("#reviewers")).to_contain_text("eve")
    assert fits(page)


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
