"""The picture of the review page in a real browser: looked at closely, marked, by pointer, keys and fingers."""

import re
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from edge.contract.manifest import Alignment
from edge.contract.picture import SmallPicture
from edge.contract.result import InspectionResult, Verdict
from tests.support.browser import photograph, put_away
from tests.support.floor import SMALL, Floor, fits, sign_in_page

pytestmark = pytest.mark.browser


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
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#frame").evaluate(place)[1] < moved[1]
    page.keyboard.press("Shift+ArrowLeft")
    assert page.locator("#frame").evaluate(place)[1] == pytest.approx(moved[1])
    page.keyboard.press(",")
    assert page.locator("#map").evaluate("element => element.style.opacity") == "0.5"
    page.keyboard.press(".")
    assert page.locator("#map").evaluate("element => element.style.opacity") == "0.6"
    page.keyboard.press("n")
    expect(page.locator("#picture")).not_to_have_class(re.compile("zoomed"))
    assert page.locator("#frame").evaluate("element => element.style.filter") == ""


class _Fingers:
    """On the glass of a tablet, at places of the window."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def go(self, *steps: list[tuple[float, float]]) -> None:
        """Come down one after the other as the first steps say, move as the last one says, and lift."""
        for number, step in enumerate(steps):
            self._send("touchMove" if number and len(step) == len(steps[number - 1]) else "touchStart", step)
        self._send("touchEnd", [])

    def _send(self, kind: str, places: list[tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_picture_is_looked_at_by_fingers_on_a_tablet(browser: Browser, shared_floor: Floor) -> None:
    """Two fingers zoom and move, one drags; buttons are as large as a finger, also while a defect is marked."""
    part = shared_floor.report("T-1", defect_class="touched")
    context = browser.new_context(base_url=shared_floor.address, viewport=SMALL, has_touch=True)
    page = context.new_page()
    sign_in_page(page)
    page.goto("/review?defect_class=touched")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    fingers = _Fingers(page)
    box = page.locator("#picture").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    place = "element => [new DOMMatrix(element.style.transform).a, new DOMMatrix(element.style.transform).e]"
    buttons = page.get_by_role("toolbar", name="Picture").get_by_role("button")
    sizes = [button.bounding_box() or {} for button in buttons.all()]
    assert len(sizes) == 7
    assert all(size["width"] >= 44 and size["height"] >= 44 for size in sizes)
    assert all(size["y"] + size["height"] <= SMALL["height"] for size in sizes)
    page.get_by_role("button", name="zoom in").tap()
    page.get_by_role("button", name="brighter").tap()
    page.get_by_role("button", name="fainter map").tap()
    assert page.locator("#frame").evaluate(place)[0] == pytest.approx(1.25)
    assert page.locator("#frame").evaluate("element => element.style.filter") == "brightness(1.25)"
    assert page.locator("#map").evaluate("element => element.style.opacity") == "0.5"
    page.get_by_role("button", name="whole picture").tap()
    assert page.locator("#frame").evaluate(place)[0] == 1
    fingers.go([(x - 40, y)], [(x - 40, y), (x + 40, y)], [(x - 80, y), (x + 80, y)])
    assert page.locator("#frame").evaluate(place) == [pytest.approx(2), pytest.approx(0)]
    fingers.go([(x, y)], [(x + 30, y)])
    assert page.locator("#frame").evaluate(place) == [pytest.approx(2), pytest.approx(30)]
    page.keyboard.press("p")  # right after a swipe the browser takes a tap for its end
    fingers.go([(x, y)], [(x, y), (x + 40, y)], [(x, y), (x + 20, y)])
    assert page.locator("#frame").evaluate(place)[0] == pytest.approx(1)
    fingers.go([(x, y)], [(x + 20, y)])
    photograph(page, "tablet")
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    mask = _mask_of(shared_floor, part)
    rows, columns = np.nonzero(mask)
    scale = 200 / min(box["width"], box["height"])
    assert columns.max() - columns.min() == pytest.approx(20 * scale + 3, abs=3)  # one stroke; two fingers drew none
    assert rows.max() - rows.min() <= 4
    put_away(context)


_SHEET = {
    "While marking (P)": "← ↑ → ↓ Space Enter Q E R Y A W S ⌫ Del Esc",
    "Judge": "G D U 1 … 9 T Enter Esc N → ← Z H Esc F",
    "Look": "+ \N{MINUS SIGN} 0 ⇧ ← ↑ → ↓ B V M . , K C X P",
    "Help": "? Esc",
}
_KEYS = """async () => {
  const { cap, table } = await import("/static/keys.js");
  return Object.fromEntries(table.map(({ title, rows }) => [title, rows.flatMap(({ keys }) => keys.map(cap))]));
}"""


def test_all_is_done_by_keys_and_every_key_is_in_the_sheet(shared_page: Page, shared_floor: Floor) -> None:
    """One table drives the keyboard and the sheet; a defect is marked with each tool without a pointer."""
    page = shared_page
    part = shared_floor.report("K-1", defect_class="keyed")
    page.goto("/review?defect_class=keyed")
    expect(page.locator("#frame")).to_have_js_property("naturalWidth", 200)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    shown = {
        section.locator("h3").inner_text(): section.locator("kbd").all_inner_texts()
        for section in sheet.locator("section").all()
    }
    assert {title: " ".join(caps) for title, caps in shown.items()} == _SHEET
    for title, caps in page.evaluate(_KEYS).items():
        assert {cap.removeprefix("⇧ ") for cap in caps} - set(shown[title]) <= {"=", *"2345678"}, title
    assert fits(page)
    page.keyboard.press("g")  # means nothing while the sheet is open
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    on_buttons = {text for text in page.locator("main kbd").all_inner_texts() if text}
    assert on_buttons <= {cap for caps in shown.values() for cap in caps}
    for key in ("p", "r", "Space", *["ArrowRight"] * 5, *["ArrowDown"] * 5, "Space"):  # a box from the middle
        page.keyboard.press(key)
    for key in ("y", *["ArrowUp"] * 15, "Space", *["ArrowRight"] * 10, "Space", *["ArrowDown"] * 5, "Space", "Enter"):
        page.keyboard.press(key)
    for key in ("q", *["ArrowLeft"] * 30, "Space", *["ArrowLeft"] * 5, "Space", "Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Backspace")
    for key in ("w", "w", "e", *["ArrowRight"] * 20, *["ArrowDown"] * 6, "Space", *["ArrowRight"] * 5, "Space"):
        page.keyboard.press(key)
    expect(page.locator("#crosshair")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#crosshair")).to_be_hidden()
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    mask = _mask_of(shared_floor, part)
    assert (mask[113:118, 102:118] == 255).all()  # the box
    assert mask[62:70, 145:158].all()  # the polygon
    assert (mask[80, 24:36] == 255).all()  # the brush
    assert not mask[84:, :60].any()  # the stroke that was undone
    assert not mask[106:110, 102:118].any()  # the eraser


def _mask_of(floor: Floor, part: InspectionResult) -> NDArray[np.uint8]:
    (label,) = floor.http.get(f"/results/{part.id}").json()["labels"]
    data = floor.http.get(f"/images/{label['mask_sha256']}?size=original").content
    return cast("NDArray[np.uint8]", cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE))


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

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        page.mouse.move(*at(*start))
        page.mouse.down()
        page.mouse.move(*at(*end))
        page.mouse.up()

    page.get_by_role("button", name="Box").click()
    drag((20, 30), (60, 80))
    page.get_by_role("button", name="Polygon").click()
    for corner in ((100, 20), (140, 20), (140, 60)):
        page.mouse.click(*at(*corner))
    page.get_by_role("button", name="Brush").click()
    drag((20, 100), (60, 100))
    page.get_by_role("button", name="Undo stroke").click()
    page.get_by_role("button", name="Eraser").click()
    drag((130, 30), (138, 30))
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    mask = _mask_of(floor, part)
    assert mask.shape == (200, 200)
    assert (mask[32:78, 22:58] == 255).all()
    assert mask[22:50, 105:138].any()
    assert not mask[30, 131:137].any()
    assert (mask[:15] == 0).all()
    assert (mask[120:] == 0).all()


def test_the_map_is_outlined_taken_as_a_mask_and_a_good_part_shown_beside(page: Page, floor: Floor) -> None:
    grey = SmallPicture.of(np.full((96, 96), 128, np.uint8))
    aligned = floor.add_model("part", alignment=Alignment(golden=grey, min_correlation=0.5))
    floor.report("P-good", Verdict.PASS, seed=70)
    part = floor.report("P-1", seed=71, bundle_id=aligned)
    page.goto("/review")
    page.keyboard.press("k")
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator("#contour")).to_have_js_property("width", 64)
    page.keyboard.press("k")
    page.keyboard.press("c")
    expect(page.locator("#reference-name")).to_have_text("a good part")
    expect(page.locator("#reference-picture")).to_have_js_property("naturalWidth", 200)
    page.keyboard.press("x")
    expect(page.locator("#reference-name")).to_have_text("golden image")
    expect(page.locator("#reference-picture")).to_have_js_property("naturalWidth", 96)
    page.keyboard.press("c")
    expect(page.locator("#reference")).to_be_hidden()
    page.keyboard.press("p")
    page.get_by_role("button", name="Take from the map").click()
    page.keyboard.press("d")
    expect(page.locator("#outbox")).to_have_text("✓ all saved")
    (label,) = floor.http.get(f"/results/{part.id}").json()["labels"]
    assert label["mask_sha256"] is not None
    assert fits(page)
