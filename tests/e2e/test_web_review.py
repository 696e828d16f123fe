"""The review page in a real browser, as an inspector uses it."""

import re

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from edge.contract.result import Verdict
from tests.support.browser import put_away
from tests.support.floor import JOB_MS, Floor, fits, sign_in_page

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
    page.keyboard.press("z")  # decided before the page was loaded anew
    expect(facts).to_contain_text("P-2")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    expect(page.locator("#waiting")).to_have_text("3 parts wait")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert [floor.labels(part) for part in parts] == [[], [], [], ["good:-"]]
    page.keyboard.press("z")
    expect(facts).to_contain_text("P-3")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    page.keyboard.press("z")
    expect(page.locator("#outbox")).to_have_text("Nothing to undo on this page.")
    assert fits(page)


_NEXT_PART = """() => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  const shown = ["frame", "map"].map((id) => document.getElementById(id));
  return shown.map((image) => [image.complete, image.naturalWidth, image.src]);
}"""


def test_the_next_picture_is_there_before_the_key(shared_page: Page, shared_floor: Floor) -> None:
    """Fetched and decoded while the one before is looked at: the key itself finds it whole, and asks nobody for it."""
    page = shared_page
    parts = [shared_floor.report(f"N-{number}", seed=number + 60, defect_class="next") for number in range(3)]
    page.goto("/review?order=time&defect_class=next")
    expect(page.locator("#bench")).to_have_attribute("data-ready", parts[1].id)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown = page.evaluate(_NEXT_PART)
    assert [(complete, width) for complete, width, _ in shown] == [(True, 200), (True, 64)]
    assert all(image.sha256 in address for image, (_, _, address) in zip(parts[1].images, shown, strict=True))
    expect(page.locator("#bench")).to_have_attribute("data-ready", parts[0].id)
    assert set(asked) & {address for _, _, address in shown} == set()
    assert [address for address in asked if parts[1].id in address.partition("?")[0]] == []


def test_views_of_a_part_side_by_side(page: Page, floor: Floor) -> None:
    floor.report("P-1", Verdict.PASS, seed=61, camera="side")
    floor.report("P-1", Verdict.FAIL, seed=62, camera="top")
    page.goto("/review")
    strip = page.get_by_role("group", name="Other views of this part")
    expect(strip.get_by_role("button")).to_have_text("side PASS · 2.50")
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


def test_a_part_beside_is_opened_with_what_was_said_and_ruled(shared_page: Page, shared_floor: Floor) -> None:
    """And the way back leads to the part that waits, by key, button and the browser."""
    page, floor = shared_page, shared_floor
    before = floor.report("B-1", seed=61)
    other = floor.report("B-7", seed=62, signature=(127, 3, 0))
    floor.report("B-1", seed=63, signature=(127, 0, 0), defect_class="beside")
    for part in (before, other):
        floor.http.post("/labels", json={"result_id": part.id, "label": "good"}).raise_for_status()
    ruling = {"label": "defect", "defect_type": "dent"}
    path = f"/recipes/part/samples/{other.images[0].sha256}/ruling"
    floor.http.post(path, json=ruling).raise_for_status()
    page.goto("/review?defect_class=beside")
    facts, beside = page.locator("#facts"), page.locator("#beside")
    expect(beside.get_by_role("group", name="This part before").get_by_role("button")).to_have_count(1)
    alike = beside.get_by_role("group", name="Alike faults").get_by_role("button")
    expect(alike).to_have_accessible_name(re.compile("B-7, FAIL, 2.50, .*, dent"))
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    expect(facts).to_contain_text("B-7")
    expect(facts).to_contain_text("Ruleddent, by admin")
    expect(page).to_have_url(re.compile(f"part={other.id}"))
    expect(page.locator("#frame")).to_have_attribute("src", re.compile(other.images[0].sha256))
    assert fits(page)
    page.keyboard.press("Escape")
    expect(page.locator("#leave")).to_be_hidden()
    expect(facts).to_contain_text("B-1")
    beside.get_by_role("group", name="This part before").get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"part={before.id}"))
    expect(facts).to_contain_text("admingood")
    page.go_back()
    expect(page.locator("#leave")).to_be_hidden()
    page.goto(f"/review?defect_class=beside&part={other.id}")
    expect(facts).to_contain_text("B-7")
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    expect(facts).to_contain_text("B-1")
    assert floor.labels(other) == ["defect:-"]


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
    put_away(page)


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


def test_labels_outlive_a_closed_page(browser: Browser, floor: Floor) -> None:
    """The service is away, the page is closed, and opened again when the service is back."""
    part = floor.report("P-1")
    context = browser.new_context(base_url=floor.address)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-1")
    context.set_offline(True)  # a route would end before the page does, and let a last try through
    page.keyboard.press("g")
    expect(page.locator("#outbox")).to_contain_text("1 not stored yet")
    page.close()
    assert floor.labels(part) == []
    context.set_offline(False)
    page = context.new_page()
    page.goto("/review")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert floor.labels(part) == ["good:-"]
    put_away(context)


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
    page.get_by_label("Score from").fill("")
    for name, fitting, other in (
        ("Score to", "2.5", "2.4"),
        ("Taken from", "2026-03-02T00:00", "2099-01-01T00:00"),
        ("Taken before", "2099-01-01T00:00", "2026-03-02T00:00"),
    ):
        page.get_by_label(name).fill(other)
        page.get_by_label(name).press("Enter")
        expect(page.locator("#empty")).to_contain_text("Nothing to review")
        page.get_by_label(name).fill(fitting)
        page.get_by_label(name).press("Enter")
        expect(page.locator("#facts")).to_contain_text("P-2")
    page.reload()
    expect(page.get_by_label("Taken before")).to_have_value("2099-01-01T00:00")
    expect(page.locator("#facts")).to_contain_text("P-2")
    page.goto("/analytics?days=365")
    expect(page.locator("#reviewers")).to_contain_text("eve")
    assert fits(page)


def test_a_double_click_judges_the_part_that_was_seen(page: Page, floor: Floor) -> None:
    first, unseen = floor.report("P-1", seed=60), floor.report("P-0", seed=61)
    page.goto("/review")
    expect(page.locator("#facts")).to_contain_text("P-0")
    page.locator("[data-label=good]").dblclick()
    expect(page.locator("#facts")).to_contain_text("P-1")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert (floor.labels(unseen), floor.labels(first)) == (["good:-"], [])


def test_a_link_to_a_station_out_of_service_shows_its_parts_alone(page: Page, floor: Floor) -> None:
    floor.report("P-old", seed=60)
    made = floor.http.post("/stations", json={"name": "line-2", "recipe": "part"}).raise_for_status().json()
    floor.http.post("/stations/line-1/retirement", json={"reason": "sold"}).raise_for_status()
    floor.station.headers["Authorization"] = f"Bearer {made['api_key']}"
    floor.report("P-new", seed=61, station="line-2")
    page.goto("/review?station=line-1")
    expect(page.locator("#station")).to_have_value("line-1")
    expect(page.locator("#waiting")).to_have_text("1 part waits")


def test_what_somebody_else_looks_at_comes_last(page: Page, floor: Floor) -> None:
    parts = [floor.report(f"P-{number}", seed=number + 60) for number in range(12)]
    newest = [part.id for part in reversed(parts)]
    with page.expect_response(lambda answer: "looking_at" in answer.url):
        page.goto("/review?order=time")
    expect(page.locator("#facts")).to_contain_text("P-11")
    with floor.inspector("li.wei") as other, page.expect_response(_gives_way):
        queue = other.get("/review/queue?order=time").json()
        assert [item["result"]["id"] for item in queue["results"]] == [*newest[8:], *newest[:8]]
        assert queue["held"] == newest[:8]
        other.get("/review/queue", params={"looking_at": newest[8:11]}).raise_for_status()
    for _ in range(7):
        page.keyboard.press("n")
    expect(page.locator("#facts")).to_contain_text("P-4")
    for name in ("P-0", "P-3", "P-2", "P-1"):  # what the other one looks at is still there, at the end
        page.keyboard.press("n")
        expect(page.locator("#facts")).to_contain_text(name)


def _gives_way(answer: Response) -> bool:
    return "looking_at" in answer.url and len(answer.json()["held"]) == 3


def test_a_part_that_somebody_else_has_judged_meanwhile_is_not_asked_again(page: Page, floor: Floor) -> None:
    parts = [floor.report(f"P-{number}", seed=number + 60) for number in range(3)]
    page.goto("/review?order=time")
    expect(page.locator("#facts")).to_contain_text("P-2")
    floor.say_as("li.wei", parts[1], "good")
    expect(page.locator("#waiting")).to_have_text("2 parts wait", timeout=JOB_MS)
    page.keyboard.press("d")
    expect(page.locator("#facts")).to_contain_text("P-0")
    page.keyboard.press("g")
    expect(page.locator("#empty")).to_contain_text("Nothing to review")
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator("#facts")).to_contain_text("P-2")
    page.keyboard.press("n")
    expect(page.locator("#facts")).to_contain_text("P-0")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    assert [floor.labels(part) for part in parts] == [[], ["good:-"], []]
