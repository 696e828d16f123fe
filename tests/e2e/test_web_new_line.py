"""A new line in a real browser: from the camera to a judging station."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.contract.result import Verdict
from edge.station.settings import load_station_settings
from tests.support.browser import put_away
from tests.support.floor import JOB_MS, Floor, fits, sign_in_page
from tests.support.plants import a_heartbeat, png

pytestmark = pytest.mark.browser


def test_the_station_file_is_one_that_a_station_loads(browser: Browser, floor: Floor, tmp_path: Path) -> None:
    """For every camera that the page offers."""
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    for camera in ("usb", "genicam", "stream", "folder", "simulated"):
        page.goto("/new-line")
        page.get_by_label("Recipe").fill("bottle")
        page.get_by_label("Name of the station").fill(f"at-{camera}")
        page.get_by_label("Camera").select_option(camera)
        page.get_by_role("button", name="Set up").click()
        expect(page.locator("#key-text")).to_have_text(re.compile("^st_"))
        path = tmp_path / "station.toml"
        path.write_text(page.locator("#toml-text").inner_text(), "utf-8")
        settings = load_station_settings(path)
        assert (settings.station, settings.recipe, settings.cameras[0].kind) == (f"at-{camera}", "bottle", camera)
        assert settings.plant is not None
        assert (settings.plant.url, settings.wait_for_bundle) == (floor.address, False)
    put_away(page)


def test_from_the_view_over_good_parts_to_a_judging_station(page: Page, floor: Floor) -> None:
    bad = floor.report("P-0", Verdict.UNDECIDED, seed=60)
    for number in range(1, 9):
        floor.report(f"P-{number}", Verdict.UNDECIDED, seed=60 + number)
    page.goto("/new-line?recipe=part&station=line-1")
    expect(page.locator("#live-picture")).to_have_js_property("naturalWidth", 200)
    expect(page.locator("#region")).to_have_js_property("width", 200)
    page.locator("#region").scroll_into_view_if_needed()
    box = page.locator("#region").bounding_box()
    assert box is not None
    scale = min(box["width"], box["height"]) / 200
    left, top = box["x"] + (box["width"] - 200 * scale) / 2, box["y"] + (box["height"] - 200 * scale) / 2
    for name, (x0, y0, x1, y1) in (("Region to look at", (20, 10, 180, 190)), ("Ignore", (30, 20, 60, 40))):
        page.get_by_role("button", name=name).click()
        page.mouse.move(left + x0 * scale, top + y0 * scale)
        page.mouse.down()
        page.mouse.move(left + x1 * scale, top + y1 * scale)
        page.mouse.up()
    page.get_by_label("Width of the view, mm").fill("100")
    page.get_by_label("Smallest defect, mm").fill("1")
    expect(page.locator("#feasibility")).to_contain_text("2.0 pixels wide: too small")
    page.get_by_label("Width of the view, mm").fill("20")
    page.get_by_label("Speed of the line, mm/s").fill("500")
    page.get_by_label("Exposure, ms").fill("5")
    expect(page.locator("#feasibility")).to_contain_text("✓ The smallest defect is 10.0 pixels wide")
    expect(page.locator("#feasibility")).to_contain_text("moves 25.0 pixels")
    page.get_by_role("button", name="Keep for this recipe").click()
    expect(page.locator("#said")).to_have_text("✓ kept for the recipe")
    settings = floor.http.get("/recipes/part/versions").json()[0]["settings"]
    roi = settings["roi"]
    assert [roi["x_px"], roi["y_px"], roi["width_px"], roi["height_px"]] == pytest.approx([20, 10, 160, 180], abs=2)
    assert settings["smallest_defect_px"] == pytest.approx(10)
    data = floor.http.get(f"/images/{settings['ignore_mask_sha256']}?size=original").content
    mask = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert mask[23:37, 33:57].min() == 255
    assert mask[60:].max() == 0
    page.get_by_role("button", name="P-0 is not good").click()
    page.get_by_role("button", name="Keep these as good").click()
    expect(page.locator("#said")).to_have_text("✓ 8 kept as good")
    assert floor.labels(bad) == ["defect:-"]
    page.get_by_role("button", name="Train the model").click()
    go = page.get_by_role("button", name="Go: let the station judge")
    expect(go).to_be_enabled(timeout=JOB_MS)
    _try_the_model(page, floor)
    go.click()
    expect(page.get_by_role("link", name="Watch it live")).to_be_visible()
    assert floor.http.get("/stations").json()[0]["desired_bundle_id"] is not None
    assert fits(page)


def _try_the_model(page: Page, floor: Floor) -> None:
    """On the newest picture of the station and on one of the engineer's; no result comes of either."""
    before = floor.http.get("/results").json()["results"]
    page.get_by_role("button", name="Try live").click()
    tried = page.locator("#tried .trial")
    expect(tried).to_have_count(1, timeout=JOB_MS)
    expect(tried).to_contain_text("P-8")
    page.get_by_role("button", name="Try live").click()
    page.get_by_label("Try pictures").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": png(5, 200)}
    )
    expect(tried.first).to_contain_text("mine.png", timeout=JOB_MS)
    expect(tried.first.locator("img")).to_have_js_property("naturalWidth", 200)
    expect(tried.first.locator(".verdict")).to_be_visible()
    expect(tried.first.locator(".score")).to_be_visible()
    samples = floor.http.get("/recipes/part/samples/list").json()["samples"]
    held = sum((sample["split"], sample["label"]) == ("holdout", "good") for sample in samples)
    page.get_by_role("button", name="Try held-out good parts").click()
    expect(page.locator("#tried-count")).to_contain_text(f"{2 + held} pictures tried", timeout=JOB_MS)
    expect(tried.filter(has_text="held out")).to_have_count(held)
    assert held > 0
    assert floor.http.get("/results").json()["results"] == before
    assert floor.http.get("/stations").json()[0]["heartbeat"] is None


def test_a_region_by_numbers_without_a_pointer(page: Page, floor: Floor) -> None:
    floor.report("P-0", Verdict.UNDECIDED, seed=60)
    page.goto("/new-line?recipe=part&station=line-1")
    expect(page.locator("#region")).to_have_js_property("width", 200)
    numbers = page.get_by_label("By numbers: x, y, width, height in pixels")
    numbers.fill("0, 0, 300, 20")
    numbers.press("Enter")
    expect(page.locator("#said")).to_contain_text("inside a picture of 200 × 200 px")  # noqa: RUF001 - a sign of times
    numbers.fill("40, 50, 100, 120")
    numbers.press("Enter")
    expect(page.locator("#region-text")).to_contain_text("Region 100 × 120 px at 40, 50; 0 ignored")  # noqa: RUF001
    assert fits(page)


def test_a_station_of_another_part_type_is_not_taken_over(page: Page) -> None:
    page.goto("/new-line")
    page.get_by_label("Recipe").fill("hangs")
    page.get_by_label("Name of the station").fill("line-1")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("#step-name .problem")).to_have_text(
        "The station line-1 inspects part: choose another name for the new one."
    )


def test_who_comes_back_without_the_key_makes_another(page: Page, floor: Floor) -> None:
    page.goto("/new-line")
    page.get_by_label("Recipe").fill("bottle")
    page.get_by_label("Name of the station").fill("line-2")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator("#key-text")).to_have_text(re.compile("^st_"))
    expect(page.locator("#station-known")).to_be_hidden()
    first = page.locator("#key-text").inner_text()
    page.reload()
    expect(page.locator("#station-file")).to_be_hidden()
    page.get_by_text("Is its key lost?").click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.locator("#toml-text")).to_contain_text('station = "line-2"')
    second = page.locator("#key-text").inner_text()
    beat = a_heartbeat(recipe="bottle").model_dump(mode="json")
    heard = [
        floor.station.post("/stations/me/heartbeat", json=beat, headers={"Authorization": f"Bearer {key}"})
        for key in (first, second)
    ]
    assert [answer.status_code for answer in heard] == [401, 200]


def test_each_picture_that_cannot_be_tried_is_named(browser: Browser, floor: Floor) -> None:
    floor.report("P-1", Verdict.UNDECIDED)
    floor.add_model("part")
    page = browser.new_page(base_url=floor.address)
    sign_in_page(page)
    page.goto("/new-line?recipe=part&station=line-1")
    files = page.get_by_label("Try pictures")
    expect(files).to_be_enabled()
    files.set_input_files(
        [
            {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"},
            {"name": "mine.png", "mimeType": "image/png", "buffer": png(5, 200)},
            {"name": "empty.png", "mimeType": "image/png", "buffer": b""},
        ]
    )
    said = page.locator("#said")
    expect(said).to_contain_text("notes.png: trial: expected a PNG", timeout=JOB_MS)
    expect(said).to_contain_text("empty.png: trial: expected a PNG")
    expect(said).to_have_class(re.compile("bad"))
    expect(page.locator("#tried .trial")).to_have_count(1)
    put_away(page)


def test_who_comes_back_to_the_view_loses_nothing_of_it(page: Page, floor: Floor) -> None:
    floor.report("P-1", Verdict.UNDECIDED)
    mask = np.zeros((200, 200), np.uint8)
    mask[40:60, 100:150] = 255
    data = cv2.imencode(".png", mask)[1].tobytes()
    images = [floor.http.post("/recipes/part/images", content=one).json()["sha256"] for one in (data, png(3, 200))]
    kept = {
        "roi": {"x_px": 20, "y_px": 10, "width_px": 160, "height_px": 180},
        "smallest_defect_px": 6.0,
        "invariant": ["flip", "rotation"],
        "ignore_mask_sha256": images[0],
        "golden_sha256": images[1],
    }
    made = floor.http.post("/recipes/part/versions", json={"settings": kept, "reason": "by hand"})
    made.raise_for_status()
    page.goto("/new-line?recipe=part&station=line-1")
    expect(page.locator("#region-text")).to_contain_text("180 px at 20, 10")
    expect(page.get_by_label("align parts to this picture")).to_be_checked()
    page.get_by_role("button", name="Keep for this recipe").click()
    expect(page.locator("#said")).to_have_text("✓ kept for the recipe")
    settings = floor.http.get("/recipes/part/versions").json()[0]["settings"]
    again = floor.http.get(f"/images/{settings['ignore_mask_sha256']}?size=original").content
    assert np.array_equal(cv2.imdecode(np.frombuffer(again, np.uint8), cv2.IMREAD_GRAYSCALE), mask)
    others = [name for name in kept if name != "ignore_mask_sha256"]
    assert {name: settings[name] for name in others} == {name: kept[name] for name in others}
